//! Wrong workers: each breaks one rule that the right ones keep, and the checks must notice.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use credlatch::Label;
use credlatch::file::FileStore;
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Locked, Store};
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use serde::{Deserialize, Serialize};

use crate::line::{Call, Heard, Reply, View, What};
use crate::operations::event;
use crate::worker::{POOL, Worker, failed, named, tokens};

/// What a wrong worker does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wrong {
    /// It keeps what it saw and doesn't look whether it is still so.
    CachesItsView,
    /// It says that something is stored, and stores it afterwards.
    AnswersBeforeItCommits,
    /// It clears a pool by one commit for each label.
    ClearsOneByOne,
    /// It truncates the document and writes it anew.
    WritesInPlace,
    /// It looks, thinks, and then locks and writes what it thought.
    LooksBeforeItLocks,
    /// It brings back an older document.
    RestoresABackup,
    /// It presents the first refresh token it was ever given.
    PresentsAnOldToken,
    /// It presents the stored refresh token without a claim on it.
    PresentsWithoutAClaim,
    /// It says of tokens it was granted that nothing was granted.
    DropsWhatWasGranted,
}

/// What wrong workers remember.
#[derive(Default)]
pub(crate) struct Memory {
    view: Option<View>,
    owed: Option<Call>,
    backup: Option<Vec<u8>>,
    tokens: BTreeMap<String, String>,
}

impl Worker {
    /// What a wrong worker does instead; none where it does nothing wrong.
    pub(crate) fn perform_wrongly(&mut self, call: &Call) -> Option<Reply> {
        match (self.wrong?, call) {
            (Wrong::CachesItsView, Call::Status) => {
                if self.memory.view.is_none() || self.chance.one_in(8) {
                    self.memory.view = self.latch.status().ok().map(|status| View::of(&status.state));
                }
                self.memory.view.clone().map(Reply::Seen)
            }
            (Wrong::AnswersBeforeItCommits, _) => {
                if let Some(owed) = self.memory.owed.take() {
                    self.perform(&owed);
                }
                matches!(call, Call::Set { .. }).then(|| {
                    self.memory.owed = Some(call.clone());
                    Reply::Stored
                })
            }
            (Wrong::ClearsOneByOne, Call::Clear { provider }) if provider == POOL => self.clear_one_by_one(provider),
            (Wrong::WritesInPlace, Call::Set { .. }) => self.write_in_place(call),
            (Wrong::LooksBeforeItLocks, Call::Set { .. }) => Some(self.look_before_it_locks(call)),
            (Wrong::RestoresABackup, Call::Set { .. }) => self.restore_a_backup(),
            (Wrong::PresentsAnOldToken, Call::Rotate { provider }) => Some(self.present_an_old_token(provider)),
            (Wrong::PresentsWithoutAClaim, Call::Rotate { provider }) => self.present_without_a_claim(provider),
            (Wrong::DropsWhatWasGranted, Call::Rotate { provider }) => {
                let rotated = self.rotate(provider, |client, token| match client.refresh(token) {
                    Heard::Granted { .. } => Heard::Later,
                    heard => heard,
                });
                Some(rotated.unwrap_or_else(|error| failed(&error)))
            }
            _ => None,
        }
    }

    fn clear_one_by_one(&self, provider: &str) -> Option<Reply> {
        let labels = ["default", "left", "right"].map(named);
        let mut gone = Vec::new();
        let mut generation = 0;
        for label in &labels {
            if let Ok(cleared) = self.latch.remove(provider, label) {
                gone.push(label.as_str().to_owned());
                generation = cleared.generation();
                Self::think();
            }
        }
        (gone.len() > 1).then_some(Reply::Cleared { generation, labels: gone })
    }

    fn write_in_place(&self, call: &Call) -> Option<Reply> {
        let text = fs::read_to_string(self.document()).ok()?;
        let mut document: serde_json::Value = serde_json::from_str(&text).ok()?;
        let state: State = serde_json::from_value(document.get("profile")?.clone()).ok()?;
        document["profile"] = serde_json::to_value(after(&state, call)).ok()?;
        let text = document.to_string();
        let (head, tail) = text.split_at(text.len() / 2);
        let mut file = fs::File::create(self.document()).ok()?;
        file.write_all(head.as_bytes()).ok()?;
        Self::think();
        file.write_all(tail.as_bytes()).ok()?;
        Some(Reply::Stored)
    }

    fn look_before_it_locks(&self, call: &Call) -> Reply {
        let store = FileStore::new(&self.home, &ProfileName::default());
        let state = store.load().unwrap().state;
        Self::think();
        let mut locked = store.lock(30_000).unwrap();
        locked.load().unwrap();
        locked.commit(&after(&state, call), None).unwrap();
        Reply::Stored
    }

    fn restore_a_backup(&mut self) -> Option<Reply> {
        let Some(backup) = &self.memory.backup else {
            self.memory.backup = fs::read(self.document()).ok();
            return None;
        };
        let draft = self.home.join("backup");
        fs::write(&draft, backup).ok()?;
        fs::rename(draft, self.document()).ok()?;
        Some(Reply::Stored)
    }

    fn present_an_old_token(&mut self, provider: &str) -> Reply {
        let mut first = self.memory.tokens.get(provider).cloned();
        let rotated = self.rotate(provider, |client, token| {
            let old = first.get_or_insert_with(|| token.to_owned());
            if old != token {
                self.teller.tell(self.who, What::Presenting(old.clone()));
            }
            client.refresh(old)
        });
        self.memory.tokens.extend(first.map(|token| (provider.to_owned(), token)));
        rotated.unwrap_or_else(|error| failed(&error))
    }

    fn present_without_a_claim(&self, provider: &str) -> Option<Reply> {
        let view = View::of(&self.latch.status().ok()?.state);
        let token = view.entry(provider, "default")?.refresh.clone()?;
        self.teller.tell(self.who, What::Presenting(token.clone()));
        let heard = self.client.refresh(&token);
        self.teller.tell(self.who, What::Answered(heard.clone()));
        if let Heard::Granted { access, refresh } = heard {
            let _ = self.latch.set_tokens(provider, &Label::default(), tokens(&access, &refresh)).ok()?;
        }
        Some(Reply::Failed { kind: "unreachable".to_owned(), why: String::new() })
    }

    fn document(&self) -> PathBuf {
        self.home.join("profiles").join("default.json")
    }

    /// Long enough for others to come between.
    fn think() {
        thread::sleep(Duration::from_millis(15));
    }
}

/// The state after this call, if nothing else happened.
fn after(state: &State, call: &Call) -> State {
    let event = event(call).unwrap();
    let mut after = credlatch_core::apply(state, &Stamp::default(), &event).state;
    after.generation += 1;
    after
}
