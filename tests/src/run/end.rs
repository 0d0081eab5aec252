//! How a play ended: what two explorers must agree on.

use std::collections::BTreeMap;

use credlatch_core::law::{Deed, Fact, Trace, Who};

use crate::judging::laws;

/// How a play ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct End {
    /// The laws that were broken.
    pub broken: Vec<u8>,
    /// What the store held at rest, as its document has it; nothing if it couldn't be read.
    pub state: Option<String>,
    /// The refresh tokens that the issuer would still have accepted.
    pub live: Vec<String>,
    /// What each participant did outside, in its order.
    pub deeds: BTreeMap<Who, Vec<String>>,
}

impl End {
    /// How this one ended.
    ///
    /// # Panics
    /// Never: every state has a JSON form.
    pub fn new(trace: &Trace) -> Self {
        let broken = laws().filter(|law| law.judge(trace).is_err()).map(|law| law.number).collect();
        let mut end = Self { broken, state: None, live: Vec::new(), deeds: BTreeMap::new() };
        for fact in &trace.0 {
            match fact {
                Fact::ActBegan { who, deed } => end.deeds.entry(*who).or_default().push(describe(deed)),
                Fact::Rested { state, live } => {
                    end.state = Some(serde_json::to_string(state).expect("a state has a JSON form"));
                    end.live.clone_from(live);
                }
                _ => {}
            }
        }
        end
    }
}

fn describe(deed: &Deed) -> String {
    format!("{deed:?}")
}
