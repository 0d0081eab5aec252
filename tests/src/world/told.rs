//! What leaves the program about a state: all that the commands say that only look, the errors of the library, and what is
//! printed for debugging. It is the real output: the state is laid before a latch, and the latch before the commands.

use credlatch::Latch;
use credlatch::doctor::Surroundings;
use credlatch_core::port::Clock;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;

use super::child::{inherited, table};

/// A clock that stands still.
struct Still(Stamp);

impl Clock for Still {
    fn now(&self) -> Stamp {
        self.0
    }

    fn pause(&self, _: u64) {}
}

/// All texts about this state at this time.
pub fn about(state: &State, now: &Stamp) -> Vec<String> {
    let latch = Latch::builder().over(state.clone(), table().clone(), Still(*now));
    let surroundings = Surroundings { vars: inherited(), folder: None };
    let mut texts = credlatch_cli::said::all(&latch, &surroundings);
    texts.push(format!("{latch:?} {:?} {:?}", latch.status(), latch.doctor(&surroundings)));
    for provider in state.providers.keys() {
        texts.push(match latch.current(provider.as_str()) {
            Ok(credential) => format!("{credential:?} {:?}", latch.plan(provider.as_str(), credlatch::Shape::Own)),
            Err(error) => format!("{error} {error:?}"),
        });
    }
    texts
}

/// The secrets of a state, and those of what every child inherits: none of them may be in a text.
pub fn secrets(state: &State) -> Vec<String> {
    let slots = || state.providers.values();
    let entries = || slots().flat_map(|slot| &slot.entries);
    let refresh = entries().filter_map(|entry| entry.material.refresh());
    let codes = slots().filter_map(|slot| slot.flow.as_ref()?.prompt()?.device_code.as_ref());
    let stored = entries().filter_map(|entry| entry.secret()).chain(refresh).chain(codes);
    let stored = stored.map(|secret| secret.expose_secret().to_owned());
    let is_secret = |value: &String| value.starts_with("sk-");
    let around = inherited().into_iter().map(|(_, value)| value.to_string_lossy().into_owned()).filter(is_secret);
    stored.chain(around).collect()
}
