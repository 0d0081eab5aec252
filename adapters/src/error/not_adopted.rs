//! Why a store whose move was cut off isn't used again, for people.

use credlatch_core::engine::AdoptError;
use credlatch_core::moving::{Answer, Stage};

use super::{Error, ErrorKind};

/// What a person does who is certain.
const ALONE: &str = "if it is certain that nobody uses it elsewhere: `credlatch adopt --alone`";

impl Error {
    /// Why it isn't used here; `other` is the other store, and `is_copy` whether this one was copied or rolled back meanwhile.
    pub(crate) fn not_adopted(profile: &str, other: &str, is_copy: bool, error: AdoptError) -> Self {
        let refused = |what, remedy| Self::new(ErrorKind::Usage, what, remedy);
        match error {
            AdoptError::Here(error) => error.into(),
            AdoptError::There(error) => Self::from(error).while_unasked(profile, other),
            AdoptError::AtWork { pid } => Self::new(
                ErrorKind::Busy,
                format!("profile {profile} is being moved by process {pid}"),
                "wait until that has ended, and try again",
            ),
            AdoptError::Refused(Answer::Used, stage) => refused(
                format!("profile {profile} is used in {other} by now, so it can't be used here as well"),
                used(stage).to_owned(),
            ),
            AdoptError::Refused(_, stage) => {
                let what = if is_copy {
                    format!(
                        "this store was copied or restored while profile {profile} was moved from or to {other}, so nobody can say whether it is used elsewhere"
                    )
                } else {
                    format!("{other} can't say whether it uses profile {profile}: {}", unknown(stage))
                };
                refused(
                    what,
                    format!("{ALONE}; otherwise `credlatch clear --all` forgets what is here, and revokes nothing"),
                )
            }
            AdoptError::Restless => Self::new(
                ErrorKind::Busy,
                format!("profile {profile} is not used here yet: others changed both stores again and again"),
                "do the same again",
            ),
        }
    }

    /// The same, of another store that has to be asked.
    pub(crate) fn while_unasked(self, profile: &str, other: &str) -> Self {
        let what = format!("{other} can't be asked whether it uses profile {profile}, which was being moved: {self}");
        let key = match self.kind() {
            ErrorKind::Sealed => "; `--other-seal-key FILE` is for that store",
            _ => "",
        };
        let remedy = format!(
            "{}{key}; or run the same `credlatch move` again; if that store is gone for good: `credlatch adopt --alone`",
            self.remedy()
        );
        Self::new(self.kind(), what, remedy)
    }
}

fn used(stage: Stage) -> &'static str {
    match stage {
        Stage::SetAside | Stage::HandedOver => {
            "run the same `credlatch move` again: it takes away what is left here, and revokes nothing"
        }
        _ => "forget what has arrived here: `credlatch clear --all`, which revokes nothing",
    }
}

fn unknown(stage: Stage) -> &'static str {
    match stage {
        Stage::SetAside | Stage::HandedOver => {
            "it was given all of it, and has moved that on, was copied or restored, or isn't the store that it was"
        }
        _ => {
            "it knows nothing of this move any more: it was taken back there, was copied or restored, or isn't the store that it was"
        }
    }
}
