//! A state that breaks a law: no store gives one, and none gets one.

use crate::law::{Broken, check_state};
use crate::port::{StoreError, StoreErrorKind};
use crate::state::State;

/// Every store refuses such a state itself, where it can say what to mend. A harness notices one that doesn't.
pub(super) fn assert_lawful(loaded: &State) {
    debug_assert_eq!(check_state(loaded), Ok(()), "a store gave what makes no sense");
}

/// What was to be committed: a load would refuse it, and that would be the end of the profile.
pub(super) fn unwritable(broken: &Broken) -> StoreError {
    let what = format!("the change was not saved, because no program would read what it makes: {}", broken.what);
    StoreError::new(StoreErrorKind::Failed, what, "remove entries of this profile; `credlatch doctor` looks at it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{key, named, stored};

    fn impossible() -> State {
        State { last_version: 0, ..stored([named("a", key("key-1"))]) }
    }

    #[cfg(debug_assertions)]
    #[test]
    #[should_panic(expected = "a store gave what makes no sense")]
    fn a_store_that_gives_what_makes_no_sense_is_noticed() {
        assert_lawful(&impossible());
    }

    #[test]
    fn a_change_that_nobody_could_read_is_not_saved_and_says_why() {
        let error = unwritable(&check_state(&impossible()).unwrap_err());
        assert_eq!(error.kind, StoreErrorKind::Failed);
        assert!(error.to_string().contains("what it makes: version 1"), "{error}");
    }
}
