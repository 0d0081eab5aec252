//! What is known of a play, as digests: what everything shared holds, and what each participant has observed so far.
//!
//! The code of a participant between two accesses to something shared is deterministic, and has no other input than what it
//! observes. So what it will do is a function of what it has observed. Here that is a digest, which grows by each observation. The
//! engine says what of that makes no difference any more ([`keep_only`]): then it is forgotten, but for what the memory of the process
//! holds. One that is through does nothing more, so that of it only what it did outside is kept. That is why what a place holds is told
//! by what is in it, and by nobody's way there.
//!
//! Nothing is kept unless somebody explores, and then for each thread of the system by itself.

use std::hash::Hash;

use credlatch_core::port::Keeps;
use credlatch_core::state::time::Stamp;

use super::digest::digest;
use super::followed::{BLOCKED, NOW, Situation, with};
pub use super::followed::{Blind, Memory, Touch, settle};
use super::hand::Hand;
use super::hands::Hands;
use super::mind::Mind;
use super::states;

/// From here on what happens on this thread is followed, until [`forget`], with participants in these processes, of
/// which those use credentials.
pub fn follow(processes: &[u32], counting: &[u32], blind: Blind, memory: Memory, stands: bool) {
    let minds = (0..processes.len()).map(Mind::new).collect();
    let hands = Hands::new(processes, counting);
    let situation = Situation { minds, stands, blind, memory, hands, ..Situation::default() };
    NOW.with(|now| *now.borrow_mut() = Some(situation));
    states::keep();
}

/// Whether anything is followed.
pub fn is_followed() -> bool {
    NOW.with(|now| now.borrow().is_some())
}

/// Nothing is followed any more.
pub fn forget() {
    NOW.with(|now| *now.borrow_mut() = None);
    states::forget();
}

/// This process is made ready while the stage is set, or none.
pub fn sets(process: Option<u32>) {
    with(|now| now.setting = process);
}

/// This participant moves, or nobody.
pub fn moves(who: Option<usize>) {
    with(|now| now.who = who);
}

/// A move begins, which has touched nothing yet.
pub fn begins() {
    with(|now| {
        now.touched.clear();
        now.touched.push(Touch::Look(BLOCKED));
        now.access = None;
    });
}

/// Whoever moves would have gone on, but somebody else is at what it wants to look at.
pub fn is_blocked() {
    with(|now| now.touched.push(Touch::Change(BLOCKED)));
}

/// Whoever moves takes a turn for something of this kind.
pub fn accesses(kind: &'static str) {
    with(|now| now.access = now.access.or(Some(kind)));
}

/// What the last move took its first turn for; nothing if it only came.
pub fn access() -> &'static str {
    with(|now| now.access).flatten().unwrap_or("nothing shared")
}

/// What was touched since the last move began.
pub fn touched(mut each: impl FnMut(&Touch)) {
    with(|now| now.touched.iter().for_each(&mut each));
}

/// Whoever moves observes this.
pub fn observe(what: impl Hash) {
    with(|now| now.observe(what));
}

/// The issuer told this to whoever moves. What else it has in its books nobody can see.
pub fn is_told(what: &impl std::fmt::Debug) {
    with(|now| {
        if now.blind != Blind::ToIssuer {
            now.observe(format!("{what:?}"));
        }
    });
}

/// Whoever moves did this outside.
pub fn acts(what: &impl std::fmt::Debug) {
    with(|now| {
        now.touches += 1;
        now.mind().map(|mind| mind.acts(&format!("{what:?}")))
    });
}

/// How often anything was touched that somebody else could look at or change, or that tells its future to whoever touches it.
pub fn touches() -> u64 {
    with(|now| now.touches).unwrap_or_default()
}

/// What whoever moves has observed so far.
pub fn observed() -> u128 {
    let observed = |now: &mut Situation| {
        let observed = now.mind()?.observed();
        now.hand()?.notes(observed);
        Some(observed)
    };
    with(observed).flatten().unwrap_or_default()
}

/// Of what whoever moves has observed since then only this makes a difference to what it does, and of the store it has in hand only what is
/// kept.
pub fn keep_only(since: u128, keeps: Keeps<'_>, what: impl Hash) {
    with(|now| {
        let kept = match keeps {
            Keeps::Nothing | Keeps::Word(_) => 0,
            Keeps::State(state, id) => digest((states::state_digest(state), id)),
            Keeps::Slot(slot) => digest(serde_json::to_vec(&slot).unwrap_or_default()),
            Keeps::Entry(entry) => digest(serde_json::to_vec(&entry).unwrap_or_default()),
        };
        let what = if now.blind == Blind::ToKept { 0 } else { digest((kept, what)) };
        now.mind()?.keeps_only(since, what);
        let hand = now.hand()?;
        hand.lets_go(since);
        match keeps {
            Keeps::State(state, id) => hand.takes(state, id),
            Keeps::Word(word) => hand.takes_word(word),
            Keeps::Slot(slot) => {
                slot.into_iter().flat_map(|slot| &slot.entries).for_each(|entry| hand.takes_entry(entry));
            }
            Keeps::Entry(entry) => entry.into_iter().for_each(|entry| hand.takes_entry(entry)),
            Keeps::Nothing => (),
        }
        Some(())
    });
}

/// Whoever moves draws a nonce.
pub fn draws() {
    with(|now| now.mind().map(Mind::draws));
}

/// By what the memory of processes is told apart.
pub fn memory() -> Memory {
    with(|now| now.memory).unwrap_or_default()
}

/// Whoever moves is through. What it has observed matters to nobody, unless that tells what it leaves in the memory of its process.
pub fn is_through(is_alone: bool) {
    with(|now| {
        let is_blind = now.blind == Blind::ToDeeds;
        let by_content = now.memory == Memory::Content;
        now.touch_uses();
        now.hand().map(Hand::ends);
        match now.mind() {
            Some(mind) if is_alone || by_content => mind.ends(if is_blind { 0 } else { mind.deeds() }),
            _ => now.observe("through"),
        }
    });
}

/// Whoever moves has the store's lock from now on, or nobody has.
pub fn locks(is_locked: bool) {
    with(|now| now.locker = now.who.filter(|_| is_locked));
}

/// Whether this participant has the store's lock.
pub fn has_locked(who: usize) -> bool {
    with(|now| now.locker == Some(who)).unwrap_or_default()
}

/// What the clocks say when participants come, which they say from then on if they stand.
pub fn begins_at(now: Stamp) {
    with(|it| {
        if it.stands {
            it.hands.stand(now);
        }
    });
}

/// A clock goes on.
pub fn time_passes() {
    with(|now| now.has_time_passed |= now.who.is_some());
}

/// Whether a clock has gone on while somebody moved.
pub fn has_time_passed() -> bool {
    with(|now| now.has_time_passed).unwrap_or_default()
}

/// The situation: what is shared, and what everybody has observed.
pub fn now() -> u128 {
    with(|now| digest((now.sum, &now.minds, (now.blind != Blind::ToHands).then(|| now.hands.told()))))
        .unwrap_or_default()
}
