//! Marking every grant that another copy of the store may hold too, until a person says which copy lives on.

use super::moving;
use super::outcome::{Output, Verdict};
use crate::state::State;
use crate::state::known::Fate;
use crate::state::shared::Shared;

/// Mark every grant with a refresh token as shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkShared {
    /// What happened.
    pub why: Shared,
    /// The number of the newest move that is remembered of this store; the count goes on from there.
    pub counted: u64,
}

pub(crate) fn mark(state: &mut State, mark: MarkShared) -> Output {
    let mut found = false;
    for grant in state.grants_mut(|grant| grant.refresh.is_some() && grant.shared.is_none()) {
        grant.shared = Some(mark.why);
        found = true;
    }
    for known in state.tokens.iter_mut().filter(|known| known.shared.is_none() && known.fate.may_be_presented()) {
        known.shared = Some(mark.why);
        found = true;
    }
    if let Some(moving) = state.moving.as_mut().filter(|moving| moving.shared.is_none() && !moving.stage.is_through()) {
        moving.shared = Some(mark.why);
        found = true;
    }
    // Or the same roll-back would be found again with every later change.
    found |= mark.counted > state.last_move;
    state.last_move = state.last_move.max(mark.counted);
    if found { Verdict::Done.into() } else { Verdict::Nothing.into() }
}

/// A person said that this copy is the one that lives on.
pub(crate) fn adopt(state: &mut State) -> Output {
    let mut found = moving::adopt(state);
    for grant in state.grants_mut(|grant| grant.shared.is_some()) {
        grant.shared = None;
        found = true;
    }
    for known in &mut state.tokens {
        found |= known.shared.take().is_some();
    }
    state.tokens.retain(|known| known.fate != Fate::Unspent);
    if found { Verdict::Done.into() } else { Verdict::Nothing.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::clear::Clear;
    use crate::machine::exchanged::Exchanged;
    use crate::machine::rotation::Cause;
    use crate::machine::{Event, Refusal};
    use crate::{apply, sample};

    #[test]
    fn a_marked_grant_is_neither_presented_nor_revoked_until_a_person_adopts_it() {
        let now = sample::at(0);
        let before = sample::stored([sample::named("a", sample::grant("at-1", Some("rt-1")))]);
        let marks = MarkShared { why: Shared::RolledBack, counted: 5 };
        let marked = apply(&before, &now, &Event::MarkShared(marks));
        assert_eq!((marked.verdict, marked.state.last_move), (Verdict::Done, 5));
        let claim =
            |state: &State| apply(state, &now, &Event::ClaimRotation(sample::claim(state, "a", 1, Cause::Asked)));
        assert_eq!(claim(&marked.state).verdict, Verdict::Refused(Refusal::Shared(Shared::RolledBack)));
        let clear = Event::Clear(Clear::Everything);
        assert!(apply(&marked.state, &now, &clear).effects.is_empty());
        assert_eq!(apply(&marked.state, &now, &Event::MarkShared(marks)).verdict, Verdict::Nothing);
        let adopted = apply(&marked.state, &now, &Event::AdoptCopy).state;
        let claimed = claim(&adopted);
        assert_eq!((claimed.verdict, claimed.state.last_move), (Verdict::Done, 6));
        // What new tokens were granted after counts more than what their claim counted.
        let granted = |refresh| sample::settle("a", 1, Exchanged::Granted(sample::fresh("at-2", refresh)));
        assert_eq!(apply(&claimed.state, &now, &granted(Some("rt-2"))).state.last_move, 7);
    }
}
