//! Each answer to a refresh token, and what it means.

use super::*;
use credlatch_core::rotation::Fresh;
use zeroize::Zeroizing;

const GOOD: &str = r#"{"access_token":"at-1","refresh_token":"rt-2","token_type":"Bearer","expires_in":3600}"#;
const HTML: &str = "<!doctype html><title>Sign in to this network</title>";

fn answer(status: u16, body: &str) -> Reply {
    answer_with(status, None, body)
}

fn answer_with(status: u16, retry_after_ms: Option<u64>, body: &str) -> Reply {
    Reply::Response(HttpResponse { status, retry_after_ms, body: Some(Zeroizing::new(body.as_bytes().to_vec())) })
}

/// What came of presenting `rt-1`.
fn refreshed(reply: &Reply) -> Exchanged {
    super::refreshed(reply, &Secret::try_from("rt-1").unwrap(), None)
}

fn error(code: &str) -> String {
    format!(r#"{{"error":"{code}","error_description":"because"}}"#)
}

fn granted(body: &str) -> Fresh {
    match refreshed(&answer(200, body)) {
        Exchanged::Granted(fresh) => fresh,
        other => panic!("{body}: {other:?}"),
    }
}

fn turned_away(status: u16, code: Option<&str>, retry_after_ms: Option<u64>) -> Exchanged {
    let description = code.map(|_| "because".to_owned());
    Exchanged::TurnedAway { answer: TurnedAway { status, code: code.map(str::to_owned), description }, retry_after_ms }
}

#[test]
fn nothing_sent_is_not_consumed() {
    assert_eq!(refreshed(&Reply::NotSent(None)), Exchanged::NotConsumed { retry_after_ms: None });
}

#[test]
fn no_answer_is_unknown() {
    assert_eq!(refreshed(&Reply::NoResponse), Exchanged::Unknown);
}

#[test]
fn tokens_are_granted() {
    let fresh = granted(GOOD);
    assert_eq!(fresh.access.expose_secret(), "at-1");
    assert_eq!(fresh.refresh.as_ref().unwrap().expose_secret(), "rt-2");
    assert_eq!((fresh.expires_in_ms, &fresh.scopes), (Some(3_600_000), &None));
    assert!(matches!(refreshed(&answer(201, GOOD)), Exchanged::Granted(_)));
}

#[test]
fn a_missing_or_empty_refresh_token_keeps_the_old_one() {
    for refresh in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let fresh = granted(&format!(r#"{{"access_token":"at-1","token_type":"bearer"{refresh}}}"#));
        assert_eq!(fresh.refresh, None);
    }
}

#[test]
fn a_changed_scope_is_what_was_granted() {
    for scope in [r#""read  admin""#, r#"["read","admin"]"#] {
        let fresh = granted(&format!(r#"{{"access_token":"at-1","scope":{scope}}}"#));
        assert_eq!(fresh.scopes, Some(vec!["read".to_owned(), "admin".to_owned()]));
    }
}

#[test]
fn absurd_and_missing_lifetimes_are_granted_within_bounds() {
    for (given, ms) in [
        ("", None),
        (r#","expires_in":"60""#, Some(60_000)),
        (r#","expires_in":-1"#, Some(0)),
        (r#","expires_in":1e99"#, Some(315_360_000_000)),
        (r#","expires_in":[]"#, None),
    ] {
        let fresh = granted(&format!(r#"{{"access_token":"at-1"{given}}}"#));
        assert_eq!(fresh.expires_in_ms, ms, "{given}");
    }
}

#[test]
fn a_token_type_spelled_otherwise_does_not_throw_a_granted_pair_away() {
    for kind in [r#""BEARER""#, r#"" bearer ""#, r#""Bearer token""#, r#""api""#, "\"\"", "null", "7", "{}"] {
        let fresh = granted(&format!(r#"{{"access_token":"at-1","refresh_token":"rt-2","token_type":{kind}}}"#));
        assert_eq!(fresh.refresh.unwrap().expose_secret(), "rt-2", "{kind}");
    }
}

#[test]
fn a_success_without_usable_tokens_is_unknown() {
    for body in [
        "",
        HTML,
        "{",
        "[]",
        "{}",
        &GOOD[..40],
        r#"{"access_token":"","refresh_token":"rt-2"}"#,
        r#"{"access_token":null}"#,
        r#"{"access_token":"***"}"#,
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":"at-1","refresh_token":"a\u0000b"}"#,
        &error("server_error"),
    ] {
        assert_eq!(refreshed(&answer(200, body)), Exchanged::Unknown, "{body}");
    }
    assert_eq!(
        refreshed(&Reply::Response(HttpResponse { status: 200, retry_after_ms: None, body: None })),
        Exchanged::Unknown
    );
}

#[test]
fn only_an_error_that_speaks_of_these_bytes_rejects_them() {
    for code in CONDEMNING {
        for status in [400, 401, 403, 200] {
            let reply = answer(status, &error(code));
            assert_eq!(refreshed(&reply), Exchanged::Rejected { code: code.to_owned() }, "{status} {code}");
        }
    }
    let nested = r#"{"error":{"message":"m","type":"invalid_request_error","code":"refresh_token_reused"}}"#;
    assert_eq!(refreshed(&answer(401, nested)), Exchanged::Rejected { code: "refresh_token_reused".to_owned() });
}

#[test]
fn a_refusal_for_another_reason_has_not_consumed_it_and_is_told() {
    for code in [
        "invalid_client",
        "unauthorized_client",
        "invalid_request",
        "invalid_scope",
        "unsupported_grant_type",
        "temporarily_unavailable",
        "slow_down",
        "something_new",
    ] {
        for status in [400, 401, 403] {
            assert_eq!(refreshed(&answer(status, &error(code))), turned_away(status, Some(code), None), "{status}");
        }
    }
    let unnamed = turned_away(400, Some("unnamed_error"), None);
    assert_eq!(refreshed(&answer(400, &error("Not A Code"))), unnamed);
    for status in [400, 401, 403, 404, 405, 413, 415] {
        assert_eq!(refreshed(&answer(status, HTML)), turned_away(status, None, None), "{status}");
        let cut = Reply::Response(HttpResponse { status, retry_after_ms: None, body: None });
        assert_eq!(refreshed(&cut), turned_away(status, None, None), "{status} cut off");
    }
}

#[test]
fn a_server_that_gives_back_what_it_was_sent_names_no_code() {
    for (presented, echoed) in
        [("hush_hush", "hush_hush"), ("hush_hush-1", "hush_hush"), ("hush_hush", "bad_token_hush_hush")]
    {
        let told = super::refreshed(&answer(400, &error(echoed)), &Secret::try_from(presented).unwrap(), None);
        let Exchanged::TurnedAway { answer, .. } = told else { panic!("{told:?}") };
        assert_eq!(answer.code, None, "{presented} {echoed}");
    }
}

#[test]
fn an_issuer_that_asks_for_patience_has_not_consumed_it() {
    assert_eq!(refreshed(&answer(429, "")), turned_away(429, None, None));
    assert_eq!(refreshed(&answer_with(429, Some(7_000), HTML)), turned_away(429, None, Some(7_000)));
    assert_eq!(refreshed(&answer(429, &error("invalid_grant"))), turned_away(429, Some("invalid_grant"), None));
    assert_eq!(refreshed(&answer_with(503, Some(7_000), HTML)), turned_away(503, None, Some(7_000)));
    let unavailable = turned_away(503, Some("temporarily_unavailable"), None);
    assert_eq!(refreshed(&answer(503, &error("temporarily_unavailable"))), unavailable);
}

#[test]
fn what_may_come_after_the_act_is_unknown() {
    for status in [301, 302, 303, 307, 408, 409, 499, 500, 502, 503, 504, 520] {
        for body in ["", HTML] {
            assert_eq!(refreshed(&answer(status, body)), Exchanged::Unknown, "{status}");
        }
    }
    for code in ["server_error", "invalid_grant"] {
        assert_eq!(refreshed(&answer(500, &error(code))), Exchanged::Unknown, "a 500 vouches for nothing");
    }
}

#[test]
fn a_code_exchange_gives_tokens_or_a_short_code_and_what_the_issuer_says() {
    let said = |code: &str| ["bad_verification_code", "invalid_grant"].contains(&code).then(|| "because".to_owned());
    assert!(matches!(exchanged(&answer(200, GOOD), &[]), CodeExchanged::Granted(_)));
    for (reply, code) in [
        (Reply::NotSent(None), "unreachable"),
        (Reply::Untrusted, "untrusted_certificate"),
        (Reply::NoResponse, "no_answer"),
        (answer(200, HTML), "unusable_answer"),
        (answer(200, &error("bad_verification_code")), "bad_verification_code"),
        (answer(400, &error("invalid_grant")), "invalid_grant"),
        (answer(502, HTML), "http_502"),
    ] {
        assert_eq!(
            exchanged(&reply, &[]),
            CodeExchanged::Failed(Failure { code: code.to_owned(), description: said(code) })
        );
    }
}

#[test]
fn a_granted_token_that_is_too_long_to_be_kept_has_spent_what_was_presented() {
    let long = "t".repeat(64 * 1024 + 1);
    for body in [
        format!(r#"{{"access_token":"{long}","token_type":"Bearer"}}"#),
        format!(r#"{{"access_token":"at-2","refresh_token":"{long}"}}"#),
    ] {
        let rejected = Exchanged::Rejected { code: "granted_token_too_long".to_owned() };
        assert_eq!(refreshed(&answer(200, &body)), rejected);
        assert_ne!(refreshed(&answer(503, &body)), rejected);
    }
}

#[test]
fn what_an_issuer_says_is_kept_unless_it_repeats_what_was_sent() {
    let token = Secret::try_from("rt-of-this-login").unwrap();
    let told = |said: &str| {
        let body = serde_json::json!({"error": "invalid_client", "error_description": said}).to_string();
        match super::refreshed(&answer(401, &body), &token, Some("client-7")) {
            Exchanged::TurnedAway { answer, .. } => answer.description,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told("the client is disabled").as_deref(), Some("the client is disabled"));
    for echo in
        ["no such token: rt-of-this-login", "of-this-l", "cnQtb2YtdGhpcy1sb2dpbg==", "%72t-of-this-login", "client-7?"]
    {
        assert_eq!(told(echo), None, "{echo}");
    }
    let nested = answer(400, r#"{"error":{"code":"invalid_request","message":"no such client"}}"#);
    let failed = Failure { code: "invalid_request".to_owned(), description: Some("no such client".to_owned()) };
    assert_eq!(failure(&nested, &[]), failed);
}
