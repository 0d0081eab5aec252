//! Another tool's JSON file in memory: read when it holds still, walked by name, and wiped.

use std::path::Path;
use std::thread;
use std::time::Duration;

use credlatch_core::provider::alone;
use credlatch_core::secret::Secret;
use serde_json::Value;
use serde_json::error::Category;
use zeroize::Zeroize;

use super::error::{ForeignError, ForeignErrorKind};
use super::{Tool, when};
use crate::plain_file::{self, ChangeStamp, Unreadable};

/// The pauses before a file that doesn't parse is read again, in milliseconds: 200 together.
const PAUSES_MS: [u64; 6] = [5, 10, 25, 40, 60, 60];

/// A parsed file. Its strings are wiped when it is dropped; it has no `Debug`.
pub(super) struct Document {
    root: Value,
}

impl Document {
    /// Reads a file, again if somebody seems to be writing it; `None` if it is absent. The stamp is that from before
    /// the read, so that a change during it is a change after it.
    pub(super) fn read(tool: Tool, path: &Path) -> Result<Option<(Self, ChangeStamp)>, ForeignError> {
        let mut pauses = PAUSES_MS.iter();
        loop {
            let kind = match once(path) {
                Ok(read) => return Ok(read),
                Err(kind) => kind,
            };
            match pauses.next() {
                // An executor's thread is not put to sleep: whoever waits there asks a worker.
                Some(ms) if may_be_torn(&kind) && !on_executor() => thread::sleep(Duration::from_millis(*ms)),
                _ => return Err(ForeignError::new(tool, path, kind)),
            }
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, ForeignErrorKind> {
        // Some editors put a byte order mark before a text; a parser of JSON takes it for something else (RFC 8259, 8.1).
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(ForeignErrorKind::Empty);
        }
        // The library's own message may quote the text, so only its place is passed on.
        let root = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Eof => ForeignErrorKind::CutShort,
            _ => ForeignErrorKind::NotJson { line: error.line(), column: error.column() },
        })?;
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node { value: &self.root, at: String::new() }
    }

    /// Every secret that stands in a field of one of these names, however deep.
    pub(super) fn secrets_named(&self, names: &[&str]) -> Vec<Secret> {
        let mut found = Vec::new();
        let mut left = vec![&self.root];
        while let Some(value) = left.pop() {
            match value {
                Value::Array(list) => left.extend(list),
                Value::Object(fields) => {
                    left.extend(fields.values());
                    let texts = fields.iter().filter(|(name, _)| names.contains(&name.as_str()));
                    found.extend(texts.filter_map(|(_, value)| Secret::try_from(value.as_str()?).ok()));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        found
    }
}

/// Whether the calling thread belongs to an executor, which has other things to do than to wait.
fn on_executor() -> bool {
    #[cfg(feature = "tokio")]
    return tokio::runtime::Handle::try_current().is_ok();
    #[cfg(not(feature = "tokio"))]
    false
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.root);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn once(path: &Path) -> Result<Option<(Document, ChangeStamp)>, ForeignErrorKind> {
    let Some((mut file, meta)) = plain_file::open(path)? else { return Ok(None) };
    let text = plain_file::text(&mut file, &meta)?;
    Ok(Some((Document::parse(&text)?, ChangeStamp::new(&meta))))
}

/// Whether the same file may read well a moment later. A character may be cut, too, so even what is not text counts.
fn may_be_torn(kind: &ForeignErrorKind) -> bool {
    matches!(
        kind,
        ForeignErrorKind::Empty
            | ForeignErrorKind::CutShort
            | ForeignErrorKind::NotJson { .. }
            | ForeignErrorKind::Unreadable(Unreadable::Growing | Unreadable::NotText)
    )
}

/// A place in a document, which knows its name for errors.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    at: String,
}

impl<'a> Node<'a> {
    /// A field of an object; null counts as absent.
    pub(super) fn get(&self, key: &str) -> Result<Option<Self>, ForeignErrorKind> {
        let fields = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let at = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        Ok(fields.get(key).filter(|value| !value.is_null()).map(|value| Node { value, at }))
    }

    /// A field that has to be there.
    pub(super) fn need(&self, key: &str) -> Result<Self, ForeignErrorKind> {
        let field = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        self.get(key)?.ok_or(ForeignErrorKind::MissingField { field })
    }

    /// Every field of an object. They are named by their number in errors, for a name might be anything.
    pub(super) fn fields(&self) -> Result<Vec<(&'a str, Self)>, ForeignErrorKind> {
        let fields = self.value.as_object().ok_or_else(|| self.wrong("an object"))?;
        let node = |(at, (key, value)): (usize, (&'a String, &'a Value))| {
            (key.as_str(), Node { value, at: format!("{}.{}", self.at, at + 1) })
        };
        Ok(fields.iter().enumerate().map(node).collect())
    }

    /// Every element of a list.
    pub(super) fn items(&self) -> Result<Vec<Self>, ForeignErrorKind> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let node = |(at, value)| Node { value, at: format!("{}[{at}]", self.at) };
        Ok(list.iter().enumerate().map(node).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, ForeignErrorKind> {
        self.value.as_str().ok_or_else(|| self.wrong("text"))
    }

    /// The text of a field that may be absent.
    pub(super) fn maybe_text(&self, key: &str) -> Result<Option<&'a str>, ForeignErrorKind> {
        self.get(key)?.map(|node| node.text()).transpose()
    }

    pub(super) fn secret(&self) -> Result<Secret, ForeignErrorKind> {
        let field = self.at.clone();
        Secret::try_from(self.text()?).map_err(|why| ForeignErrorKind::BadSecret { field, why })
    }

    /// A token that a request carries as it is.
    pub(super) fn token(&self) -> Result<Secret, ForeignErrorKind> {
        let secret = self.secret()?;
        match alone(&secret, false) {
            Ok(()) => Ok(secret),
            Err(why) => Err(ForeignErrorKind::NotAToken { field: self.at.clone(), why }),
        }
    }

    /// A time in milliseconds since the epoch, in any of the three forms.
    pub(super) fn time_ms(&self) -> Result<u64, ForeignErrorKind> {
        let time = match self.value {
            Value::Number(number) => number.as_f64().and_then(when::from_number),
            Value::String(text) => when::from_text(text),
            _ => None,
        };
        time.ok_or_else(|| self.wrong("a time"))
    }

    /// Where it is, for people.
    pub(super) fn place(&self) -> &str {
        &self.at
    }

    fn wrong(&self, expected: &'static str) -> ForeignErrorKind {
        let field = if self.at.is_empty() { "the document".to_owned() } else { self.at.clone() };
        ForeignErrorKind::WrongType { field, expected }
    }
}
