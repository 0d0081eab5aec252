//! What may be on the disk at a moment, and what is not as it should be.

use std::path::Path;

use credlatch_core::rewrite::Rewrite;

use super::sim::{FOLDER, at};
use crate::disk::{Node, Nodes, find};
use crate::image::WORDS_MAX;

pub(crate) const TEXT: &str = "# what my agent needs\nA=1\nANTHROPIC_TOKEN=old\nB=2\n";
pub(crate) const DONE: &str = "# what my agent needs\nA=1\nB=2\n";
/// What an editor makes of it meanwhile: the value that was meant, and a newer one.
pub(crate) const EDITED: &str = "# what my agent needs now\nA=2\nANTHROPIC_TOKEN=old\nANTHROPIC_TOKEN=new\n";
pub(crate) const EDITED_DONE: &str = "# what my agent needs now\nA=2\nANTHROPIC_TOKEN=new\n";
// A write as short as one to the lock file would not be torn.
const _: () = assert!(DONE.len() > WORDS_MAX && EDITED_DONE.len() > WORDS_MAX);

/// The permissions of the file. A draft begins with tighter ones.
pub(crate) const MODE: u32 = 0o640;

/// A draft that an earlier crash left.
pub(crate) const LEFTOVER: &str = ".env.credlatch-00000000000000000000000000000000";

/// The content of the file, or that there is none.
pub(crate) type Text = Option<&'static str>;

/// How far it is, as the caller was told.
#[derive(Clone)]
pub(crate) struct Situation {
    /// Each content that the file may have.
    pub(crate) allowed: Vec<Text>,
    /// The one that it is to have in the end.
    pub(crate) aim: Text,
    /// What the store may have recorded, or has.
    pub(crate) owed: Option<Rewrite>,
    /// Whether the store certainly committed it.
    pub(crate) is_recorded: bool,
    /// Whether it was called done.
    pub(crate) is_done: bool,
    /// Whether the leftover could not be removed.
    pub(crate) keeps_leftover: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The file is cut, mixed or gone.
    NotWhole,
    /// It is whole, and not the one that it should be at this moment.
    NotThisOne,
    /// It has other permissions.
    Access,
    /// A draft is left.
    Draft,
    /// Somebody who recovers gets an error.
    Refused,
    /// An error says something else than what happened.
    Error,
}

#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) what: What,
    pub(crate) at: String,
}

impl Finding {
    pub(crate) fn new(what: What, at: impl Into<String>) -> Self {
        Self { what, at: at.into() }
    }

    pub(crate) fn within(self, place: &str) -> Self {
        Self { at: format!("{place}: {}", self.at), ..self }
    }
}

impl Situation {
    /// Nothing has been done to a file that is to become another.
    pub(crate) fn before(text: Text, aim: Text) -> Self {
        let allowed = vec![text];
        Self { allowed, aim, owed: None, is_recorded: false, is_done: false, keeps_leftover: false }
    }

    /// The store has this on record, and the file may have been rewritten or not.
    pub(crate) fn recorded(&self, owed: Rewrite) -> Self {
        let mut allowed = self.allowed.clone();
        allowed.extend((!allowed.contains(&self.aim)).then_some(self.aim));
        Self { allowed, owed: Some(owed), is_recorded: true, is_done: false, ..self.clone() }
    }

    pub(crate) fn done(&self) -> Self {
        Self { allowed: vec![self.aim], is_recorded: true, is_done: true, ..self.clone() }
    }

    pub(crate) fn judge(&self, nodes: &Nodes) -> Result<(), Finding> {
        let file = file(nodes);
        let text = file.map(|(bytes, _)| String::from_utf8_lossy(bytes));
        if !self.allowed.contains(&text.as_deref().map(known)) {
            let is_whole = text.as_deref().is_some_and(|text| known(text) != UNKNOWN);
            let what = if is_whole { What::NotThisOne } else { What::NotWhole };
            return Err(Finding::new(what, format!("{text:?} where {:?} may be", self.allowed)));
        }
        if let Some((_, mode)) = file.filter(|(_, mode)| *mode != MODE) {
            return Err(Finding::new(What::Access, format!("mode {mode:o}")));
        }
        if self.is_done { self.no_draft(nodes) } else { Ok(()) }
    }

    pub(crate) fn no_draft(&self, nodes: &Nodes) -> Result<(), Finding> {
        let folder = find(nodes, Path::new(FOLDER)).ok().and_then(|ino| nodes.get(&ino));
        let Some(Node::Folder(names)) = folder else { panic!("{FOLDER} is gone") };
        let is_fine = |name: &str| name == ".env" || (name == LEFTOVER && self.keeps_leftover);
        match names.keys().find(|name| !is_fine(name)) {
            Some(name) => Err(Finding::new(What::Draft, name)),
            None => Ok(()),
        }
    }
}

/// The file, and its permissions.
pub(crate) fn file(nodes: &Nodes) -> Option<(&[u8], u32)> {
    match nodes.get(&find(nodes, &at(".env")).ok()?) {
        Some(Node::File { bytes, mode }) => Some((bytes, *mode)),
        _ => None,
    }
}

const UNKNOWN: &str = "something else";

fn known(text: &str) -> &'static str {
    [TEXT, DONE, EDITED, EDITED_DONE].into_iter().find(|known| *known == text).unwrap_or(UNKNOWN)
}
