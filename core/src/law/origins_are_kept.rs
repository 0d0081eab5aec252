//! Law 17: a grant is sent to the origins that its row named when it came, and elsewhere only once a person agreed.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::{Fact, Trace};
use crate::state::origin::Origin;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut homes: BTreeMap<&str, BTreeSet<&Origin>> = BTreeMap::new();
    let mut agreed: BTreeSet<&Origin> = BTreeSet::new();
    for fact in &trace.0 {
        match fact {
            Fact::Came { token, from } => {
                homes.entry(token).or_default().extend(from.token.iter().chain(&from.revocation));
            }
            // Whoever was given the one token gave the other.
            Fact::Succession { old, new } => {
                let of_old = homes.get(old.as_str()).cloned().unwrap_or_default();
                homes.entry(new).or_default().extend(of_old);
            }
            Fact::Agreed { to } => agreed.extend(to.token.iter().chain(&to.revocation)),
            Fact::Sent { token, to } => {
                let is_home = homes.get(token.as_str()).is_none_or(|homes| homes.contains(to));
                if !is_home && !agreed.contains(to) {
                    return Err(format!("a grant was sent to {to}, where it doesn't come from, and nobody had agreed"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| matches!(fact, Fact::Withheld { .. }))
}
