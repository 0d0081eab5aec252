//! `login`: start a login or join the one in progress, show its code, and wait for its end.

mod show;
mod wait;

use credlatch::{ErrorKind, Flow, FlowStatus, Latch, ProviderId, rfc3339};
use serde_json::{Value, json};

use super::moving;
use crate::args::{Global, Login};
use crate::defer::Signals;
use crate::end::{Done, End};
use crate::output;
use wait::{Stopped, Watched};

pub(crate) fn login(global: &Global, args: &Login) -> Done {
    let latch = global.latch()?;
    let provider = latch.provider(&args.of.provider)?.id.clone();
    let signals = Signals::catch()
        .map_err(|error| End::other(format!("could not prepare to be interrupted: {error}"), "try again"))?;
    let ended = sign_in(global, args, &latch, &provider, &signals);
    if ended.is_ok() {
        moving::warn_of_moved(global, &latch);
    }
    // A poll that is under way may bring tokens: the latch waits for it before this process ends.
    drop(latch);
    signals.answered();
    match ended {
        Ok(id) if global.json => output::json(&json!({"event": "succeeded", "flow_id": id, "provider": provider})),
        Ok(_) => output::say(format!("Signed in to {provider}. `credlatch run {provider} -- your-program` uses it.")),
        Err(stopped) => {
            // Arguments that don't fit started nothing that could end.
            if global.json && stopped.error.kind() != ErrorKind::Usage {
                output::json(&json!({"event": stopped.event, "flow_id": stopped.id, "provider": provider}))?;
            }
            Err(End::from(stopped.error))
        }
    }
}

/// Returns the login's public name once its credential is stored.
fn sign_in(
    global: &Global,
    args: &Login,
    latch: &Latch,
    provider: &ProviderId,
    signals: &Signals,
) -> Result<String, Stopped> {
    let flow = wait::for_code(Watched::new(global, latch, provider), signals)?;
    let status = flow.status()?;
    // If nobody reads it there is nobody to confirm it, but the login may have been joined by others.
    let shown = if global.json {
        output::json(&begun(&flow, &status))
    } else {
        output::say(show::prompt(provider, &flow, &status, args.no_qr))
    };
    drop(shown);
    wait::for_end(Watched::new(global, latch, provider), flow, &status, signals)?;
    Ok(status.id)
}

fn begun(flow: &Flow, status: &FlowStatus) -> Value {
    json!({
        "event": if flow.is_started_here() { "started" } else { "joined" },
        "flow_id": status.id,
        "user_code": status.user_code,
        "verification_uri": status.verification_uri,
        "verification_uri_complete": status.verification_uri_complete,
        "expires_at": rfc3339(status.expires_at),
    })
}
