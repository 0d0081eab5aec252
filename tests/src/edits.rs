//! One wrong line each: the steps of the commit protocol and of the claim protocol, put wrong one at a time. Each must fail
//! a harness that names the law. `cargo run -p credlatch-tests --example edits` makes them in a copy of this repository.

/// An edit that must not pass.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong with it.
    pub what: &'static str,
    /// In which file.
    pub file: &'static str,
    /// The right text; it stands there once.
    pub right: &'static str,
    /// The wrong one.
    pub wrong: &'static str,
    /// The harness that fails: what `cargo test` is told to run.
    pub harness: &'static str,
    /// The laws of which the failure names one.
    pub laws: &'static [u8],
}

const PROPERTIES: &str = "-p credlatch-tests --test properties";
const MACHINE: &str = "-p credlatch-tests --test properties the_machine";
const LOOM: &str = "-p credlatch-tests --features loom --test loom every_pair_of_processes";
const THREADS: &str = "-p credlatch-tests --features loom --test loom every_pair_of_threads";
const REPLAY: &str = "-p credlatch-tests --test replay";
const CRASH: &str = "-p credlatch --test crash every_crash";

/// All of them.
pub const EDITS: &[Edit] = &[
    Edit {
        name: "a writer trusts what it knew",
        what: "a commit is based on the snapshot in memory, not on what the locked store holds",
        file: "core/src/engine/transact.rs",
        right: "let Loaded { state: before, id } = locked.load()?;",
        wrong: "let Loaded { id, .. } = locked.load()?;\n        let before = self.published.read(|known| State::clone(&known.state));",
        harness: PROPERTIES,
        laws: &[1, 2, 4, 5, 6, 7, 8, 15],
    },
    Edit {
        name: "published before it is saved",
        what: "readers of this process see a commit that may still fail",
        file: "core/src/engine/transact.rs",
        right: "let id = locked.commit(&state, room.take())?;",
        wrong: "self.publish(state.clone(), id);\n            let id = locked.commit(&state, room.take())?;",
        harness: THREADS,
        laws: &[7],
    },
    Edit {
        name: "no answer counts as no harm",
        what: "a token whose request got no usable answer is called settled",
        file: "core/src/rotation/settle.rs",
        right: "Exchanged::Unknown => Custody::InDoubt(claim.doubted(DoubtCause::NoUsableAnswer)),",
        wrong: "Exchanged::Unknown => Custody::Settled,",
        harness: PROPERTIES,
        laws: &[4, 5],
    },
    Edit {
        name: "a claim beside a claim",
        what: "whoever comes second may present the token too",
        file: "core/src/rotation.rs",
        right: "Some(Fate::Rotating(claim)) => return Verdict::Joined(claim.attempt).into(),",
        wrong: "Custody::Rotating(_) => None,",
        harness: PROPERTIES,
        laws: &[4],
    },
    Edit {
        name: "a rotation keeps the version",
        what: "a new secret under an old version: a late report hits it",
        file: "core/src/rotation/settle.rs",
        right: "    entry.version = version;\n    if fresh.refresh.is_some() {",
        wrong: "    if fresh.refresh.is_some() {",
        harness: PROPERTIES,
        laws: &[6],
    },
    Edit {
        name: "no quarantine",
        what: "a token in doubt is presented while the first request may be in flight",
        file: "core/src/rotation.rs",
        right: "later(Some(quiet), ends, now)",
        wrong: "ends.filter(|_| quiet.after_ms > 0)",
        harness: REPLAY,
        laws: &[4],
    },
    Edit {
        name: "the dead leave nothing behind",
        what: "a grant whose rotation died counts as settled",
        file: "core/src/rotation/settle.rs",
        right: "entry.set_custody(Custody::InDoubt(claim.doubted(DoubtCause::ActorDied)));",
        wrong: "entry.set_custody(Custody::Settled);",
        harness: PROPERTIES,
        laws: &[4, 5],
    },
    Edit {
        name: "a code without a claim",
        what: "the code that a poll gave is exchanged before that is written down",
        file: "core/src/engine/login.rs",
        right: "if self.claim_code(&mut poller)? {",
        wrong: "if poller.step.flow == poller.step.flow {",
        harness: PROPERTIES,
        laws: &[3],
    },
    Edit {
        name: "half a quarantine",
        what: "a token in doubt is presented again while the first request may still be in flight",
        file: "core/src/rotation.rs",
        right: "self.http_timeout_ms.saturating_mul(2)",
        wrong: "self.http_timeout_ms",
        harness: MACHINE,
        laws: &[4],
    },
    Edit {
        name: "a poller beside a poller",
        what: "a login that somebody polls may be taken over",
        file: "core/src/flow/mod.rs",
        right: "self.holder.is_none() && self.kind == FlowKind::Device",
        wrong: "self.kind == FlowKind::Device",
        harness: MACHINE,
        laws: &[2],
    },
    Edit {
        name: "a known token is free",
        what: "a token that somebody presents is stored as one that nobody does",
        file: "core/src/put.rs",
        right: "Some(Fate::Rotating(claim)) => Custody::Rotating(claim),",
        wrong: "Some(Fate::Rotating(_)) => Custody::Settled,",
        harness: MACHINE,
        laws: &[4],
    },
    Edit {
        name: "settled without its attempt",
        what: "a late answer is taken for the one that is waited for",
        file: "core/src/known.rs",
        right: "let waits = move |entry: &&mut Entry| entry.custody_attempt() == Some(attempt);",
        wrong: "let waits = move |entry: &&mut Entry| entry.custody_attempt().is_some() || attempt.0 == 0;",
        harness: PROPERTIES,
        laws: &[6],
    },
    Edit {
        name: "two logins at once",
        what: "a start doesn't look whether one is in progress",
        file: "core/src/flow/transition.rs",
        right: "    if let Some(live) = &mut slot.flow {\n        let id = live.id;",
        wrong: "    if let Some(live) = slot.flow.as_mut().filter(|live| live.is_adoptable()) {\n        let id = live.id;",
        harness: PROPERTIES,
        laws: &[2, 6, 9],
    },
    Edit {
        name: "success over cancelled",
        what: "a login that was cancelled stores its grant all the same",
        file: "core/src/flow/transition.rs",
        right: "let Some(live) = held_flow(state, now, step) else { return unwanted(state, success) };",
        wrong: "let Some(live) = state.slot_mut(&step.provider).flow.as_mut() else { return unwanted(state, success) };",
        harness: PROPERTIES,
        laws: &[6],
    },
    Edit {
        name: "a clear forgets",
        what: "what was cleared is not remembered, and an import brings it back",
        file: "core/src/clear.rs",
        right: "            remember(slot, &entry);\n            gone.push",
        wrong: "            gone.push",
        harness: PROPERTIES,
        laws: &[15],
    },
    Edit {
        name: "the word isn't compared",
        what: "a reader is content with what it has, whatever commit the word names",
        file: "core/src/engine/read.rs",
        right: "let is_current = snapshot.id == Some(word);",
        wrong: "let is_current = snapshot.id.is_some() && word > 0;",
        harness: LOOM,
        laws: &[1, 7],
    },
    Edit {
        name: "renamed without a sync",
        what: "the draft is put in place before its bytes are durable",
        file: "adapters/src/file/room.rs",
        right: "self.disk.sync(&self.file)",
        wrong: "self.disk.look(&self.path()).map(drop)",
        harness: CRASH,
        laws: &[3, 5, 7, 8, 16],
    },
    Edit {
        name: "the word stays even",
        what: "readers trust what they have while a commit is put in place",
        file: "adapters/src/file/commit.rs",
        right: "let made_odd = locked.set_word(id | 1);",
        wrong: "let made_odd = locked.set_word(before);",
        harness: CRASH,
        laws: &[3, 5, 7],
    },
    Edit {
        name: "the folder isn't synced",
        what: "a commit is answered for although a power cut may take its name away",
        file: "adapters/src/file/commit.rs",
        right: "locked.store.disk.sync_folder(&locked.paths.folder)",
        wrong: "locked.store.disk.look(&locked.paths.folder).map(drop)",
        harness: CRASH,
        laws: &[3, 5, 7],
    },
];
