//! What changes of ours do to the document, and changes of Hermes' to the profile.

use credlatch_core::clear::{Clear, Remove};
use credlatch_core::custody::Actor;
use credlatch_core::extra::Extra;
use credlatch_core::machine::{Act, Refusal};
use credlatch_core::pool::{FailureKind, Report};
use credlatch_core::rotation::{Cause, ClaimRotation, Exchanged, Fresh, Settle, Times};
use credlatch_core::state::{Custody, Grant};
use credlatch_core::time::Expiry;
use serde_json::json;

use super::*;

fn grant() -> Material {
    let (access, refresh) = (secret("at-own-1"), Some(secret("rt-own-1")));
    let (expiry, extra) = (Expiry::After(now().plus_ms(1000)), Extra::default());
    Material::Oauth(Box::new(Grant {
        access,
        refresh,
        expiry,
        issued: now(),
        scopes: Vec::new(),
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra,
    }))
}

fn claim(label: &str, version: u64) -> Event {
    let actor = Actor { name: Nonce(5), pid: 1, started: 1, pid_namespace: 1, notes: false };
    Event::ClaimRotation(ClaimRotation {
        provider: provider("openai-codex"),
        label: Label::new(label).unwrap(),
        version,
        cause: Cause::Asked,
        act: Act { attempt: Nonce(9), actor },
        times: Times::default(),
        reach: None,
        watched: None,
    })
}

#[test]
fn a_login_of_ours_keeps_its_refresh_token_where_hermes_does_not_look() {
    let (text, _) = commit(HERMES, &[put("openai-codex", "default", grant(), Source::Login, PutMode::Named)]);
    let rows = json(&text)["credential_pool"]["openai-codex"].as_array().unwrap().clone();
    let own = rows.iter().find(|row| row["access_token"] == "at-own-1").unwrap();
    assert_eq!(
        (&own["source"], &own["auth_type"], &own["label"]),
        (&"manual:credlatch".into(), &"oauth".into(), &"default".into())
    );
    assert_eq!((&own["priority"], own["expires_at_ms"].as_u64()), (&1.into(), Some(now().wall_ms + 1000)));
    assert!(own.get("refresh_token").is_none());
    assert_eq!(text.matches("rt-own-1").count(), 1, "one refresh token, one place");
    assert_eq!(text.matches("at-own-1").count(), 1);
    let before = entry(&text, "openai-codex", "default");

    let (claimed, verdicts) = commit(&text, &[claim("default", before.version)]);
    assert_eq!(verdicts, [Verdict::Done]);
    assert_eq!(state(&claimed).claims().count(), 1);
    assert_eq!(row(&claimed, "openai-codex", own["id"].as_str().unwrap()), *own, "a claim is none of Hermes' business");
    let (access, refresh) = (secret("at-own-2"), Some(secret("rt-own-2")));
    let fresh = Fresh { access, refresh, expires_in_ms: None, scopes: None };
    let settle = Settle {
        provider: provider("openai-codex"),
        label: Label::default(),
        attempt: Nonce(9),
        outcome: Exchanged::Granted(fresh),
    };
    let (settled, _) = commit(&claimed, &[Event::Settle(settle)]);
    let after = entry(&settled, "openai-codex", "default");
    assert_eq!(after.secret().unwrap().expose_secret(), "at-own-2");
    assert!(after.version > before.version && !settled.contains("rt-own-1") && !settled.contains("at-own-1"));
    assert!(row(&settled, "openai-codex", own["id"].as_str().unwrap()).is_null(), "a new secret is a new row");
    assert_eq!(state(&settled).slot("openai-codex").unwrap().entries[1].label.as_str(), "default", "in the old place");
}

#[test]
fn what_hermes_takes_for_a_refusal_does_not_keep_us_from_renewing() {
    let (text, _) = commit(HERMES, &[put("openai-codex", "default", grant(), Source::Login, PutMode::Named)]);
    let noted = |status: &str, code: u64| {
        let mut document = json(&text);
        let row = &mut document["credential_pool"]["openai-codex"][1];
        row["last_status"] = status.into();
        row["last_status_at"] = (now().wall_ms / 1000).into();
        row["last_error_code"] = code.into();
        entry(&document.to_string(), "openai-codex", "default").is_usable(&now(), None)
    };
    assert!(noted("exhausted", 401) && noted("dead", 401));
    assert!(!noted("exhausted", 429), "a limit is the account's");
}

#[test]
fn a_login_of_hermes_is_never_presented() {
    let label = "hermes:codex-oauth-0123456789ab";
    let version = entry(HERMES, "openai-codex", label).version;
    let (_, verdicts) = commit(HERMES, &[claim(label, version)]);
    assert_eq!(verdicts, [Verdict::Refused(Refusal::Borrowed)]);
}

#[test]
fn what_is_cleared_here_is_gone_there_and_stays_away() {
    let all = [Event::Clear(Clear::Everything)];
    let (text, _) = commit(HERMES, &all);
    let document = json(&text);
    for of in ["anthropic", "openai-codex", "openrouter"] {
        assert_eq!(document["credential_pool"][of], json!([]), "{of}");
    }
    assert_eq!(document["credential_pool"]["custom:mine"], json(HERMES)["credential_pool"]["custom:mine"]);
    let suppressed = &document["suppressed_sources"];
    assert_eq!(suppressed["anthropic"], json!(["claude_code"]));
    assert_eq!(suppressed["openrouter"], json!(["env:OPENROUTER_API_KEY"]));
    assert_eq!(suppressed["openai-codex"], json!(["device_code"]));
    assert_eq!(suppressed["minimax"], json!(["env:MINIMAX_API_KEY"]));

    // A Hermes that had the rows in memory writes them back.
    let mut stale = document.clone();
    stale["credential_pool"] = json(HERMES)["credential_pool"].clone();
    let stale = stale.to_string();
    assert!(state(&stale).providers.values().all(|slot| slot.entries.is_empty()));
    let (again, _) = commit(&stale, &[set_key("groq", "default", "gsk_0123456789")]);
    assert_eq!(json(&again)["credential_pool"]["anthropic"], json!([]), "the next commit removes them again");
    // A person who adds the key again in Hermes names it: it has a new id.
    let named = stale.replacen("aaa111", "ddd444", 1);
    assert!(state(&named).entry("anthropic", "hermes:ddd444").is_some());

    let import = |of: &str, source: Source| {
        commit(&text, &[put(of, "imported", Material::ApiKey(secret("sk-new-1")), source, PutMode::Bulk)]).1
    };
    let env = |variable: &str| Source::Env(variable.to_owned());
    let refused = [Verdict::Refused(Refusal::Cleared)];
    assert_eq!(import("openrouter", env("OPENROUTER_API_KEY")), refused);
    assert_eq!(import("minimax", env("MINIMAX_API_KEY")), refused, "Hermes suppressed it");
    assert_eq!(import("anthropic", Source::ClaudeCode), refused);
    assert_eq!(import("minimax", env("MINIMAX_OTHER_KEY")), [Verdict::Done]);
    let by_name = put("minimax", "env", Material::ApiKey(secret("mm-1")), env("MINIMAX_API_KEY"), PutMode::Named);
    let (text, _) = commit(&text, &[by_name]);
    assert_eq!(json(&text)["suppressed_sources"]["minimax"], json!([]), "naming it brings it back, for Hermes too");
}

#[test]
fn a_login_that_hermes_renewed_after_it_was_cleared_stays_cleared_until_a_person_signs_in_there() {
    let (text, _) = commit(HERMES, &[Event::Clear(Clear::Provider(provider("openai-codex")))]);
    let entries = |text: &str| state(text).slot("openai-codex").map_or(0, |slot| slot.entries.len());
    // A Hermes that had the row in memory renews its login, and writes it back.
    let mut renewed = row(HERMES, "openai-codex", "codex-oauth-0123456789ab");
    renewed["access_token"] = "at-codex-2".into();
    renewed["refresh_token"] = "rt-codex-2".into();
    let mut document = json(&text);
    document["credential_pool"]["openai-codex"] = json!([renewed]);
    assert_eq!(entries(&document.to_string()), 0, "it is not used");
    let (again, _) = commit(&document.to_string(), &[set_key("groq", "default", "gsk_0123456789")]);
    assert_eq!(json(&again)["credential_pool"]["openai-codex"], json!([]), "the next commit removes it again");

    // Who signs in there takes the source off Hermes' list; its row may have kept its id.
    document["suppressed_sources"]["openai-codex"] = json!([]);
    assert_eq!(entries(&document.to_string()), 1);
    document["credential_pool"]["openai-codex"][0]["access_token"] = "at-codex-1".into();
    assert_eq!(entries(&document.to_string()), 0, "what was cleared itself stays away all the same");
    document["credential_pool"]["openai-codex"][0]["id"] = "fff999".into();
    document["credential_pool"]["openai-codex"][0]["access_token"] = "at-codex-3".into();
    assert_eq!(entries(&document.to_string()), 1, "a new row is a new login");
}

#[test]
fn a_row_that_repeats_the_id_of_a_removed_one_stays() {
    let rows = r#"{"id":"same","access_token":"mm-one"},{"id":"same","access_token":"mm-two"}"#;
    let text = pool("minimax", rows);
    let first = state(&text).slot("minimax").unwrap().entries[0].clone();
    let remove = Event::Remove(Remove { provider: provider("minimax"), label: first.label });
    let (text, verdicts) = commit(&text, &[remove]);
    assert_eq!(verdicts, [Verdict::Done]);
    let left = state(&text).slot("minimax").unwrap().entries.clone();
    assert_eq!((left.len(), left[0].secret().unwrap().expose_secret()), (1, "mm-two"));
}

#[test]
fn a_replaced_key_is_a_new_row_that_keeps_what_is_unknown() {
    let (text, _) = commit(HERMES, &[set_key("anthropic", "hermes:aaa111", "sk-ant-api03-new-0123456789")]);
    let rows = json(&text)["credential_pool"]["anthropic"].as_array().unwrap().clone();
    assert_eq!(rows.len(), 3);
    let new = &rows[0];
    assert_ne!(new["id"], "aaa111");
    assert_eq!(
        (&new["seen_by"], &new["priority"], &new["label"]),
        (&json!(["x", null, 1e3]), &1.into(), &"work".into())
    );
    // A Hermes that still has the old row in memory writes it back beside the new one.
    let mut stale = json(&text);
    stale["credential_pool"]["anthropic"].as_array_mut().unwrap().push(row(HERMES, "anthropic", "aaa111"));
    let entries = state(&stale.to_string()).slot("anthropic").unwrap().entries.clone();
    assert_eq!(entries.iter().filter(|entry| entry.secret().is_some()).count(), 2, "and it stays buried");
}

#[test]
fn a_failure_that_was_reported_here_is_seen_there_and_the_other_way_round() {
    let version = entry(HERMES, "anthropic", "hermes:aaa111").version;
    let report = |answer, dead: Option<&str>| {
        Event::Report(Report {
            provider: provider("anthropic"),
            label: Label::new("hermes:aaa111").unwrap(),
            version,
            answer,
            rest_ms: Some(60_000),
            model: None,
            dead: dead.map(str::to_owned),
        })
    };
    let (text, _) = commit(HERMES, &[report(FailureKind::Limited, None)]);
    let noted = row(&text, "anthropic", "aaa111");
    assert_eq!((&noted["last_status"], &noted["last_error_code"]), (&"exhausted".into(), &429.into()));
    assert_eq!(noted["last_error_reset_at"], "2027-01-15T08:01:00Z");
    let known = entry(&text, "anthropic", "hermes:aaa111");
    assert_eq!((known.version, known.health.rest.unwrap().until.from), (version, now()), "our own record is exact");

    let mut document = json(&text);
    document["credential_pool"]["anthropic"][0]["last_status"] = "ok".into();
    document["credential_pool"]["anthropic"][0]["request_count"] = 12.into();
    let healed = entry(&document.to_string(), "anthropic", "hermes:aaa111");
    assert_eq!((healed.version, healed.health.rest, healed.health.uses), (version, None, 12));

    let (text, _) = commit(&text, &[report(FailureKind::Unauthorized, Some("token_revoked"))]);
    let noted = row(&text, "anthropic", "aaa111");
    assert_eq!((&noted["last_status"], &noted["last_error_reason"]), (&"dead".into(), &"token_revoked".into()));
    assert_eq!(noted["seen_by"], json!(["x", null, 1e3]));
}

#[test]
fn a_key_that_hermes_sends_elsewhere_from_now_on_is_not_handed_out_any_more() {
    let (text, _) = commit(HERMES, &[set_key("anthropic", "spare", "sk-ant-api03-own-0123456789")]);
    let mut document = json(&text);
    for row in document["credential_pool"]["anthropic"].as_array_mut().unwrap() {
        row["base_url"] = "https://proxy.anthropic.com.evil.example/".into();
    }
    let moved = state(&document.to_string());
    assert!(moved.slot("anthropic").unwrap().entries.iter().all(|entry| !entry.is_usable(&now(), None)));
}

#[test]
fn without_our_part_everything_is_read_from_the_rows_again() {
    let key = set_key("anthropic", "spare", "sk-ant-api03-own-0123456789");
    let (text, _) = commit(HERMES, &[key, put("openai-codex", "default", grant(), Source::Login, PutMode::Named)]);
    let mut document = json(&text);
    document.as_object_mut().unwrap().remove("credlatch");
    let state = state(&document.to_string());
    assert_eq!(
        state.entry("anthropic", "spare").unwrap().secret().unwrap().expose_secret(),
        "sk-ant-api03-own-0123456789"
    );
    let login = state.entry("openai-codex", "default").unwrap().grant().unwrap().clone();
    assert_eq!((login.access.expose_secret(), login.refresh), ("at-own-1", None), "it is used while it lasts");
}

#[test]
fn a_link_to_another_tools_file_is_kept_apart() {
    let link = credlatch_core::state::Link {
        path: "/home/somebody/.claude/.credentials.json".to_owned(),
        account: fingerprint(&secret("account")),
        suspended: false,
        extra: Extra::default(),
    };
    let linked = put("anthropic", "claude-code", Material::Link(link.clone()), Source::ClaudeCode, PutMode::Bulk);
    let (text, _) = commit(HERMES, &[linked]);
    assert_eq!(json(&text)["credential_pool"], json(HERMES)["credential_pool"]);
    assert_eq!(entry(&text, "anthropic", "claude-code").material, Material::Link(link));
    let (text, _) = commit(&text, &[Event::Clear(Clear::Provider(provider("anthropic")))]);
    assert!(state(&text).slot("anthropic").unwrap().entries.is_empty());
}

#[test]
fn a_clear_leaves_no_row_that_stood_behind_another() {
    let rows = r#"{"id":"credlatch-bf","access_token":"mm-one"},{"id":"credlatch-bf","access_token":"mm-two"}"#;
    let text = pool("minimax", rows);
    assert_eq!(state(&text).slot("minimax").unwrap().entries.len(), 2, "every row is an entry");
    let (kept, _) = commit(&text, &[set_key("openai", "default", "sk-other")]);
    let versions = |text: &str| -> Vec<u64> {
        state(text).slot("minimax").unwrap().entries.iter().map(|entry| entry.version).collect()
    };
    assert_eq!(versions(&commit(&kept, &[set_key("groq", "default", "gsk-other")]).0), versions(&kept));
    let (cleared, _) = commit(&kept, &[Event::Clear(Clear::Provider(provider("minimax")))]);
    assert!(state(&cleared).slot("minimax").is_none_or(|slot| slot.entries.is_empty()));
    assert_eq!(json(&cleared)["credential_pool"]["minimax"], json!([]));
}

#[test]
fn where_a_login_of_ours_came_from_is_kept_in_our_part() {
    let origins = Some(credlatch_core::origin::Origins {
        token: credlatch_core::origin::Origin::of("https://auth.openai.com/oauth/token"),
        revocation: None,
    });
    let Material::Oauth(login) = grant() else { unreachable!("it is a login") };
    let login = Material::Oauth(Box::new(Grant { origins: origins.clone(), ..*login }));
    let (text, _) = commit(HERMES, &[put("openai-codex", "default", login, Source::Login, PutMode::Named)]);
    let kept = state(&text).entry("openai-codex", "default").and_then(|entry| entry.grant()?.origins.clone());
    assert_eq!(kept, origins);
}
