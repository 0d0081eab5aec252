//! Why there is nothing to hand out, for people.

use credlatch_core::engine::NoToken;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::origin::Origin;
use credlatch_core::pool::FailureKind;
use credlatch_core::provider::Provider;
use credlatch_core::scrub::Missing;
use credlatch_core::shared::Shared;
use credlatch_core::state::State;
use credlatch_core::time::Deadline;

use super::issuer::{NO_ISSUER, Trouble, distrust, trust};
use super::not_rotated::NO_ANSWER;
use super::suspension::Suspension;
use super::{Error, ErrorKind, RestCause, clock_time};
use crate::system::process;

/// How many labels a message names.
const LABELS_NAMED: usize = 8;

impl Error {
    /// Why there is nothing to hand out for this provider.
    pub(crate) fn no_token(provider: &Provider, why: NoToken) -> Self {
        let name = &provider.id;
        let login = login(provider);
        match why {
            NoToken::Empty => Self::missing(provider),
            NoToken::Resting(until) => Self::resting(provider, None, &until, None),
            NoToken::SignIn(code) => {
                let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
                Self::new(ErrorKind::SignIn, format!("the stored {name} credential is no longer accepted{code}"), login)
            }
            NoToken::Suspended { label, source } => {
                let suspension = Suspension::for_source(&source);
                let what = format!("the {name} entry {label} is {}", suspension.what);
                Self::new(suspension.kind, what, format!("{}; or {login}", suspension.remedy))
            }
            NoToken::Ended { label } => Self::new(
                ErrorKind::SignIn,
                format!("the {name} entry {label} has ended, and has no refresh token to rotate it with"),
                login,
            ),
            NoToken::Elsewhere(from) => Self::elsewhere(provider, from.as_ref()),
            NoToken::NoIssuer { label } => Self::new(
                ErrorKind::SignIn,
                format!("the {name} entry {label} has ended, and nobody here can rotate it: {NO_ISSUER}"),
                format!("rotate it by an exchange of your own (`Latch::rotate_with`), or {login}"),
            ),
            NoToken::Shared(why) => Self::shared(provider, why),
            NoToken::InDoubt { until, .. } => Self::new(
                ErrorKind::Busy,
                format!("the {name} access token has ended, and {NO_ANSWER}"),
                format!("try again at {}; if that fails, {login}", clock_time(&until)),
            )
            .until(&until),
            NoToken::Unreachable(until) => Self::new(
                ErrorKind::Unreachable,
                format!("the {name} access token has ended, and its issuer gave no new one"),
                format!("the next try may be made at {} or later", clock_time(&until)),
            )
            .until(&until),
            NoToken::TurnedAway { label, until, answer } => {
                let what = format!("the {name} access token has ended, and no new one was granted");
                Trouble::turned_away(Some(provider), &answer).error(&what, name, &label, Some(&until))
            }
            NoToken::Unreached { label, until, unreached } => {
                let what = format!("the {name} access token has ended, and no new one could be asked for");
                Trouble::unreached(&unreached).error(&what, name, &label, Some(&until))
            }
            NoToken::Untrusted(until) => Self::new(
                ErrorKind::Unreachable,
                format!(
                    "the {name} access token has ended, and no new one was asked for: {}",
                    distrust(Some(provider))
                ),
                format!("{}; the next try may be made at {} or later", trust(), clock_time(&until)),
            )
            .until(&until),
            NoToken::Busy(actor) => {
                let pid = process::named(&actor);
                let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                let remedy = pid.map_or_else(
                    || "try again; it may be on another machine or in another container, or have left a child behind; on another machine it is waited for until two minutes after it ended".to_owned(),
                    |pid| format!("try again; if process {pid} is stopped, resume it (`kill -CONT {pid}`); ending it may cost the login"),
                );
                Self::new(ErrorKind::Busy, format!("{who} is rotating the {name} token and has not finished"), remedy)
            }
            NoToken::Unsaved(unsaved) => Self::new(
                ErrorKind::Other,
                format!("{name} granted a new token that could not be saved: {}", unsaved.error),
                format!("{}; the token is kept, and saved as soon as the store can be written", unsaved.error.remedy),
            )
            .below(unsaved.error),
            NoToken::Store(error) => error.into(),
        }
    }

    /// The provider's row would send a refresh token to another host than it came from.
    pub(crate) fn elsewhere(provider: &Provider, from: Option<&Origin>) -> Self {
        let name = &provider.id;
        let (to, from) = (provider.grant_origins().token, word(from));
        Self::new(
            ErrorKind::Usage,
            format!(
                "the {name} login is rotated at {from}, and its row now names {}; its refresh token was not sent there",
                word(to.as_ref())
            ),
            format!(
                "if that is meant, agree to it: `credlatch providers --accept {name}`, or sign in again; if not, mend the provider file"
            ),
        )
    }

    /// The provider's row would have a token revoked at another host than it came from.
    pub(crate) fn not_revoked_elsewhere(name: &ProviderId, from: Option<&Origin>, to: Option<&Origin>) -> Self {
        Self::new(
            ErrorKind::Usage,
            format!(
                "it was not revoked: the {name} login is revoked at {}, and its row now names {}; its token was not sent there",
                word(from),
                word(to)
            ),
            format!(
                "revoke it on the provider's site if it may have leaked; if that host is meant for logins to come: \
                 `credlatch providers --accept {name}`; if not, mend the provider file"
            ),
        )
    }

    /// The refresh token may be in another copy of the store.
    pub(crate) fn shared(provider: &Provider, why: Shared) -> Self {
        let name = &provider.id;
        Self::new(
            ErrorKind::SignIn,
            format!(
                "the store {why}, and another copy may hold the same {name} refresh token: whoever presents it second loses the login"
            ),
            format!(
                "{}, for a login of its own; or, if this copy is the one to live on, make it so: `credlatch adopt`",
                login(provider)
            ),
        )
    }

    /// The entry that is wanted rests, or all do; the cause is that of the one that may be used first.
    pub(crate) fn resting(
        provider: &Provider,
        label: Option<&Label>,
        until: &Deadline,
        cause: Option<FailureKind>,
    ) -> Self {
        let name = &provider.id;
        let (cause, after) = (cause.map(RestCause::from), cause.map(after).unwrap_or_default());
        let at = clock_time(until);
        let what = match label {
            Some(label) => format!("the {name} entry {label} rests{after}; it is usable again at {at}"),
            None => format!("every {name} entry rests{after}; the first is usable again at {at}"),
        };
        Self::rests(what, until, cause)
    }

    fn rests(what: String, until: &Deadline, cause: Option<RestCause>) -> Self {
        let mut error = Self::new(ErrorKind::Busy, what, "wait until then, or store another key").until(until);
        error.0.rest = cause;
        error
    }

    /// Nothing is stored under this label; it says what is stored under others.
    pub(crate) fn no_entry(provider: &Provider, label: &Label, state: &State) -> Self {
        let name = &provider.id;
        let entries = state.pool(name.as_str());
        let mut there: Vec<_> = entries.iter().map(|entry| entry.label.as_str()).take(LABELS_NAMED).collect();
        if entries.len() > there.len() {
            there.push("others");
        }
        let there = if there.is_empty() { String::new() } else { format!("; it has {}", there.join(", ")) };
        Self::new(
            ErrorKind::NoCredential,
            format!("{name} has no entry labelled {:?}{there}", label.as_str()),
            "name one that is there, as with --label; to see them: `credlatch status`",
        )
    }

    /// Nothing is stored for this provider.
    pub(crate) fn missing(provider: &Provider) -> Self {
        Self::missing_in("this profile", provider)
    }

    /// The same, where it is known which profile that is.
    pub(crate) fn missing_in(place: &str, provider: &Provider) -> Self {
        let missing = Missing::for_provider(provider);
        let login =
            if missing.can_login { format!(", or sign in: `credlatch login {}`", provider.id) } else { String::new() };
        Self::new(
            ErrorKind::NoCredential,
            format!("no {} credential is stored in {place}", provider.id),
            format!(
                "store a key: `credlatch set {}`{login}; or take one in from the environment: `credlatch import env`",
                provider.id
            ),
        )
    }
}

/// After what something rests, in a sentence.
fn after(cause: FailureKind) -> String {
    format!(" after {}", RestCause::from(cause))
}

/// Where a row sends something, in a sentence.
fn word(origin: Option<&Origin>) -> String {
    origin.map_or_else(|| "nowhere".to_owned(), ToString::to_string)
}

/// How a person gets another credential of this provider in.
fn login(provider: &Provider) -> String {
    let can_login = provider.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some());
    let name = &provider.id;
    if can_login {
        format!("sign in again: `credlatch login {name}`")
    } else {
        format!("store another key: `credlatch set {name}`")
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use credlatch_core::engine::TransactError;
    use credlatch_core::port::{StoreError, StoreErrorKind};
    use credlatch_core::rotation::TurnedAway;
    use credlatch_core::time::Stamp;

    use super::*;
    use crate::when::{rfc3339_ms, system_time};

    #[test]
    fn a_time_in_the_text_is_there_as_a_value_too() {
        let table = crate::table::built_in();
        let row = table.resolve("anthropic").unwrap();
        let until = Stamp { wall_ms: 1_800_000_000_000, up_ms: 5, boot: 1 }.plus_ms(90_000);
        let answer = TurnedAway { status: 403, code: None, description: None };
        for why in [
            NoToken::Resting(until),
            NoToken::InDoubt { until, cause: None },
            NoToken::Unreachable(until),
            NoToken::Untrusted(until),
            NoToken::TurnedAway { label: Label::default(), until, answer: Box::new(answer) },
        ] {
            let error = Error::no_token(row, why.clone());
            assert_eq!(error.retry_at(), Some(system_time(until.wall_ms())), "{why:?}");
            let text = format!("{error}; {}", error.remedy());
            assert!(text.contains(&rfc3339_ms(until.wall_ms())), "{text}");
        }
        for why in [NoToken::Empty, NoToken::SignIn(None), NoToken::Ended { label: Label::default() }] {
            assert_eq!(Error::no_token(row, why).retry_at(), None);
        }
    }

    #[test]
    fn a_program_can_match_the_trouble_of_a_store() {
        let table = crate::table::built_in();
        let row = table.resolve("anthropic").unwrap();
        let full = || StoreError::new(StoreErrorKind::Full, "no room in \u{1b}[2J", "make room");
        for (why, is_unknown) in [(TransactError::NotSaved(full()), false), (TransactError::Unknown(full()), true)] {
            let error = Error::no_token(row, NoToken::Store(why));
            let store = error.source().and_then(|below| below.downcast_ref::<StoreError>()).unwrap();
            assert_eq!((store.kind, store.what.as_str()), (StoreErrorKind::Full, "no room in \\u{1b}[2J"));
            assert_eq!(error.is_outcome_unknown(), is_unknown);
        }
        assert!(Error::no_token(row, NoToken::Empty).source().is_none());
    }

    #[test]
    fn a_remedy_names_the_act_and_the_command() {
        let table = crate::table::built_in();
        for (provider, why, remedy) in [
            ("anthropic", NoToken::SignIn(None), "sign in again: `credlatch login anthropic`"),
            ("minimax", NoToken::SignIn(None), "store another key: `credlatch set minimax`"),
            ("minimax", NoToken::Empty, "store a key: `credlatch set minimax`"),
        ] {
            let error = Error::no_token(table.resolve(provider).unwrap(), why);
            assert!(error.remedy().starts_with(remedy), "{}", error.remedy());
        }
    }
}
