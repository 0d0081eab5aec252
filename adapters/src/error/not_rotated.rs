//! Why a rotation that a person asked for did not happen.

use credlatch_core::Refusal;
use credlatch_core::engine::{NoToken, Rotation};
use credlatch_core::name::Label;
use credlatch_core::pool::EntryHealth;
use credlatch_core::provider::Provider;
use credlatch_core::rotation::Exchanged;
use credlatch_core::state::{Material, State};
use credlatch_core::time::Deadline;

use super::issuer::{NO_ISSUER, Trouble, distrust, trust};
use super::{Error, ErrorKind, clock_time};

/// What an entry in doubt lacks, whoever meets it: a request or a person who asked for a rotation.
pub(super) const NO_ANSWER: &str = "an earlier rotation got no answer, so its refresh token may be spent";
/// What becomes of an entry in doubt; when its refresh token is presented again follows.
const MEANWHILE: &str = "the present access token is used while it lasts; the refresh token is presented again";

impl Error {
    /// There is nothing to rotate under this label in this place, whatever is stored under others.
    pub(crate) fn nothing_to_rotate(place: &str, row: &Provider, label: &Label, state: &State) -> Self {
        let entries = state.pool(row.id.as_str());
        if entries.is_empty() {
            return Self::nothing_in(place, row, state);
        }
        // Where all is linked, no label is of use.
        if entries.iter().all(|entry| matches!(entry.material, Material::Link(_))) {
            return borrowed(row);
        }
        Self::no_entry(row, label, state)
    }

    /// Why a rotation that a person asked for did not happen; `health` is what stands against the entry since.
    pub(crate) fn not_rotated(row: &Provider, label: &Label, rotation: Rotation, health: Option<&EntryHealth>) -> Self {
        let name = &row.id;
        let none = |what: &str, remedy: &str| Self::new(ErrorKind::Usage, format!("{name} {what}"), remedy);
        match rotation {
            Rotation::Granted(_) | Rotation::Newer(_) | Rotation::Gone => Self::missing(row),
            Rotation::NoIssuer => none(
                &format!("can't be rotated here: {NO_ISSUER}"),
                "rotate it by an exchange of your own (`Latch::rotate_with`)",
            ),
            Rotation::Unsaved(unsaved) => Self::no_token(row, NoToken::Unsaved(Box::new(unsaved))),
            Rotation::Busy(actor) => Self::no_token(row, NoToken::Busy(actor)),
            Rotation::Failed(failed) => no_grant(row, label, failed, health.and_then(|health| health.retry_at)),
            Rotation::Refused(Refusal::NotRotatable) => none(
                "has no refresh token, so there is nothing to rotate",
                "sign in to get one, or go on using the key",
            ),
            Rotation::Refused(Refusal::Borrowed) => borrowed(row),
            Rotation::Refused(Refusal::InDoubtUntil(until)) => {
                let what = format!("the {name} token was not rotated: {NO_ANSWER}");
                let remedy = format!("{MEANWHILE} at {} or later", clock_time(&until));
                Self::new(ErrorKind::Busy, what, remedy).until(&until)
            }
            Rotation::Refused(Refusal::BackOff(until) | Refusal::TooSoon(until)) => {
                let trouble = health.and_then(|health| Trouble::from_health(Some(row), health));
                let tries = health.map_or(0, |health| health.failures);
                let what = match tries {
                    0 | 1 => format!("the last try to rotate {name} failed"),
                    tries => format!("the last {tries} tries to rotate {name} failed"),
                };
                if let Some(trouble) = trouble {
                    return trouble.error(&what, name, label, Some(&until));
                }
                let remedy = Trouble::remedy(None, name, label, Some(&until));
                Self::new(ErrorKind::Unreachable, what, remedy).until(&until)
            }
            Rotation::Refused(Refusal::Elsewhere(from)) => Self::no_token(row, NoToken::Elsewhere(from)),
            Rotation::Refused(Refusal::Shared(why)) => Self::shared(row, why),
            Rotation::Refused(_) => Self::no_token(row, NoToken::SignIn(None)),
        }
    }
}

fn borrowed(row: &Provider) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("{} is another tool's login, and that tool rotates it", row.id),
        "use that tool, or sign in here to have a login of your own",
    )
}

/// Why an issuer that was to be asked granted nothing, and when it is asked again.
fn no_grant(row: &Provider, label: &Label, failed: Exchanged, next: Option<Deadline>) -> Error {
    let name = &row.id;
    let what = match failed {
        Exchanged::Rejected { code } => return Error::no_token(row, NoToken::SignIn(Some(code))),
        Exchanged::Unknown => {
            return Error::new(
                ErrorKind::Unreachable,
                format!("{name} was sent the refresh token and gave no usable answer, so the token may be spent"),
                format!("{MEANWHILE} when it is needed"),
            );
        }
        Exchanged::Untrusted => {
            return Error::new(
                ErrorKind::Unreachable,
                format!("the {name} token was not rotated: {}", distrust(Some(row))),
                trust(),
            );
        }
        Exchanged::TurnedAway { answer, .. } => {
            let what = format!("the {name} token was not rotated");
            return Trouble::turned_away(Some(row), &answer).error(&what, name, label, next.as_ref());
        }
        Exchanged::Unreached(unreached) => {
            let what = format!("the {name} token was not rotated");
            return Trouble::unreached(&unreached).error(&what, name, label, next.as_ref());
        }
        Exchanged::NotConsumed { retry_after_ms: Some(1..) } => {
            format!("the issuer of {name} asked to be left alone; nothing was changed")
        }
        Exchanged::NotConsumed { .. } | Exchanged::Granted(_) => {
            format!("the issuer of {name} could not be reached; nothing was changed")
        }
    };
    // Without a next try the entry was replaced meanwhile.
    let error = Error::new(ErrorKind::Unreachable, what, Trouble::remedy(None, name, label, next.as_ref()));
    next.iter().fold(error, Error::until)
}

#[cfg(test)]
mod tests {
    use credlatch_core::rotation::TurnedAway;
    use credlatch_core::time::Stamp;

    use super::*;
    use crate::when::{rfc3339_ms, system_time};

    #[test]
    fn a_time_in_the_text_is_there_as_a_value_too() {
        let (latch, label) = (crate::Latch::in_memory(), Label::default());
        let row = latch.provider("anthropic").unwrap();
        let until = Stamp { wall_ms: 1_800_000_000_000, up_ms: 5, boot: 1 }.plus_ms(90_000);
        let health = EntryHealth { retry_at: Some(until), ..EntryHealth::default() };
        let turned_away = TurnedAway { status: 403, code: None, description: None };
        for rotation in [
            Rotation::Refused(Refusal::InDoubtUntil(until)),
            Rotation::Refused(Refusal::BackOff(until)),
            Rotation::Refused(Refusal::TooSoon(until)),
            Rotation::Failed(Exchanged::NotConsumed { retry_after_ms: None }),
            Rotation::Failed(Exchanged::NotConsumed { retry_after_ms: Some(5) }),
            Rotation::Failed(Exchanged::TurnedAway { answer: turned_away, retry_after_ms: None }),
        ] {
            let error = Error::not_rotated(row, &label, rotation, Some(&health));
            assert_eq!(error.retry_at(), Some(system_time(until.wall_ms())), "{error}");
            let text = format!("{error}; {}", error.remedy());
            assert!(text.contains(&rfc3339_ms(until.wall_ms())), "{text}");
        }
        let never = Error::not_rotated(row, &label, Rotation::Refused(Refusal::NotRotatable), Some(&health));
        assert_eq!(never.retry_at(), None);
    }
}
