//! The environment of a child process: decided here as a value, applied by an adapter.
//!
//! A child that is to work for one provider must find that provider's credential and no other. [`plan`] builds such an
//! environment from the parent's; [`normalise`] puts one that is already there in order; [`login_clash`] knows the
//! programs that would ignore both. All of them report the names of variables and never a value.

mod address;
mod assigned;
mod clash;
mod class;
mod cloud;
mod decoded;
mod dialect;
mod family;
mod guards;
mod harmless;
mod normalise;
mod others;
mod plan;
mod plan_error;
mod shape;
mod suspect;
mod words;

use std::fmt;

pub use clash::{FileLocation, LoginClash, Said, login_clash};
pub use class::Class;
pub use guards::{CONTEXT, is_untold_to_opencode, names_for_opencode};
pub use normalise::{Moved, Normalised, normalise};
pub use plan::{Disposition, EnvPlan, Judged, Report, Value, plan};
pub use plan_error::{Missing, PlanError};

use crate::provider::{Provider, Table, WireKind, sniff};
use crate::state::secret::Secret;

/// What a program reads where it expects the key of a server that wants none. It is nobody's secret, and says what it is to
/// whoever finds it in a log.
pub const NO_KEY: &str = "no-key";

/// Whether a variable of this name reaches no child that works for a stranger, whatever it holds.
pub fn is_kept_back(table: &Table, name: &str) -> bool {
    class::of_name(table, &[], name).is_kept_back()
}

/// Whether a setting of any program looks like a credential, by its name or by what it holds. For whoever shows another
/// program's file: where there is a doubt the answer is yes.
pub fn may_be_secret(table: &Table, name: &str, value: &str) -> bool {
    let is_known = || !sniff::tokens(table, value).is_empty() || sniff::nameless_keys(value).next().is_some();
    suspect::looks_like_a_credential(name, value) || is_known() || sniff::is_drawn_by_chance(value)
}

/// How a child expects to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Shape {
    /// The provider's own variables.
    #[default]
    Own,
    /// As a program that was made for Anthropic: a base URL and a bearer token.
    Anthropic,
    /// As a program that was made for OpenAI: a base URL and a key.
    OpenAi,
}

impl std::str::FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(text: &str) -> Result<Self, UnknownShape> {
        match text.trim().to_ascii_lowercase().as_str() {
            "own" => Ok(Self::Own),
            "anthropic" | "claude" => Ok(Self::Anthropic),
            "openai" => Ok(Self::OpenAi),
            _ => Err(UnknownShape),
        }
    }
}

/// Not a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a shape is one of: own, anthropic, openai")]
pub struct UnknownShape;

/// How much of the parent's environment reaches the child.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inheritance {
    /// Only what is known to be harmless does, and not all but what is known to be a credential or to redirect one.
    pub strict: bool,
    /// Names that pass whatever they are: the one exception to law 10, made by who calls. It is an error to name what
    /// decides which credential the child uses.
    pub allow: Vec<String>,
    /// Names that pass likewise because the profile says so. Where one would decide which credential the child uses, it
    /// doesn't pass.
    pub expected: Vec<String>,
    /// What is stored for providers that the child doesn't work for. A variable that holds one is theirs, though no prefix says so.
    pub others: Vec<Secret>,
}

/// The credential that a child is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildCredential {
    /// What sort it is, which decides the variable.
    pub kind: WireKind,
    /// Its bytes.
    pub secret: Secret,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// All providers: whoever is not among the targets is a stranger.
    pub table: &'a Table,
    /// Those that the child works for; the first is the one that it is started for.
    pub targets: &'a [Target<'a>],
    /// How much else it may see.
    pub inheritance: &'a Inheritance,
    /// What the child's own calls of credlatch find in the variables of [`CONTEXT`], so that they mean the same store and its
    /// key, profile and provider file. Without any, they are inherited as they are.
    pub context: &'a [(&'a str, &'a str)],
    /// A directory with nothing in it that stays, for programs that would find credentials in another.
    pub empty_folder: Option<&'a str>,
}

/// One provider that a child works for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// Its credential; without one there is no plan.
    pub credential: Option<&'a ChildCredential>,
    /// How the child expects to be told.
    pub shape: Shape,
}

impl Target<'_> {
    /// Whether it is a server that wants no key, and none is planned: then nothing can be sent to a wrong address.
    fn is_without_a_key(&self) -> bool {
        self.provider.keyless && self.credential.is_some_and(|own| own.secret.expose_secret() == NO_KEY)
    }

    /// Whether its own programs find their server by this variable, and nothing is lost if that is somewhere else.
    fn may_be_anywhere(&self, name: &str) -> bool {
        let is_address = self.provider.env.base_url.iter().any(|own| own.eq_ignore_ascii_case(name));
        is_address && self.shape == Shape::Own && self.is_without_a_key()
    }
}

impl fmt::Display for Shape {
    /// The word for it on the command line and in a row.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Own => "own",
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        })
    }
}

#[cfg(test)]
mod tests;
