//! What is found in good files.

use credlatch_core::put::PutMode;
use credlatch_core::state::{Source, State};
use credlatch_core::time::Expiry;
use credlatch_core::{Event, Refusal, Verdict, apply};

use super::*;
use crate::found::{Why, to_events};

#[test]
fn an_absent_file_is_none_and_one_without_a_login_is_empty() {
    for tool in [Tool::ClaudeCode, Tool::Codex, Tool::Hermes] {
        assert_eq!(read(tool, &Place::empty().path), Ok(None), "{tool}");
        assert!(found(tool, "{}").is_empty(), "{tool}");
    }
    assert!(found(Tool::ClaudeCode, r#"{"claudeAiOauth":null,"mcpOAuth":{}}"#).is_empty());
    assert!(found(Tool::Codex, r#"{"OPENAI_API_KEY":"","tokens":null}"#).is_empty());
}

#[test]
fn a_claude_login_is_linked() {
    let found = found(Tool::ClaudeCode, CLAUDE);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].provider.as_str(), found[0].label.as_str()), ("anthropic", "claude-code"));
    assert_eq!(found[0].source, Source::ClaudeCode);
    assert!(Path::new(&link(&found[0]).path).is_absolute());
}

#[test]
fn a_codex_file_may_hold_a_key_and_a_login() {
    let both = codex_login("at-AAA", Some("acc-1"), "s").replace("null", "\"sk-proj-KKK\"");
    let found = found(Tool::Codex, &both);
    let by_provider: Vec<_> = found.iter().map(|one| (one.provider.as_str(), one.label.as_str())).collect();
    assert_eq!(by_provider, [("openai", "codex"), ("openai-codex", "codex")]);
    assert!(matches!(&found[0].material, Material::ApiKey(key) if key.expose_secret() == "sk-proj-KKK"));
    assert_eq!(link(&found[1]).account, super::account::named(Tool::Codex, &["account_id", "acc-1"]));
}

#[test]
fn failure_33_no_refresh_token_of_another_tool_is_ever_taken() {
    let hermes = r#"{"version":1,"credential_pool":{"openai-codex":[{"id":"a1b2c3","auth_type":"oauth",
        "source":"device_code","access_token":"at-AAA","refresh_token":"rt-RRR"}]}}"#;
    for (tool, content) in
        [(Tool::ClaudeCode, CLAUDE), (Tool::Codex, &codex_login("at-AAA", None, "s")), (Tool::Hermes, hermes)]
    {
        let found = found(tool, content);
        let mut state = State::default();
        for event in to_events(&found, PutMode::Named) {
            state = apply(&state, &at(1), &event).state;
        }
        let stored = serde_json::to_string(&state).unwrap();
        assert!(stored.contains("link") && !stored.contains("RRR") && !stored.contains("AAA"), "{tool}: {stored}");
    }
}

#[test]
fn failure_23_a_cleared_login_does_not_come_back_even_with_new_tokens() {
    let place = Place::with(CLAUDE);
    let sweep = |state: &State| {
        let found = read(Tool::ClaudeCode, &place.path).unwrap().unwrap().found;
        apply(state, &at(1), &to_events(&found, PutMode::Bulk)[0])
    };
    let stored = sweep(&State::default()).state;
    let clear = Event::Clear(credlatch_core::clear::Clear::Everything);
    let cleared = apply(&stored, &at(2), &clear).state;
    fs::write(&place.path, CLAUDE.replace("AAA", "BBB").replace("RRR", "SSS")).unwrap();
    assert_eq!(sweep(&cleared).verdict, Verdict::Refused(Refusal::Cleared));
    let named = to_events(&read(Tool::ClaudeCode, &place.path).unwrap().unwrap().found, PutMode::Named);
    assert_eq!(apply(&cleared, &at(3), &named[0]).verdict, Verdict::Done, "by name it comes back");
}

#[test]
fn an_import_done_again_changes_nothing_though_tokens_were_renewed() {
    let place = Place::with(CLAUDE);
    let events = || to_events(&read(Tool::ClaudeCode, &place.path).unwrap().unwrap().found, PutMode::Bulk);
    let state = apply(&State::default(), &at(1), &events()[0]).state;
    fs::write(&place.path, CLAUDE.replace("AAA", "BBB")).unwrap();
    assert_eq!(apply(&state, &at(2), &events()[0]).verdict, Verdict::Nothing);
}

#[test]
fn failure_27_a_redacted_placeholder_is_never_taken_for_a_key() {
    let imported = read(Tool::Codex, &Place::with(r#"{"OPENAI_API_KEY":"sk-***"}"#).path).unwrap().unwrap();
    assert!(imported.found.is_empty());
    assert_eq!(imported.skipped[0].what, "OPENAI_API_KEY");
    let login = CLAUDE.replace("sk-ant-oat01-AAA", "***");
    let error = read(Tool::ClaudeCode, &Place::with(&login).path).unwrap_err();
    assert!(matches!(error.kind, ForeignErrorKind::BadSecret { .. }), "{error}");
}

#[test]
fn hermes_keys_are_copied_logins_linked_and_borrowed_ones_left_alone() {
    let content = r#"{"version":1,"updated_at":"2025-12-28T12:34:56Z","active_provider":"anthropic","providers":{},
      "suppressed_sources":{"openrouter":["manual"]},
      "credential_pool":{
        "anthropic":[
          {"id":"aaa111","label":"x","auth_type":"api_key","priority":0,"source":"manual","access_token":"sk-ant-api03-K",
           "request_count":3,"last_status":null,"unknown":{"deep":[1]}},
          {"id":"aaa222","auth_type":"oauth","source":"claude_code","secret_fingerprint":"sha256:0011223344556677"},
          {"id":"aaa333","auth_type":"oauth","source":"manual","access_token":"sk-ant-oat01-T","expires_at":"2025-12-28T12:34:56"},
          {"id":"aaa444","auth_type":"api_key","source":"env:ANTHROPIC_API_KEY","access_token":"sk-ant-api03-E"},
          {"id":"aaa555","auth_type":"api_key","source":"manual","access_token":"sk-ant-api03-D","last_status":"dead"},
          {"id":"aaa666","auth_type":"api_key","source":"manual","access_token":"sk-ant-api03-U","base_url":"https://proxy.example/"},
          {"id":"aaa777","auth_type":"api_key","source":"manual","access_token":"***"},
          {"id":"aaa888","auth_type":"api_key","source":"manual","access_token":"sk-ant-ort01-X"},
          {"id":"a\nb","auth_type":"api_key","source":"manual","access_token":"sk-ant-api03-N"}],
        "codex":[{"id":"codex-oauth-0123456789ab","auth_type":"oauth","source":"manual:device_code","access_token":"at-1",
           "refresh_token":"rt-1","base_url":"https://chatgpt.com/backend-api/codex","expires_at_ms":1766925296000}],
        "openrouter":[{"id":"ooo111","auth_type":"api_key","source":"manual","access_token":"sk-or-v1-S"}],
        "minimax":[{"id":"mmm111","auth_type":"api_key","source":"manual","access_token":"sk-ant-api03-W"}],
        "acme":[]}}"#;
    let imported = read(Tool::Hermes, &Place::with(content).path).unwrap().unwrap();
    let labels: Vec<_> = imported.found.iter().map(|one| (one.provider.as_str(), one.label.as_str())).collect();
    let expected = [
        ("anthropic", "hermes:aaa111"),
        ("anthropic", "hermes:aaa333"),
        ("openai-codex", "hermes:codex-oauth-0123456789ab"),
    ];
    assert_eq!(labels, expected);
    assert_eq!(imported.found[0].source, Source::Hermes("manual".to_owned()));
    let Material::Oauth(grant) = &imported.found[1].material else { panic!("a bare token is copied") };
    assert_eq!((grant.expiry, grant.refresh.is_none()), (Expiry::At(1_766_925_296_000), true));
    link(&imported.found[2]);
    let why: Vec<_> = imported.skipped.iter().map(|one| &one.why).collect();
    let is = |at: usize, test: fn(&Why) -> bool| assert!(test(why[at]), "{at}: {:?}", why[at]);
    assert_eq!(why.len(), 10);
    is(0, |why| *why == Why::UnknownProvider);
    for at in [1, 2] {
        is(at, |why| matches!(why, Why::Borrowed(_)));
    }
    is(3, |why| *why == Why::Dead);
    is(4, |why| *why == Why::Elsewhere);
    is(5, |why| matches!(why, Why::Unusable(_)));
    is(6, |why| *why == Why::NotForRequests);
    is(7, |why| *why == Why::Nameless);
    is(8, |why| matches!(why, Why::Foreign(owner) if owner.as_str() == "anthropic"));
    is(9, |why| *why == Why::Suppressed);
    let shown = format!("{imported:?}");
    assert!(!shown.contains("sk-") && !shown.contains("rt-1"), "{shown}");
}

#[test]
fn hermes_times_come_in_three_forms() {
    for time in ["1766925296", "1766925296000", "1766925296.0", "\"2025-12-28T12:34:56Z\"", "\"1766925296\""] {
        let content = format!(
            r#"{{"credential_pool":{{"anthropic":[{{"id":"a","auth_type":"oauth","source":"manual",
            "access_token":"sk-ant-oat01-T","expires_at":{time},"last_refresh":{time}}}]}}}}"#
        );
        let found = found(Tool::Hermes, &content);
        let Material::Oauth(grant) = &found[0].material else { panic!() };
        assert_eq!((grant.expiry, grant.issued.wall_ms), (Expiry::At(1_766_925_296_000), 1_766_925_296_000), "{time}");
    }
}

#[test]
fn a_tools_own_variable_moves_its_file() {
    let env = |set: &'static [(&'static str, &'static str)]| {
        move |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value))
    };
    let home: &[(&str, &str)] = &[("HOME", "/h"), ("CODEX_HOME", "")];
    assert_eq!(Tool::ClaudeCode.default_path(env(home)).unwrap(), Path::new("/h/.claude/.credentials.json"));
    assert_eq!(Tool::Codex.default_path(env(home)).unwrap(), Path::new("/h/.codex/auth.json"));
    let moved: &[(&str, &str)] = &[("HOME", "/h"), ("CLAUDE_CONFIG_DIR", "/c"), ("CODEX_HOME", "/x")];
    assert_eq!(Tool::ClaudeCode.default_path(env(moved)).unwrap(), Path::new("/c/.credentials.json"));
    assert_eq!(Tool::Codex.default_path(env(moved)).unwrap(), Path::new("/x/auth.json"));
    assert_eq!(Tool::Codex.default_path(env(&[])), None);
}
