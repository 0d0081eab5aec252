//! What a latch tells a program's log, with the feature `tracing`: names, labels, versions and generations, and short words of
//! our own. Nothing that anybody else wrote is in it but names, so no secret can be.

use credlatch_core::engine::{Live, Rotation};
use credlatch_core::name::{Label, ProfileName, ProviderId};
use credlatch_core::rotation::Exchanged;

/// Tells one event. Without the feature it takes the values and does nothing.
macro_rules! tell {
    ($what:literal, $($field:ident = $value:expr),+) => {{
        #[cfg(feature = "tracing")]
        tracing::debug!(target: "credlatch", $($field = %$value,)+ $what);
        #[cfg(not(feature = "tracing"))]
        let _ = ($(&$value,)+);
    }};
}

/// Something was stored, or set otherwise.
pub(crate) fn changed(profile: &ProfileName, generation: u64) {
    tell!("changed", profile = profile, generation = generation);
}

/// Entries were taken away.
pub(crate) fn cleared(profile: &ProfileName, generation: u64, entries: usize) {
    tell!("cleared", profile = profile, generation = generation, entries = entries);
}

/// What a provider answered was reported, of the credential that was used.
pub(crate) fn reported(profile: &ProfileName, live: &Live, answer: &str) {
    let (provider, label, version) = (&live.provider, &live.label, live.version);
    tell!("reported", profile = profile, provider = provider, label = label, version = version, answer = answer);
}

/// A token was to be renewed.
pub(crate) fn renewed(profile: &ProfileName, provider: &ProviderId, label: &Label, rotation: &Rotation) {
    tell!("renewed", profile = profile, provider = provider, label = label, outcome = word(rotation));
}

/// A login was started or joined.
pub(crate) fn login(profile: &ProfileName, provider: &ProviderId, started: bool) {
    tell!("login", profile = profile, provider = provider, started = started);
}

/// Has what other threads do told to whoever is told of this one: a program may collect the events of some threads only.
#[cfg(feature = "tracing")]
pub(crate) fn told_as_here(work: impl FnOnce()) -> impl FnOnce() {
    let collector = tracing::dispatcher::get_default(Clone::clone);
    move || tracing::dispatcher::with_default(&collector, work)
}

fn word(rotation: &Rotation) -> &'static str {
    match rotation {
        Rotation::Granted(_) => "granted",
        Rotation::Newer(_) => "newer",
        Rotation::Gone => "gone",
        Rotation::Unsaved(_) => "unsaved",
        Rotation::Busy(_) => "busy",
        Rotation::NoIssuer => "no issuer",
        Rotation::Refused(_) => "refused",
        Rotation::Failed(failed) => match failed {
            Exchanged::Rejected { .. } => "rejected",
            Exchanged::Unknown => "unknown",
            Exchanged::Untrusted => "untrusted",
            Exchanged::Unreached(_) => "unreached",
            Exchanged::TurnedAway { .. } => "turned away",
            Exchanged::NotConsumed { .. } | Exchanged::Granted(_) => "not consumed",
        },
    }
}
