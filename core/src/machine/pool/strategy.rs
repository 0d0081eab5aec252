//! Choosing how a pool is used.

use crate::machine::outcome::{Output, Verdict};
use crate::state::State;
use crate::state::name::ProviderId;
use crate::state::strategy::Strategy;

/// Choose how a pool is used.
#[derive(Clone, Debug, PartialEq)]
pub struct SetStrategy {
    /// The provider.
    pub provider: ProviderId,
    /// How.
    pub strategy: Strategy,
}

pub(crate) fn set_strategy(state: &mut State, set: &SetStrategy) -> Output {
    let known = state.slot(set.provider.as_str()).map(|slot| slot.strategy).unwrap_or_default();
    if known == set.strategy {
        return Verdict::Nothing.into();
    }
    state.slot_mut(&set.provider).strategy = set.strategy;
    Verdict::Done.into()
}
