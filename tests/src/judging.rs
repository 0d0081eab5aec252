//! Which laws are judged, and what a harness must have seen of those that it claims.
//!
//! All laws are judged, or with `CREDLATCH_LAW=4` that one alone: so an edit that breaks several laws can be tried against
//! each of them by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use credlatch_core::law::{Broken, LAWS, Law, Observation, Trace};

use crate::coverage::Harness;

/// The laws that are judged.
///
/// # Panics
/// If the environment names a law that there isn't: such a run would judge nothing.
pub fn laws() -> impl Iterator<Item = &'static Law> {
    static ALONE: OnceLock<Option<u8>> = OnceLock::new();
    let alone = *ALONE.get_or_init(|| {
        let said = std::env::var("CREDLATCH_LAW").ok()?;
        let known = said.parse().ok().filter(|number| LAWS.iter().any(|law| law.number == *number));
        Some(known.unwrap_or_else(|| panic!("CREDLATCH_LAW is the number of a law, not {said:?}")))
    });
    LAWS.iter().filter(move |law| alone.is_none_or(|number| law.number == number))
}

/// Judges a trace.
///
/// # Errors
/// The first breach.
pub fn judge(trace: &Trace) -> Result<(), Broken> {
    laws().try_for_each(|law| law.judge(trace))
}

/// Minds a breach that was found on the way, if its law is judged.
///
/// # Errors
/// That breach.
pub fn mind(checked: Result<(), Broken>) -> Result<(), Broken> {
    checked.or_else(|broken| if laws().any(|law| law.number == broken.number) { Err(broken) } else { Ok(()) })
}

/// What was seen of the laws in many traces.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// In how many of them each law could have been broken.
    pub witnessed: BTreeMap<u8, usize>,
    /// Which kinds of facts were written down.
    pub facts: BTreeSet<Observation>,
}

impl Seen {
    /// Looks at one more.
    pub fn look(&mut self, trace: &Trace) {
        for law in laws().filter(|law| law.is_witnessed(trace)) {
            *self.witnessed.entry(law.number).or_default() += 1;
        }
        self.facts.extend(trace.0.iter().map(credlatch_core::law::Fact::kind));
    }

    /// Adds what somebody else saw.
    pub fn add(&mut self, other: &Self) {
        for (law, count) in &other.witnessed {
            *self.witnessed.entry(*law).or_default() += count;
        }
        self.facts.extend(&other.facts);
    }

    /// A harness that never saw what a law is about, or doesn't write down what it judges, has not held it. What a harness
    /// says that it doesn't write down, it doesn't.
    ///
    /// # Panics
    /// With the law's name.
    pub fn assert_claims(&self, harness: &Harness) {
        self.assert_witnesses(harness);
        for law in claimed(harness) {
            let (number, name, of) = (law.number, law.name, harness.name);
            for fact in law.facts {
                let is_left_out = harness.without.contains(&(number, *fact));
                let what = fact.name();
                assert!(
                    self.facts.contains(fact) != is_left_out,
                    "law {number} `{name}`: {of} {} that {what}",
                    if is_left_out { "does write down" } else { "never wrote down" }
                );
            }
        }
    }

    /// The same of the witnesses only, for a part of a harness.
    ///
    /// # Panics
    /// With the law's name.
    pub fn assert_witnesses(&self, harness: &Harness) {
        for law in claimed(harness) {
            let (number, name, of) = (law.number, law.name, harness.name);
            assert!(self.witnessed.contains_key(&number), "law {number} `{name}`: {of} never saw its witness");
        }
    }
}

fn claimed(harness: &Harness) -> impl Iterator<Item = &'static Law> {
    laws().filter(|law| harness.claims.contains(&law.number))
}
