//! Edits of what an actor leaves beside its sign of life: the note that its request is about to leave, and the answer.

use super::{Edit, MACHINE, PROGRAMS, ROTATION_DIES};

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "noted when it has left",
        what: "that a request is about to leave is noted when its answer is there",
        file: "core/src/port/issuer.rs",
        right: "        if sending.may_begin() {\n            self.refresh(provider, refresh, scopes)\n        } else {\n            Exchanged::NotConsumed { retry_after_ms: Some(0) }\n        }",
        wrong: "        let answer = self.refresh(provider, refresh, scopes);\n        let _ = sending.may_begin();\n        answer",
        trials: &[(ROTATION_DIES, &[4]), (PROGRAMS, &[4])],
    },
    Edit {
        name: "who writes no notes sent nothing",
        what: "the absence of a note counts as proof of an actor that never writes one",
        file: "core/src/machine/left.rs",
        right: "*self == Self::NoNote && claim.actor.notes && now.is_comparable(&claim.at)",
        wrong: "*self == Self::NoNote && now.is_comparable(&claim.at)",
        trials: &[(MACHINE, &[4]), (PROGRAMS, &[4])],
    },
    Edit {
        name: "a note is missed after a restart",
        what: "the absence of a note counts as proof in another boot, though nobody synced it",
        file: "core/src/machine/left.rs",
        right: "*self == Self::NoNote && claim.actor.notes && now.is_comparable(&claim.at)",
        wrong: "*self == Self::NoNote && claim.actor.notes && now.boot == now.boot",
        trials: &[(MACHINE, &[4])],
    },
    Edit {
        name: "an answer is nobody's",
        what: "an act that wrote its answer down is taken for one that died without",
        file: "core/src/machine/left.rs",
        right: "            Self::Answer(answer) => return Some(answer.settles(state, now)),",
        wrong: "            Self::Answer(_) => Sent::UNKNOWN,",
        trials: &[(ROTATION_DIES, &[5]), (PROGRAMS, &[5])],
    },
    Edit {
        name: "wiped before it is settled",
        what: "what was written down is wiped, and then it is settled",
        file: "core/src/engine/unsaved.rs",
        right: "        let mut tried = 0;\n        let mut is_unknown = false;",
        wrong: "        alive.wipe();\n        let mut tried = 0;\n        let mut is_unknown = false;",
        trials: &[(ROTATION_DIES, &[5]), (PROGRAMS, &[5])],
    },
    Edit {
        name: "no writing is written down",
        what: "that an actor wrote an answer down is not",
        file: "tests/src/world/signs.rs",
        right: "            here.record(Fact::WrittenDown { who: here.who, attempt, access, received });",
        wrong: "            drop(Fact::WrittenDown { who: here.who, attempt, access, received });",
        trials: &[(ROTATION_DIES, &[5]), (PROGRAMS, &[5])],
    },
];
