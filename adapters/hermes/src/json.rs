//! JSON that keeps what it doesn't understand: fields in their order, and values as the very bytes that were read.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use credlatch::codec::MAX_BYTES;
use credlatch::codec::written;

/// An object's fields, in their order. A name stands in it once: of two, programs disagree about which counts.
#[derive(Clone, Default)]
pub(super) struct Object<'a>(Vec<(String, Piece<'a>)>);

/// A value.
#[derive(Clone)]
pub(super) enum Piece<'a> {
    /// As it was read.
    Read(&'a RawValue),
    /// As it was made: JSON text, wiped when it is dropped.
    Made(Zeroizing<String>),
    /// An object that was taken apart, or made.
    Object(Object<'a>),
    /// A list that was taken apart, or made.
    List(Vec<Piece<'a>>),
}

impl<'a> Piece<'a> {
    /// Writes a value down.
    pub(super) fn from_value(value: &(impl Serialize + ?Sized)) -> io::Result<Self> {
        let bytes = written(MAX_BYTES, |to| Ok(serde_json::to_writer(to, value)?))?;
        let mut bytes = bytes.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| io::ErrorKind::InvalidData)?;
        Ok(Self::Made(Zeroizing::new(text)))
    }

    fn parse<T: for<'de> Deserialize<'de>>(&self) -> Option<T> {
        match self {
            Self::Read(raw) => serde_json::from_str(raw.get()).ok(),
            Self::Made(text) => serde_json::from_str(text).ok(),
            Self::Object(_) | Self::List(_) => None,
        }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::Read(raw) => raw.get() == "null",
            Self::Made(text) => &***text == "null",
            Self::Object(_) | Self::List(_) => false,
        }
    }

    /// Writes it as Hermes does, two spaces deep for each level. What was read keeps the form it had.
    pub(super) fn write(&self, to: &mut dyn Write, depth: usize) -> io::Result<()> {
        match self {
            Self::Read(raw) => to.write_all(raw.get().as_bytes()),
            Self::Made(text) => to.write_all(text.as_bytes()),
            Self::Object(object) => object.write(to, depth),
            Self::List(list) => {
                let item = |to: &mut dyn Write, item: &Piece<'a>| item.write(to, depth + 1);
                write_between(to, ["[", "]"], list, depth, item)
            }
        }
    }
}

impl<'a> Object<'a> {
    /// A field's value; null counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&Piece<'a>> {
        let field = self.0.iter().find(|(known, _)| known == name);
        field.map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// A field that was read; null counts as absent.
    pub(super) fn read(&self, name: &str) -> Option<&'a RawValue> {
        match self.get(name) {
            Some(Piece::Read(raw)) => Some(raw),
            _ => None,
        }
    }

    /// A field of this type; one of another type counts as absent.
    pub(super) fn value<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.value(name)
    }

    /// Whether a field is text and not empty. The text isn't taken out, because it may be a secret.
    pub(super) fn has_text(&self, name: &str) -> bool {
        let is_text = |json: &str| json.starts_with('"') && json.len() > 2;
        match self.get(name) {
            Some(Piece::Read(raw)) => is_text(raw.get()),
            Some(Piece::Made(text)) => is_text(text),
            _ => false,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Gives a field a value, in its place or at the end.
    pub(super) fn set(&mut self, name: &str, value: Piece<'a>) {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// Gives a field a value that is written down.
    pub(super) fn put(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
        self.set(name, Piece::from_value(value)?);
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
    }

    /// The fields that were read.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().filter_map(|(name, value)| match value {
            Piece::Read(raw) => Some((name.as_str(), *raw)),
            _ => None,
        })
    }

    pub(super) fn write(&self, to: &mut dyn Write, depth: usize) -> io::Result<()> {
        write_between(to, ["{", "}"], &self.0, depth, |to, (name, value)| {
            serde_json::to_writer(&mut *to, name)?;
            to.write_all(b": ")?;
            value.write(to, depth + 1)
        })
    }
}

fn write_between<T>(
    to: &mut dyn Write,
    [open, close]: [&str; 2],
    items: &[T],
    depth: usize,
    write: impl Fn(&mut dyn Write, &T) -> io::Result<()>,
) -> io::Result<()> {
    to.write_all(open.as_bytes())?;
    for (at, item) in items.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(to, "{comma}\n{:1$}", "", 2 * (depth + 1))?;
        write(to, item)?;
    }
    if !items.is_empty() {
        write!(to, "\n{:1$}", "", 2 * depth)?;
    }
    to.write_all(close.as_bytes())
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
                    fields.push((name, Piece::Read(value)));
                }
                let names: BTreeSet<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                if names.len() < fields.len() {
                    return Err(M::Error::custom("a name stands twice in one object"));
                }
                Ok(Object(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}
