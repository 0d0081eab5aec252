//! Histories, a line of JSON for each thing that happens. A line that says nothing is passed over, so that whatever the
//! fuzzer cuts and joins is a history again.

use credlatch_core::law::{Who, judge};
use credlatch_tests::conduct::Right;
use credlatch_tests::moves::{Machine, Move};
use credlatch_tests::run::play::play;
use credlatch_tests::scenario::{Given, Participant, Scenario, Step};
use credlatch_tests::world::server::Manner;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longer histories only take longer.
const MOST_LINES: usize = 60;
/// As many as the other harnesses let meet.
const MOST_PARTICIPANTS: usize = 4;
/// A hundred years in milliseconds: a clock that runs over says nothing about a law.
const LONGEST_MS: u64 = 3_155_760_000_000;

/// What things are called in these histories.
const NAMES: [&str; 7] = ["acme", "minimax", "default", "spare", "other", "one", "two"];

/// One line of a scenario.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    Given(Given),
    Issuer(Manner),
    /// The platform doesn't say which boot it is.
    WithoutBoot,
    Before(Step),
    /// The steps that follow are this one's.
    Participant {
        process: u32,
        dies_at: Option<u32>,
        #[serde(default)]
        has_moved_row: bool,
        #[serde(default)]
        is_older: bool,
    },
    Step(Step),
    Turns(Who, u32),
}

/// The machine alone: every event, by actors that come late, twice or never.
///
/// # Panics
/// If a law is broken; the moves are printed.
pub fn machine(bytes: &[u8]) {
    let moves: Vec<Move> = lines(bytes).filter(|one| !matches!(one, Move::Wait { ms } if *ms > LONGEST_MS)).collect();
    let broken = Machine::run(&moves).and_then(|trace| judge(&trace)).err();
    if let Some(broken) = broken {
        panic!("{broken}\n{}", serde_json::to_string_pretty(&moves).unwrap_or_default());
    }
}

/// Programs that share a store: processes and threads in an order that the lines choose, and some die.
///
/// # Panics
/// If a law is broken; the scenario is printed, and can be put among those that the tests play again.
pub fn scenario(bytes: &[u8]) {
    let Some(scenario) = told(lines(bytes)) else { return };
    if let Err(broken) = judge(&play(&scenario, &Right).trace) {
        panic!("{broken}\n{}", scenario.to_json());
    }
}

fn lines<T: DeserializeOwned>(bytes: &[u8]) -> impl Iterator<Item = T> {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let parsed = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).filter(is_well_named);
    parsed.filter_map(|line| serde_json::from_value(line).ok()).take(MOST_LINES)
}

/// Whether names are ordinary ones. Names are shown, so one that is a secret's text would look like a secret that is told.
fn is_well_named(line: &Value) -> bool {
    match line {
        Value::Object(fields) => fields.iter().all(|(field, value)| match (field.as_str(), value) {
            ("provider" | "label", Value::String(name)) => NAMES.contains(&name.as_str()),
            ("secret", Value::String(text)) => text.starts_with("sk-"),
            ("keys", Value::Array(keys)) => keys.iter().all(|key| {
                let texts = (key.get(0).and_then(Value::as_str), key.get(1).and_then(Value::as_str));
                matches!(texts, (Some(label), Some(text)) if NAMES.contains(&label) && text.starts_with("sk-"))
            }),
            _ => is_well_named(value),
        }),
        Value::Array(items) => items.iter().all(is_well_named),
        _ => true,
    }
}

fn told(lines: impl Iterator<Item = Line>) -> Option<Scenario> {
    let mut scenario = Scenario::processes("what the fuzzer found", &[]);
    for line in lines {
        match line {
            Line::Given(given) if is_new(&scenario.given, &given) => {
                scenario.given.push(given);
            }
            Line::Issuer(manner) if manner.lifetime_ms <= LONGEST_MS => scenario.issuer = manner,
            Line::WithoutBoot => scenario.without_boot = true,
            Line::Before(step) if is_playable(&step) && step != Step::Tear => scenario.before.push(step),
            Line::Participant { process, dies_at, has_moved_row, is_older }
                if scenario.participants.len() < MOST_PARTICIPANTS =>
            {
                let (steps, is_elsewhere) = (Vec::new(), false);
                let one = Participant { process, steps, dies_at, is_elsewhere, has_moved_row, is_older };
                scenario.participants.push(one);
            }
            Line::Step(step) if is_playable(&step) => scenario.participants.last_mut()?.steps.push(step),
            Line::Turns(who, count) => scenario.schedule.push((who, count)),
            _ => {}
        }
    }
    (!scenario.participants.is_empty()).then_some(scenario)
}

/// Whether it has a place of its own, and a secret if it is a key.
fn is_new(known: &[Given], given: &Given) -> bool {
    let is_secret = match given {
        Given::Key { secret, .. } => is_secret(secret),
        Given::Grant { .. } => true,
    };
    is_secret && !known.iter().any(|other| is_same_place(other, given))
}

/// A shorter text may be a part of what the commands say in their own words.
fn is_secret(text: &str) -> bool {
    text.len() >= "sk-one".len() && credlatch::Secret::try_from(text).is_ok()
}

fn is_same_place(a: &Given, b: &Given) -> bool {
    let place = |given: &Given| match given {
        Given::Key { provider, label, .. } | Given::Grant { provider, label, .. } => (provider.clone(), label.clone()),
    };
    place(a) == place(b)
}

/// Whether the simulated world can do it: its secrets are texts of the scenario, and its clock has an end.
fn is_playable(step: &Step) -> bool {
    match step {
        Step::Set { secret, .. } => is_secret(secret),
        Step::Import { keys, .. } => keys.iter().all(|(_, secret)| is_secret(secret)),
        Step::Wait { ms } => *ms <= LONGEST_MS,
        Step::SetWallClock { by_ms } => by_ms.unsigned_abs() <= LONGEST_MS,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A seed that is passed over line by line would seed nothing. What the fuzzer found is there for its own sake.
    fn says_something<T: DeserializeOwned>(folder: &str) {
        let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../seeds").join(folder);
        let (mut all, mut said) = (0, 0);
        for seed in std::fs::read_dir(seeds).unwrap().map(Result::unwrap) {
            if seed.file_name().to_string_lossy().starts_with("found-") {
                continue;
            }
            let bytes = std::fs::read(seed.path()).unwrap();
            all += String::from_utf8_lossy(&bytes).lines().count();
            said += lines::<T>(&bytes).count();
        }
        assert!(said * 2 > all, "only {said} of {all} lines say something");
    }

    #[test]
    fn seeds_are_histories() {
        says_something::<Move>("machine");
        says_something::<Line>("scenario");
    }
}
