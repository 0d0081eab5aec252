//! Law 5: what is called settled is alive at the issuer, what is called lost is dead, and what was written down is stored.

mod written_down;

use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use crate::machine::Event;
use crate::state::Custody;
use std::collections::BTreeSet;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    written_down::is_stored(trace)?;
    let revoked = revoked(trace);
    for fact in &trace.0 {
        let Fact::Rested { state, live } = fact else { continue };
        for entry in state.providers.values().flat_map(|slot| &slot.entries) {
            let Some(grant) = entry.grant() else { continue };
            let Some(refresh) = &grant.refresh else { continue };
            let is_live = live.iter().any(|token| token == refresh.expose_secret());
            // Whoever stores again what was revoked by a person's wish was not robbed of it.
            let is_revoked = revoked.contains(refresh.expose_secret());
            if grant.custody == Custody::Settled && !is_live && !is_revoked {
                return Err(format!("{} is called settled and is dead at the issuer", entry.label));
            }
            if matches!(grant.custody, Custody::Lost(_)) && is_live {
                return Err(format!("{} is called lost and is the issuer's live one", entry.label));
            }
        }
    }
    Ok(())
}

/// The tokens that were revoked, with their successors: one that was on its way to the issuer meanwhile has one.
fn revoked(trace: &Trace) -> BTreeSet<&str> {
    let mut revoked: BTreeSet<&str> = BTreeSet::new();
    for fact in &trace.0 {
        if let Fact::ActBegan { deed: Deed::Revoke { token }, .. } = fact {
            revoked.insert(token);
        }
    }
    // In their order: a successor's own successor comes later.
    for fact in &trace.0 {
        match fact {
            Fact::Succession { old, new } if revoked.contains(old.as_str()) => drop(revoked.insert(new)),
            _ => {}
        }
    }
    revoked
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().enumerate().any(|(at, fact)| match fact {
        Fact::Died { who } => {
            let presented = trace
                .before(at)
                .any(|fact| matches!(fact, Fact::ActBegan { who: actor, deed: Deed::Present { .. } } if actor == who));
            let settled = trace.before(at).any(|fact| match fact {
                Fact::Stepped(step) => step.who == *who && matches!(step.event, Event::Settle(_)),
                _ => false,
            });
            presented && !settled
        }
        _ => false,
    })
}
