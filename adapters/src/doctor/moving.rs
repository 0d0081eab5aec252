//! What a move to another store, or from one, has left here.

use credlatch_core::moving::Stage;
use credlatch_core::state::State;

use super::finding::{Finding, Severity};

pub(super) fn examine(state: &State, findings: &mut Vec<Finding>) {
    let Some(moving) = &state.moving else { return };
    let other = &moving.other;
    if let Some(why) = moving.shared.filter(|_| !moving.stage.is_through()) {
        let what = format!(
            "this store {why} in the middle of a move with {other}, so how far that is isn't known here, and it stops"
        );
        let remedy = "if this is the copy that lives on, and it is certain that nobody uses it elsewhere, `credlatch adopt --alone`, and then move it; otherwise `credlatch clear --all` forgets what is here, and revokes nothing";
        findings.push(Finding::of_store(Severity::Warning, what, remedy));
        return;
    }
    let unfinished = |what: String, ends: &str| {
        let remedy = format!("run the same `credlatch move` again, and it goes on; if it is not to go on, {ends}");
        Finding::of_store(Severity::Warning, what, remedy)
    };
    findings.push(match moving.stage {
        Stage::SetAside => unfinished(
            format!("this profile is being moved to {other}: until that is through nothing here is renewed or changed"),
            "`credlatch adopt` keeps it here",
        ),
        Stage::HandedOver => unfinished(
            format!(
                "this profile was handed over to {other}, which may be using it by now: nothing here is renewed or changed"
            ),
            "`credlatch adopt` keeps it here unless the other store uses it, and `credlatch clear --all` forgets what is left here, and revokes nothing",
        ),
        Stage::Arrived => unfinished(
            format!("this profile is being moved here from {other}: until that is through nothing here is renewed or changed"),
            "`credlatch adopt` uses it here and not there, and `credlatch clear --all` forgets what has arrived",
        ),
        Stage::Active => unfinished(
            format!("this profile was moved here from {other}, which may still hold what it set aside"),
            "`credlatch adopt` says that nothing is left there",
        ),
        Stage::Gone => {
            let what = format!("this profile was moved to {other}");
            Finding::of_store(Severity::Note, what, "use that store; what is stored here from now on stays here")
        }
        Stage::Done | Stage::Withdrawn => return,
    });
}
