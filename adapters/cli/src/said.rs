//! What the commands that only look would say of a profile: for tests that look for what must not be in it.

use credlatch::doctor::Surroundings;
use credlatch::{Error, Latch, ProviderId, Shape};

use crate::cmd::{allow, doctor, env, flows, pool, status};
use crate::output;

/// All that `status`, `flows`, `doctor`, `pool`, `allow` and `env` say of it, in both forms, with the errors that they end with.
pub fn all(latch: &Latch, surroundings: &Surroundings) -> Vec<String> {
    let mut said = Vec::new();
    let providers = stored(latch);
    let diagnosis = latch.doctor(surroundings);
    for json in [false, true] {
        let mut tell = |told: Result<zeroize::Zeroizing<String>, Error>| {
            said.push(told.map_or_else(|error| output::failure(json, &error), |text| text.to_string()));
        };
        tell(status::tell(latch, json));
        tell(flows::tell(latch, json));
        tell(allow::tell(latch, json));
        tell(Ok(doctor::tell(&diagnosis, &diagnosis.findings, json)));
        for provider in &providers {
            tell(pool::tell(latch, provider, json));
            tell(latch.plan(provider.as_str(), Shape::Own).map(|plan| {
                let report = plan.report();
                env::tell(&report, json)
            }));
        }
    }
    said
}

fn stored(latch: &Latch) -> Vec<ProviderId> {
    latch.status().map(|status| status.state.providers.keys().cloned().collect()).unwrap_or_default()
}
