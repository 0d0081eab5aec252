//! Law 10: a child of one provider gets nothing of another's.

use super::monitor::Each;
use super::trace::Fact;
use super::trace::Trace;

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    let Fact::Planned { provider, environment, foreign } = fact else { return Ok(()) };
    let leaks = |value: &str| foreign.iter().any(|secret| value.contains(secret.as_str()));
    if let Some((name, _)) = environment.iter().find(|(_, value)| leaks(value)) {
        return Err(format!("{name} carries what isn't {provider}'s"));
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().any(|fact| match fact {
        Fact::Planned { provider, foreign, .. } => {
            provider.as_str() == "minimax" && foreign.iter().any(|value| value.starts_with("sk-ant-oat01-"))
        }
        _ => false,
    })
}
