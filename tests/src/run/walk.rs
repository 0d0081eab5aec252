//! The quickest way through all situations: each play goes on as long as there is something new ahead of it.
//!
//! From where it is a play makes the first move that was never made, or else one behind which such a move is left, and ends where
//! there is neither. So it makes many new moves for one setting of the stage. Where it makes moves again it mostly has come there by
//! another way, and that they lead to the same situation as before is looked at before each move that is new.

use super::commute::Bits;
use super::exploration::Exploration;
use super::map::{Map, Step};
use super::situations::{Explorer, Subject};
use crate::world::{situation, still};

struct Walk<'a> {
    subject: Subject<'a>,
    explorer: Explorer,
    map: Map<'a>,
    bits: Bits,
    found: Exploration,
}

/// Explores all there is, in whatever order is quickest.
pub(super) fn search(subject: Subject<'_>) -> Exploration {
    let (explorer, map) = (subject.explorer, Map::new(subject.explorer, subject.scenario));
    let mut walk = Walk { subject, explorer, map, bits: Bits::default(), found: Exploration::default() };
    walk.play();
    while !walk.is_over() {
        walk.play();
    }
    let Walk { map, mut found, .. } = walk;
    found.situations = map.len();
    found.is_cut = map.len() > explorer.most;
    found.has_strayed |= map.is_circular;
    found.holds_samples_to(|situation| map.find(situation).is_some());
    found
}

impl Walk<'_> {
    fn is_over(&mut self) -> bool {
        let Self { explorer, map, found, .. } = self;
        let is_in_vain = explorer.minds_time() && found.has_time_passed || still::is_mistaken();
        let is_over = map.len() > explorer.most || found.broken.is_some() || found.has_strayed || is_in_vain;
        is_over || !map.has_more(0) || map.is_circular
    }

    /// Plays from the start for as long as there is something new ahead.
    fn play(&mut self) {
        let Self { subject, explorer, map, bits, found } = self;
        found.plays += 1;
        let mut staged = subject.stage();
        let (mut last, mut moves): (Option<Step>, _) = (None, 0);
        loop {
            found.has_time_passed |= situation::has_time_passed();
            found.longest = found.longest.max(moves);
            // Where it has been before it only goes on, up to the next move that is new.
            let before = last.and_then(|step| map.led(step));
            let again = before.and_then(|at| map.choose(at)).filter(|step| map.led(*step).is_some());
            if let Some(step) = again {
                staged.make(map.by(step));
                (last, moves) = (Some(step), moves + 1);
                continue;
            }
            let tells = match staged.judge() {
                Ok(told) => told > 0,
                Err(broken) => {
                    (found.broken, found.moves) = (Some((broken, staged.so_far())), moves);
                    return staged.leave();
                }
            };
            let situation = staged.situation();
            let known = map.find(situation);
            if before.is_some() && before != known {
                found.has_strayed = true;
                return staged.leave();
            }
            let mut is_end = false;
            let at = known.unwrap_or_else(|| {
                staged.look(|trace| found.seen.look(trace));
                let able = staged.choices();
                is_end = able.is_empty();
                map.add(situation, last, &able, staged.waiting())
            });
            if let (Some(step), None) = (last, before) {
                found.transitions += 1;
                let accesses = found.accesses.entry(situation::access()).or_default();
                (accesses[0], accesses[1]) = (accesses[0] + 1, accesses[1] + usize::from(known.is_some()));
                map.lead(step, bits.touched(tells), at, known.is_none());
                if known.is_some() && situation.is_multiple_of(explorer.one_in) {
                    return found.samples(staged);
                }
            }
            if is_end {
                let so_far = staged.so_far();
                return found.ends_with(&staged.rest(), explorer.law, (so_far, moves));
            }
            let Some(step) = map.choose(at).filter(|_| map.len() <= explorer.most) else { return staged.leave() };
            let operations = staged.make(map.by(step));
            if map.led(step).is_none() {
                map.may_die(step, operations);
            }
            (last, moves) = (Some(step), moves + 1);
        }
    }
}
