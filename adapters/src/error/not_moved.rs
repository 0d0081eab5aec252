//! Why a profile was not moved to another store, for people.

use credlatch_core::engine::MoveError;
use credlatch_core::moving::{Obstacle, Stage};
use credlatch_core::provider::Provider;
use credlatch_core::state::State;

use super::{Error, ErrorKind};

impl Error {
    /// Why it was not moved, or not as a whole.
    pub(crate) fn not_moved(profile: &str, error: MoveError) -> Self {
        match error {
            MoveError::Source(error) | MoveError::Target(error) => error.into(),
            MoveError::Stopped(why) => obstacle(profile, &why),
            MoveError::Restless => Self::new(
                ErrorKind::Busy,
                format!("profile {profile} was not moved: others changed both stores again and again"),
                "do the same again",
            ),
        }
    }

    /// Nothing is stored for this provider in this place, or not any more.
    pub(crate) fn nothing_in(place: &str, row: &Provider, state: &State) -> Self {
        let gone = state.moving.as_ref().filter(|moving| moving.stage == Stage::Gone);
        let is_empty = state.providers.values().all(|slot| slot.entries.is_empty());
        match gone.filter(|_| is_empty) {
            Some(moving) => Self::moved_away(place, row.id.as_str(), &moving.other),
            None => Self::missing_in(place, row),
        }
    }

    /// The same, and it doesn't go on by itself: the source is set aside.
    pub(crate) fn while_set_aside(self) -> Self {
        let remedy = format!(
            "{}; until then nothing in the first store is renewed or changed: run the same `credlatch move` again, or `credlatch adopt` there",
            self.remedy()
        );
        Self::new(self.kind(), self.message(), remedy)
    }

    /// There is nothing to move, because all of it went to another store before.
    pub(crate) fn moved_before(profile: &str, other: &str) -> Self {
        Self::new(
            ErrorKind::NoCredential,
            format!("profile {profile} was moved to {other} already, and nothing is stored here since"),
            format!("use that store: `--store {other}`, or CREDLATCH_STORE"),
        )
    }

    /// There is nothing here any more, because all of it went to another store.
    fn moved_away(place: &str, provider: &str, other: &str) -> Self {
        Self::new(
            ErrorKind::NoCredential,
            format!("no {provider} credential is stored in {place}, which was moved to {other}"),
            format!("use that store: `--store {other}`, or CREDLATCH_STORE"),
        )
    }
}

fn obstacle(profile: &str, why: &Obstacle) -> Error {
    let stopped = |kind: ErrorKind, what: String, remedy: String| {
        Error::new(kind, format!("profile {profile} was not moved: {what}"), remedy)
    };
    match why {
        Obstacle::AtWork { pid } => stopped(
            ErrorKind::Busy,
            format!("process {pid} is at work on it"),
            "try again when that has ended".to_owned(),
        ),
        Obstacle::Login(provider) => stopped(
            ErrorKind::Busy,
            format!("a login to {provider} is under way"),
            format!("finish it, or cancel it: `credlatch flows` names it; `credlatch login {provider}` joins it"),
        ),
        Obstacle::InDoubt(provider, label) => stopped(
            ErrorKind::Busy,
            format!("a rotation of {provider}/{label} got no answer, and what became of its refresh token isn't known"),
            format!("find out first: `credlatch rotate {provider} --label {label}`, or sign in again"),
        ),
        Obstacle::Shared(why) => stopped(
            ErrorKind::Unreadable,
            format!("the store {why}, so another copy may hold its logins"),
            "say that this copy lives on: `credlatch adopt`, or `credlatch adopt --alone` where it was copied in the middle of a move, and then move it; if another one does, `credlatch clear --all` forgets what is here, and revokes nothing".to_owned(),
        ),
        Obstacle::TargetShared(why) => stopped(
            ErrorKind::Unreadable,
            format!("the other store {why} since the move began, so it may not be the one that uses these logins"),
            "put in its place what was there, and run the same move again; if it is gone for good, `credlatch adopt` in the first store keeps it there if nothing was handed over, and `credlatch adopt --alone` in one of the two uses what that one has"
                .to_owned(),
        ),
        Obstacle::HandedOver => stopped(
            ErrorKind::Unreadable,
            "the other store was given everything, and doesn't say what became of it: it has moved that on, or it isn't the store that it was"
                .to_owned(),
            "if that store is only away, run the same move again when it is back; if it was moved on, `credlatch clear --all` here forgets what is left, and revokes nothing; if it is certain that nobody uses what it was given, `credlatch adopt --alone` here keeps it"
                .to_owned(),
        ),
        Obstacle::UnderWay { stage, other } => under_way(profile, *stage, other),
        Obstacle::Empty => Error::new(
            ErrorKind::NoCredential,
            format!("there is nothing to move in profile {profile}"),
            "name the store, and the profile, that has something: `--from URL --profile NAME`",
        ),
        Obstacle::Occupied => stopped(
            ErrorKind::Usage,
            "something is stored under that name in the other store already".to_owned(),
            "clear that first, or move to another store: what is there is never replaced; if this move had begun, `credlatch adopt` in the first store uses that again".to_owned(),
        ),
        Obstacle::Same => stopped(
            ErrorKind::Usage,
            "both URLs are of one store".to_owned(),
            "name two stores; if a move had begun, `credlatch adopt` ends it".to_owned(),
        ),
        Obstacle::BothActive => stopped(
            ErrorKind::Unreadable,
            "both stores use it, because somebody took the first one back after the other had it".to_owned(),
            "sign in anew in the one that is to live on, `credlatch clear` the other, and then `credlatch adopt` in each of them".to_owned(),
        ),
        Obstacle::BroughtBack => stopped(
            ErrorKind::Unreadable,
            "the other store has it as it arrived, and here it is gone: it was cleared here, or that store was brought back from a backup"
                .to_owned(),
            "`credlatch adopt` there uses it if it was cleared here; of a backup only a person can say that nobody uses it elsewhere, with `credlatch adopt --alone`"
                .to_owned(),
        ),
    }
}

fn under_way(profile: &str, stage: Stage, other: &str) -> Error {
    let what = match stage {
        Stage::SetAside | Stage::HandedOver => {
            format!("profile {profile} of one of the two stores is being moved to {other} already")
        }
        Stage::Gone => format!("profile {profile} was moved on to {other}"),
        Stage::Arrived => {
            format!(
                "profile {profile} of one of the two stores holds what arrived in another move, from {other}, and that may be all there is of it"
            )
        }
        Stage::Active | Stage::Done | Stage::Withdrawn => {
            format!("the move of profile {profile} from {other} isn't through")
        }
    };
    let remedy = match stage {
        Stage::Arrived => {
            "finish that move first, with the URLs that it was begun with; if the store it names is gone for good: `credlatch adopt --alone` where it arrived uses it, and `credlatch clear --all` there forgets it"
        }
        _ => {
            "finish that move first, with the URLs that it was begun with; if the store it names is gone for good: `credlatch adopt --alone`"
        }
    };
    Error::new(ErrorKind::Busy, what, remedy)
}
