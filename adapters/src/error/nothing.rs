//! Why there is nothing to hand out, for people.

use credlatch_core::engine::NoToken;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::origin::Origin;
use credlatch_core::pool::Answer;
use credlatch_core::provider::Provider;
use credlatch_core::scrub::Missing;
use credlatch_core::shared::Shared;
use credlatch_core::state::State;
use credlatch_core::time::Deadline;

use super::{Error, ErrorKind, after_what, clock_time};
use crate::issuers::{NO_ISSUER, Trouble, distrust, hindrance, trust};
use crate::set_aside::SetAside;
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
            NoToken::Resting(until) => Self::resting(provider, &until, None),
            NoToken::SignIn(code) => {
                let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
                Self::new(ErrorKind::SignIn, format!("the stored {name} credential is no longer accepted{code}"), login)
            }
            NoToken::Suspended { label, source } => {
                let aside = SetAside::of(&source);
                let what = format!("the {name} entry {label} is {}", aside.what);
                Self::new(aside.kind, what, format!("{}; or {login}", aside.remedy))
            }
            NoToken::Ended { label } => Self::new(
                ErrorKind::SignIn,
                format!("the {name} entry {label} has ended, and has no refresh token to renew it"),
                login,
            ),
            NoToken::Elsewhere(from) => Self::elsewhere(provider, from.as_ref()),
            NoToken::NoIssuer { label } => Self::new(
                ErrorKind::SignIn,
                format!("the {name} entry {label} has ended, and nobody here can renew it: {NO_ISSUER}"),
                format!("renew it by an exchange of your own (`Latch::rotate_with`), or {login}"),
            ),
            NoToken::Shared(why) => Self::shared(provider, why),
            NoToken::InDoubt { until, .. } => Self::new(
                ErrorKind::Busy,
                format!(
                    "the {name} access token has ended, and an earlier rotation got no answer, so its refresh token may be spent"
                ),
                format!("try again at {}; if that fails, {login}", clock_time(&until)),
            ),
            NoToken::Unreachable(until) => Self::new(
                ErrorKind::Unreachable,
                format!("the {name} access token has ended, and its issuer gave no new one{}", hindrance(provider)),
                format!("the next try is made at {} or later", clock_time(&until)),
            ),
            NoToken::TurnedAway { label, until, answer } => {
                let trouble = Trouble::turned_away(Some(provider), &answer);
                Self::new(
                    ErrorKind::Unreachable,
                    format!("the {name} access token has ended, and no new one was granted: {}", trouble.what),
                    Trouble::remedy(Some(&trouble), name, &label, Some(&until)),
                )
            }
            NoToken::Untrusted(until) => Self::new(
                ErrorKind::Unreachable,
                format!(
                    "the {name} access token has ended, and no new one was asked for: {}",
                    distrust(Some(provider))
                ),
                format!("{}; the next try is made at {} or later", trust(), clock_time(&until)),
            ),
            NoToken::Busy(actor) => {
                let pid = process::named(&actor);
                let who = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
                let remedy = pid.map_or_else(
                    || "try again; it may be in another container, or have left a child behind".to_owned(),
                    |pid| format!("try again; if process {pid} is stopped, resume it (`kill -CONT {pid}`); ending it may cost the login"),
                );
                Self::new(ErrorKind::Busy, format!("{who} is rotating the {name} token and has not finished"), remedy)
            }
            NoToken::Unsaved(unsaved) => Self::new(
                ErrorKind::Other,
                format!("{name} granted a new token that could not be saved: {}", unsaved.error),
                format!("{}; the token is kept, and saved as soon as the store can be written", unsaved.error.remedy),
            ),
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
                "the {name} login is renewed at {from}, and its row now names {}; its refresh token was not sent there",
                word(to.as_ref())
            ),
            format!(
                "if that is meant: `credlatch providers --accept {name}`, or sign in again; if not, mend the provider file"
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
                "{} for a login of its own; or, if this copy is the one to live on, `credlatch adopt`",
                login(provider)
            ),
        )
    }

    /// All entries rest; the cause is that of the one that may be used first.
    pub(crate) fn resting(provider: &Provider, until: &Deadline, cause: Option<Answer>) -> Self {
        let name = &provider.id;
        let cause = cause.map(|cause| format!(" after {}", after_what(cause))).unwrap_or_default();
        Self::new(
            ErrorKind::Busy,
            format!("every {name} entry rests{cause}; the first is usable again at {}", clock_time(until)),
            "wait until then, or store another key",
        )
    }

    /// Nothing is stored under this label; it says what is stored under others.
    pub(crate) fn no_entry(provider: &Provider, label: &Label, state: &State) -> Self {
        let name = &provider.id;
        let entries = state.slot(name.as_str()).map_or(&[][..], |slot| &slot.entries);
        let mut there: Vec<_> = entries.iter().map(|entry| entry.label.as_str()).take(LABELS_NAMED).collect();
        if entries.len() > there.len() {
            there.push("others");
        }
        let there = if there.is_empty() { String::new() } else { format!("; it has {}", there.join(", ")) };
        Self::new(
            ErrorKind::NoCredential,
            format!("{name} has no entry labelled {:?}{there}", label.as_str()),
            "name one with --label; `credlatch status` shows the labels",
        )
    }

    /// Nothing is stored for this provider.
    pub(crate) fn missing(provider: &Provider) -> Self {
        let missing = Missing::of(provider);
        let login = if missing.can_login { format!(", or `credlatch login {}`", provider.id) } else { String::new() };
        Self::new(
            ErrorKind::NoCredential,
            format!("no {} credential is stored in this profile", provider.id),
            format!(
                "store one with `credlatch set {}`{login}; a key in the environment gets in by `credlatch import env`",
                provider.id
            ),
        )
    }
}

/// Where a row sends something, in a sentence.
fn word(origin: Option<&Origin>) -> String {
    origin.map_or_else(|| "nowhere".to_owned(), ToString::to_string)
}

/// How a person gets another credential of this provider in.
fn login(provider: &Provider) -> String {
    let can_login = provider.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some());
    format!("run `credlatch {} {}`", if can_login { "login" } else { "set" }, provider.id)
}
