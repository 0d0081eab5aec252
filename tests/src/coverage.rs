//! Which harness holds which law. A harness that claims a law must have seen its witness, or it fails.

use std::fmt::Write as _;

use credlatch_core::law::{LAWS, Observation};

use crate::wrong::WRONG;
use crate::{sealed_home, two_stores};

/// A harness.
#[derive(Clone, Copy, Debug)]
pub struct Harness {
    /// Its name.
    pub name: &'static str,
    /// The laws whose witness it must have seen. It judges every trace by all of them.
    pub claims: &'static [u8],
    /// What it doesn't write down of that which a law judges that it claims.
    pub without: &'static [(u8, Observation)],
    /// What it runs, within which bounds.
    pub runs: &'static str,
}

/// Every pair of acts, by loom.
pub const PAIRS: Harness = Harness {
    name: "loom pairs",
    claims: &[1, 2, 4, 6, 7],
    without: &[(1, Observation::Drained), (2, Observation::Died)],
    runs: "every pair of start, login, adoption of a login whose poller died, cancel, report of a 401, rotate, clear, purge, \
           read and set, as two processes and as two threads of one engine, in every order; with three preemptions where \
           a login polls, is adopted or cancelled, or a 401 is reported (two as threads for the latter three), with \
           four where threads of one engine start or rotate beside a rotation or a reader, and with six for a start and \
           a rotation as processes and a rotation and a clear as threads, of which situations has every order",
};

/// Triples and fours, by loom.
pub const CROWDS: Harness = Harness {
    name: "loom crowds",
    claims: &[1, 2, 4, 6, 7],
    without: &[(1, Observation::Drained), (2, Observation::Died)],
    runs: "every triple of these acts, as processes and as threads, and every four different ones as processes, with one \
           preemption. Eight triples and two fours with more: one triple in every order; as processes the others with three \
           preemptions, two logins beside a clear and the fours with two; as threads one to three",
};

/// Two providers, by loom.
pub const APART: Harness = Harness {
    name: "loom, two providers",
    claims: &[1, 7, 11],
    without: &[(1, Observation::Drained)],
    runs: "every pair of these acts at a provider each, as processes and as threads, and every triple of two at one provider \
           and one at another, as processes; with one preemption",
};

/// Threads that share a commit, by loom.
pub const GROUPS: Harness = Harness {
    name: "loom, a group",
    claims: &[18],
    without: &[(18, Observation::Refused), (18, Observation::Died)],
    runs: "two and three threads of one engine that each store something else: a new key, what is there already, a grant, and a \
           spent token, which is refused; two in every order, three with two preemptions",
};

/// A rotation that dies, by loom.
pub const ROTATION_DIES: Harness = Harness {
    name: "loom, a rotation dies",
    claims: &[3, 4, 5],
    without: &[(3, Observation::CodeExchanged)],
    runs: "a rotation, asked for or after a 401, that dies before each of its operations on disk, beside its sign of life \
           and at the issuer, beside each of these acts; its request is dropped, or arrives late if the rotation was asked for; one preemption, two \
           for one that was asked for beside a rotation, a clear, a login and a reader",
};

/// A login that dies, by loom.
pub const LOGIN_DIES: Harness = Harness {
    name: "loom, a login dies",
    claims: &[2, 3],
    without: &[],
    runs: "a login, with and without an exchange of its own, a start, an adoption and a cancel that die before each of \
           their operations, beside each of these acts; one preemption, two for a login beside a login, a clear, a \
           rotation and a reader",
};

/// The machine alone, by proptest.
pub const MACHINE: Harness = Harness {
    name: "machine",
    claims: &[2, 4, 6, 9, 11, 12, 13, 14, 15],
    without: &[(12, Observation::DrawBegan), (12, Observation::DrawEnded)],
    runs: "arbitrary histories of up to 39 moves of the machine alone: every event, late, twice or out of order, with \
           clocks that step and boots, by actors that note what they send, send nothing, or are of an older version, and \
           whose answers others settle",
};

/// Programs that share a store, by proptest.
pub const PROGRAMS: Harness = Harness {
    name: "programs",
    claims: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18],
    without: &[],
    runs: "arbitrary scenarios of two to four participants in up to three processes, interleaved at every access to \
           something shared, with deaths, clock steps, lost answers, rows that moved, processes of an older version and a \
           torn document",
};

/// A login that moves from one store to another.
pub const TWO_STORES: Harness = Harness {
    name: "two stores",
    claims: &[19],
    without: &[],
    runs: "two movers of one login, each of which may die before any step, beside a rotation in either store that may die \
           too, and a person who takes back, clears, or stores something in one of them: in every order, over states that are \
           replaced as a whole, by what the core decides in each; from each end the same move, begun once more, comes through or \
           says what is in the way. In `.ci/long` with a rotation in both stores at once",
};

/// A sealed home, and people without its key.
pub const SEALED_HOME: Harness = Harness {
    name: "sealed home",
    claims: &[20],
    without: &[],
    runs: "arbitrary histories of two profiles of a sealed home on a real file system: somebody with the key stores something or \
           writes an answer down, somebody without it puts plain text, another profile's document, one that was sealed with a \
           key of their own, an older one, or one that was changed or cut in their place, and somebody looks, with the key, without it, \
           or with another one; after each move anybody reads all that lies there",
};

/// All of them.
pub const HARNESSES: &[Harness] =
    &[PAIRS, CROWDS, APART, GROUPS, ROTATION_DIES, LOGIN_DIES, MACHINE, PROGRAMS, TWO_STORES, SEALED_HOME];

/// The document about the laws, as far as it is made from this table.
pub fn laws_document() -> String {
    let mut text = String::from(HEAD);
    for law in LAWS {
        let held = HARNESSES.iter().filter(|harness| harness.claims.contains(&law.number)).map(|harness| harness.name);
        let wrong = wrong_of(law.number).map(|name| format!("`{name}`"));
        let _ = writeln!(
            text,
            "| {} `{}` | {} | {} | {} | {} |",
            law.number,
            law.name,
            law.statement,
            law.witness,
            held.collect::<Vec<_>>().join("; "),
            wrong.collect::<Vec<_>>().join(", "),
        );
    }
    text.push_str(FACTS);
    for law in LAWS {
        let facts = law.facts.iter().map(|fact| fact.name()).collect::<Vec<_>>().join("; ");
        let left_out = HARNESSES.iter().filter_map(|harness| {
            let facts = harness.without.iter().filter(|(of, _)| *of == law.number).map(|(_, fact)| fact.name());
            let facts = facts.collect::<Vec<_>>().join(", ");
            (!facts.is_empty()).then(|| format!("{}: {facts}", harness.name))
        });
        let _ =
            writeln!(text, "| {} `{}` | {facts} | {} |", law.number, law.name, left_out.collect::<Vec<_>>().join("; "));
    }
    text.push_str("\n## The harnesses\n\n| harness | runs |\n|---|---|\n");
    for harness in HARNESSES {
        let _ = writeln!(text, "| {} | {} |", harness.name, harness.runs);
    }
    text.push_str(LONGER);
    text.push_str(
        "\n## The wrong engines\n\n| engine | where it was made | law | it can't help breaking |\n|---|---|---|---|\n",
    );
    for wrong in WRONG {
        let also = wrong.also.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| `{}` | {} | {} | {also} |", wrong.name, wrong.report, wrong.law);
    }
    for (name, report, law) in others() {
        let _ = writeln!(text, "| `{name}` | {report} | {law} |  |");
    }
    text.push_str(TAIL);
    text
}

/// Who makes the mistake that a law names.
pub fn wrong_of(law: u8) -> impl Iterator<Item = &'static str> {
    let engines = WRONG.iter().filter(move |wrong| wrong.law == law).map(|wrong| wrong.name);
    engines.chain(others().filter(move |(.., of)| *of == law).map(|(name, ..)| name))
}

/// Those who aren't engines but have a world of their own: the name, where the mistake was made, and the law.
fn others() -> impl Iterator<Item = (&'static str, &'static str, u8)> {
    let movers = two_stores::WRONG.iter().map(|wrong| (wrong.name, wrong.report, wrong.law));
    movers.chain(sealed_home::WRONG.iter().map(|wrong| (wrong.name, wrong.report, sealed_home::LAW)))
}

const HEAD: &str = "# The laws

What must never happen, whatever the code does. Each law speaks of what can be observed from outside: steps of the
machine, what disk showed, what readers saw, what the issuer was sent. Each names a witness, a situation in which it could
have been broken; a harness that claims a law fails if it never saw the witness. Each has at least one wrong engine, a
small engine with a mistake that was made in the field; it must be caught by the law that names it, and the right engine,
in the same scenario, must not be.

They hold for engines of one store on one machine, with nobody deleting its lock; law 19 for two stores, wherever they are, and
law 20 for a sealed one. Where somebody puts back what was stored before, laws 1, 2, 5, 7, 8 and 16, which speak of what one store
shows from commit to commit, judge the history up to there; the others go on, law 4 first of all.

This page is generated by `tests/src/coverage.rs`; `CREDLATCH_KEEP=1 cargo test -p credlatch-tests --test pages
coverage` writes it anew.

| law | statement | witness | held by | caught by it |
|---|---|---|---|---|
";

const FACTS: &str = "
## What each law judges

The kinds of facts that make a difference to it. A harness that claims a law fails if it didn't write down each of them, but
for those that are named here; and for each law and each harness there is an edit of [the record](record.md) that fails it.

| law | judges that | not written down by |
|---|---|---|
";

const TAIL: &str = "
## Situations

`tests/src/run/situations.rs` explores scenarios with a memory: it enters every situation that any order of turns leads to, and none
of them twice. Paths explode and situations don't, so it goes through orders, and deaths before every operation, that are out of
loom's reach. [The record](record.md#situations) has its figures. Why that is every order:

1. **What runs is the engine that ships**, over the simulated world. Participants are coroutines of one thread: one moves at a time,
   from its access to something shared up to the next. The code between two accesses is deterministic: clocks, nonces and signs of
   life come from the world, and nonces are counted by each participant for itself. So one schedule gives one history, and a
   counterexample is kept as a schedule that `run::play` plays again.
2. **A situation is a digest of 128 bits** of what everything shared holds (the word, the document, the lock, signs of life with
   their notes and answers, the issuer's books, the clocks, what is remembered outside, who is dead, and what threads of one engine
   share), of all that each participant has observed so far, in its order, and of what each law keeps in memory. Of a participant
   that is through, and whose process has no other thread, only what it did outside counts: it does nothing more, and leaves no
   memory to anybody.
3. **Equal situations have equal futures.** What a participant does next is a function of what it has observed, since it has no
   other input; what it finds is a function of what is shared; what a law says is a function of its memory and of what follows. So a
   branch into a situation that is known is left. A document, an answer and a published snapshot count by what is in them, and a
   sign of life is called by its act's name, because whoever made them may be through. What the issuer gives is called by the flow
   that it is for, so that two logins that have nothing to do with each other leave the same books in either order.
4. **A law judges fact by fact** (`core/src/law/monitor.rs`), and judging a whole history is the fold of that: no law has a second
   form that could differ. That what it keeps is enough, `core/src/law/tests/memory.rs` tries with arbitrary histories: where two
   left the same memory, whatever follows is judged alike, and a law that forgets is noticed. The less it keeps the more situations
   are one: law 7 drops what was shown as soon as nobody who reads, or begins to, may still see it.
5. **A play goes on as long as there is something new ahead of it** (`tests/src/run/walk.rs`): it makes the first move that was
   never made, or else one behind which such a move is left. In what order situations are entered makes no difference to what there
   is. A move that a play makes again, having come there by another way, must lead to the same situation as before. After a breach
   the scenario is explored anew, breadth first, with a play for each move (`breadth.rs`), so that a counterexample has the fewest
   moves there are. Without its memory, entering each situation again whenever an order leads to it, it finds none with fewer
   (`tests/tests/situations/wrong.rs`, for those of up to nine moves). The shortest counterexample of each wrong engine is kept in
   `tests/scenarios`, and [pictures.md](pictures.md#counterexamples) draws it.
6. **Who comes when nobody can tell comes first.** Somebody's coming is what it does up to its first access to something shared.
   Where that looks at nothing shared, changes nothing that anybody could find, and no fact tells of it, it commutes with every move
   of the others, and does the same whenever it is made: each order has one with the same facts, the same ends and the same breaches
   in which it came before anybody moved. The explorer tries on a stage of its own who comes so. A sign of life may be made on the
   way: nobody can look for it before a claim names it. That a clear begins is told too, but law 1 alone minds that, and sees only
   more beside a clear that began earlier; `core/src/law/tests/memory.rs` tries that with arbitrary histories. A reader doesn't come
   first: what law 7 wants it to see at least hangs on when it began; nor does anybody whose process may die before.
7. **Who has locked the store goes on at once**: the move in which it locks and the next one are made as if they were one. Let
   others move in between, and take the first of what they do. It is no locking, since the lock is held; and whoever locks looks at
   nothing else but what nobody changes without the lock (the word, the document, the number of moves that is remembered outside)
   and at the clock, which shows the same as long as no time passes. So that move could have been made before the locking, and would
   have done the same; and so with all that follow, one by one, until nobody is in between. What is told in the locking move is
   steps of the machine alone, or else nobody goes on; of threads nothing is told yet. If what is moved before it began with a look
   at the word, it may tell of a reader or a poll: with these a step changes places, and no law judges that milder
   (`core/src/law/tests/memory.rs` tries it with arbitrary histories). Otherwise it changes places with the next move as well, which
   only makes the word odd and tells nothing, so that the same facts come in the same order after it. That matters to law 4, which
   tells a claim from a presentation. Where time does pass, which any order shows as soon as one does, the scenario is explored anew
   without this; so it is where entries of a pool take turns, of which law 12 would judge; and a thread doesn't go on whose process
   may die by another.
8. **Of two moves that commute one order is gone through** (Godefroid's *sleep sets*, `tests/src/run/map.rs` and `commute.rs`). Two
   moves commute if they are of two processes, neither changes what the other looks at or changes, and at most one of them tells a
   fact: so both orders lead to the same situation, and the laws see the same facts in the same order. What a move looks at and
   changes is written down as it happens. A move sleeps in a situation if it was made elsewhere on the way, and commutes with all
   that was made since instead: with the same things before it, it would do the same. If a situation is come to by another way, what
   doesn't sleep on that way wakes, and is made. This leaves out moves and no situation: take any order from a situation that was
   entered, of which nothing that could come first sleeps there. Of what could come first take the wave that woke last, and of that
   the move that was made first: in the situation it leads to nothing sleeps that could come first in the rest of the order. So the
   order is gone through, up to moves that commute. The memory that threads of one engine share isn't all told, so their moves never
   commute; and no move sleeps of a process that may die.

None of this is taken on trust. Of the branches that are left, one in 64, and in `tests/tests/situations/sound.rs` each, is played
to its end all the same: it must come to no situation that isn't entered some time, and end as another did. That found what no end
showed: threads of one engine count uses beside the seam, and a commit that takes them with it writes what nobody was told of; since
then what somebody is about to write belongs to what it has observed. Explorers with a mistake are told by that, by situations or
ends that they don't find, or by a breach that they miss: one whose digest leaves out what was read, what the issuer said, signs of
life, or what those did who are through; one whose laws forget; one that never wakes who has waited; one in which readers come first
too; one in which everybody makes two moves at once; one that turns back before what lies behind; one for which all moves commute,
or all facts. What lies outside, a backup, another lock file, an agreement to rows, makes another situation. The quickest order
finds the situations and the ends that breadth first finds without leaving any move out, in each pair that has at most 3,000
(`.ci/long`). For six pairs of processes and three of threads loom goes through every order too, and both find the same ends:
verdicts, stored states, the issuer's live tokens, and what each participant did outside. `.ci/long` compares so every pair that
loom goes through in 20,000 orders. An exploration that reaches its bound fails.

What is still abstracted: all that *Limits* says of the simulated world. The memory of a process is looked at by its threads only,
and where it has one thread that takes no turn. Of what threads of one engine share, the order of changes of the ledger counts, and
the atomics outside the seam count as far as a published record tells them: a count of owners, at which only a drain looks, is told
by what the owners have observed. A reader takes what is published in one turn and looks at it in the next where somebody drains,
and in one elsewhere: nobody else could tell. What the issuer's books hold beyond what it said is nobody's observation. Steps that
change a key are explored only in the scenes of wrong engines, where a breach is one however it was found. A witness counts for a
situation if it lies on the way by which that was first come to. Sleep sets leave out moves and keep all situations; to leave out
situations too the explorer would have to know what each of the others may still touch. What long runs could not go through is named
by them, and in the record.

## Limits

- Loom explores the order in which participants take turns: at the engine's own locks (the cells of the seam), at the store's
  lock, its word and its document, at each sign of life, and at the issuer. It has five threads, so at most four
  participants. The bounds on preemptions are in the table above; a pair without a bound is explored in every order.
- What lies outside that seam takes no turn, and loom doesn't see it. In the engine: the reference counts by which a drain
  knows who holds a version, the counts of uses and of turns in a pool, and the flag that stops a poller; these atomics are
  relaxed, and hold nothing together. In the world: the clocks, the nonces, the table in which a sign of life is looked up,
  and a look at the document by whoever has the store's lock. In the adapters everything: parking_lot's locks, which stand
  in the cells' place in production; arc-swap, by which production publishes: there a reader may still look at what was replaced,
  which never changes, and loom's cell excludes that; situations have it where somebody drains; the file store's kept word, mapped or
  read, its descriptors and its claim files; the store in memory; workers, watchers, futures, and the cache of profiles. They have tests of their own, on real threads and processes.
- A note that a request is about to leave takes no turn in loom: nobody looks at it while its actor lives. An answer takes one,
  because others settle it while its actor lives; a death in the middle of writing leaves a torn one. Wiping it takes none: the
  claim that it was an answer to is gone.
- What remains of a killed process. Before its note it sent nothing, and the next goes on at once; after its answer was written
  down somebody else settles that. Between the two its request and the answer travel, and what the issuer granted meanwhile is
  in doubt: from the note to the first byte, from the issuer's spending to the last byte of the answer, and from there to the
  write, which comes before anything is locked or decided.
- An actor of an older version writes no notes and no answers here, and in the rest it is one of today.
- Everything in loom's reach is behind a lock. What a weak memory order would permit is not explored, because nothing there
  relies on one.
- The disk of these harnesses is a model: a commit is four steps (word odd, rename, directory synced, word even), each
  whole. A process may die before each; the power does not fail here, and what was not synced is there. Torn writes, lost syncs, full disks and real files
  are the business of the file store's own harnesses; here space is always there, and what an act brought home is always
  saved unless its process dies.
- The world has one profile, no file of Hermes, no `.env` file, and no login of another tool: links and owed rewrites are
  in the machine's histories. Its issuer gives no grace, names no time to wait, and never asks for slower polls; a row that
  moved ships with nothing, and each process reads one table as long as it lives, as a latch does. Its programs live within one boot, known or not; reboots are in the
  machine's histories, where every act is somebody's own and the issuer keeps no books.
- The order of two looks at the clock is not explored: time passes only where a scenario says so.
- Law 10 judges the planner that ships, with the table that ships; that a child gets what was planned is tested beside the
  code. Law 13 judges what `status`, `flows`, `doctor`, `pool`, `allow` and `env` say in both forms, with the library's errors and
  what is printed for debugging; the other commands and the web page have tests of their own. Law 16 judges a document that can't
  be parsed; real files have tests beside their code.
- Law 20 judges a home of files. On the crash machine it judges what lies on the disk at each moment ([crash.md](crash.md)); of a
  store in etcd a test of its own looks at what the cluster holds. It doesn't judge an older document that is put back, which was
  sealed for its place: that is told as a copy.
- A clear's revocation is decided in its commit and sent after it. With an issuer that revokes per account, a login that
  is stored between the two dies with the cleared one. A test keeps this in sight.
- A doubt is quiet when nothing of the earlier act can arrive any more. From its note a request is written for at most one HTTP
  time-out; the kernel delivers what was written for at most another (`TCP_USER_TIMEOUT`, on every connection, a proxy's too);
  5 s are allowed for what lies behind: two time-outs and 5 s (35 s by default). Where there is no note, or no clock tells its
  age, the actor may have waited one time-out between its claim and its request: three and 5 s from the claim (50 s by default).
  A process that is stopped between its last look at the clock and the write can still be later. Where the kernel knows no such
  bound (systems other than Linux), its own counts. The clock since boot goes on while a machine sleeps, and the kernel's timers
  don't: what it held back before may be sent after it wakes.
- What time is, and where. Within a process every wait is measured by its own clock, whatever the wall clock does. Between
  processes of one boot the clock since boot decides, without the shift of a time namespace, and nobody can set it. Across
  boots a quarantine is over when the machine has run for as long and the wall clock agrees, or when a process has watched
  the doubt for as long; ends and rests are as old as the wall clock says, and never younger than the boot. Where no boot
  is known (Linux without `/proc`, systems other than Linux and macOS), only watching ends a quarantine, an issuer's grace
  time is not used, and ends and rests follow the wall clock: they are wrong for as long as it is, and what a leap ahead
  made a purge forget stays forgotten. A process that ends before it has watched long enough leaves nothing behind, so a
  command needs the patience for one quarantine (60 s by default, longer than that of most providers).
- A process that enters another time namespace after its first look at the clock, or that was given its first reading
  where the shift could not be found, counts as the one it was.
- In the world a participant may see a process table that lists nobody else; the clock since boot is the same for all. A
  fork that inherits a sign of life is tried on real files only.
- What is put back is put back between two commits, and always remembered outside; nobody adopts a copy in the world. Of what
  the store was rolled back behind, a token that a person stores again by hand counts as new: nobody knows that it was spent.
- Laws 7 and 8 speak of owned entries; a link's secret is in another tool's file.
";

const LONGER: &str = "\n\
Longer than the README's command, by names of their own: `CREDLATCH_LOOM=100000 cargo test --release -p credlatch-tests\n\
--features loom --test loom` explores each scenario in every order, or with as many preemptions as so many executions of it\n\
allow, for hours, and prints how deep that was; [the record](record.md) has what it printed.\n\
`CREDLATCH_CASES=100000 cargo test --release -p credlatch-tests --test properties` tries as many arbitrary histories.\n\
`cargo test --release -p credlatch-tests --test situations -- --ignored --nocapture` explores every pair and triple with a memory,\n\
for hours, and names what has too many situations.\n\
";
