//! The laws: what must never happen, whatever [`apply`](crate::apply) and the engine do.
//!
//! A law speaks of what can be observed from outside: steps, what disk showed, what readers saw, what the issuer was sent.
//! Every harness writes a [`Trace`] of such facts and hands it to [`judge`]. Each law names a *witness*: a situation in
//! which it could have been broken. A harness that claims a law must have seen its witness, because a law that was never
//! tested is not kept but unasked.
//!
//! [`check_state`] and [`check_step`] also run inside the product: on every load, and after every event in debug builds.

mod authority_precedes_act;
mod clear_is_whole;
mod cleared_stays_cleared;
mod endings_are_kept;
mod monitor;
mod neighbours_are_strangers;
mod no_replay;
mod no_silent_loss;
mod observation;
mod one_home;
mod one_live_flow;
mod one_write_per_transaction;
mod origins_are_kept;
mod provider_is_honoured;
mod readers_move_forward;
mod rest_is_respected;
mod sealed_stays_sealed;
mod secrets_are_mute;
mod stale_is_inert;
mod time_may_stumble;
mod trace;
mod unreadable_is_not_absent;
mod verdicts_are_ones_own;
mod well_formed;

use std::fmt;

pub use monitor::{Monitor, Outlook, Reader};
pub use observation::Observation;
pub use trace::{Deed, Fact, Stepped, Trace, Who};

use crate::machine::{Event, Step};
use crate::state::State;
use crate::state::time::Stamp;

/// What a law speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One step: the states before and after an event.
    Step,
    /// What can be observed over time.
    Trace,
}

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    /// Its number: they count from 1.
    pub number: u8,
    /// Its name, as tests and records use it.
    pub name: &'static str,
    /// What it says.
    pub statement: &'static str,
    /// What it speaks of.
    pub scope: Scope,
    /// The facts that it judges, or needs to see its witness. Others make no difference to it.
    pub facts: &'static [Observation],
    /// The situation that makes it bite.
    pub witness: &'static str,
    /// Begins to look for a breach.
    watch: fn() -> Box<dyn monitor::Watch>,
    /// Looks for the witness.
    witnessed: fn(&Trace) -> bool,
}

/// A breach of a law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The law's number.
    pub number: u8,
    /// The law's name.
    pub name: &'static str,
    /// What happened.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {} `{}` is broken: {}", self.number, self.name, self.what)
    }
}

impl std::error::Error for Broken {}

impl Law {
    /// Looks for a breach in a trace.
    ///
    /// # Errors
    /// The first breach.
    pub fn judge(&self, trace: &Trace) -> Result<(), Broken> {
        let mut monitor = self.monitor();
        trace.0.iter().try_for_each(|fact| monitor.see(fact))?;
        monitor.end()
    }

    fn broken(&self, what: String) -> Broken {
        Broken { number: self.number, name: self.name, what }
    }

    /// Whether the trace has a situation in which this law could have been broken.
    pub fn is_witnessed(&self, trace: &Trace) -> bool {
        let end = trace.0.iter().position(|fact| matches!(fact, Fact::BroughtBack));
        match end.filter(|_| OF_ONE_STORE.contains(&self.number)) {
            Some(end) => (self.witnessed)(&Trace(trace.0[..end].to_vec())),
            None => (self.witnessed)(trace),
        }
    }
}

/// Laws of what one store shows from commit to commit. What somebody puts back from outside is no commit, so they judge a
/// history up to there. The others, with law 4 first, go on beyond it.
const OF_ONE_STORE: [u8; 6] = [1, 2, 5, 7, 8, 16];

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Law({} {})", self.number, self.name)
    }
}

macro_rules! laws {
    ($($number:literal $name:ident $scope:ident $statement:literal judges [$($fact:ident)*] witness $witness:literal;)*) => {
        /// All of them.
        pub const LAWS: &[Law] = &[$(Law {
            number: $number,
            name: stringify!($name),
            statement: $statement,
            scope: Scope::$scope,
            facts: &[$(Observation::$fact),*],
            witness: $witness,
            watch: || Box::new($name::watch()),
            witnessed: $name::witnessed,
        }),*];
    };
}

laws! {
    1 clear_is_whole Trace "a reader sees all of what a clear removes, or none of it"
        judges [ClearBegan ClearEnded Step Shown ReadBegan ReadEnded Held LetGo Drained]
        witness "a reader overlaps a clear";
    2 one_live_flow Trace "a provider of a profile has one live flow, and a flow has one device request and one poller"
        judges [PromptRequested PollBegan PollEnded Died Shown Step]
        witness "a second start joins";
    3 authority_precedes_act Trace "what permits an outside act was durable before the act"
        judges [PromptRequested PollBegan Presented CodeExchanged Revoked Durable Died Step]
        witness "an actor ends between its commit and its act";
    4 no_replay Trace "a refresh token is never presented by two acts at a time, nor once its successor is durable, and no act that presented one is believed to have sent nothing"
        judges [Presented PresentationEnded Succession Durable Step]
        witness "two rotations overlap";
    5 no_silent_loss Trace "after recovery the stored grant is the issuer's live one, or the entry says in doubt, or lost; a grant whose answer was written down is the stored one once anybody commits, or a power cut took it; what the issuer granted and nobody wrote down is in doubt"
        judges [Rested Revoked Succession Presented WrittenDown Died Step]
        witness "an actor ends after the exchange";
    6 stale_is_inert Step "a report with a superseded flow, attempt or version changes nothing"
        judges [Step]
        witness "a late report after a clear";
    7 readers_move_forward Trace "every snapshot is a committed state, and a read that begins after a commit returned sees it or a later one"
        judges [Shown Returned ReadBegan ReadEnded]
        witness "a reader sees two generations";
    8 one_write_per_transaction Trace "what disk shows is a subsequence of commits, and a pass over many entries is one write"
        judges [PassBegan PassEnded Shown ReadBegan ReadEnded]
        witness "an observer beside a pass over several entries";
    9 endings_are_kept Step "an ended flow is visible for 300 s and not after, a live one ends by 900 s, and a dead actor's flow is adopted or released"
        judges [Step]
        witness "a look exactly on the edge";
    10 provider_is_honoured Trace "an environment planned for a provider holds no credential, address, switch or login of another, but for what somebody allowed by name"
        judges [Planned]
        witness "a Claude token inherited by minimax";
    11 neighbours_are_strangers Step "an event on one entry leaves the others as they were"
        judges [Step]
        witness "two providers in one profile";
    12 rest_is_respected Trace "what is resting, dead, lost or over is never chosen, if nothing is left the answer says when something will be, and a request is one turn of a pool in turn"
        judges [Chosen DrawBegan DrawEnded Step]
        witness "all rest";
    13 secrets_are_mute Trace "no text that leaves the program holds a secret"
        judges [Printed]
        witness "a public type that holds a secret is printed";
    14 time_may_stumble Step "a clock that steps back or leaps ahead purges, revives and extends nothing for longer than it is wrong"
        judges [Passed Step Chosen]
        witness "the wall clock leaps while something is kept";
    15 cleared_stays_cleared Step "a cleared secret does not come back by a bulk import or a link, only by naming it"
        judges [Step]
        witness "an import after a clear";
    16 unreadable_is_not_absent Trace "a store that can't be read is never taken for empty and never overwritten"
        judges [Damaged Shown ReadBegan ReadEnded Refused]
        witness "a torn document";
    17 origins_are_kept Trace "a grant is sent only to the origins that its row named when it came, until a person agrees to others"
        judges [Came Sent Agreed Succession Withheld]
        witness "a grant is withheld from where its row points now";
    18 verdicts_are_ones_own Trace "whoever stores something by name is told what the machine said of that in what the store shows, whoever shares the commit, and nobody fails but where the store refuses"
        judges [Step Shown Told Refused Died]
        witness "somebody is told of what another thread stored";
    19 one_home Trace "a login that moves from one store to another is presented from one of them at most, and is in one of them at least"
        judges [Stands Succession Step Died BroughtBack]
        witness "a mover dies while both stores hold a login";
    20 sealed_stays_sealed Trace "what a sealed store leaves where others can read it says no secret, and nothing is taken for what it holds but what somebody with the key sealed for that very place"
        judges [Sealed Left Forged Opened Unopened]
        witness "what somebody without the key put in a place can't be opened";
}

/// Judges a trace by every law.
///
/// # Errors
/// The first breach.
pub fn judge(trace: &Trace) -> Result<(), Broken> {
    LAWS.iter().try_for_each(|law| law.judge(trace))
}

/// Checks one state: what no sequence of events can make, and no reader should accept.
///
/// # Errors
/// What is impossible about it.
pub fn check_state(state: &State) -> Result<(), Broken> {
    well_formed::holds(state).map_err(|what| Broken { number: 16, name: "unreadable_is_not_absent", what })
}

/// Checks one step by every law that speaks of steps.
///
/// # Errors
/// The first breach.
pub fn check_step(before: &State, now: &Stamp, event: &Event, step: &Step) -> Result<(), Broken> {
    check_state(&step.state)?;
    let stepped = Stepped {
        who: 0,
        now: *now,
        before: before.clone(),
        event: event.clone(),
        after: step.state.clone(),
        verdict: step.verdict.clone(),
    };
    let trace = Trace(vec![Fact::Stepped(Box::new(stepped))]);
    LAWS.iter().filter(|law| law.scope == Scope::Step).try_for_each(|law| law.judge(&trace))
}

/// Judges a fact that is a step, and lets every other pass.
fn step(fact: &Fact, holds: impl FnOnce(&Stepped) -> Result<(), String>) -> Result<(), String> {
    if let Fact::Stepped(step) = fact { holds(step) } else { Ok(()) }
}

/// An event's name, without what it carries.
fn kind(event: &Event) -> String {
    let text = format!("{event:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
