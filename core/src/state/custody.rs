//! Who may act: claims, the actors that hold them, and what is left when an actor dies.

use serde::{Deserialize, Serialize};

use super::nonce::Nonce;
use super::time::{Deadline, Expiry, Stamp, later};
use super::times::Times;

/// Who may present a grant's refresh token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Custody {
    /// Nobody is presenting it; it is the issuer's live one as far as anybody can know.
    Settled,
    /// One actor is.
    Rotating(Claim),
    /// An actor died while presenting it, or got no usable answer: the issuer may have spent it.
    InDoubt(Doubt),
    /// The issuer rejected exactly these bytes. Only a new login helps.
    Lost(Lost),
}

impl Custody {
    /// The attempt whose outcome is still awaited, or was taken for dead and not replaced.
    pub fn attempt(&self) -> Option<Nonce> {
        match self {
            Self::Rotating(claim) => Some(claim.attempt),
            Self::InDoubt(doubt) => Some(doubt.attempt),
            Self::Settled | Self::Lost(_) => None,
        }
    }

    /// The act that is under way or in doubt, and the doubt that it would return to.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = Nonce> {
        let (act, doubt) = match self {
            Self::Settled | Self::Lost(_) => (None, None),
            Self::Rotating(claim) => (Some(claim.attempt), claim.doubt.as_ref().map(|doubt| doubt.attempt)),
            Self::InDoubt(doubt) => (Some(doubt.attempt), None),
        };
        act.into_iter().chain(doubt)
    }
}

/// The durable right of one actor to do one outside act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// Tells this act from every other, for ever.
    pub attempt: Nonce,
    /// Who acts.
    pub actor: Actor,
    /// When it was claimed.
    pub at: Stamp,
    /// The doubt it set out to resolve, to return to if nothing was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

impl Claim {
    /// What is left of it if its outcome isn't known; a request of it was about to leave when it was noted.
    pub(crate) fn doubted(&self, why: DoubtCause, noted: Option<Stamp>) -> Doubt {
        Doubt { attempt: self.attempt, claimed: self.at, noted, why }
    }

    /// What is left of it if the issuer rejected what it presented.
    pub(crate) fn lost(&self, now: &Stamp, code: &str) -> Lost {
        Lost { at: *now, code: code.to_owned(), after_doubt: self.doubt.is_some() }
    }
}

/// What is left of a claim whose outcome nobody knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    /// The act.
    pub attempt: Nonce,
    /// When it was claimed. Where nothing else is known its request may be in flight for a
    /// [quarantine](Times::quarantine_ms) from then on.
    pub claimed: Stamp,
    /// When its actor noted that the first byte was about to leave, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<Stamp>,
    /// What happened.
    pub why: DoubtCause,
}

impl Doubt {
    /// From when on no request of the act can be in flight any more, for a process that has watched it so long on its own
    /// clock. Where the clock that can't be set doesn't tell the claim's age, what is certain about that age counts, or the
    /// watching: never what somebody set a wall clock to.
    pub fn quiet(&self, now: &Stamp, times: Times, watched_ms: u64) -> Deadline {
        if let Some(noted) = self.noted.filter(|noted| now.is_comparable(noted)) {
            return noted.plus_ms(times.quarantine_after_note_ms());
        }
        if now.is_comparable(&self.claimed) {
            return self.claimed.plus_ms(times.quarantine_ms());
        }
        let certain_ms = now.proven_age_ms(&self.claimed).max(watched_ms);
        now.plus_ms(times.quarantine_ms().saturating_sub(certain_ms))
    }

    /// Whether its issuer would still take the refresh token a second time: only if the claim is certainly that young.
    pub fn is_forgiven(&self, now: &Stamp, times: Times) -> bool {
        now.is_comparable(&self.claimed) && now.age_ms(&self.claimed) < times.grace_ms
    }

    /// When the refresh token may be presented again because the access token has ended; none if that never ends. A 401
    /// allows it as soon as it is [`quiet`](Self::quiet). Where no clock tells the claim's age, this is said for a process
    /// that begins to watch now.
    pub fn retry_at(&self, expiry: Expiry, now: &Stamp, times: Times) -> Option<Deadline> {
        let ends = match expiry {
            _ if self.is_forgiven(now, times) => return Some(now.plus_ms(0)),
            Expiry::Never => return None,
            Expiry::After(deadline) => deadline,
            Expiry::At(_) => now.plus_ms(expiry.left_ms(now)),
        };
        later(Some(self.quiet(now, times, 0)), Some(ends), now)
    }
}

/// How long one process has known of an act, on its own clock: the act is at least as old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The act.
    pub attempt: Nonce,
    /// How long, in milliseconds.
    pub for_ms: u64,
}

/// Why a grant is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtCause {
    /// The actor ended between its claim and its settlement.
    ActorDied,
    /// The request was sent and no usable answer came.
    NoUsableAnswer,
}

/// Why and when a grant was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// When the issuer rejected it.
    pub at: Stamp,
    /// The OAuth error code of the answer, such as `invalid_grant`.
    pub code: String,
    /// Whether it had been in doubt before: then a crash or a cut connection cost it.
    pub after_doubt: bool,
}

/// Who acts: enough to ask the store whether they still live, and to name them in an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The random name of what the store watches: a locked claim file, a lease.
    pub name: Nonce,
    /// The process, for people.
    pub pid: u32,
    /// When that process started, in the platform's own count, so that a reused pid isn't taken for it.
    pub started: u64,
    /// Which pid namespace the pid belongs to; 0 where there is none.
    pub pid_namespace: u64,
    /// Whether it notes beside its sign of life that the first byte of a request is about to leave. An older version doesn't.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub notes: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::exchanged::Exchanged;
    use crate::machine::put::{Put, PutMode};
    use crate::machine::rotation::{Cause, ClaimRotation, Settle};
    use crate::machine::{Act, Event, Refusal, Verdict};
    use crate::state::extra::Extra;
    use crate::state::name::{Label, ProviderId};
    use crate::state::secret::Secret;
    use crate::state::{Grant, Material, Source, State};
    use crate::{Step, apply};

    const TIMES: Times = Times { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 };

    fn at(ms: u64) -> Stamp {
        Stamp { wall_ms: 1_800_000_000_000 + ms, up_ms: 1_000 + ms, boot: 7 }
    }

    fn claim(state: &State, now: &Stamp, cause: Cause, times: Times) -> Step {
        let actor = Actor { name: Nonce(2), pid: 1, started: 0, pid_namespace: 0, notes: false };
        let act = Act { attempt: Nonce(1), actor };
        let (provider, label) = (ProviderId::new("acme").unwrap(), Label::default());
        let version = state.entry("acme", label.as_str()).unwrap().version;
        apply(
            state,
            now,
            &Event::ClaimRotation(ClaimRotation {
                provider,
                label,
                version,
                cause,
                act,
                times,
                reach: None,
                watched: None,
            }),
        )
    }

    /// A grant with this end, whose rotation at time 0 got no answer.
    fn in_doubt(expiry: Expiry, times: Times) -> State {
        let secret = |text: &str| Secret::try_from(text).unwrap();
        let (provider, label) = (ProviderId::new("acme").unwrap(), Label::default());
        let grant = Grant {
            access: secret("at-1"),
            refresh: Some(secret("rt-1")),
            expiry,
            issued: at(0),
            scopes: Vec::new(),
            custody: Custody::Settled,
            origins: None,
            shared: None,
            extra: Extra::default(),
        };
        let put = Put {
            provider: provider.clone(),
            label: label.clone(),
            material: Material::Oauth(Box::new(grant)),
            source: Source::Login,
            how: PutMode::Named,
        };
        let state = apply(&State::default(), &at(0), &Event::Put(put)).state;
        let state = claim(&state, &at(0), Cause::Asked, times).state;
        let settle = Settle { provider, label, attempt: Nonce(1), outcome: Exchanged::Unknown };
        apply(&state, &at(0), &Event::Settle(settle)).state
    }

    fn retry_at(state: &State, now: &Stamp, times: Times) -> Option<Deadline> {
        let grant = state.entry("acme", "default").unwrap().grant().unwrap();
        let Custody::InDoubt(doubt) = &grant.custody else { panic!("{:?}", grant.custody) };
        doubt.retry_at(grant.expiry, now, times)
    }

    #[test]
    fn what_is_said_of_a_doubt_is_what_the_machine_does() {
        // The token ends before a request of the dead act can have ended, or after.
        for (ends_ms, said_ms) in [(10_000, 50_000), (90_000, 90_000)] {
            let state = in_doubt(Expiry::After(at(0).plus_ms(ends_ms)), TIMES);
            assert_eq!(retry_at(&state, &at(5_000), TIMES).unwrap().left_ms(&at(5_000)), said_ms - 5_000);
            let early = claim(&state, &at(said_ms - 1), Cause::Due, TIMES).verdict;
            assert!(matches!(early, Verdict::Refused(Refusal::InDoubtUntil(_))), "{early:?}");
            assert_eq!(claim(&state, &at(said_ms), Cause::Due, TIMES).verdict, Verdict::Done);
        }
    }

    #[test]
    fn an_issuer_that_forgives_is_asked_at_once() {
        let times = Times { grace_ms: 60_000, ..TIMES };
        let state = in_doubt(Expiry::After(at(0).plus_ms(90_000)), times);
        assert!(retry_at(&state, &at(5_000), times).unwrap().is_reached(&at(5_000)));
        assert_eq!(claim(&state, &at(5_000), Cause::Asked, times).verdict, Verdict::Done);
        assert_eq!(retry_at(&state, &at(60_000), times).unwrap().left_ms(&at(60_000)), 30_000);
    }

    #[test]
    fn a_quarantine_counts_from_the_note_if_there_is_one_that_a_clock_tells_the_age_of() {
        let doubt = |noted| Doubt { attempt: Nonce(1), claimed: at(0), noted, why: DoubtCause::ActorDied };
        let [claimed, noted] = [doubt(None), doubt(Some(at(40_000)))];
        assert_eq!(claimed.quiet(&at(41_000), TIMES, 0).left_ms(&at(41_000)), 9_000);
        // Whoever was stopped between its claim and its note sends that much later.
        assert_eq!(noted.quiet(&at(41_000), TIMES, 0).left_ms(&at(41_000)), 34_000);
        // What was watched may be older than the note, and says how old the claim is.
        let placeless = Stamp { boot: 0, ..at(41_000) };
        assert_eq!(noted.quiet(&placeless, TIMES, 49_000).left_ms(&placeless), 1_000);
    }

    #[test]
    fn a_token_that_never_ends_leaves_the_doubt_alone() {
        let mut state = in_doubt(Expiry::After(at(0).plus_ms(90_000)), TIMES);
        let slot = state.providers.values_mut().next().unwrap();
        if let Material::Oauth(grant) = &mut slot.entries[0].material {
            grant.expiry = Expiry::Never;
        }
        assert_eq!(retry_at(&state, &at(1), TIMES), None);
    }
}
