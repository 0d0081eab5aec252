//! From which module a file takes a name.

use std::collections::BTreeMap;

use syn::{Item, UseTree};

/// The names that a file takes from elsewhere: the module of each, and how it is called there.
pub(super) fn uses(items: &[Item]) -> BTreeMap<String, (String, String)> {
    let mut found = BTreeMap::new();
    for item in items {
        if let Item::Use(one) = item {
            walk(&one.tree, "", &mut found);
        }
    }
    found
}

fn walk(tree: &UseTree, module: &str, found: &mut BTreeMap<String, (String, String)>) {
    match tree {
        UseTree::Path(path) => walk(&path.tree, &path.ident.to_string(), found),
        UseTree::Group(group) => group.items.iter().for_each(|tree| walk(tree, module, found)),
        UseTree::Name(name) => {
            found.insert(name.ident.to_string(), (module.to_owned(), name.ident.to_string()));
        }
        UseTree::Rename(name) => {
            found.insert(name.rename.to_string(), (module.to_owned(), name.ident.to_string()));
        }
        UseTree::Glob(_) => {}
    }
}
