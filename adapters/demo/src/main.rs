//! The main promises of credlatch, watched on a temporary store with real processes and made-up keys.
//!
//! Every step is done by the program `credlatch`, as a process of its own, as a person or a script would start it. What the
//! steps need besides, such as a process that looks at its environment, is a part of this program.

mod child;
mod clearing;
mod crash;
mod crowd;
mod issuer;
mod naive;
mod part;
mod program;
mod rotating;
mod signing_in;
mod stage;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;

use issuer::Counts;
use stage::Stage;

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
        promise: "whoever is killed while a token is rotated costs no login, and nobody waits for it",
        play: rotating::die_in_the_middle,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        [part::WORD, name] => part::play(name).map(|()| true),
        [] => demo(false, None),
        ["--json"] => demo(true, None),
        ["--program", program] => demo(false, Some(program)),
        ["--json", "--program", program] => demo(true, Some(program)),
        _ => Err("usage: credlatch-demo [--json] [--program CREDLATCH]".to_owned()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            let _ = writeln!(std::io::stderr(), "credlatch-demo: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Plays every step, and returns whether all of it held.
fn demo(is_json: bool, program: Option<&str>) -> Result<bool, String> {
    let stage = Stage::set(program).map_err(|why| format!("the demonstration could not begin: {why}"))?;
    if !is_json {
        say("A temporary store, real processes and made-up keys:\n\n")?;
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
        if !is_json {
            let mark = if held { '✓' } else { '✗' };
            say(format!("{mark} {}\n    {detail} ({ms} ms)\n", step.promise))?;
        }
        steps.push(json!({"promise": step.promise, "held": held, "detail": detail, "ms": ms}));
    }
    let ours = Counts::from_stats(&stage.issuers.ours.stats(), stage.lost.get().0);
    let naive = Counts::from_stats(&stage.issuers.naive.stats(), stage.lost.get().1);
    if is_json {
        let object = json!({"held": all_held, "steps": steps, "counts": {"credlatch": ours, "naive": naive}});
        say(format!("{object:#}\n"))?;
    } else {
        say(format!("\nWhat the strict servers were asked:\n\n{}", compare(&ours, &naive)))?;
        let end = if all_held { "All of it held." } else { "Not all of it held: please report what stands after ✗." };
        say(format!("\n{end} The store is gone again, and nothing of yours was touched.\n"))?;
    }
    Ok(all_held)
}

fn compare(ours: &Counts, naive: &Counts) -> String {
    let row = |what: &str, ours: &dyn std::fmt::Display, naive: &dyn std::fmt::Display| {
        format!("{what:<13}{ours:<11}{naive}\n")
    };
    let count = |what, of: fn(&Counts) -> u64| row(what, &of(ours), &of(naive));
    [
        row("", &"CREDLATCH", &"NAIVE"),
        count("device codes", |counts| counts.device_codes),
        count("pollers", |counts| counts.pollers),
        count("exchanges", |counts| counts.exchanges),
        count("replays", |counts| counts.replays),
        count("lost logins", |counts| counts.lost_logins),
    ]
    .concat()
}

/// Writes to standard output at once, for whoever reads along.
fn say(text: impl std::fmt::Display) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(|error| format!("nobody reads the output: {error}"))
}
