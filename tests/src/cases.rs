//! The acts that the harnesses let run against each other, and small scenarios made of them.

use crate::scenario::{Given, Scenario, Step, Why, label, provider};
use crate::world::server::Manner;

/// The provider that most scenarios are about.
pub const ACME: &str = "acme";

/// Something that one participant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Starts a login, or joins one, and leaves.
    Start,
    /// Starts a login and polls to its end, or joins and waits for it.
    Login,
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
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Login,
        Self::Cancel,
        Self::Challenge,
        Self::Rotate,
        Self::Clear,
        Self::Purge,
        Self::Read,
        Self::Set,
    ];

    /// Its steps.
    pub fn steps(self) -> Vec<Step> {
        let provider = provider(ACME);
        match self {
            Self::Start => vec![Step::Login { provider }],
            Self::Login => vec![Step::Login { provider }, Step::Poll, Step::Await],
            Self::Cancel => vec![Step::Cancel { provider }],
            Self::Challenge => vec![
                Step::Current { provider: provider.clone() },
                Step::Rotate { provider, label: label("default"), cause: Why::Challenged },
            ],
            Self::Rotate => vec![Step::Rotate { provider, label: label("default"), cause: Why::Asked }],
            Self::Clear => vec![Step::Clear { provider }],
            Self::Purge => vec![Step::Purge],
            Self::Read => vec![Step::Read, Step::Read],
            Self::Set => vec![Step::Set { provider, label: label("other"), secret: "sk-new".to_owned() }],
        }
    }
}

/// Processes that each do one act, over a store with two entries of one provider.
pub fn against(acts: &[Act]) -> Scenario {
    let name = acts.iter().map(|act| format!("{act:?}").to_lowercase()).collect::<Vec<_>>().join(" | ");
    let steps: Vec<_> = acts.iter().map(|act| act.steps()).collect();
    let steps: Vec<_> = steps.iter().map(Vec::as_slice).collect();
    Scenario { given: vec![grant(ACME), key(ACME, "spare", "sk-spare")], ..Scenario::processes(&name, &steps) }
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
