//! What one program does, the other sees.

use credlatch::ErrorKind;
use serde_json::json;

use crate::peer::Peer;
use crate::{Home, label, labels, secret};

#[test]
fn a_clear_here_is_seen_there_and_a_removal_there_is_seen_here() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let latch = home.latch();
    let held = latch.current("anthropic").unwrap();
    assert_eq!(peer.rows(&home.file(), "anthropic").len(), 1);

    assert_eq!(latch.clear("anthropic").unwrap().entries().len(), 1);
    assert!(peer.rows(&home.file(), "anthropic").is_empty());
    assert!(!held.is_current().unwrap());
    assert_eq!(latch.current("anthropic").unwrap_err().kind(), ErrorKind::NoCredential);

    latch.set("minimax", secret("mm-1")).unwrap();
    let rows = peer.rows(&home.file(), "minimax");
    assert_eq!((rows.len(), &rows[0]["access_token"]), (1, &json!("mm-1")));
    peer.run("remove", &home.file(), &["minimax", rows[0]["id"].as_str().unwrap()]);
    assert_eq!(latch.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert!(home.latch().current("minimax").is_err());
}

#[test]
fn a_row_that_is_changed_there_has_a_new_version_here() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let latch = home.latch();
    let first = latch.current("anthropic").unwrap();
    peer.run("put", &home.file(), &["anthropic", r#"{"id":"aaa111","access_token":"sk-ant-api03-two-0123456789"}"#]);
    let second = latch.current("anthropic").unwrap();
    assert_eq!(second.expose_secret(), "sk-ant-api03-two-0123456789");
    assert_ne!(first.version(), second.version());
    assert!(!first.is_current().unwrap());
    // A late report about the first hits nothing.
    let unauthorized = credlatch::Outcome::from_http(401, &http::HeaderMap::new(), b"");
    let _ = latch.report(&first, &unauthorized).unwrap();
    assert_eq!(latch.current("anthropic").unwrap().expose_secret(), "sk-ant-api03-two-0123456789");
    // Another process that commits writes down the version that was seen.
    home.latch().set("minimax", secret("mm-1")).unwrap();
    assert_eq!(latch.current("anthropic").unwrap().version(), second.version());
    assert_eq!(home.json()["credential_pool"]["anthropic"][0]["unknown"], json!(["x", null, 1e3]));
}

#[test]
fn a_login_that_hermes_renews_is_read_for_each_request_and_never_spent() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let latch = home.latch();
    assert_eq!(latch.token("openai-codex").unwrap().expose_secret(), "at-codex-1");
    let login = label("hermes:codex-oauth-0123456789ab");
    let error = latch.rotate("openai-codex", &login).unwrap_err();
    assert!(error.to_string().contains("another tool's login"), "{error}");
    let renewed = r#"{"id":"codex-oauth-0123456789ab","access_token":"at-codex-2","refresh_token":"rt-codex-2"}"#;
    peer.run("put", &home.file(), &["openai-codex", renewed]);
    assert_eq!(latch.token("openai-codex").unwrap().expose_secret(), "at-codex-2");
    let ended = r#"{"id":"codex-oauth-0123456789ab","expires_at_ms":1000}"#;
    peer.run("put", &home.file(), &["openai-codex", ended]);
    let error = latch.token("openai-codex").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn);
    assert!(error.to_string().contains("is not rotated yet"), "{error}");
    assert_eq!(home.json()["credential_pool"]["openai-codex"][0]["refresh_token"], "rt-codex-2");
}

#[test]
fn a_running_hermes_that_renews_what_was_cleared_here_does_not_bring_it_back() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let latch = home.latch();
    let _ = latch.clear("openai-codex").unwrap();
    let renewed = r#"{"id":"codex-oauth-0123456789ab","label":"me","auth_type":"oauth","priority":0,"source":"device_code",
        "access_token":"at-codex-2","refresh_token":"rt-codex-2","expires_at_ms":4000000000000}"#;
    peer.run("put", &home.file(), &["openai-codex", renewed]);
    assert_eq!(peer.rows(&home.file(), "openai-codex").len(), 1);
    for latch in [&latch, &home.latch()] {
        assert_eq!(latch.token("openai-codex").unwrap_err().kind(), ErrorKind::NoCredential);
    }
    latch.set("minimax", secret("mm-1")).unwrap();
    assert!(peer.rows(&home.file(), "openai-codex").is_empty(), "and it is taken out again");
}

#[test]
fn what_failed_here_rests_there() {
    let Some(peer) = Peer::find() else { return };
    let home = Home::new();
    let latch = home.latch();
    let used = latch.current("anthropic").unwrap();
    let limited = credlatch::Outcome::from_http(429, &http::HeaderMap::new(), b"");
    let _ = latch.report(&used, &limited).unwrap();
    let row = &peer.rows(&home.file(), "anthropic")[0];
    assert_eq!((&row["last_status"], &row["last_error_code"]), (&json!("exhausted"), &json!(429)));
    assert_eq!(home.latch().current("anthropic").unwrap_err().kind(), ErrorKind::Busy);

    peer.run("put", &home.file(), &["anthropic", r#"{"id":"aaa111","last_status":"ok"}"#]);
    assert!(latch.current("anthropic").is_ok(), "Hermes says that it is well again");
    peer.run("put", &home.file(), &["anthropic", r#"{"id":"aaa111","last_status":"dead","last_error_code":401}"#]);
    assert_eq!(latch.current("anthropic").unwrap_err().kind(), ErrorKind::SignIn);
    assert_eq!(labels(&latch, "anthropic"), ["hermes:aaa111"]);
}
