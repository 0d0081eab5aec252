//! `allow`: the variables that a profile's programs get though they are, or look like, somebody else's credential.

use credlatch::{Error, Latch};
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Allow, Global};
use crate::end::Done;
use crate::output;

pub(crate) fn allow(global: &Global, args: &Allow) -> Done {
    let latch = global.latch()?;
    if !args.names.is_empty() {
        let names: Vec<&str> = args.names.iter().map(String::as_str).collect();
        latch.allow(&names, !args.remove)?;
    }
    output::print(&tell(&latch, global.json)?)
}

/// What it says of the list.
pub(crate) fn tell(latch: &Latch, json: bool) -> Result<Zeroizing<String>, Error> {
    let allowed = latch.allowed()?;
    let object = json!({ "profile": latch.profile().as_str(), "allowed": allowed });
    Ok(output::form(json, &object, || match allowed.len() {
        0 => format!("No variable is allowed in the profile {}.", latch.profile()),
        _ => format!("Programs of the profile {} inherit: {}", latch.profile(), allowed.join(", ")),
    }))
}
