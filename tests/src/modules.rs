//! Which top-level module of a crate uses which, read out of its source: arrows run one way, and in no circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Macro, UseTree};

use crate::names::{files, root};

/// Modules, and what each of them uses.
#[derive(Debug, Default)]
pub struct Modules(BTreeMap<String, BTreeSet<String>>);

impl Modules {
    /// Those of a crate, by the folder of its sources, such as `core/src`. What is there for tests alone is left out.
    ///
    /// # Errors
    /// A file can't be read, or is no Rust.
    pub fn of_crate(folder: &str) -> io::Result<Self> {
        let folder = root().join(folder);
        let mut found = Vec::new();
        files(&folder, &mut found)?;
        let texts = found.iter().map(|path| {
            let name = path.strip_prefix(&folder).unwrap_or(path).to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(path)?))
        });
        Self::read(&texts.collect::<io::Result<Vec<_>>>()?)
    }

    /// Those of a crate whose files have these paths below its folder, and these texts.
    ///
    /// # Errors
    /// One is no Rust.
    pub fn read(texts: &[(String, String)]) -> io::Result<Self> {
        let texts = texts.iter().filter(|(path, _)| !path.split(['/', '.']).any(|part| part == "tests"));
        let mut modules = Self::default();
        let mut uses = Vec::new();
        for (path, text) in texts {
            let file = syn::parse_file(text).map_err(|error| io::Error::other(format!("{path}: {error}")))?;
            let mut reader = Reader { depth: depth(path), paths: Vec::new() };
            file.items.iter().for_each(|item| reader.visit_item(item));
            if path == "lib.rs" {
                uses.push((None, reader.paths));
            } else {
                let module = path.split(['/', '.']).next().unwrap_or_default().to_owned();
                modules.0.entry(module.clone()).or_default();
                uses.push((Some(module), reader.paths));
            }
        }
        // What the root takes from a module and gives out is that module's.
        let at_root = uses.iter().filter(|(of, _)| of.is_none()).flat_map(|(_, paths)| paths);
        let exports: BTreeMap<_, _> =
            at_root.filter_map(|path| Some((path.last()?.clone(), path.first()?.clone()))).collect();
        for (module, paths) in &uses {
            let Some(module) = module else { continue };
            for name in paths.iter().filter_map(|path| path.first()) {
                let target = if modules.0.contains_key(name) { Some(name) } else { exports.get(name) };
                if let Some(target) = target.filter(|target| *target != module && modules.0.contains_key(*target)) {
                    let target = target.clone();
                    modules.0.entry(module.clone()).or_default().insert(target);
                }
            }
        }
        Ok(modules)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each arrow: who uses whom.
    pub fn arrows(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(from, to)| to.iter().map(move |to| (from.as_str(), to.as_str())))
    }

    /// The modules that use each other in a circle, however long it is: what is left once whoever uses nobody that is left
    /// was taken away, and then whoever is used by nobody that is left.
    pub fn in_circles(&self) -> BTreeSet<&str> {
        let mut left: BTreeSet<&str> = self.0.keys().map(String::as_str).collect();
        loop {
            let before = left.len();
            for end in [|(from, _): (_, _)| from, |(_, to): (_, _)| to] {
                let between = self.arrows().filter(|(from, to)| left.contains(from) && left.contains(to));
                left = between.map(end).collect();
            }
            if left.len() == before {
                return left;
            }
        }
    }
}

/// How many `super` lead from a file to the root of its crate.
fn depth(path: &str) -> usize {
    Path::new(path).with_extension("").iter().filter(|part| *part != "mod" && *part != "lib").count()
}

/// The paths of a file that begin at the root of its crate, without `crate`.
struct Reader {
    depth: usize,
    paths: Vec<Vec<String>>,
}

impl Reader {
    fn add(&mut self, path: &[String]) {
        let supers = path.iter().take_while(|name| *name == "super").count();
        let start = match path.first().map(String::as_str) {
            Some("crate") => 1,
            Some("super") if supers == self.depth => supers,
            // The root itself names its modules so.
            Some(_) if self.depth == 0 => 0,
            _ => return,
        };
        self.paths.push(path[start..].to_vec());
    }

    fn add_tree(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(one) => {
                path.push(one.ident.to_string());
                self.add_tree(&one.tree, path);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_tree(tree, path.clone())),
            UseTree::Name(one) => {
                path.push(one.ident.to_string());
                self.add(&path);
            }
            UseTree::Rename(one) => {
                path.push(one.ident.to_string());
                self.add(&path);
            }
            UseTree::Glob(_) => self.add(&path),
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(one) => &one.attrs,
            Item::Fn(one) => &one.attrs,
            Item::Impl(one) => &one.attrs,
            Item::Use(one) => &one.attrs,
            _ => &[],
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, one: &'ast ItemUse) {
        self.add_tree(&one.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if self.depth > 0 {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.add(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, one: &'ast Macro) {
        let tokens = one.tokens.to_string();
        for rest in tokens.split("crate :: ").skip(1) {
            let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
            self.paths.push(vec![name.to_owned()]);
        }
        visit::visit_macro(self, one);
    }
}

/// Whether it says `#[cfg(test)]`, or that among others.
fn is_for_tests(attribute: &Attribute) -> bool {
    let words = attribute.meta.to_token_stream().to_string();
    attribute.path().is_ident("cfg") && words.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
}
