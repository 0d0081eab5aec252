//! The variables that a profile's children inherit though they are, or look like, somebody's credential: because a person
//! said once that they are meant.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::machine::{Outcome, Refusal, Verdict};
use crate::state::State;

/// Names one profile may have on its list.
pub const MAX_ALLOWED: usize = 256;

/// The longest name.
const MAX_LENGTH: usize = 256;

/// The name of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

/// Not a variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a variable's name has 1 to {MAX_LENGTH} printable characters, and no `=` or space")]
pub struct BadVariableName;

/// Put a name on the list, or take it off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The variable.
    pub name: VariableName,
    /// Whether it is allowed from now on.
    pub allowed: bool,
}

pub(crate) fn allow(state: &mut State, allow: &Allow) -> Outcome {
    if !allow.allowed {
        return if state.allowed.remove(&allow.name) { Verdict::Done } else { Verdict::Nothing }.into();
    }
    if state.allowed.contains(&allow.name) {
        return Verdict::Nothing.into();
    }
    if state.allowed.len() >= MAX_ALLOWED {
        return Refusal::Full.into();
    }
    state.allowed.insert(allow.name.clone());
    Verdict::Done.into()
}

/// The form of the list in a document.
pub(crate) type Allowed = BTreeSet<VariableName>;

impl VariableName {
    /// A name.
    ///
    /// # Errors
    /// No variable can have it.
    pub fn new(text: &str) -> Result<Self, BadVariableName> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'=';
        let is_name = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_plain);
        is_name.then(|| Self(text.to_owned())).ok_or(BadVariableName)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = BadVariableName;

    fn try_from(text: String) -> Result<Self, BadVariableName> {
        Self::new(&text)
    }
}

impl From<VariableName> for String {
    fn from(name: VariableName) -> Self {
        name.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Event, apply};
    use crate::sample::at;

    fn name(text: &str) -> VariableName {
        VariableName::new(text).unwrap()
    }

    fn allowing(state: &State, text: &str, allowed: bool) -> (State, Verdict) {
        let step = apply(state, &at(0), &Event::Allow(Allow { name: name(text), allowed }));
        (step.state, step.verdict)
    }

    #[test]
    fn a_name_is_put_on_the_list_once_and_taken_off() {
        let (state, verdict) = allowing(&State::default(), "AWS_PROFILE", true);
        assert_eq!(verdict, Verdict::Done);
        assert_eq!(allowing(&state, "AWS_PROFILE", true), (state.clone(), Verdict::Nothing));
        assert_eq!(allowing(&state, "OTHER", false), (state.clone(), Verdict::Nothing));
        assert_eq!(allowing(&state, "AWS_PROFILE", false), (State::default(), Verdict::Done));
    }

    #[test]
    fn the_list_is_bounded() {
        let mut state = State::default();
        for n in 0..MAX_ALLOWED {
            state = allowing(&state, &format!("V{n}"), true).0;
        }
        assert_eq!(allowing(&state, "ONE_MORE", true), (state.clone(), Verdict::Refused(Refusal::Full)));
        assert_eq!(allowing(&state, "V0", true).1, Verdict::Nothing);
    }

    #[test]
    fn what_no_variable_is_called_is_no_name() {
        for text in ["", "A=B", "A B", "A\n", "\u{e9}"] {
            assert_eq!(VariableName::new(text), Err(BadVariableName), "{text:?}");
        }
        assert!(VariableName::new("npm_config_//host/:_authToken").is_ok());
        assert!(VariableName::new(&"A".repeat(MAX_LENGTH + 1)).is_err());
    }
}
