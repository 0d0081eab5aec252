//! What may be on the disk at a moment, and what is not as it should be.

use credlatch_core::rewrite::Rewrite;

use super::files::Folder;

pub(super) const TEXT: &str = "A=1\nANTHROPIC_TOKEN=old\nB=2\n";
pub(super) const DONE: &str = "A=1\nB=2\n";
/// What an editor makes of it meanwhile: the value that was meant, and a newer one.
pub(super) const EDITED: &str = "A=2\nANTHROPIC_TOKEN=old\nANTHROPIC_TOKEN=new\n";
pub(super) const EDITED_DONE: &str = "A=2\nANTHROPIC_TOKEN=new\n";
/// The permissions of the file. A draft begins with tighter ones.
pub(super) const MODE: u32 = 0o640;

/// A draft that an earlier crash left.
pub(super) const LEFTOVER: &str = ".env.credlatch-00000000000000000000000000000000";

/// The content of the file, or that there is none.
pub(super) type Text = Option<&'static str>;

/// How far it is, as the caller was told.
#[derive(Clone)]
pub(super) struct Situation {
    /// Each content that the file may have.
    pub(super) allowed: Vec<Text>,
    /// The one that it is to have in the end.
    pub(super) aim: Text,
    /// What the store may have recorded, or has.
    pub(super) owed: Option<Rewrite>,
    /// Whether the store certainly committed it.
    pub(super) is_recorded: bool,
    /// Whether it was called done.
    pub(super) is_done: bool,
    /// Whether the leftover could not be removed.
    pub(super) keeps_leftover: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
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
pub(super) struct Finding {
    pub(super) what: What,
    pub(super) at: String,
}

impl Finding {
    pub(super) fn new(what: What, at: impl Into<String>) -> Self {
        Self { what, at: at.into() }
    }

    pub(super) fn within(self, place: &str) -> Self {
        Self { at: format!("{place}: {}", self.at), ..self }
    }
}

impl Situation {
    /// Nothing has been done to a file that is to become another.
    pub(super) fn before(text: Text, aim: Text) -> Self {
        let allowed = vec![text];
        Self { allowed, aim, owed: None, is_recorded: false, is_done: false, keeps_leftover: false }
    }

    /// The store has this on record, and the file may have been rewritten or not.
    pub(super) fn recorded(&self, owed: Rewrite) -> Self {
        let mut allowed = self.allowed.clone();
        allowed.extend((!allowed.contains(&self.aim)).then_some(self.aim));
        Self { allowed, owed: Some(owed), is_recorded: true, is_done: false, ..self.clone() }
    }

    pub(super) fn done(&self) -> Self {
        Self { allowed: vec![self.aim], is_recorded: true, is_done: true, ..self.clone() }
    }

    pub(super) fn judge(&self, folder: &Folder) -> Result<(), Finding> {
        let node = folder.node(".env");
        let text = node.map(|node| String::from_utf8_lossy(&node.bytes));
        if !self.allowed.contains(&text.as_deref().map(known)) {
            let is_whole = text.as_deref().is_some_and(|text| known(text) != UNKNOWN);
            let what = if is_whole { What::NotThisOne } else { What::NotWhole };
            return Err(Finding::new(what, format!("{text:?} where {:?} may be", self.allowed)));
        }
        if let Some(node) = node.filter(|node| node.mode != MODE) {
            return Err(Finding::new(What::Access, format!("mode {:o}", node.mode)));
        }
        if self.is_done { self.no_draft(folder) } else { Ok(()) }
    }

    pub(super) fn no_draft(&self, folder: &Folder) -> Result<(), Finding> {
        let is_fine = |name: &str| name == ".env" || (name == LEFTOVER && self.keeps_leftover);
        match folder.names.keys().find(|name| !is_fine(name)) {
            Some(name) => Err(Finding::new(What::Draft, name)),
            None => Ok(()),
        }
    }
}

const UNKNOWN: &str = "something else";

fn known(text: &str) -> &'static str {
    [TEXT, DONE, EDITED, EDITED_DONE].into_iter().find(|known| *known == text).unwrap_or(UNKNOWN)
}
