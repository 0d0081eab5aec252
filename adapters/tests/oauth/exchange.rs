//! Single calls of the issuer: revocation, endpoints that are missing, and what is never printed.

use credlatch_core::flow::FlowKind;
use credlatch_core::port::{Issuer, Prompting, Revoked};
use credlatch_core::rotation::Exchanged;
use credlatch_sandbox::{Fault, Sandbox};

use crate::world::{acme, issuer, row, secret};

#[test]
fn a_refresh_brings_what_the_server_granted() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = issuer(sandbox.provider_row("acme"));
    let (_, refresh) = sandbox.grant();
    let Exchanged::Granted(fresh) = issuer.refresh(&acme(), &secret(&refresh), &[]) else { panic!() };
    assert!(sandbox.accepts(fresh.access.expose_secret()));
    assert_ne!(fresh.refresh.unwrap().expose_secret(), refresh);
    assert_eq!(fresh.expires_in_ms, Some(3_600_000));
    assert_eq!(fresh.scopes, None, "it names none, so they are as they were");
}

#[test]
fn revocation_answers_yes_no_or_unsupported() {
    let sandbox = Sandbox::start().unwrap();
    let (access, refresh) = sandbox.grant();
    let yes = issuer(sandbox.provider_row("acme"));
    assert_eq!(yes.revoke(&acme(), &secret(&refresh)), Revoked::Yes);
    assert!(!sandbox.accepts(&access));
    assert_eq!(sandbox.stats().revocations, 1);

    let without = issuer(row(&sandbox, |row| row.revocation_endpoint = None));
    assert_eq!(without.revoke(&acme(), &secret(&refresh)), Revoked::Unsupported);
    let wrong = issuer(row(&sandbox, |row| row.client_id = Some("somebody-else".to_owned())));
    assert_eq!(wrong.revoke(&acme(), &secret(&refresh)), Revoked::No);
    drop(sandbox);
    assert_eq!(yes.revoke(&acme(), &secret(&refresh)), Revoked::No);
}

#[test]
fn what_a_row_does_not_have_is_not_tried() {
    let sandbox = Sandbox::start().unwrap();
    let bare = issuer(row(&sandbox, |row| {
        row.flow = None;
        row.token_endpoint = None;
    }));
    let not_consumed = Exchanged::NotConsumed { retry_after_ms: None };
    assert_eq!(bare.refresh(&acme(), &secret("rt"), &[]), not_consumed);
    let unsupported = Prompting::Failed("unsupported".into());
    assert_eq!(bare.prompt(&acme(), FlowKind::Device), unsupported);
    let other = issuer(sandbox.provider_row("acme"));
    assert_eq!(other.prompt(&acme(), FlowKind::Link), unsupported, "the row's flow is another");
    let stranger = credlatch_core::name::ProviderId::new("stranger").unwrap();
    assert_eq!(other.refresh(&stranger, &secret("rt"), &[]), not_consumed);
    assert!(sandbox.log().is_empty());
}

#[test]
fn neither_the_issuer_nor_the_sandbox_prints_a_secret() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = issuer(sandbox.provider_row("acme"));
    let (access, refresh) = sandbox.grant();
    sandbox.adjust(|settings| settings.fault = Some(Fault::Malformed));
    let outcome = issuer.refresh(&acme(), &secret(&refresh), &[]);
    let lines: Vec<String> = sandbox.log().iter().map(|line| format!("{line} {line:?}")).collect();
    let printed = format!("{issuer:?} {sandbox:?} {outcome:?} {:?} {lines:?}", sandbox.stats());
    for hidden in [access, refresh] {
        assert!(!printed.contains(&hidden), "{printed}");
    }
}
