//! One wrong line each: the steps of the commit protocol and of the claim protocol, put wrong one at a time, and facts that
//! are no longer written down. Each must fail the harnesses that it names, by the laws that it names, each judging alone.
//! `cargo run -p credlatch-tests --example edits` makes them in a copy of this repository.

use crate::coverage;

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
    /// Where it is tried, and the laws that must fail it there.
    pub trials: &'static [(Place, &'static [u8])],
}

/// Where an edit is tried.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The harness, by its name in the table of [`coverage`].
    pub harness: &'static str,
    /// What `cargo test` is told to run of it.
    pub run: &'static str,
    /// Whether each law judges alone there; otherwise the failure names one of the laws.
    pub judges_alone: bool,
}

const fn alone(harness: &coverage::Harness, run: &'static str) -> Place {
    Place { harness: harness.name, run, judges_alone: true }
}

const fn together(harness: &'static str, run: &'static str) -> Place {
    Place { harness, run, judges_alone: false }
}

const MACHINE: Place = alone(&coverage::MACHINE, "-p credlatch-tests --features loom --test properties the_machine");
const PROGRAMS: Place =
    alone(&coverage::PROGRAMS, "-p credlatch-tests --features loom --test properties programs_that");
const PAIRS: Place = alone(&coverage::PAIRS, "-p credlatch-tests --features loom --test loom every_pair_of_processes");
const THREADS: Place = alone(&coverage::PAIRS, "-p credlatch-tests --features loom --test loom every_pair_of_threads");
const CROWDS: Place =
    alone(&coverage::CROWDS, "-p credlatch-tests --features loom --test loom crowds::every_triple -- --exact");
const SOME_CROWDS: Place = alone(
    &coverage::CROWDS,
    "-p credlatch-tests --features loom --test loom some_triples_and_fours_with_more_preemptions",
);
const APART: Place =
    alone(&coverage::APART, "-p credlatch-tests --features loom --test loom every_pair_at_two_providers");
const ROTATION_DIES: Place =
    alone(&coverage::ROTATION_DIES, "-p credlatch-tests --features loom --test loom a_rotation_dies");
const LOGIN_DIES: Place = alone(&coverage::LOGIN_DIES, "-p credlatch-tests --features loom --test loom a_login_dies");
const REPLAY: Place = together("replay", "-p credlatch-tests --features loom --test replay");
const CRASH: Place = together("crash", "-p credlatch --test crash every_crash");

/// All of them.
pub const EDITS: &[Edit] = &[
    Edit {
        name: "a writer trusts what it knew",
        what: "a commit is based on the snapshot in memory, not on what the locked store holds",
        file: "core/src/engine/transact.rs",
        right: "let Loaded { state: before, id } = locked.load()?;",
        wrong: "let Loaded { id, .. } = locked.load()?;\n        let before = self.published.read(|known| State::clone(&known.state));",
        trials: &[(PROGRAMS, &[1, 2, 4, 5, 7, 8])],
    },
    Edit {
        name: "published before it is saved",
        what: "readers of this process see a commit that may still fail",
        file: "core/src/engine/transact.rs",
        right: "let id = locked.commit(&state, room.take())?;",
        wrong: "self.publish(state.clone(), id);\n            let id = locked.commit(&state, room.take())?;",
        trials: &[(THREADS, &[7])],
    },
    Edit {
        name: "no answer counts as no harm",
        what: "a token whose request got no usable answer is called settled",
        file: "core/src/rotation/settle.rs",
        right: "Exchanged::Unknown => Custody::InDoubt(claim.doubted(DoubtCause::NoUsableAnswer)),",
        wrong: "Exchanged::Unknown => Custody::Settled,",
        trials: &[(MACHINE, &[4]), (PROGRAMS, &[5])],
    },
    Edit {
        name: "a claim beside a claim",
        what: "whoever comes second may present the token too",
        file: "core/src/rotation.rs",
        right: "Some(Fate::Rotating(claim)) => return Verdict::Joined(claim.attempt).into(),",
        wrong: "Some(Fate::Rotating(_)) => None,",
        trials: &[(PAIRS, &[4]), (SOME_CROWDS, &[4]), (ROTATION_DIES, &[4]), (MACHINE, &[4]), (PROGRAMS, &[4])],
    },
    Edit {
        name: "a rotation keeps the version",
        what: "a new secret under an old version: a late report hits it",
        file: "core/src/rotation/settle.rs",
        right: "    entry.version = version;\n    if fresh.refresh.is_some() {",
        wrong: "    if fresh.refresh.is_some() {",
        trials: &[(PAIRS, &[6]), (CROWDS, &[6]), (MACHINE, &[6]), (PROGRAMS, &[6])],
    },
    Edit {
        name: "no quarantine",
        what: "a token in doubt is presented while the first request may be in flight",
        file: "core/src/rotation.rs",
        right: "later(Some(quiet), ends, now)",
        wrong: "ends.filter(|_| quiet.after_ms > 0)",
        trials: &[(REPLAY, &[4])],
    },
    Edit {
        name: "the dead leave nothing behind",
        what: "a grant whose rotation died counts as settled",
        file: "core/src/rotation/settle.rs",
        right: "entry.set_custody(Custody::InDoubt(claim.doubted(DoubtCause::ActorDied)));",
        wrong: "entry.set_custody(Custody::Settled);",
        trials: &[(ROTATION_DIES, &[4, 5]), (PROGRAMS, &[4, 5])],
    },
    Edit {
        name: "a code without a claim",
        what: "the code that a poll gave is exchanged before that is written down",
        file: "core/src/engine/login.rs",
        right: "if self.claim_code(&mut poller)? {",
        wrong: "if poller.step.flow == poller.step.flow {",
        trials: &[(LOGIN_DIES, &[3]), (PROGRAMS, &[3])],
    },
    Edit {
        name: "half a quarantine",
        what: "a token in doubt is presented again while the first request may still be in flight",
        file: "core/src/rotation.rs",
        right: "self.http_timeout_ms.saturating_mul(2)",
        wrong: "self.http_timeout_ms",
        trials: &[(MACHINE, &[4])],
    },
    Edit {
        name: "a poller beside a poller",
        what: "a login that somebody polls may be taken over",
        file: "core/src/flow/mod.rs",
        right: "self.holder.is_none() && self.kind == FlowKind::Device",
        wrong: "self.kind == FlowKind::Device",
        trials: &[(MACHINE, &[2])],
    },
    Edit {
        name: "a known token is free",
        what: "a token that somebody presents is stored as one that nobody does",
        file: "core/src/put.rs",
        right: "Some(Fate::Rotating(claim)) => Custody::Rotating(claim),",
        wrong: "Some(Fate::Rotating(_)) => Custody::Settled,",
        trials: &[(MACHINE, &[4])],
    },
    Edit {
        name: "settled without its attempt",
        what: "a late answer is taken for the one that is waited for",
        file: "core/src/known.rs",
        right: "let waits = move |entry: &&mut Entry| entry.custody_attempt() == Some(attempt);",
        wrong: "let waits = move |entry: &&mut Entry| entry.custody_attempt().is_some() || attempt.0 == 0;",
        trials: &[(MACHINE, &[6])],
    },
    Edit {
        name: "two logins at once",
        what: "a start doesn't look whether one is in progress",
        file: "core/src/flow/transition.rs",
        right: "    if let Some(live) = &mut slot.flow {\n        let id = live.id;",
        wrong: "    if let Some(live) = slot.flow.as_mut().filter(|live| live.is_adoptable()) {\n        let id = live.id;",
        trials: &[(PAIRS, &[2]), (CROWDS, &[2]), (LOGIN_DIES, &[2]), (MACHINE, &[2, 9]), (PROGRAMS, &[2, 9])],
    },
    Edit {
        name: "success over cancelled",
        what: "a login that was cancelled stores its grant all the same",
        file: "core/src/flow/transition.rs",
        right: "let Some(live) = held_flow(state, now, step) else { return unwanted(state, success) };",
        wrong: "let Some(live) = state.slot_mut(&step.provider).flow.as_mut() else { return unwanted(state, success) };",
        trials: &[(MACHINE, &[6]), (PROGRAMS, &[6])],
    },
    Edit {
        name: "a clear forgets",
        what: "what was cleared is not remembered, and an import brings it back",
        file: "core/src/clear.rs",
        right: "            remember(slot, &entry);\n            gone.push",
        wrong: "            gone.push",
        trials: &[(MACHINE, &[15]), (PROGRAMS, &[15])],
    },
    Edit {
        name: "the word isn't compared",
        what: "a reader is content with what it has, whatever commit the word names",
        file: "core/src/engine/read.rs",
        right: "let is_current = snapshot.id == Some(word);",
        wrong: "let is_current = snapshot.id.is_some() && word > 0;",
        trials: &[(PAIRS, &[7]), (CROWDS, &[7]), (APART, &[7]), (PROGRAMS, &[7])],
    },
    Edit {
        name: "renamed without a sync",
        what: "the draft is put in place before its bytes are durable",
        file: "adapters/src/file/room.rs",
        right: "self.disk.sync(&self.file)",
        wrong: "self.disk.look(&self.path()).map(drop)",
        trials: &[(CRASH, &[3, 5, 7, 8, 16])],
    },
    Edit {
        name: "the word stays even",
        what: "readers trust what they have while a commit is put in place",
        file: "adapters/src/file/commit.rs",
        right: "let made_odd = locked.set_word(id | 1);",
        wrong: "let made_odd = locked.set_word(before);",
        trials: &[(CRASH, &[3, 5, 7])],
    },
    Edit {
        name: "the folder isn't synced",
        what: "a commit is answered for although a power cut may take its name away",
        file: "adapters/src/file/commit.rs",
        right: "locked.store.disk.sync_folder(&locked.paths.folder)",
        wrong: "locked.store.disk.look(&locked.paths.folder).map(drop)",
        trials: &[(CRASH, &[3, 5, 7])],
    },
    Edit {
        name: "a clear takes one after the other",
        what: "a clear removes a provider's entries in several commits",
        file: "core/src/engine/clear.rs",
        right: "        self.take_away(&[Event::Clear(clear)])",
        wrong: "        if let Clear::Provider(provider) = &clear {\n            for live in self.snapshot()?.pool(provider.as_str()).iter().skip(1) {\n                self.remove(provider.clone(), live.label.clone())?;\n            }\n        }\n        self.take_away(&[Event::Clear(clear)])",
        trials: &[(PAIRS, &[1]), (CROWDS, &[1]), (APART, &[1]), (PROGRAMS, &[1])],
    },
    Edit {
        name: "presented before its claim",
        what: "a refresh token is presented, and then that is written down",
        file: "core/src/engine/rotate.rs",
        right: "        let claimed = match self.transact(&[wish.claim(act.clone(), reach, watched)]) {",
        wrong: "        let known = self.snapshot()?;\n        let entry = known.state.entry(wish.provider.as_str(), wish.label.as_str());\n        if let Some(refresh) = entry.and_then(|entry| entry.material.refresh()) {\n            issuer.refresh(&wish.provider, refresh, &[]);\n        }\n        let claimed = match self.transact(&[wish.claim(act.clone(), reach, watched)]) {",
        trials: &[(ROTATION_DIES, &[3]), (PROGRAMS, &[3])],
    },
    Edit {
        name: "forgotten after a minute",
        what: "how a login ended is seen for a minute only",
        file: "core/src/flow/mod.rs",
        right: "pub const ENDED_KEPT_MS: u64 = 300_000;",
        wrong: "pub const ENDED_KEPT_MS: u64 = 60_000;",
        trials: &[(MACHINE, &[9]), (PROGRAMS, &[9])],
    },
    Edit {
        name: "a stranger's variable passes",
        what: "a child inherits the variables of other providers",
        file: "core/src/scrub/plan.rs",
        right: "        || is_known\n",
        wrong: "",
        trials: &[(PROGRAMS, &[10])],
    },
    Edit {
        name: "a clear takes the neighbours",
        what: "a clear of one provider clears the others too",
        file: "core/src/clear.rs",
        right: "if matches!(clear, Clear::Provider(one) if one != provider) {",
        wrong: "if matches!(clear, Clear::Provider(one) if one != provider && slot.entries.is_empty()) {",
        trials: &[(APART, &[11]), (MACHINE, &[11]), (PROGRAMS, &[11])],
    },
    Edit {
        name: "who rests is chosen",
        what: "an entry is handed out although the provider turned it away a moment ago",
        file: "core/src/pool/order.rs",
        right: "self.health.rest.filter(|rest| !rest.until.is_reached(now))",
        wrong: "self.health.rest.filter(|rest| !rest.until.is_reached(now) && rest.until.after_ms == 0)",
        trials: &[(MACHINE, &[12]), (PROGRAMS, &[12])],
    },
    Edit {
        name: "a wall clock tells ages",
        what: "within one boot too, an age is what the wall clock says",
        file: "core/src/time.rs",
        right: "            Clocks::One => self.up_ms.saturating_sub(earlier.up_ms),\n            Clocks::TwoBoots => wall_ms.max(self.up_ms),",
        wrong: "            Clocks::One => wall_ms,\n            Clocks::TwoBoots => wall_ms.max(self.up_ms),",
        trials: &[(MACHINE, &[14]), (PROGRAMS, &[14])],
    },
    Edit {
        name: "what can't be read is empty",
        what: "a store that can't be read is written anew",
        file: "core/src/engine/transact.rs",
        right: "let Loaded { state: before, id } = locked.load()?;",
        wrong: "let unread = Loaded { state: State::default(), id: None };\n        let Loaded { state: before, id } = locked.load().unwrap_or(unread);",
        trials: &[(PROGRAMS, &[16])],
    },
    Edit {
        name: "no presentation is written down",
        what: "of the machine's histories law 4 sees nothing",
        file: "tests/src/acts.rs",
        right: "                    (*attempt, Deed::Present { token })",
        wrong: "                    continue;",
        trials: &[(MACHINE, &[4])],
    },
    Edit {
        name: "no poll is written down",
        what: "of the machine's histories law 2 sees no poller",
        file: "tests/src/acts.rs",
        right: "                    (*attempt, Deed::Poll { flow: *flow })",
        wrong: "                    continue;",
        trials: &[(MACHINE, &[2])],
    },
    Edit {
        name: "nothing is durable",
        what: "that a commit is durable is not written down",
        file: "tests/src/world/disk.rs",
        right: "        here.record(Fact::Durable { state: Arc::clone(seen) });",
        wrong: "        let _ = seen;",
        trials: &[(ROTATION_DIES, &[3]), (LOGIN_DIES, &[3]), (PROGRAMS, &[3])],
    },
    Edit {
        name: "no read is written down",
        what: "what readers saw is not written down",
        file: "tests/src/run/hand.rs",
        right: "            self.here.record(Fact::ReadEnded { who, saw });",
        wrong: "            drop(saw);",
        trials: &[(PAIRS, &[1, 7]), (PROGRAMS, &[1, 7, 16])],
    },
    Edit {
        name: "no step is written down",
        what: "of the programs' steps nothing is written down",
        file: "tests/src/world/ports.rs",
        right: "        here.record(Fact::Stepped(Box::new(Stepped {",
        wrong: "        let _ = Some(Fact::Stepped(Box::new(Stepped {",
        trials: &[(PROGRAMS, &[6, 9, 11, 14, 15])],
    },
    Edit {
        name: "no choice is written down",
        what: "of the machine's choices nothing is written down",
        file: "tests/src/moves.rs",
        right: "        self.trace.0.push(Fact::Chosen {",
        wrong: "        let _ = Some(Fact::Chosen {",
        trials: &[(MACHINE, &[12, 14])],
    },
    Edit {
        name: "no plan is written down",
        what: "what children would get is not written down",
        file: "tests/src/world/child.rs",
        right: "            here.record(Fact::Planned {",
        wrong: "            let _ = (here, Fact::Planned {",
        trials: &[(PROGRAMS, &[10])],
    },
    Edit {
        name: "a secret shows itself",
        what: "what is printed for debugging holds secrets",
        file: "core/src/secret.rs",
        right: "f.write_str(\"Secret(hidden)\")",
        wrong: "f.write_str(&self.0)",
        trials: &[(MACHINE, &[13]), (PROGRAMS, &[13])],
    },
    Edit {
        name: "a status of secrets",
        what: "the command that lists what is stored shows the secret in place of its label",
        file: "adapters/cli/src/cmd/status.rs",
        right: "        label: entry.label.as_str(),",
        wrong: "        label: entry.secret().map_or(\"\", |secret| secret.expose_secret()),",
        trials: &[(MACHINE, &[13]), (PROGRAMS, &[13])],
    },
    Edit {
        name: "an environment in a finding",
        what: "the doctor says what a variable holds, and not only its name",
        file: "adapters/src/doctor/environment.rs",
        right: "let name = &self.name;",
        wrong: "let name = &self.value;",
        trials: &[(MACHINE, &[13]), (PROGRAMS, &[13])],
    },
    Edit {
        name: "a copy is not noticed",
        what: "a refresh token that another copy of the store may hold is claimed",
        file: "core/src/rotation.rs",
        right: "    if let Some(why) = shared {",
        wrong: "    if let Some(why) = shared.filter(|_| want.version == 0) {",
        trials: &[(MACHINE, &[4]), (PROGRAMS, &[4])],
    },
    Edit {
        name: "a mark stays with its label",
        what: "a token that a copy may hold is stored again as one that none does",
        file: "core/src/put.rs",
        right: "        state.set_shared(refresh, shared);",
        wrong: "        state.set_shared(refresh, shared.filter(|_| replaced.is_some()));",
        trials: &[(MACHINE, &[4])],
    },
    Edit {
        name: "only claims count",
        what: "a directory that is rolled back to the time of its newest claim counts as much as is remembered",
        file: "core/src/rotation/settle.rs",
        right: "            state.remember_spent(old, fresh);\n            state.count_move();",
        wrong: "            state.remember_spent(old, fresh);",
        trials: &[(PROGRAMS, &[4])],
    },
    Edit {
        name: "a row is followed",
        what: "a refresh token goes wherever its provider's row points by now",
        file: "core/src/origin.rs",
        right: "        self.is_no_change(from.token.as_ref(), self.present.token.as_ref())",
        wrong: "        from.token.is_none() || self.present.token.is_some()",
        trials: &[(PROGRAMS, &[17])],
    },
    Edit {
        name: "a revocation follows the row",
        what: "a cleared grant is named to whatever server its provider's row names by now",
        file: "core/src/origin.rs",
        right: "        self.is_no_change(from.revocation.as_ref(), to) ||",
        wrong: "        to.is_some() || self.is_no_change(from.revocation.as_ref(), to) ||",
        trials: &[(PROGRAMS, &[17])],
    },
    Edit {
        name: "no sending is written down",
        what: "where grants were sent is not written down",
        file: "tests/src/world/rows.rs",
        right: "            self.record(Fact::Sent",
        wrong: "            drop(Fact::Sent",
        trials: &[(PROGRAMS, &[17])],
    },
];
