//! How long it would take to go through everything: a guess, from a few scenarios of each group, drawn by their names. It takes minutes.
//! Who leaves a play unwinds its participants, so it is built with `CARGO_PROFILE_RELEASE_PANIC=unwind`.

use std::io::Write as _;
use std::time::Instant;

use credlatch_tests::explored::{Group, LONG_GROUPS, MOST};
use credlatch_tests::world::digest::digest;

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// So many of each group are drawn.
const DRAWN: usize = 5;

/// More situations than this of one that was drawn are too many: of it nothing is known but that it has more.
const ENOUGH: usize = 20_000;

/// What one that was drawn took, in seconds: at least, and at most, where it may have as many situations as are ever entered of one.
struct Took {
    least: f64,
    most: f64,
    is_cut: bool,
}

/// The mean of these, and its standard error.
#[expect(clippy::cast_precision_loss, reason = "there are few")]
fn mean(of: &[f64]) -> (f64, f64) {
    let count = of.len() as f64;
    let mean = of.iter().sum::<f64>() / count;
    let squares = of.iter().map(|one| (one - mean).powi(2)).sum::<f64>();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

/// Explores a few scenarios of a group, in an order that has nothing to do with what they are.
#[expect(clippy::cast_precision_loss, reason = "a guess has no more than a few places")]
fn draw(group: &Group) -> (usize, Vec<Took>) {
    let mut all = group.scenarios();
    all.sort_by_key(|scenario| digest((group.name, &scenario.name)));
    let took = all.iter().take(DRAWN).map(|scenario| {
        let began = Instant::now();
        let found = group.explore(scenario, ENOUGH);
        let least = began.elapsed().as_secs_f64();
        let most = if found.is_cut { least / found.situations as f64 * (MOST / 2) as f64 } else { least };
        Took { least, most, is_cut: found.is_cut }
    });
    (all.len(), took.collect())
}

/// Of what is cut it counts the time until then at least, and at most that until the bound of `everything_in_every_order`, at the same
/// pace; the truth lies between, and nobody knows where.
#[expect(clippy::cast_precision_loss, reason = "a guess has no more than a few places")]
fn main() {
    const CORES: f64 = 2.0;
    let mut sum = (0.0, 0.0);
    say("| scenarios | how many | drawn | with too many | hours at least | hours at most |\n|---|--:|--:|--:|--:|--:|");
    let (drawn, groups) = (std::sync::Mutex::new(LONG_GROUPS.iter()), std::sync::Mutex::new(Vec::new()));
    let work = || {
        while let Some(group) = { drawn.lock().unwrap().next() } {
            let (count, took) = draw(group);
            groups.lock().unwrap().push((group.name, count, took));
        }
    };
    std::thread::scope(|scope| (0..2).for_each(|_| drop(scope.spawn(work))));
    for (name, count, took) in groups.into_inner().unwrap() {
        let hours = |of: fn(&Took) -> f64| {
            let (mean, error) = mean(&took.iter().map(of).collect::<Vec<_>>());
            (mean * count as f64 / 3600.0 / CORES, error * count as f64 / 3600.0 / CORES)
        };
        let (least, most) = (hours(|one| one.least), hours(|one| one.most));
        let cut = took.iter().filter(|one| one.is_cut).count();
        let [(a, b), (c, d)] = [least, most];
        say(&format!("| {name} | {count} | {} | {cut} | {a:.2} ± {b:.2} | {c:.1} ± {d:.1} |", took.len()));
        sum = (sum.0 + a, sum.1 + c);
    }
    say(&format!("on two cores {:.1} hours at least, and {:.0} at most", sum.0, sum.1));
}
