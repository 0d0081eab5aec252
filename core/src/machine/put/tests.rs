//! What is stored, what is kept of what was there, and what stays away.

use super::*;
use crate::machine::clear::{Clear, Remove};
use crate::machine::exchanged::Exchanged;
use crate::machine::pool::Report;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Step};
use crate::sample::{acme, after, at, claim, entry, grant, key, label, link, named, settle, step, stored};
use crate::state::health::FailureKind;

fn from(source: Source, put: Put) -> Put {
    Put { source, ..put }
}

fn swept_up(put: Put) -> Event {
    Event::Put(Put { how: PutMode::Bulk, ..put })
}

fn rested(state: &State, name: &str) -> State {
    let version = entry(state, name).version;
    let (provider, label) = (acme(), label(name));
    let report =
        Report { provider, label, version, answer: FailureKind::Limited, rest_ms: None, model: None, dead: None };
    after(state, &at(0), &[Event::Report(report)])
}

fn put_at(state: &State, put: Put) -> Step {
    step(state, &at(1), &Event::Put(put))
}

#[test]
fn the_version_changes_with_the_secret_and_only_with_it() {
    for (stored_first, put_next, is_same) in [
        (key("key-1"), key("key-1"), true),
        (key("key-1"), key("key-2"), false),
        (grant("at-1", Some("rt-1")), grant("at-1", Some("rt-1")), true),
        (grant("at-1", Some("rt-1")), grant("at-2", Some("rt-1")), false),
        (grant("at-1", Some("rt-1")), grant("at-1", Some("rt-2")), false),
        (link("ann"), link("ann"), true),
        (link("ann"), link("bob"), false),
        (key("token-1"), grant("token-1", None), false),
    ] {
        let state = stored([named("a", stored_first)]);
        let version = entry(&state, "a").version;
        // Nothing stands against it, so the same secret changes nothing at all.
        let done = put_at(&state, named("a", put_next.clone()));
        assert_eq!(done.verdict, if is_same { Verdict::Nothing } else { Verdict::Done }, "{put_next:?}");
        // With a rest it does: the rest is forgiven, and who put it last is its source.
        let done = put_at(&rested(&state, "a"), from(Source::Login, named("a", put_next.clone())));
        assert_eq!(done.verdict, Verdict::Done);
        let now = entry(&done.state, "a");
        assert_eq!(now.version == version, is_same, "{put_next:?}");
        assert_eq!((&now.material, &now.source, &now.health), (&put_next, &Source::Login, &EntryHealth::default()));
        assert_eq!(done.state.last_version, now.version);
    }
}

#[test]
fn a_grant_is_put_as_settled_and_a_claim_on_the_same_one_goes_on() {
    let state = stored([named("a", grant("at-1", Some("rt-1")))]);
    let claimed = after(&state, &at(0), &[Event::ClaimRotation(claim(&state, "a", 1, Cause::Asked))]);
    assert!(entry(&claimed, "a").grant().unwrap().claim().is_some());
    assert_eq!(put_at(&claimed, named("a", grant("at-1", Some("rt-1")))).verdict, Verdict::Nothing);
    let copied = entry(&claimed, "a").material.clone();
    let elsewhere = stored([named("b", copied)]);
    assert_eq!(entry(&elsewhere, "b").grant().unwrap().custody, Custody::Settled);
}

#[test]
fn what_the_issuer_rejected_is_not_put_back() {
    let put = |refresh| named("a", grant("at-1", Some(refresh)));
    let state = stored([put("rt-1")]);
    let rejected = Exchanged::Rejected { code: "invalid_grant".to_owned() };
    let lost =
        after(&state, &at(0), &[Event::ClaimRotation(claim(&state, "a", 1, Cause::Asked)), settle("a", 1, rejected)]);
    assert!(entry(&lost, "a").is_lost());
    assert_eq!(put_at(&lost, put("rt-1")).verdict, Verdict::Refused(Refusal::Lost));
    assert_eq!(put_at(&lost, put("rt-2")).verdict, Verdict::Done);
}

#[test]
fn an_import_takes_no_label_from_another_secret_and_repeats_nothing() {
    let state = stored([named("a", key("key-1"))]);
    for (name, text, said) in [
        ("a", "key-2", Verdict::Refused(Refusal::LabelTaken)),
        ("a", "key-1", Verdict::Nothing),
        ("b", "key-1", Verdict::Nothing),
        ("b", "key-2", Verdict::Done),
    ] {
        assert_eq!(step(&state, &at(1), &swept_up(named(name, key(text)))).verdict, said, "{name} {text}");
    }
    // A login that the other tool has rotated meanwhile: one fingerprint, another secret.
    let state = stored([named("a", grant("at-1", Some("rt-1")))]);
    let done = step(&state, &at(1), &swept_up(named("a", grant("at-2", Some("rt-1")))));
    assert_eq!((done.verdict, &entry(&done.state, "a").material), (Verdict::Done, &grant("at-2", Some("rt-1"))));
}

#[test]
fn a_pool_has_an_end() {
    let mut state = stored([named("a", key("key-1"))]);
    let slot = state.slot_mut(&acme());
    let one = slot.entries[0].clone();
    slot.entries = (0..MAX_ENTRIES).map(|n| Entry { label: label(&format!("{n}")), ..one.clone() }).collect();
    assert_eq!(put_at(&state, named("new", key("key-2"))).verdict, Verdict::Refused(Refusal::Full));
    assert_eq!(put_at(&state, named("0", key("key-2"))).verdict, Verdict::Done, "what takes no place is stored");
    state.slot_mut(&acme()).entries.remove(0);
    assert_eq!(put_at(&state, named("new", key("key-2"))).verdict, Verdict::Done);
}

/// What a cleared credential keeps away from an import: the same secret from wherever, and after a link whatever the other
/// tool has; nothing else.
#[test]
fn law_15_an_import_brings_back_nothing_that_was_cleared() {
    let env = || Source::Env("ACME_API_KEY".to_owned());
    let cleared = Verdict::Refused(Refusal::Cleared);
    for (gone, found, said) in [
        (from(env(), named("a", key("key-1"))), from(env(), named("a", key("key-1"))), cleared.clone()),
        (from(env(), named("a", key("key-1"))), from(Source::Codex, named("b", key("key-1"))), cleared.clone()),
        (from(env(), named("a", key("key-1"))), from(env(), named("a", key("key-2"))), Verdict::Done),
        (from(Source::Codex, named("a", link("ann"))), from(Source::Codex, named("a", link("bob"))), cleared.clone()),
        (from(Source::Codex, named("a", link("ann"))), from(Source::Codex, named("a", key("key-2"))), cleared.clone()),
        (from(Source::Codex, named("a", key("key-1"))), from(Source::Codex, named("a", link("bob"))), cleared),
        (
            from(Source::Codex, named("a", link("ann"))),
            from(Source::ClaudeCode, named("a", link("bob"))),
            Verdict::Done,
        ),
        (from(Source::Codex, named("a", key("key-1"))), from(env(), named("a", link("bob"))), Verdict::Done),
    ] {
        let state = after(&stored([gone.clone()]), &at(1), &[Event::Clear(Clear::Everything)]);
        assert_eq!(step(&state, &at(2), &swept_up(found.clone())).verdict, said, "{gone:?}, then {found:?}");
        assert_eq!(put_at(&state, found).verdict, Verdict::Done, "by its name everything comes back");
    }
}

#[test]
fn naming_one_lifts_its_own_memory_and_no_other() {
    let cleared = [
        from(Source::Codex, named("a", key("key-a"))),
        from(Source::Codex, named("b", key("key-b"))),
        from(Source::Codex, named("c", link("ann"))),
        from(Source::ClaudeCode, named("d", link("bob"))),
    ];
    let state = after(&stored(cleared), &at(1), &[Event::Clear(Clear::Provider(acme()))]);
    let left = |put: Put| {
        let state = put_at(&state, put).state;
        let tombstones = &state.slot("acme").unwrap().cleared;
        let was = [key("key-a"), key("key-b"), link("ann"), link("bob")].map(|was| was.fingerprint());
        was.map(|print| tombstones.iter().any(|tombstone| tombstone.mark.fingerprint == print))
    };
    assert_eq!(left(named("x", key("key-a"))), [false, true, true, true]);
    assert_eq!(left(from(Source::Codex, named("x", link("new")))), [true, true, false, true]);
    assert_eq!(left(from(Source::Manual, named("x", key("new")))), [true; 4]);
}

#[test]
fn a_link_is_suspended_once_and_only_as_it_was_seen() {
    let state = stored([named("a", link("ann")), named("b", key("key-1"))]);
    let suspend = |state: &State, name: &str, version| {
        step(state, &at(1), &Event::SuspendLink(SuspendLink { provider: acme(), label: label(name), version }))
    };
    let version = entry(&state, "a").version;
    assert_eq!(suspend(&state, "a", version + 7).verdict, Verdict::Stale);
    assert_eq!(suspend(&state, "b", entry(&state, "b").version).verdict, Verdict::Stale);
    assert_eq!(suspend(&state, "c", version).verdict, Verdict::Stale);
    let done = suspend(&state, "a", version);
    assert_eq!(done.verdict, Verdict::Done);
    assert!(matches!(&entry(&done.state, "a").material, Material::Link(link) if link.suspended));
    assert_eq!(suspend(&done.state, "a", version).verdict, Verdict::Stale);
    // A person who names it again looks at it anew.
    let removed = Event::Remove(Remove { provider: acme(), label: label("a") });
    let again = after(&done.state, &at(2), &[removed, Event::Put(named("a", link("ann")))]);
    assert!(matches!(&entry(&again, "a").material, Material::Link(link) if !link.suspended));
}
