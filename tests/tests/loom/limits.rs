//! What is not kept.

use credlatch_tests::cases::{ACME, Act, against};
use credlatch_tests::run::deepen::{Bound, Tally};
use credlatch_tests::run::explore::explore;
use credlatch_tests::scenario::{Step, label, provider};

/// A limit, kept here so that the documents stay honest: what decides that a grant may be revoked is durable before the
/// revocation, but nothing keeps a new login from being stored between the two. An issuer that revokes per account then
/// takes the new login too. With an issuer that revokes what it is told to, nothing happens.
#[test]
fn a_revocation_may_meet_a_new_login_at_an_issuer_that_revokes_accounts() {
    let login_again = Step::SetGrant { provider: provider(ACME), label: label("default") };
    let mut scenario = against(&[Act::Clear, Act::Purge]);
    scenario.participants[1].steps = vec![login_again];
    Tally::default().check(&scenario, Bound::None);
    scenario.issuer.revokes_account = true;
    let explored = explore(&scenario, None);
    assert_eq!(explored.broken.keys().collect::<Vec<_>>(), [&5]);
}
