//! Law 13: no text holds a secret.

use super::monitor::Each;
use super::trace::Fact;
use super::trace::Trace;

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    let Fact::Printed { text, secrets } = fact else { return Ok(()) };
    if secrets.iter().any(|secret| text.contains(secret.as_str())) {
        return Err("a text that left the program holds a secret".to_owned());
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| matches!(fact, Fact::Printed { secrets, .. } if !secrets.is_empty()))
}
