//! Pools: which of a provider's entries to use, and what an answer says about the one that was used.

mod order;
mod report;
mod strategy;
mod uses;

pub use order::{Choice, Eligibility, Unusable, constant, is_eligible, select};
pub(super) use report::report;
pub use report::{REST_LIMITED_MS, REST_SOLE_MS, REST_UNAUTHORIZED_MS, REST_UNEXPLAINED_MS, Report};
pub use strategy::SetStrategy;
pub(super) use strategy::set_strategy;
pub use uses::CountUses;
pub(super) use uses::count_uses;

#[cfg(test)]
mod tests;
