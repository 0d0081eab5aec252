//! Putting a variable on a profile's list, or taking it off.

use super::outcome::{Output, Refusal, Verdict};
use crate::state::State;
use crate::state::allowlist::{MAX_ALLOWED, VariableName};
/// Put a name on the list, or take it off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    /// The variable.
    pub name: VariableName,
    /// Whether it is allowed from now on.
    pub allowed: bool,
}

pub(crate) fn allow(state: &mut State, allow: &Allow) -> Output {
    if !allow.allowed {
        return if state.allowed.remove(&allow.name) { Verdict::Done } else { Verdict::Nothing }.into();
    }
    if state.allowed.contains(&allow.name) {
        return Verdict::Nothing.into();
    }
    if state.allowed.len() >= MAX_ALLOWED {
        return Refusal::Full.into();
    }
    state.allowed.insert(allow.name.clone());
    Verdict::Done.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Event, apply};
    use crate::sample::at;

    fn name(text: &str) -> VariableName {
        VariableName::new(text).unwrap()
    }

    fn allowing(state: &State, text: &str, allowed: bool) -> (State, Verdict) {
        let step = apply(state, &at(0), &Event::Allow(Allow { name: name(text), allowed }));
        (step.state, step.verdict)
    }

    #[test]
    fn a_name_is_put_on_the_list_once_and_taken_off() {
        let (state, verdict) = allowing(&State::default(), "AWS_PROFILE", true);
        assert_eq!(verdict, Verdict::Done);
        assert_eq!(allowing(&state, "AWS_PROFILE", true), (state.clone(), Verdict::Nothing));
        assert_eq!(allowing(&state, "OTHER", false), (state.clone(), Verdict::Nothing));
        assert_eq!(allowing(&state, "AWS_PROFILE", false), (State::default(), Verdict::Done));
    }

    #[test]
    fn the_list_is_bounded() {
        let mut state = State::default();
        for n in 0..MAX_ALLOWED {
            state = allowing(&state, &format!("V{n}"), true).0;
        }
        assert_eq!(allowing(&state, "ONE_MORE", true), (state.clone(), Verdict::Refused(Refusal::Full)));
        assert_eq!(allowing(&state, "V0", true).1, Verdict::Nothing);
    }
}
