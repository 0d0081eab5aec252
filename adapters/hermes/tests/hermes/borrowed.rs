//! Providers of which Hermes has only what it borrows, or sends elsewhere: said as it is, with what to do.

use credlatch::ErrorKind;
use credlatch::doctor::{Severity, Surroundings};

use crate::{Home, label, secret};

/// Pools of which nothing is ours to use.
const BORROWED: &str = r#"{"version":1,"providers":{},"credential_pool":{
  "openrouter": [{"id":"bbb111","auth_type":"api_key","source":"env:OPENROUTER_API_KEY","secret_fingerprint":"sha256:00"}],
  "anthropic": [{"id":"bbb222","auth_type":"oauth","source":"claude_code","secret_fingerprint":"sha256:01"}],
  "minimax": [{"id":"bbb333","source":"manual","access_token":"mm-hush-1","base_url":"https://proxy.example/"}]
}}"#;

#[test]
fn where_everything_is_borrowed_the_error_says_so_and_what_to_do() {
    let home = Home::new();
    home.write(BORROWED);
    let latch = home.latch();
    for (provider, what, remedy) in [
        (
            "openrouter",
            "entry hermes:bbb111 is set aside: Hermes only borrows it from the environment",
            "`credlatch set openrouter`",
        ),
        (
            "anthropic",
            "entry hermes:bbb222 is set aside: Hermes only borrows it from Claude Code",
            "take it in from there",
        ),
        (
            "minimax",
            "entry hermes:bbb333 is set aside: Hermes has no secret in its row, or sends it to another address",
            "`hermes auth`",
        ),
    ] {
        for error in [latch.current(provider).unwrap_err(), latch.token(provider).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::NoCredential, "{error}");
            assert!(error.to_string().contains(what), "{error}");
            assert!(error.remedy().contains(remedy), "{}", error.remedy());
            assert!(!error.to_string().contains("no longer accepted"), "nothing was refused: {error}");
        }
    }
    let diagnosis = latch.doctor(&Surroundings::default());
    let borrowed = diagnosis.findings.iter().find(|finding| finding.what.contains("hermes:bbb111")).unwrap();
    assert_eq!(borrowed.severity, Severity::Warning);
    assert!(borrowed.what.contains("Hermes only borrows it"), "{borrowed:?}");
    assert!(!format!("{diagnosis:?}").contains("mm-hush-1"));
}

#[test]
fn a_credential_of_our_own_beside_it_is_used() {
    let home = Home::new();
    home.write(BORROWED);
    let latch = home.latch();
    latch.set_as("openrouter", &label("own"), secret("sk-or-v1-own")).unwrap();
    assert_eq!(latch.current("openrouter").unwrap().expose_secret(), "sk-or-v1-own");
}
