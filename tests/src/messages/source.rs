//! The sources of the product, and each function and constant in them by its name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use quote::ToTokens;
use syn::{Attribute, Block, Expr, FnArg, ImplItem, Item, Pat, Signature};

use super::uses::uses;
use crate::names::{files, root};

/// The crates that a person meets.
const CRATES: [&str; 4] = ["core/src", "adapters/src", "adapters/hermes/src", "adapters/cli/src"];

/// What is for those who write a store or test one: nobody meets it who uses the product.
const FOR_DEVELOPERS: [&str; 4] =
    ["adapters/src/conformance/", "adapters/src/testing.rs", "core/src/law/", "core/src/sample.rs"];

/// A file of the product.
pub(super) struct Source {
    /// Its path in the repository.
    pub(super) path: String,
    /// Its items, those for tests left out.
    pub(super) items: Vec<Item>,
    /// What it takes from which module.
    uses: BTreeMap<String, (String, String)>,
}

/// A function with a body.
#[derive(Clone)]
pub(super) struct Function {
    /// Which file it stands in.
    pub(super) file: usize,
    /// Whose it is, such as `Error`.
    pub(super) owner: Option<String>,
    /// For whom, where it is `From<…>` for the owner.
    pub(super) from: Option<String>,
    pub(super) name: String,
    /// The names of its arguments, without `self`.
    pub(super) arguments: Vec<String>,
    pub(super) has_self: bool,
    /// What it returns, as it is written.
    pub(super) returns: String,
    pub(super) body: Block,
}

/// All sources, and what can be looked up in them.
#[derive(Default)]
pub struct Sources {
    pub(super) files: Vec<Source>,
    pub(super) functions: Vec<Function>,
    by_name: BTreeMap<String, Vec<usize>>,
    constants: BTreeMap<String, Vec<(usize, Expr)>>,
}

impl Sources {
    /// Those of the product.
    ///
    /// # Errors
    /// A file can't be read, or is no Rust.
    pub fn of_the_product() -> io::Result<Self> {
        let mut found = Vec::new();
        for folder in CRATES {
            files(&root().join(folder), &mut found)?;
        }
        let mut texts = Vec::new();
        for path in found {
            let name = path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned();
            if !is_for_tests(&name) && !FOR_DEVELOPERS.iter().any(|start| name.starts_with(start)) {
                texts.push((name, fs::read_to_string(&path)?));
            }
        }
        texts.sort();
        Self::new(texts)
    }

    /// Those with these paths and texts.
    ///
    /// # Errors
    /// One is no Rust.
    pub fn new(texts: impl IntoIterator<Item = (String, String)>) -> io::Result<Self> {
        let mut sources = Self::default();
        for (path, text) in texts {
            let file = syn::parse_file(&text).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
            let at = sources.files.len();
            let items: Vec<_> = file.items.into_iter().filter(|item| !is_test(attributes(item))).collect();
            for item in &items {
                sources.index(at, item);
            }
            sources.files.push(Source { path, uses: uses(&items), items });
        }
        Ok(sources)
    }

    fn index(&mut self, file: usize, item: &Item) {
        match item {
            Item::Fn(one) => self.add(file, None, None, &one.sig, &one.block),
            Item::Const(one) => {
                self.constants.entry(one.ident.to_string()).or_default().push((file, (*one.expr).clone()));
            }
            Item::Mod(inner) if !is_test(&inner.attrs) => {
                inner.content.iter().flat_map(|(_, items)| items).for_each(|item| self.index(file, item));
            }
            Item::Impl(block) => {
                let owner = block.self_ty.to_token_stream().to_string();
                let owner = owner.split([' ', '<']).next().map(str::to_owned);
                let of = block.trait_.as_ref().map(|(_, path, _)| path.to_token_stream().to_string());
                let from = of.and_then(|of| of.replace(' ', "").strip_prefix("From<").map(last_name));
                for item in &block.items {
                    if let ImplItem::Fn(one) = item
                        && !is_test(&one.attrs)
                    {
                        self.add(file, owner.clone(), from.clone(), &one.sig, &one.block);
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, file: usize, owner: Option<String>, from: Option<String>, sig: &Signature, body: &Block) {
        let name = sig.ident.to_string();
        let named = |input: &FnArg| match input {
            FnArg::Receiver(_) => None,
            FnArg::Typed(typed) => Some(match &*typed.pat {
                Pat::Ident(ident) => ident.ident.to_string(),
                _ => String::new(),
            }),
        };
        let function = Function {
            file,
            owner,
            from,
            name: name.clone(),
            arguments: sig.inputs.iter().filter_map(named).collect(),
            has_self: sig.receiver().is_some(),
            returns: sig.output.to_token_stream().to_string(),
            body: body.clone(),
        };
        self.by_name.entry(name).or_default().push(self.functions.len());
        self.functions.push(function);
    }

    /// The one function that a name means in a file: one of this owner, the only one of the file, or the only one of all.
    pub(super) fn function(&self, file: usize, owner: Option<&str>, name: &str, is_method: bool) -> Option<usize> {
        let none = Vec::new();
        let all = self.by_name.get(name).unwrap_or(&none);
        let fits = |at: &&usize| !is_method || self.functions[**at].has_self;
        let only = |wanted: &dyn Fn(&Function) -> bool| {
            let mut fitting = all.iter().filter(fits).filter(|at| wanted(&self.functions[**at]));
            let first = fitting.next().copied();
            first.filter(|_| fitting.next().is_none())
        };
        match owner {
            Some(owner) => only(&|one| one.owner.as_deref() == Some(owner) && one.file == file)
                .or_else(|| only(&|one| one.owner.as_deref() == Some(owner)))
                .or_else(|| {
                    only(&|one| one.owner.is_none() && self.files[one.file].path.ends_with(&format!("/{owner}.rs")))
                }),
            None => only(&|one| one.file == file).or_else(|| match self.files[file].uses.get(name) {
                Some((module, own)) if !is_method => self.in_module(module, own),
                _ => only(&|_| true),
            }),
        }
    }

    /// The one function of a module that is called so.
    fn in_module(&self, module: &str, name: &str) -> Option<usize> {
        let is_there = |at: &&usize| {
            let path = &self.files[self.functions[**at].file].path;
            path.ends_with(&format!("/{module}.rs")) || path.ends_with(&format!("/{module}/mod.rs"))
        };
        let all = self.by_name.get(name)?;
        all.iter().find(is_there).or_else(|| all.first().filter(|_| all.len() == 1)).copied()
    }

    /// What a constant holds that is called so: that of the file, or the only one of all.
    pub(super) fn constant(&self, file: usize, name: &str) -> Option<&(usize, Expr)> {
        let all = self.constants.get(name)?;
        all.iter().find(|(own, _)| *own == file).or_else(|| all.first().filter(|_| all.len() == 1))
    }
}

fn is_for_tests(path: &str) -> bool {
    Path::new(path).iter().any(|part| part == "tests" || part == "tests.rs")
}

/// The last name of a type, without references and arguments.
fn last_name(of: &str) -> String {
    let bare = of.trim_end_matches('>').trim_start_matches('&');
    bare.rsplit("::").next().unwrap_or(bare).to_owned()
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(one) => &one.attrs,
        Item::Fn(one) => &one.attrs,
        Item::Impl(one) => &one.attrs,
        _ => &[],
    }
}

/// Whether this is there in tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|one| one.path().is_ident("cfg") && one.meta.to_token_stream().to_string().contains("(test)"))
}
