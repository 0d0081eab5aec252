//! The sentences of error types, and where the remedy of each stands.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Arm, Attribute, Fields, Item, LitStr, Local, Pat};

use super::format::{Piece, pieces};
use super::scope::{HOLE, Value};
use super::source::Sources;
use super::value::Reader;
use super::walk::Message;

/// Types whose sentences have no remedy beside them, and why.
pub const ELSEWHERE: [(&str, &str); 8] = [
    ("Why", "part of a line that `import` shows; where something can be done, the sentence says it"),
    ("DotenvError", "part of a sentence about the file: mend that place by hand, then try again"),
    ("LoginClash", "the sentence says it"),
    ("BadEndpoint", "part of a sentence about a row"),
    ("Reserved", "part of a sentence about a row or a variable"),
    ("UnknownShape", "the sentence says it"),
    ("BadVariableName", "give the variable's name, without its value"),
    ("BadStrategy", "the sentence says it"),
];

/// A sentence that a type's variant is told in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sentence {
    /// The file of the type.
    pub(super) path: String,
    /// The type.
    pub(super) of: String,
    pub(super) what: String,
    /// What is said to do about it, in one of these ways.
    pub(super) remedies: BTreeSet<String>,
}

/// Every sentence that a type derives, with the remedies that stand with its variants, or where an error is made of it.
pub(super) fn sentences(sources: &Sources, messages: &BTreeSet<Message>) -> BTreeSet<Sentence> {
    let by_variant = by_variant(sources);
    let mut found = BTreeSet::new();
    for file in &sources.files {
        for (of, variant, text) in file.items.iter().flat_map(derived) {
            let what: String = pieces(&text)
                .into_iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text,
                    Piece::Filled(_) => HOLE.to_owned(),
                })
                .collect();
            if !what.replace(HOLE, "").chars().any(char::is_alphabetic) {
                continue;
            }
            let made =
                messages.iter().filter(|message| message.from.as_deref() == Some(&of) && message.what.ends_with(HOLE));
            let own = by_variant.get(&(of.clone(), variant)).cloned().unwrap_or_default();
            let others = by_variant.iter().filter(|((other, _), _)| *other == of).flat_map(|(_, remedies)| remedies);
            let others: BTreeSet<_> = others.collect();
            let made = made.map(|message| &message.remedy).filter(|remedy| !others.contains(remedy));
            let mut remedies = if own.is_empty() { made.cloned().collect() } else { own };
            remedies.remove("");
            found.insert(Sentence { path: file.path.clone(), of, what, remedies });
        }
    }
    found
}

/// The sentences of a type: the type, the variant, and the text.
fn derived(item: &Item) -> Vec<(String, String, String)> {
    match item {
        Item::Enum(of) => {
            let told = of.variants.iter().filter_map(|one| Some((one.ident.to_string(), text(&one.attrs)?)));
            told.map(|(variant, text)| (of.ident.to_string(), variant, text)).collect()
        }
        Item::Struct(of) if !matches!(of.fields, Fields::Unit) || text(&of.attrs).is_some() => {
            text(&of.attrs).map(|text| (of.ident.to_string(), String::new(), text)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn text(attributes: &[Attribute]) -> Option<String> {
    let one = attributes.iter().find(|one| one.path().is_ident("error"))?;
    let list = one.meta.require_list().ok()?;
    let first = list.tokens.clone().into_iter().next()?;
    syn::parse2::<LitStr>(first.to_token_stream()).ok().map(|text| text.value())
}

/// What methods called `remedy`, and those that make an error of a type, say for each variant.
fn by_variant(sources: &Sources) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for function in sources.functions.iter().filter(|one| one.name == "remedy" || one.from.is_some()) {
        let reader = Reader::new(sources, function.file, function.owner.clone(), 0);
        Arms { reader, found: &mut found }.visit_block(&function.body);
    }
    found
}

struct Arms<'a> {
    reader: Reader<'a>,
    found: &'a mut BTreeMap<(String, String), BTreeSet<String>>,
}

impl<'ast> Visit<'ast> for Arms<'_> {
    fn visit_local(&mut self, local: &'ast Local) {
        visit::visit_local(self, local);
        self.reader.local(local);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let Value { rows, .. } = self.reader.read(&arm.body);
        for variant in variants(&arm.pat) {
            let variant = match (&*variant.0, &self.reader.owner) {
                ("Self", Some(owner)) => (owner.clone(), variant.1),
                _ => variant,
            };
            self.found.entry(variant).or_default().extend(rows.iter().map(|row| row.concat()));
        }
        visit::visit_arm(self, arm);
    }
}

/// The variants that a pattern names.
fn variants(pattern: &Pat) -> Vec<(String, String)> {
    let path = match pattern {
        Pat::Or(cases) => return cases.cases.iter().flat_map(variants).collect(),
        Pat::Path(path) => &path.path,
        Pat::TupleStruct(parts) => &parts.path,
        Pat::Struct(parts) => &parts.path,
        _ => return Vec::new(),
    };
    let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match &names[..] {
        [.., of, variant] => vec![(of.clone(), variant.clone())],
        _ => Vec::new(),
    }
}
