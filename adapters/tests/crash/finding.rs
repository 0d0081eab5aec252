//! What a run found wrong: the law, what happened, and the crash point.

use std::fmt;

use credlatch_core::law::{Broken, LAWS};

/// Something that must not be.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The law it breaks; none if it is only that the store should go on, be found its own, and be left tidy.
    pub(crate) law: Option<(u8, &'static str)>,
    pub(crate) what: String,
    /// Where.
    pub(crate) at: String,
}

impl Finding {
    /// A breach of the law of that number.
    pub(crate) fn of(number: u8, what: impl Into<String>) -> Self {
        let law = LAWS.iter().find(|law| law.number == number).map(|law| (law.number, law.name));
        Self { law, what: what.into(), at: String::new() }
    }

    /// A breach of what no law says.
    pub(crate) fn promise(what: impl Into<String>) -> Self {
        Self { law: None, what: what.into(), at: String::new() }
    }

    pub(crate) fn at(self, at: impl Into<String>) -> Self {
        let at = if self.at.is_empty() { at.into() } else { format!("{}, then {}", at.into(), self.at) };
        Self { at, ..self }
    }
}

impl From<Broken> for Finding {
    fn from(broken: Broken) -> Self {
        Self { law: Some((broken.number, broken.name)), what: broken.what, at: String::new() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.law {
            Some((number, name)) => write!(f, "law {number} `{name}` is broken: ")?,
            None => f.write_str("a promise is broken: ")?,
        }
        write!(f, "{} [{}]", self.what, self.at)
    }
}

/// How a wrong store is looked through: what breaks only a promise does not end the search for the law it breaks.
#[derive(Default)]
pub(crate) struct Search {
    pub(crate) is_for_laws: bool,
    /// Whether acts on the outside world are left out.
    pub(crate) is_short: bool,
    pub(crate) promise: Option<Finding>,
}

impl Search {
    /// Ends the search, or not.
    pub(crate) fn weigh<R>(&mut self, found: Result<R, Finding>) -> Result<Option<R>, Finding> {
        match found {
            Err(finding) if self.is_for_laws && finding.law.is_none() => {
                self.promise.get_or_insert(finding);
                Ok(None)
            }
            found => found.map(Some),
        }
    }
}
