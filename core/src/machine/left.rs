//! What an actor writes down beside its sign of life before it settles: whoever has the store's lock may settle it then,
//! whether that actor is dead, stopped or only slow.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::exchanged::{Exchanged, Fresh};
use super::flow::{Step, Succeeded};
use super::outcome::Sent;
use super::rotation::Settle;
use crate::state::name::{Label, ProviderId};
use crate::state::origin::Origins;
use crate::state::time::Stamp;
use crate::state::{Claim, Grant, Material, Nonce, Source, State};

/// What an issuer granted to one act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The act.
    pub attempt: Nonce,
    /// The provider.
    pub provider: ProviderId,
    /// The entry whose token was renewed; none if it is a login's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// When it came: the access token's lifetime counts from here, however late it is settled.
    pub received: Stamp,
    /// The tokens.
    pub fresh: Fresh,
    /// Where they come from, by the row of whoever asked for them: who settles it may read another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Origins>,
}

impl Answer {
    /// The tokens as they are now, with what is left of the access token's lifetime.
    pub(crate) fn aged(&self, now: &Stamp) -> Fresh {
        let aged_ms = now.age_ms(&self.received);
        Fresh { expires_in_ms: self.fresh.expires_in_ms.map(|ms| ms.saturating_sub(aged_ms)), ..self.fresh.clone() }
    }

    /// The event that settles it in this state: the end of a login whose holder it is, or of a rotation.
    pub(crate) fn settles(self, state: &State, now: &Stamp) -> Event {
        let fresh = self.aged(now);
        let Self { attempt, provider, label, received, origins, .. } = self;
        let flow = state.slot(provider.as_str()).and_then(|slot| slot.flow.as_ref());
        let held = flow.filter(|flow| flow.holder.as_ref().is_some_and(|claim| claim.attempt == attempt));
        let Some(flow) = held.map(|flow| flow.id) else {
            let label = label.unwrap_or_default();
            return Event::Settle(Settle { provider, label, attempt, outcome: Exchanged::Granted(fresh) });
        };
        Event::FlowSucceeded(Succeeded {
            step: Step { provider, flow, attempt },
            material: Material::Oauth(Box::new(Grant { origins, ..fresh.grant(now) })),
            source: Source::Login,
            came: received,
        })
    }
}

/// What an act has left beside its sign of life, as far as a store can tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Left {
    /// It goes on.
    Going,
    /// What the issuer granted is written down as a whole, whether the actor lives or not.
    Answer(Box<Answer>),
    /// It ended, its sign of life was read under its own lock, and no note is there.
    NoNote,
    /// It ended. Something may have been sent, since it was noted or since the claim.
    MaybeSent {
        /// When the actor noted that the first byte is about to leave, if it did.
        noted: Option<Stamp>,
    },
}

impl Left {
    /// What whoever has the store's lock is to do about this claim: what was granted is settled, whether the actor lives or
    /// not; one that died without an answer is noticed.
    pub fn inherited(self, state: &State, claim: &Claim, now: &Stamp) -> Option<Event> {
        let sent = match self {
            Self::Going => return None,
            Self::Answer(answer) => return Some(answer.settles(state, now)),
            left if left.proves_nothing_sent(claim, now) => Sent::Nothing,
            Self::NoNote => Sent::UNKNOWN,
            Self::MaybeSent { noted } => Sent::Maybe { noted },
        };
        Some(Event::ActorGone { attempt: claim.attempt, sent })
    }

    /// Whether the act is over without an answer and nothing was sent under this claim. The absence of a note says so only
    /// if the actor writes notes at all, and in the boot in which it was claimed: a note is not synced.
    pub(crate) fn proves_nothing_sent(&self, claim: &Claim, now: &Stamp) -> bool {
        *self == Self::NoNote && claim.actor.notes && now.is_comparable(&claim.at)
    }
}

#[cfg(test)]
mod tests;
