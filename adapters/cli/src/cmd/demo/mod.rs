//! `demo`: the main promises, watched on a temporary store with real processes and made-up keys.
//!
//! Every step is done by this same program as a process of its own, as a person or a script would start it.

mod child;
mod clearing;
mod crash;
mod crowd;
mod issuer;
mod naive;
mod part;
mod rotating;
mod signing_in;
mod stage;

use std::time::Instant;

use serde_json::json;

use crate::args::Global;
use crate::end::{Done, End};
use crate::{output, table};
use issuer::Counts;
use stage::Stage;

pub(crate) use part::{Part, part};

/// What a step showed, in a line or two; or what went wrong.
type Shown = Result<String, String>;

/// A promise, and how it is put to the test.
struct Step {
    promise: &'static str,
    play: fn(&Stage) -> Shown,
}

/// In this order: later steps build on what earlier ones stored.
const STEPS: [Step; 11] = [
    Step { promise: "keys come in through standard input, and no output shows them", play: child::store_two_keys },
    Step { promise: "a child of minimax gets minimax's key and nobody else's", play: child::run_its_own },
    Step { promise: "a program made for Anthropic works with minimax's key", play: child::run_as_anthropic },
    Step { promise: "a missing key is an error, never a fallback", play: child::refuse_a_fallback },
    Step { promise: "32 processes write at once, and nothing is lost", play: crowd::write_at_once },
    Step { promise: "a writer killed with the lock in its hand blocks nobody", play: crash::kill_the_holder },
    Step { promise: "every process sees a clear, and sees it whole", play: clearing::clear_is_seen },
    Step { promise: "what is cleared for one provider stays for the other", play: clearing::neighbour_is_untouched },
    Step {
        promise: "many sign in at once: one code, and one who asks for the outcome",
        play: signing_in::sign_in_at_once,
    },
    Step { promise: "many need a new token at once: one exchange", play: rotating::renew_at_once },
    Step {
        promise: "whoever is killed while a token is renewed costs no login, and nobody waits for it",
        play: rotating::die_in_the_middle,
    },
];

pub(crate) fn demo(global: &Global) -> Done {
    // Its keys are made up, and the programs it starts are to be as a shell would start them.
    crate::dump::give_back();
    let stage = Stage::set().map_err(|why| End::other(format!("the demo could not begin: {why}"), "look at TMPDIR"))?;
    if !global.json {
        output::say("A temporary store, real processes and made-up keys:\n\n")?;
    }
    let mut steps = Vec::new();
    let mut all_held = true;
    for step in &STEPS {
        let began = Instant::now();
        let shown = (step.play)(&stage);
        let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let held = shown.is_ok();
        all_held &= held;
        let detail = shown.unwrap_or_else(|why| why);
        if !global.json {
            let mark = if held { '✓' } else { '✗' };
            output::say(format!("{mark} {}\n    {detail} ({ms} ms)", step.promise))?;
        }
        steps.push(json!({"promise": step.promise, "held": held, "detail": detail, "ms": ms}));
    }
    let ours = Counts::of(&stage.issuers.ours.stats(), stage.lost.get().0);
    let naive = Counts::of(&stage.issuers.naive.stats(), stage.lost.get().1);
    if !global.json {
        output::say(format!("\nWhat the strict servers were asked:\n\n{}", compare(&ours, &naive)))?;
    }
    let object = json!({"held": all_held, "steps": steps, "counts": {"credlatch": ours, "naive": naive}});
    output::answer(global.json, &object, || {
        let end = if all_held { "All of it held." } else { "Not all of it held: please report what stands after ✗." };
        format!("\n{end} The store is gone again, and nothing of yours was touched.")
    })?;
    if all_held { Ok(()) } else { Err(End::Quiet(1)) }
}

fn compare(ours: &Counts, naive: &Counts) -> String {
    let row =
        |what: &str, count: fn(&Counts) -> u64| [what.to_owned(), count(ours).to_string(), count(naive).to_string()];
    let rows = [
        row("device codes", |counts| counts.device_codes),
        row("pollers", |counts| counts.pollers),
        row("exchanges", |counts| counts.exchanges),
        row("replays", |counts| counts.replays),
        row("lost logins", |counts| counts.lost_logins),
    ];
    table::table(["", "CREDLATCH", "NAIVE"], &rows)
}
