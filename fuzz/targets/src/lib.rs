//! What is fuzzed: one function for each target, which takes any bytes and panics if a promise is broken.
//!
//! Inputs are text wherever that is possible, so that a seed can be read and written by hand. `fuzz/fuzz_targets` gives each
//! function to libFuzzer, and `tests/replay.rs` gives it every seed.
#![cfg(unix)]

mod document;
mod dotenv;
mod foreign;
mod mute;
mod outcome;
mod plan;
mod provider_table;
mod scenario;
mod secret;
mod url;

use std::sync::OnceLock;

use credlatch::Latch;
pub use document::document;
pub use dotenv::dotenv;
pub use foreign::{claude_code, codex, hermes};
pub use outcome::outcome;
pub use plan::plan;
pub use provider_table::provider_table;
pub use scenario::{machine, scenario};
pub use secret::secret;
pub use url::url;

/// A target.
pub type Target = fn(&[u8]);

/// All targets by name. Their seeds are in `fuzz/seeds/<name>/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("claude_code", claude_code),
    ("codex", codex),
    ("document", document),
    ("dotenv", dotenv),
    ("hermes", hermes),
    ("machine", machine),
    ("outcome", outcome),
    ("plan", plan),
    ("provider_table", provider_table),
    ("scenario", scenario),
    ("secret", secret),
    ("url", url),
];

/// One latch for all inputs: to make one takes longer than to use it.
fn memory() -> &'static Latch {
    static LATCH: OnceLock<Latch> = OnceLock::new();
    LATCH.get_or_init(Latch::in_memory)
}

/// The first so many lines, and the rest.
fn head_lines<const N: usize>(text: &str) -> ([&str; N], &str) {
    let mut rest = text;
    let head = std::array::from_fn(|_| {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        line
    });
    (head, rest)
}
