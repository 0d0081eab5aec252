//! Owing a `.env` file what a clear takes out of it: that is written into the same commit as the clear, and crossed out
//! once the file is in place. So a crash in between is made good by whoever comes next, and no more than what was meant
//! goes.

use super::outcome::{Output, Verdict};
use crate::state::State;
use crate::state::rewrite::Rewrite;

pub(crate) fn owe(state: &mut State, owed: &Rewrite) -> Output {
    let before = state.rewrites.clone();
    match state.rewrites.iter_mut().find(|known| known.path == owed.path) {
        Some(known) => {
            let new = owed.variables.iter().filter(|line| !known.variables.contains(line)).cloned();
            known.variables.extend(new.collect::<Vec<_>>());
        }
        None => state.rewrites.push(owed.clone()),
    }
    if state.rewrites == before { Verdict::Nothing.into() } else { Verdict::Done.into() }
}

pub(crate) fn done(state: &mut State, done: &Rewrite) -> Output {
    let Some(known) = state.rewrites.iter_mut().find(|known| known.path == done.path) else {
        return Verdict::Stale.into();
    };
    // What another clear owes the same file meanwhile stays owed.
    known.variables.retain(|line| !done.variables.contains(line));
    state.rewrites.retain(|known| !known.variables.is_empty());
    Verdict::Done.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::clear::Clear;
    use crate::state::extra::Extra;
    use crate::state::fingerprint::Fingerprint;
    use crate::state::time::Stamp;
    use crate::{Event, apply};

    fn rewrite(path: &str, lines: &[(&str, u8)]) -> Rewrite {
        let variables = lines.iter().map(|(key, print)| ((*key).to_owned(), Fingerprint([*print; 8]))).collect();
        Rewrite { path: path.to_owned(), variables, extra: Extra::default() }
    }

    fn play(events: &[Event]) -> (State, Vec<Verdict>) {
        let now = Stamp { wall_ms: 1, up_ms: 1, boot: 1 };
        events.iter().fold((State::default(), Vec::new()), |(state, mut verdicts), event| {
            let step = apply(&state, &now, event);
            verdicts.push(step.verdict);
            (step.state, verdicts)
        })
    }

    #[test]
    fn what_two_clears_owe_one_file_is_one_debt() {
        let (a, b) = (rewrite("/a", &[("A", 1)]), rewrite("/a", &[("A", 1), ("B", 2)]));
        let (state, verdicts) =
            play(&[Event::OweRewrite(a.clone()), Event::OweRewrite(a), Event::OweRewrite(b.clone())]);
        assert_eq!((state.rewrites, verdicts), (vec![b], vec![Verdict::Done, Verdict::Nothing, Verdict::Done]));
    }

    #[test]
    fn a_debt_ends_when_it_is_paid_and_only_as_far() {
        let (first, both) = (rewrite("/a", &[("A", 1)]), rewrite("/a", &[("A", 1), ("A", 9)]));
        let (state, _) = play(&[Event::OweRewrite(both), Event::RewriteDone(first.clone())]);
        assert_eq!(state.rewrites, [rewrite("/a", &[("A", 9)])]);
        let (state, verdicts) =
            play(&[Event::OweRewrite(first.clone()), Event::RewriteDone(first.clone()), Event::RewriteDone(first)]);
        assert_eq!((state.rewrites, verdicts[2].clone()), (Vec::new(), Verdict::Stale));
    }

    #[test]
    fn a_clear_of_everything_leaves_the_debt() {
        let owed = rewrite("/a", &[("A", 1)]);
        let (state, _) = play(&[Event::OweRewrite(owed.clone()), Event::Clear(Clear::Everything), Event::Purge]);
        assert_eq!(state.rewrites, [owed]);
    }
}
