//! The acts that the harnesses let run against each other, and small scenarios made of them.

use std::collections::BTreeSet;

use credlatch_core::name::ProviderId;
use credlatch_core::rotation::Cause;

use crate::scenario::{Given, Scenario, Step, label, provider};
use crate::world::server::Manner;

/// The provider that most scenarios are about.
pub const ACME: &str = "acme";
/// Its neighbour.
pub const MINIMAX: &str = "minimax";

/// Something that one participant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Starts a login, or joins one, and leaves.
    Start,
    /// Starts a login and polls to its end, or joins and waits for it.
    Login,
    /// Finds a login whose poller died, and takes it over.
    Adopt,
    /// Cancels the login that it finds.
    Cancel,
    /// Was answered 401, and rotates for that.
    Challenge,
    /// Rotates the grant.
    Rotate,
    /// Clears the provider.
    Clear,
    /// Purges.
    Purge,
    /// Reads twice.
    Read,
    /// Sets another key.
    Set,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Start,
        Self::Login,
        Self::Adopt,
        Self::Cancel,
        Self::Challenge,
        Self::Rotate,
        Self::Clear,
        Self::Purge,
        Self::Read,
        Self::Set,
    ];

    /// Its steps, at this provider.
    fn steps(self, provider: ProviderId) -> Vec<Step> {
        match self {
            Self::Start => vec![Step::Login { provider }],
            Self::Login | Self::Adopt => vec![Step::Login { provider }, Step::Poll, Step::Await],
            Self::Cancel => vec![Step::Cancel { provider }],
            Self::Challenge => vec![
                Step::Current { provider: provider.clone() },
                Step::Rotate { provider, label: label("default"), cause: Cause::Challenged },
            ],
            Self::Rotate => vec![Step::Rotate { provider, label: label("default"), cause: Cause::Asked }],
            Self::Clear => vec![Step::Clear { provider }],
            Self::Purge => vec![Step::Purge],
            Self::Read => vec![Step::Read, Step::Read],
            Self::Set => vec![Step::Set { provider, label: label("other"), secret: "sk-new".to_owned() }],
        }
    }
}

/// Processes that each do one act, over a store with two entries of one provider.
pub fn against(acts: &[Act]) -> Scenario {
    let acts: Vec<_> = acts.iter().map(|act| (*act, ACME)).collect();
    Scenario { given: entries(ACME), ..at(&acts) }
}

/// The same, but that the last one is about another provider.
pub fn beside(acts: &[Act]) -> Scenario {
    let place = |(at, act): (usize, &Act)| (*act, if at + 1 == acts.len() { MINIMAX } else { ACME });
    let acts: Vec<_> = acts.iter().enumerate().map(place).collect();
    Scenario { given: [entries(ACME), entries(MINIMAX)].concat(), ..at(&acts) }
}

fn at(acts: &[(Act, &str)]) -> Scenario {
    let name = |(act, of): &(Act, &str)| {
        let act = format!("{act:?}").to_lowercase();
        if *of == ACME { act } else { format!("{act} of {of}") }
    };
    let names: Vec<_> = acts.iter().map(name).collect();
    let steps: Vec<_> = acts.iter().map(|(act, of)| act.steps(provider(of))).collect();
    let steps: Vec<_> = steps.iter().map(Vec::as_slice).collect();
    let left: BTreeSet<_> = acts.iter().map(|(_, of)| *of).filter(|of| is_left_a_login(acts, of)).collect();
    let before = left.into_iter().map(|of| Step::Login { provider: provider(of) }).collect();
    Scenario { before, ..Scenario::processes(&names.join(" | "), &steps) }
}

/// Whether a login is there whose poller died: for who takes it over, and for who cancels one when nobody else starts one.
fn is_left_a_login(acts: &[(Act, &str)], of: &str) -> bool {
    let has = |some: &[Act]| acts.iter().any(|(act, at)| *at == of && some.contains(act));
    has(&[Act::Adopt]) || (has(&[Act::Cancel]) && !has(&[Act::Start, Act::Login]))
}

fn entries(of: &str) -> Vec<Given> {
    vec![grant(of), key(of, "spare", &format!("sk-spare-of-{of}"))]
}

/// Two threads of one engine: one clears and waits until nobody holds what was there, the other takes a credential and lets it go.
pub fn a_drain_beside_a_holder() -> Scenario {
    let clear = [Step::Clear { provider: provider(ACME) }, Step::Drain];
    let hold = [Step::Current { provider: provider(ACME) }, Step::Release];
    let scenario = Scenario::processes("a drain beside a holder", &[&clear, &hold]);
    Scenario { given: entries(ACME), ..scenario }.as_threads()
}

/// Every choice of so many acts, whatever their order.
pub fn choices(count: usize) -> Vec<Vec<Act>> {
    fn longer(chosen: &[Act], count: usize, all: &mut Vec<Vec<Act>>) {
        if chosen.len() == count {
            return all.push(chosen.to_vec());
        }
        for act in Act::ALL.into_iter().filter(|act| chosen.last().is_none_or(|last| last <= act)) {
            longer(&[chosen, &[act]].concat(), count, all);
        }
    }
    let mut all = Vec::new();
    longer(&[], count, &mut all);
    all
}

/// A grant under the default label whose token is good for a while.
pub fn grant(of: &str) -> Given {
    Given::Grant { provider: provider(of), label: label("default"), lifetime_ms: 3_600_000 }
}

/// An API key.
pub fn key(of: &str, called: &str, secret: &str) -> Given {
    Given::Key { provider: provider(of), label: label(called), secret: secret.to_owned() }
}

/// An issuer that gives a code to exchange, after one poll in vain.
pub fn codex() -> Manner {
    Manner { waits: 1, exchanges: true, ..Manner::default() }
}
