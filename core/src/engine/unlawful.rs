//! A state that breaks a law, as the error of the store that holds it or was to hold it.

use crate::law::Broken;
use crate::port::{StoreError, StoreErrorKind};

/// What was loaded: it was damaged, or written by something else.
pub(super) fn unreadable(broken: &Broken) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!("the stored state makes no sense: {}", broken.what),
        "restore the document from a backup, or move it away and sign in again",
    )
}

/// What was to be committed: a load would refuse it, and that would be the end of the profile.
pub(super) fn unwritable(broken: &Broken) -> StoreError {
    let what = format!("the change was not saved, because no program would read what it makes: {}", broken.what);
    StoreError::new(StoreErrorKind::Failed, what, "remove entries of this profile; `credlatch doctor` looks at it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::check_state;
    use crate::sample::{key, named, stored};
    use crate::state::State;

    #[test]
    fn a_state_that_makes_no_sense_is_unreadable_and_says_why() {
        let impossible = State { last_version: 0, ..stored([named("a", key("key-1"))]) };
        let error = unreadable(&check_state(&impossible).unwrap_err());
        assert_eq!(error.kind, StoreErrorKind::Unreadable);
        assert!(error.to_string().starts_with("the stored state makes no sense: version 1"), "{error}");
    }
}
