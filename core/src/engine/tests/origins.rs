//! Where a login comes from that one process was granted and another settles, who reads another row.

use std::sync::Arc;

use super::super::Engine;
use super::logins::polling;
use super::rig::{Here, Rig};
use super::signs::Life;
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::Cause;
use crate::machine::{Effect, Event};
use crate::port::{Alive, Answer, Code, CodeExchanged, Issuer, Polled, Prompting, Revoked, Store};
use crate::sample::{acme, at, claim, fresh, grant, key, label, named};
use crate::state::flow::{FlowKind, Prompt};
use crate::state::name::{Label, ProviderId};
use crate::state::origin::{Origin, Origins, Reach};
use crate::state::secret::Secret;
use crate::state::{Grant, Material, Nonce};

const HERE: &str = "https://here.example";
const THERE: &str = "https://there.example";

fn origins(url: &str) -> Origins {
    Origins { token: Origin::of(url), revocation: Origin::of(url) }
}

/// A row that sends everything there.
struct Row(&'static str);

impl Issuer for Row {
    fn reach(&self, _: &ProviderId) -> Option<Reach> {
        let (present, usual) = (origins(self.0), origins(HERE));
        Some(Reach { present, usual, former: Vec::new(), ships: false, accepted: false })
    }
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        unreachable!("nothing is renewed")
    }
    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        unreachable!()
    }
    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        unreachable!()
    }
    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        unreachable!()
    }
    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        unreachable!()
    }
}

fn engine(rig: &Rig, url: &'static str) -> Engine<Here> {
    Arc::into_inner(rig.engine()).unwrap().remembering(Arc::new(Row(url)))
}

/// Somebody whose row sends everything there has polled a login, wrote down what was granted, and died.
fn dies_with_a_login(rig: &Rig, url: &'static str) {
    let other = engine(rig, url);
    let (_, poller) = polling(&other, rig, FlowKind::Device);
    let Some(attempt) = rig.state().claims().next().map(|claim| claim.attempt) else { panic!("a claim") };
    writes_down(&poller.alive, attempt, None, url);
}

fn writes_down(alive: &Life, attempt: Nonce, label: Option<Label>, url: &str) {
    let (fresh, received) = (fresh("at-2", Some("rt-2")), at(0));
    let answer = Answer { attempt, provider: acme(), label, received, fresh, origins: Some(origins(url)) };
    alive.write_down(&answer).unwrap();
}

fn of_grant(url: &str) -> Grant {
    match grant("at-1", Some("rt-1")) {
        Material::Oauth(grant) => Grant { origins: Some(origins(url)), ..*grant },
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn a_login_that_others_settle_comes_from_where_its_poller_asked() {
    for (url, goes) in [(THERE, false), (HERE, true)] {
        let rig = Rig::with([]);
        dies_with_a_login(&rig, url);
        let here = engine(&rig, HERE);
        here.transact(&[Event::Put(named("b", key("key-1")))]).unwrap();
        let stored = rig.state().entry("acme", "a").unwrap().grant().unwrap().origins.clone();
        assert_eq!(stored, Some(origins(url)));
        let done = here.clear(Clear::Everything).unwrap();
        assert_eq!((done.effects.len(), done.withheld.len()), (usize::from(goes), usize::from(!goes)), "{url}");
    }
}

#[test]
fn what_was_granted_to_a_login_that_is_gone_is_revoked_only_where_its_actor_asked() {
    for (url, goes) in [(THERE, false), (HERE, true)] {
        let rig = Rig::with([named("a", Material::Oauth(Box::new(of_grant(url))))]);
        let (other, here) = (engine(&rig, url), engine(&rig, HERE));
        let alive = other.store().enlist().unwrap();
        let mut claim = claim(&rig.state(), "a", 1, Cause::Asked);
        claim.act.actor = alive.actor().clone();
        other.transact(&[Event::ClaimRotation(claim)]).unwrap();
        here.clear(Clear::Everything).unwrap();
        writes_down(&alive, Nonce(1), Some(label("a")), url);
        drop(alive);
        let done = here.transact(&[]).unwrap();
        let told: Vec<_> = done.withheld.iter().map(|withheld| withheld.from.clone()).collect();
        assert_eq!(told, if goes { vec![] } else { vec![Origin::of(THERE)] });
        assert_eq!(done.effects.iter().any(|effect| matches!(effect, Effect::Revoke { .. })), goes);
    }
}
