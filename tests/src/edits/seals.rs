//! Edits of what is sealed.

use super::{Edit, Trial, alone};
use crate::coverage;

const HOME: Trial =
    alone(&coverage::SEALED_HOME, "-p credlatch-tests --features loom --test sealed_home what_is_sealed_stays");

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "plain text is taken in a sealed home",
        what: "whoever may write there puts a document in the place of a sealed one without having the key",
        file: "adapters/src/seal/mod.rs",
        right: "self.take_plain(name.shown)?;",
        wrong: "drop(self.take_plain(name.shown));",
        trials: &[(HOME, &[20])],
    },
    Edit {
        name: "a sealed document is opened in any place",
        what: "what was sealed as one profile is taken for another one",
        file: "adapters/src/seal/mod.rs",
        right: "if header.profile != name.profile {",
        wrong: "if header.profile.is_empty() {",
        trials: &[(HOME, &[20])],
    },
];
