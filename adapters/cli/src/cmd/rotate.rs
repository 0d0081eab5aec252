//! `rotate`: a new access token now, due or not.

use credlatch::{BackOff, Rotated, rfc3339};
use serde_json::json;

use super::adopt::lives_on;
use super::fresh;
use crate::args::{Adopt, Global, Rotate};
use crate::defer::deferring_signals;
use crate::end::Done;
use crate::output;

pub(crate) fn rotate(global: &Global, args: &Rotate) -> Done {
    let latch = global.latch()?;
    let provider = latch.provider(&args.of.provider)?.id.clone();
    let label = &args.label;
    if args.this_copy {
        lives_on(global, &Adopt::default())?;
    }
    let back_off = if args.now { BackOff::Overridden } else { BackOff::Heeded };
    let renew = || fresh::saved(&latch, || latch.rotated(provider.as_str(), label, back_off));
    let Rotated { credential, is_own, .. } = deferring_signals(&latch, provider.as_str(), renew)??;
    // What only this process has is lost with it, and that is no rotation that a person can rely on.
    latch.save_unsaved()?;
    let ends = credential.expires_at().map(rfc3339);
    let object = json!({
        "provider": provider,
        "profile": latch.profile().as_str(),
        "label": label,
        "rotated_here": is_own,
        "expires_at": ends,
        "generation": credential.generation(),
    });
    output::answer(global.json, &object, || {
        let until = ends.as_ref().map_or_else(String::new, |at| format!("; the new token lasts until {at}"));
        if is_own {
            format!("rotated {provider}, label {label}{until}")
        } else {
            format!("{provider}, label {label}, was changed by somebody else meanwhile{until}")
        }
    })
}
