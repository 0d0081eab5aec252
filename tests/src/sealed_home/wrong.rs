//! Ways to seal with a mistake: each breaks law 20, or the harness is worth nothing.

use std::path::Path;
use std::sync::Arc;

use credlatch::seal::{Keys, Sealing};
use credlatch_core::state::Nonce;

use super::world::{Right, Seals};

/// One of them.
pub struct WrongSeals {
    /// Its name.
    pub name: &'static str,
    /// Where the mistake was made, or would be.
    pub report: &'static str,
    /// What it does.
    pub seals: &'static (dyn Seals + Sync),
}

/// All of them.
pub const WRONG: &[WrongSeals] = &[
    WrongSeals {
        name: "falls_back_to_plain_text",
        report: "codex 14704: a keyring with a fall-back file",
        seals: &FallsBackToPlainText,
    },
    WrongSeals {
        name: "keeps_a_backup",
        report: "hermes-agent 15393, 84264: copies are left behind",
        seals: &KeepsABackup,
    },
    WrongSeals { name: "answers_in_plain_text", report: "design: sealing", seals: &AnswersInPlainText },
    WrongSeals { name: "answers_for_any_act", report: "design: sealing", seals: &AnswersForAnyAct },
];

/// Whatever can be read is taken.
struct FallsBackToPlainText;

impl Seals for FallsBackToPlainText {
    fn sealing(&self, keys: &Arc<Keys>, profile: &str, _: &Path) -> Sealing {
        Sealing::new(Arc::clone(keys), profile, None)
    }
}

/// What was stored last stays beside it, as it was before it was sealed.
struct KeepsABackup;

impl Seals for KeepsABackup {
    fn backup(&self, content: &str) -> Option<String> {
        Some(content.to_owned())
    }
}

/// What an issuer granted is written down as it is.
struct AnswersInPlainText;

impl Seals for AnswersInPlainText {
    fn write_answer(&self, _: &Sealing, _: Nonce, answer: &[u8]) -> Vec<u8> {
        answer.to_vec()
    }

    fn read_answer(&self, _: &Sealing, _: Nonce, bytes: &[u8]) -> Option<Vec<u8>> {
        Some(bytes.to_vec())
    }
}

/// What is sealed of an answer doesn't say to which act it is one.
struct AnswersForAnyAct;

impl Seals for AnswersForAnyAct {
    fn write_answer(&self, sealing: &Sealing, _: Nonce, answer: &[u8]) -> Vec<u8> {
        Right.write_answer(sealing, Nonce(0), answer)
    }

    fn read_answer(&self, sealing: &Sealing, _: Nonce, bytes: &[u8]) -> Option<Vec<u8>> {
        Right.read_answer(sealing, Nonce(0), bytes)
    }
}
