//! Which function a call means.

use syn::{Expr, ExprPath};

use super::value::Reader;

/// The function that a path means where it stands.
pub(super) fn named(reader: &Reader<'_>, path: &ExprPath) -> Option<usize> {
    let names = names(reader, path);
    let (last, owner) = names.split_last().map(|(last, before)| (last, before.last()))?;
    reader.sources.function(reader.file, owner.map(String::as_str), last, false)
}

/// The names of a path, `Self` by the name of the type.
pub(super) fn names(reader: &Reader<'_>, path: &ExprPath) -> Vec<String> {
    let named = |name: String| match (&*name, &reader.owner) {
        ("Self", Some(owner)) => owner.clone(),
        _ => name,
    };
    path.path.segments.iter().map(|segment| named(segment.ident.to_string())).collect()
}

/// Whether this is `self`.
pub(super) fn is_self(receiver: &Expr) -> bool {
    matches!(receiver, Expr::Path(path) if path.path.is_ident("self"))
}
