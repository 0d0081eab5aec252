//! What rows are to us.

use credlatch_core::pool::FailureKind;
use credlatch_core::state::{Material, Source};
use credlatch_core::time::Expiry;

use super::*;

#[test]
fn keys_are_entries_logins_are_links_and_what_is_borrowed_is_set_aside() {
    let state = state(HERMES);
    let labels = |of: &str| {
        state.slot(of).unwrap().entries.iter().map(|entry| entry.label.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(labels("anthropic"), ["hermes:aaa222", "hermes:aaa111", "hermes:aaa333"], "in the order of priority");
    assert_eq!(labels("openai-codex"), ["hermes:codex-oauth-0123456789ab"]);
    let key = state.entry("anthropic", "hermes:aaa111").unwrap();
    assert_eq!(key.secret().unwrap().expose_secret(), "sk-ant-api03-one-0123456789");
    assert_eq!((key.health.uses, &key.source), (7, &Source::Hermes("manual".to_owned())));
    for (of, label, set_aside) in [
        ("openai-codex", "hermes:codex-oauth-0123456789ab", false),
        ("anthropic", "hermes:aaa333", true),
        ("openrouter", "hermes:bbb111", true),
    ] {
        let Material::Link(link) = &state.entry(of, label).unwrap().material else { panic!("{label} is no link") };
        assert_eq!((link.suspended, link.path.as_str()), (set_aside, PATH), "{label}");
    }
    assert_eq!(state.slot("minimax").unwrap().cleared.len(), 2, "a suppressed source, from Hermes and from here");
}

#[test]
fn what_is_not_to_be_used_here_is_never_handed_out() {
    for row in [
        r#"{"id":"a","access_token":"sk-1","base_url":"https://proxy.anthropic.com.evil.example/"}"#,
        r#"{"id":"a","access_token":"***"}"#,
        r#"{"id":"a","access_token":7}"#,
        r#"{"id":"a"}"#,
        r#"{"id":"a","access_token":"sk-proj-0123456789abcdefghij"}"#,
        r#"{"id":"a","access_token":"x","refresh_token":"y","source":"claude_code"}"#,
    ] {
        let entry = entry(&pool("anthropic", row), "anthropic", "hermes:a");
        assert!(matches!(&entry.material, Material::Link(link) if link.suspended), "{row}");
    }
    for row in ["7", "null", r#"{"id":"a b","access_token":"sk-1"}"#, r#"{"access_token":"sk-1"}"#] {
        assert_eq!(state(&pool("anthropic", row)).slot("anthropic"), None, "{row}");
    }
    assert!(state(&pool("custom:mine", r#"{"id":"a","access_token":"x"}"#)).providers.is_empty());
}

#[test]
fn a_token_that_nobody_renews_is_an_entry_with_its_end() {
    let text = pool(
        "anthropic",
        r#"{"id":"a","auth_type":"oauth","access_token":"sk-ant-oat01-0123456789","expires_at":"2027-01-15T08:00:00Z"}"#,
    );
    let grant = entry(&text, "anthropic", "hermes:a").grant().unwrap().clone();
    assert_eq!((grant.refresh, grant.expiry), (None, Expiry::At(1_800_000_000_000)));
}

#[test]
fn what_hermes_noted_about_a_row_stands_against_its_entry() {
    let health = |status: &str| {
        let text = pool("anthropic", &format!(r#"{{"id":"a","access_token":"sk-1",{status}}}"#));
        entry(&text, "anthropic", "hermes:a").health
    };
    let rest = |status: &str| health(status).rest.map(|rest| (rest.until.wall_ms(), rest.cause));
    let at = 1_800_000_000;
    let at_ms = at * 1000;
    assert_eq!(
        rest(&format!(r#""last_status":"exhausted","last_status_at":{at},"last_error_code":429"#)),
        Some((at_ms + 3_600_000, FailureKind::Limited))
    );
    assert_eq!(
        rest(&format!(r#""last_status":"exhausted","last_status_at":{at}.0,"last_error_code":401"#)),
        Some((at_ms + 300_000, FailureKind::Unauthorized))
    );
    assert_eq!(
        rest(r#""last_status":"exhausted","last_error_code":402,"last_error_reset_at":"2027-01-15T08:00:00Z""#),
        Some((at_ms, FailureKind::Billing))
    );
    assert_eq!(rest(r#""last_status":"ok","last_error_reset_at":4000000000"#), None);
    let dead = health(r#""last_status":"dead","last_status_at":1800000000,"last_error_reason":"token_revoked""#).dead;
    assert_eq!(dead.map(|dead| (dead.at.wall_ms, dead.reason)), Some((at_ms, "token_revoked".to_owned())));
    let odd = health(r#""last_status":"dead","last_error_reason":"Bearer sk-1 was refused""#).dead.unwrap();
    assert_eq!(odd.reason, "dead", "a message is not repeated");
}

#[test]
fn everybody_gives_the_same_versions_and_another_secret_another_one() {
    let first = state(HERMES);
    assert_eq!(first, state(HERMES));
    let other = HERMES.replace("sk-ant-api03-one", "sk-ant-api03-six");
    let version = |text: &str, label: &str| entry(text, "anthropic", label).version;
    assert_ne!(version(HERMES, "hermes:aaa111"), version(&other, "hermes:aaa111"));
    assert_eq!(version(HERMES, "hermes:aaa222"), version(&other, "hermes:aaa222"));
    // A login that Hermes renews stays the same link.
    let renewed = HERMES.replace("at-codex-1", "at-codex-2").replace("rt-codex-1", "rt-codex-2");
    let link = |text: &str| entry(text, "openai-codex", "hermes:codex-oauth-0123456789ab");
    assert_eq!(link(HERMES), link(&renewed));
}
