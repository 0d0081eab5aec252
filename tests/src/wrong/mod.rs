//! Wrong engines: each makes one mistake that was made in the field, in one function, over the same ports. A harness that
//! lets one of them pass checks nothing.

mod own_group;
mod scenes;

pub use own_group::Asked;

use crate::conduct::Conduct;
use crate::scenario::Scenario;
#[cfg(feature = "loom")]
use crate::world::loomed::Loomed;
use crate::world::scripted::Scripted;

/// One wrong engine.
#[derive(Clone, Copy)]
pub struct Wrong {
    /// Its name.
    pub name: &'static str,
    /// Where the mistake was made.
    pub report: &'static str,
    source: &'static str,
    /// The law that names it.
    pub law: u8,
    /// The laws that it can't help breaking too.
    pub also: &'static [u8],
    /// The scenario in which it shows.
    pub scenario: fn() -> Scenario,
    /// How it conducts itself when a script gives the turns.
    pub scripted: &'static dyn Conduct<Scripted>,
    /// How it conducts itself when loom does.
    #[cfg(feature = "loom")]
    pub loomed: &'static dyn Conduct<Loomed>,
}

impl Wrong {
    /// What it does wrong, as its file says it.
    pub fn mistake(&self) -> String {
        let lines = self.source.lines().map_while(|line| line.strip_prefix("//!"));
        lines.map(str::trim).collect::<Vec<_>>().join(" ")
    }
}

macro_rules! wrong {
    ($($module:ident $conduct:ident $report:literal $law:literal $also:tt $scene:ident;)*) => {
        $(mod $module;)*

        /// All of them. A constant would have each test program compile them and the engine anew.
        pub static WRONG: &[Wrong] = &[$(Wrong {
            name: stringify!($module),
            report: $report,
            source: include_str!(concat!(stringify!($module), ".rs")),
            law: $law,
            also: &$also,
            scenario: scenes::$scene,
            scripted: &$module::$conduct,
            #[cfg(feature = "loom")]
            loomed: &$module::$conduct,
        }),*];
    };
}

/// The machine of `waits_by_wall_clock` by itself, for the harness that has nothing but a machine.
pub const WAITS_BY_WALL_CLOCK: crate::moves::Decide = waits_by_wall_clock::decide;

/// The machine of `no_note_is_proof`, for the same.
pub const NO_NOTE_IS_PROOF: crate::moves::Decide = no_note_is_proof::decide;

wrong! {
    two_pops TwoPops "hermes-webui 1736" 1 [] clear_and_read;
    drain_by_count DrainByCount "design: the drain of readers" 1 [] drain_beside_a_reader;
    check_then_act CheckThenAct "hermes-webui 3972" 2 [3] two_starts;
    act_before_claim ActBeforeClaim "design: claims" 3 [4, 5] two_rotations;
    stale_variable StaleVariable "astral-sh/uv pyx.rs" 4 [] two_rotations;
    oversleeper Oversleeper "design: quarantine" 4 [] a_stopped_process;
    no_quarantine NoQuarantine "hermes-agent 8040" 4 [] a_request_without_its_sender;
    put_forgets_claim PutForgetsClaim "tried: set during a rotation" 4 [5] a_known_token_in_flight;
    revoke_late_grant RevokeLateGrant "design: late grants" 5 [] a_late_grant_beside_a_new_login;
    settle_anything SettleAnything "anthropics/claude-code 76561" 6 [5] a_late_rejection;
    report_by_label ReportByLabel "hermes-agent 43747" 6 [] a_late_report;
    success_over_cancel SuccessOverCancel "hermes-webui 3972" 6 [9] a_cancelled_login;
    cache_after_load CacheAfterLoad "design: the word" 7 [] readers_beside_a_set;
    persist_each PersistEach "hermes-agent 8040" 8 [] a_pass_and_an_observer;
    forget_at_once ForgetAtOnce "hermes-webui 3972" 9 [] a_look_at_an_ended_login;
    env_mirror EnvMirror "hermes-webui 3961" 10 [] two_children;
    inherited_token InheritedToken "molecule 81" 10 [] two_children;
    families_by_list FamiliesByList "credlatch: a switch of next week" 10 [] two_children;
    values_unseen ValuesUnseen "credlatch: a key under any name" 10 [] two_children;
    bench_all BenchAll "hermes-agent 97315" 11 [] a_failure_in_a_pool;
    first_anyway FirstAnyway "hermes-agent 79156" 12 [] a_failure_in_a_pool;
    loud_status LoudStatus "design: secrets" 13 [] a_status;
    purge_by_wall_clock PurgeByWallClock "design: time" 14 [9] a_wall_clock_that_leaps;
    waits_by_wall_clock WaitsByWallClock "design: time" 14 [4] a_doubt_and_a_wall_clock_that_leaps;
    import_brings_back ImportBringsBack "hermes-agent 5285" 15 [] an_import_after_a_clear;
    unreadable_as_empty UnreadableAsEmpty "opencode all()" 16 [7] a_torn_document;
    follows_the_row FollowsTheRow "tried: a row that moves" 17 [] a_row_that_moved;
    pid_over_lock PidOverLock "credlatch: signs of life" 4 [] a_process_table_that_lies;
    copy_not_noticed CopyNotNoticed "credlatch: file/provenance.rs" 4 [] a_backup_that_is_put_back;
    trusts_a_torn_answer TrustsATornAnswer "design: answers" 5 [] a_death_while_an_answer_is_written;
    answer_of_another_claim AnswerOfAnotherClaim "design: answers" 5 [] two_rotations_and_an_answer;
    note_after_send NoteAfterSend "design: notes" 4 [] a_death_before_the_answer;
    no_note_is_proof NoNoteIsProof "design: notes" 4 [] a_request_of_an_older_version;
    draws_twice DrawsTwice "credlatch: latch/rotate.rs" 12 [] a_pool_in_turn_with_a_spent_entry;
    mixes_verdicts MixesVerdicts "design: group commit" 18 [] two_threads_that_store;
    one_fails_all OneFailsAll "design: group commit" 18 [] a_thread_that_stores_beside_one_that_is_refused;
}
