//! What an act leaves beside its sign of life: laws 4 and 5.

use super::*;
use crate::machine::Sent;
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::{Cancel, LIVE_MAX_MS, Prompted, Step as OfFlow, Succeeded};
use crate::machine::rotation::Cause;
use crate::sample::{claim, fresh, grant, prompt, settle};
use crate::state::{Material, Source};

fn login() -> State {
    stored([named("a", grant("at-1", Some("rt-1")))])
}

fn claims(attempt: u128) -> Event {
    Event::ClaimRotation(claim(&login(), "a", attempt, Cause::Asked))
}

fn rotating() -> State {
    after(&login(), &at(0), &[claims(1)])
}

fn gone(sent: Sent) -> Event {
    Event::ActorGone { attempt: Nonce(1), sent }
}

fn present(token: &str) -> Fact {
    Fact::ActBegan { who: 1, deed: Deed::Present { token: token.to_owned() } }
}

fn did(before: &State, event: &Event) -> Fact {
    stepped(before, event, &after(before, &at(1), std::slice::from_ref(event)))
}

fn written_down(attempt: u128, access: &str) -> Fact {
    Fact::WrittenDown { who: 1, attempt: Nonce(attempt), access: access.to_owned(), received: at(0) }
}

fn rested(state: &State) -> Fact {
    Fact::Rested { state: shared(state), live: vec!["rt-1".to_owned(), "rt-2".to_owned()] }
}

#[test]
fn law_4_who_has_presented_a_token_is_not_believed_to_have_sent_nothing() {
    let (claimed, nothing) = (did(&login(), &claims(1)), did(&rotating(), &gone(Sent::Nothing)));
    breaks(4, &[claimed.clone(), present("rt-1"), nothing.clone()], "believed to have sent nothing");
    keeps(4, &[claimed.clone(), nothing.clone()]);
    keeps(4, &[claimed.clone(), present("rt-2"), nothing.clone()]);
    keeps(4, &[present("rt-1"), claimed.clone(), nothing]);
    keeps(4, &[claimed.clone(), present("rt-1"), did(&rotating(), &gone(Sent::Maybe { noted: Some(at(1)) }))]);
    // What comes too late is believed by nobody.
    let late = stepped_by(1, &login(), &gone(Sent::Nothing), &login(), Verdict::Stale);
    keeps(4, &[claimed.clone(), present("rt-1"), late]);
    // Another act presents the same token after the first was taken for dead.
    let doubted = after(&rotating(), &at(1), &[gone(Sent::UNKNOWN)]);
    let second = stepped(&doubted, &claims(2), &rotating());
    let died = did(&rotating(), &gone(Sent::UNKNOWN));
    keeps(4, &[claimed, died, second, present("rt-1"), did(&rotating(), &gone(Sent::Nothing))]);
}

#[test]
fn law_5_what_was_written_down_is_what_is_stored() {
    let granted = |access| settle("a", 1, Exchanged::Granted(fresh(access, Some("rt-2"))));
    let home = after(&rotating(), &at(1), &[granted("at-2")]);
    keeps(5, &[written_down(1, "at-2"), did(&rotating(), &granted("at-2")), rested(&home)]);
    breaks(5, &[written_down(1, "at-2"), rested(&rotating())], "nobody stored it");
    breaks(5, &[written_down(1, "at-2"), did(&rotating(), &gone(Sent::UNKNOWN))], "one that died without");
    let late = stepped_by(2, &home, &gone(Sent::UNKNOWN), &home, Verdict::Stale);
    keeps(5, &[written_down(1, "at-2"), late, rested(&home)]);
    keeps(5, &[written_down(2, "at-2"), did(&rotating(), &gone(Sent::UNKNOWN)), rested(&rotating())]);
    // Another outcome, whether it is settled before the right one is written down or after.
    for event in [granted("at-9"), settle("a", 1, Exchanged::Unknown)] {
        breaks(5, &[written_down(1, "at-2"), did(&rotating(), &event)], "another outcome was settled in its place");
        breaks(5, &[did(&rotating(), &event), written_down(1, "at-2")], "another outcome was settled in its place");
        keeps(5, &[written_down(1, "at-2"), did(&rotating(), &granted("at-2")), did(&home, &event)]);
    }
    // Somebody took away what waited for it.
    let clear = Event::Clear(Clear::Everything);
    let cleared = after(&rotating(), &at(1), std::slice::from_ref(&clear));
    breaks(5, &[written_down(1, "at-2"), did(&rotating(), &clear), rested(&cleared)], "nobody stored it");
    let known = after(&cleared, &at(1), &[granted("at-2")]);
    keeps(5, &[written_down(1, "at-2"), did(&cleared, &granted("at-2")), rested(&known)]);
}

#[test]
fn law_5_the_same_of_what_a_login_wrote_down() {
    let step = OfFlow { provider: acme(), flow: Nonce(5), attempt: Nonce(2) };
    let prompted = Prompted { step: step.clone(), prompt: prompt(), expires_in_ms: LIVE_MAX_MS };
    let live = after(&State::default(), &at(0), &[start(5, 2), Event::FlowPrompted(prompted)]);
    let through = |material: Material| {
        Event::FlowSucceeded(Succeeded { step: step.clone(), material, source: Source::Login, came: at(0) })
    };
    let granted = through(grant("at-2", Some("rt-2")));
    let home = after(&live, &at(1), std::slice::from_ref(&granted));
    keeps(5, &[written_down(2, "at-2"), did(&live, &granted), rested(&home)]);
    breaks(5, &[written_down(2, "at-2"), rested(&live)], "nobody stored it");
    for other in [grant("at-9", Some("rt-2")), key("key-1")] {
        breaks(5, &[written_down(2, "at-2"), did(&live, &through(other))], "another outcome");
    }
    let late = at(LIVE_MAX_MS);
    breaks(
        5,
        &[written_down(2, "at-2"), stepped(&live, &Event::Purge, &after(&live, &late, &[Event::Purge]))],
        "in time",
    );
    let Fact::WrittenDown { who, attempt, access, .. } = written_down(2, "at-2") else { unreachable!() };
    let too_late = Fact::WrittenDown { who, attempt, access, received: late };
    let lapsed = after(&live, &late, &[Event::Purge]);
    keeps(5, &[too_late, stepped(&live, &Event::Purge, &lapsed), rested(&lapsed)]);
    let cancel = Event::CancelFlow(Cancel { provider: acme(), flow: Nonce(5) });
    let cancelled = after(&live, &at(1), std::slice::from_ref(&cancel));
    keeps(5, &[written_down(2, "at-2"), did(&live, &cancel), did(&cancelled, &granted), rested(&cancelled)]);
}
