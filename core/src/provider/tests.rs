//! Laws of the table: what ships is right, what a user adds is checked.

use super::*;
use crate::state::origin::Origin;
use crate::state::times::Times;

pub(crate) fn built_in() -> Table {
    let file: TableFile = serde_json::from_str(BUILT_IN_JSON).expect("the table that ships parses");
    Table::new(file.providers).expect("the table that ships is valid").with_field()
}

fn rows(json: &str) -> Vec<Provider> {
    serde_json::from_str::<TableFile>(json).expect("test rows parse").providers
}

fn one(fields: &str) -> Result<Table, BadTable> {
    Table::new(rows(&format!(r#"{{"providers":[{{"id":"acme",{fields}}}]}}"#)))
}

#[test]
fn every_row_that_ships_is_found_by_each_of_its_names() {
    let table = built_in();
    for (asked, id) in [
        ("anthropic", "anthropic"),
        ("Claude", "anthropic"),
        (" CLAUDE-CODE\n", "anthropic"),
        ("openai", "openai"),
        ("codex", "openai-codex"),
        ("MiniMax", "minimax"),
        ("openrouter", "openrouter"),
        ("google", "gemini"),
        ("grok", "xai"),
        ("deepseek", "deepseek"),
        ("kimi", "moonshot"),
        ("groq", "groq"),
        ("mistral", "mistral"),
        ("custom", "custom"),
    ] {
        assert_eq!(table.resolve(asked).unwrap().id.as_str(), id, "{asked}");
    }
    for row in table.providers() {
        for name in std::iter::once(&row.id).chain(&row.aliases) {
            assert_eq!(table.resolve(name.as_str()).unwrap().id, row.id, "{name}");
        }
    }
}

#[test]
fn every_variable_seen_upstream_is_known() {
    let table = built_in();
    for name in [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_TOKEN",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "OPENAI_API_KEY",
        "MINIMAX_API_KEY",
        "OPENROUTER_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_API_KEY",
        "XAI_API_KEY",
        "DEEPSEEK_API_KEY",
        "MOONSHOT_API_KEY",
        "KIMI_API_KEY",
        "GROQ_API_KEY",
        "MISTRAL_API_KEY",
        "CUSTOM_API_KEY",
    ] {
        assert!(table.providers().any(|row| row.credential_names().any(|own| own == name)), "{name}");
    }
}

#[test]
fn tokens_are_renewed_as_early_as_their_issuer_needs() {
    let table = built_in();
    for (id, skew) in [("anthropic", 120), ("openai-codex", 120), ("minimax", 60), ("xai", 3600)] {
        let oauth = table.resolve(id).unwrap().oauth.as_ref().unwrap();
        assert_eq!((oauth.refresh_skew_secs, oauth.http_timeout_secs, oauth.grace_secs), (skew, 15, 0), "{id}");
    }
}

#[test]
fn the_codex_dialect_derives_its_addresses() {
    let table = built_in();
    let oauth = table.resolve("codex").unwrap().oauth.as_ref().unwrap();
    assert_eq!(oauth.flow, Some(Dialect::CodexDevice));
    assert_eq!(oauth.codex_poll_endpoint().unwrap(), "https://auth.openai.com/api/accounts/deviceauth/token");
    assert_eq!(oauth.codex_redirect_uri().unwrap(), "https://auth.openai.com/deviceauth/callback");
    assert_eq!(oauth.codex_verification_uri().unwrap(), "https://auth.openai.com/codex/device");
}

#[test]
fn what_ships_goes_only_to_its_own_hosts() {
    for row in built_in().providers() {
        let urls = [&row.base_urls.own, &row.base_urls.anthropic, &row.base_urls.openai];
        for text in urls.into_iter().flatten() {
            let url = endpoint(text).unwrap();
            assert!(url.https && row.is_native(&url), "{text}");
        }
    }
}

#[test]
fn a_look_alike_host_is_not_native() {
    let table = built_in();
    let anthropic = table.resolve("claude").unwrap();
    let native = |text| Url::parse(text).is_some_and(|url| anthropic.is_native(&url));
    for good in ["https://api.anthropic.com", "https://anthropic.com/v1", "https://API.Anthropic.com:443/"] {
        assert!(native(good), "{good}");
    }
    for bad in [
        "https://proxy.anthropic.com.evil.example/",
        "https://proxy.anthropic.com/",
        "https://api.anthropic.com@evil.example/",
        "https://api.anthropic.com.",
        "https://evil.example/api.anthropic.com",
        "api.anthropic.com",
    ] {
        assert!(!native(bad), "{bad}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let table = built_in();
    let error = table.resolve("minmax").unwrap_err();
    assert_eq!(error.nearest.as_ref().unwrap().as_str(), "minimax");
    assert!(error.to_string().contains("did you mean `minimax`?"), "{error}");
    assert!(error.to_string().contains("mistral"), "{error}");
    assert_eq!(table.resolve("nothing-like-it").unwrap_err().nearest, None);
    assert_eq!(table.resolve("  ").unwrap_err().asked, None);
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_repeated() {
    for text in ["sk-ant-oat01-abc", "sk-0123456789abcdef0123456789abcdef"] {
        let error = built_in().resolve(text).unwrap_err();
        assert!(!error.to_string().contains(text) && !format!("{error:?}").contains(text), "{error}");
    }
}

#[test]
fn a_typo_in_a_users_file_is_named() {
    for (json, typo) in [
        (r#"{"providers":[{"id":"a","alias":[]}]}"#, "alias"),
        (r#"{"providers":[{"id":"a","env":{"apikey":[]}}]}"#, "apikey"),
        (r#"{"providers":[{"id":"a","oauth":{"flow":"device","refresh_skew":1}}]}"#, "refresh_skew"),
        (r#"{"providers":[],"provider":1}"#, "provider"),
        (r#"{"providers":[{"id":"a","oauth":{"flow":"devise"}}]}"#, "devise"),
    ] {
        let error = serde_json::from_str::<TableFile>(json).unwrap_err().to_string();
        assert!(error.contains(&format!("`{typo}`")), "{error}");
    }
}

#[test]
fn a_users_row_adds_or_replaces() {
    let user = rows(
        r#"{"providers":[{"id":"acme","aliases":["Acme-AI"],"env":{"api_key":["ACME_API_KEY"]}},
                         {"id":"Mistral","env":{"api_key":["MY_MISTRAL"]}}]}"#,
    );
    let table = built_in().merge(user).unwrap();
    assert_eq!(table.resolve("acme-ai").unwrap().id.as_str(), "acme");
    assert_eq!(table.resolve("mistral").unwrap().env.api_key, ["MY_MISTRAL"]);
    assert_eq!(table.providers().count(), built_in().providers().count() + 1);
    // The variable of the row that was replaced still marks a credential.
    assert!(table.every_row().any(|row| row.all_names().any(|name| name == "MISTRAL_API_KEY")));
}

#[test]
fn a_name_of_two_rows_is_refused() {
    let user = rows(r#"{"providers":[{"id":"acme","aliases":["claude"]}]}"#);
    assert!(matches!(built_in().merge(user), Err(BadTable::Ambiguous { name, .. }) if name.as_str() == "claude"));
    let twice = rows(r#"{"providers":[{"id":"acme"},{"id":"acme"}]}"#);
    assert!(matches!(built_in().merge(twice), Err(BadTable::Ambiguous { .. })));
}

#[test]
fn an_unsafe_row_is_refused() {
    use BadTable::{BadDuration, BadHost, BadPrefix, BadVariable, Endpoint, Incomplete};
    let oauth = |fields: &str| one(&format!(r#""oauth":{{{fields}}}"#));
    let device = r#""flow":"device","token_endpoint":"https://a/t","client_id":"c""#;

    for name in ["", "12", "A B", "A=B", "A-B", "\u{c4}"] {
        let got = one(&format!(r#""env":{{"api_key":["{name}"]}}"#));
        assert!(matches!(got, Err(BadVariable { .. })), "{name}");
    }
    let reserved = one(r#""env":{"api_key":["A_KEY"],"base_url":["A_URL","LD_PRELOAD"]}"#).unwrap_err().to_string();
    assert!(reserved.starts_with("`acme`: `env.base_url[1]`: LD_PRELOAD can't be a provider's: "), "{reserved}");
    for (field, name) in [
        ("api_key", "PATH"),
        ("oauth_token", "CREDLATCH_HOME"),
        ("either", "OPENCODE_CONFIG_CONTENT"),
        ("headers", "NODE_OPTIONS"),
        ("account", "BASH_ENV"),
        ("steering", "home"),
        ("shared", "PYTHONPATH"),
    ] {
        let got = one(&format!(r#""env":{{"{field}":["{name}"]}}"#));
        assert!(matches!(got, Err(BadTable::ReservedVariable { .. })), "{field} {name}");
    }
    // What is only dropped may be a plan's own, as in the row that ships.
    assert!(one(r#""env":{"steering":["CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"]}"#).is_ok());
    for prefix in
        ["", " ", "s", "sk-", "/usr", "/opt/key", "sk 1", "http", "home", "-key", "https://", "k=v1", "schl\u{fc}"]
    {
        let got = one(&format!(r#""token_prefixes":{{"other":["good-","{prefix}"]}}"#));
        assert!(matches!(got, Err(BadPrefix { field: "token_prefixes.other", at: 1, .. })), "{prefix}");
    }
    for host in ["", "https://a", "a:80", "a/b"] {
        let got = one(&format!(r#""native_hosts":["{host}"]"#));
        assert!(matches!(got, Err(BadHost { .. })), "{host}");
    }
    let got = one(r#""base_urls":{"openai":"http://a.example"}"#);
    assert!(matches!(got, Err(Endpoint { field: "base_urls.openai", why: BadEndpoint::NotEncrypted, .. })));
    assert!(matches!(oauth(r#""token_endpoint":"http://a.example""#), Err(Endpoint { .. })));
    assert!(matches!(oauth(device), Err(Incomplete { field: "device_authorization_endpoint", .. })));
    assert!(matches!(oauth(r#""flow":"loopback""#), Err(Incomplete { field: "authorization_endpoint", .. })));
    assert!(matches!(oauth(r#""http_timeout_secs":0"#), Err(BadDuration { field: "http_timeout_secs", .. })));
    assert!(matches!(oauth(r#""refresh_skew_secs":86401"#), Err(BadDuration { .. })));
    assert!(matches!(oauth(r#""grace_secs":3601"#), Err(BadDuration { .. })));

    let good = format!(r#"{device},"device_authorization_endpoint":"http://127.0.0.1:9/d""#);
    assert!(oauth(&good).is_ok());
}

#[test]
fn an_error_does_not_repeat_a_url_that_may_hold_a_password() {
    let error = one(r#""base_urls":{"own":"https://me:hunter2@a.example"}"#).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

#[test]
fn a_row_survives_its_text_form() {
    let file: TableFile = serde_json::from_str(BUILT_IN_JSON).unwrap();
    let again: TableFile = serde_json::from_str(&serde_json::to_string(&file).unwrap()).unwrap();
    assert_eq!(again, file);
}

#[test]
fn an_oauth_token_is_always_a_bearer() {
    assert_eq!(AuthStyle::XApiKey.header(WireKind::ApiKey), ("x-api-key", ""));
    assert_eq!(AuthStyle::XApiKey.header(WireKind::OauthToken), ("authorization", "Bearer "));
    assert_eq!(AuthStyle::Bearer.header(WireKind::ApiKey), ("authorization", "Bearer "));
}

#[test]
fn a_row_that_names_no_times_gets_the_usual_ones() {
    let times = |fields: &str| {
        let table = one(&format!(r#""oauth":{{"token_endpoint":"https://a.test/token","client_id":"me"{fields}}}"#));
        table.unwrap().resolve("acme").unwrap().oauth.as_ref().unwrap().times()
    };
    assert_eq!(times(""), Times { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 });
    let named = times(r#","refresh_skew_secs":1,"http_timeout_secs":2,"grace_secs":3"#);
    assert_eq!(named, Times { skew_ms: 1_000, http_timeout_ms: 2_000, grace_ms: 3_000 });
}

#[test]
fn a_provider_is_called_by_its_name_or_else_by_its_id() {
    let called = |fields: &str| one(fields).unwrap().resolve("acme").unwrap().display_name().to_owned();
    assert_eq!(called(r#""name":"Acme Inc.""#), "Acme Inc.");
    assert_eq!(called(r#""aliases":[]"#), "acme");
}

#[test]
fn each_style_puts_a_key_where_its_provider_looks_and_a_token_where_all_do() {
    for (style, header) in [
        (AuthStyle::Bearer, ("authorization", "Bearer ")),
        (AuthStyle::XApiKey, ("x-api-key", "")),
        (AuthStyle::XGoogApiKey, ("x-goog-api-key", "")),
    ] {
        assert_eq!(style.header(WireKind::ApiKey), header);
        assert_eq!(style.header(WireKind::OauthToken), ("authorization", "Bearer "));
    }
}

#[test]
fn a_row_is_found_by_its_id_and_an_alias_is_no_id() {
    let table = built_in();
    let get = |text: &str| table.get(&ProviderId::new(text).unwrap()).map(|row| row.id.as_str());
    assert_eq!((get("minimax"), get("openai-codex")), (Some("minimax"), Some("openai-codex")));
    assert_eq!((get("codex"), get("nobody")), (None, None));
}

#[test]
fn a_row_that_replaces_another_says_which_origins_are_new() {
    let new_origins = |row: &str| {
        let table = built_in().merge(rows(&format!(r#"{{"providers":[{row}]}}"#))).unwrap();
        let replaced: Vec<_> = table.replacements().collect();
        assert_eq!(replaced.len(), 1);
        replaced[0].new_origins().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(new_origins(r#"{"id":"mistral","env":{"api_key":["MY_MISTRAL"]}}"#), [""; 0]);
    assert_eq!(new_origins(r#"{"id":"openai","base_urls":{"openai":"https://api.OPENAI.com/v2"}}"#), [""; 0]);
    for row in [
        r#"{"id":"openai","base_urls":{"openai":"https://evil.example/v1"}}"#,
        r#"{"id":"openai","base_urls":{"own":"https://evil.example/v1"}}"#,
        r#"{"id":"openai","native_hosts":["api.openai.com","evil.example"]}"#,
        r#"{"id":"xai","oauth":{"token_endpoint":"https://evil.example/token"}}"#,
        r#"{"id":"xai","oauth":{"revocation_endpoint":"https://evil.example/revoke"}}"#,
        r#"{"id":"xai","oauth":{"token_endpoint":"https://evil.example/t","former_origins":["https://auth.x.ai"]}}"#,
    ] {
        assert_eq!(new_origins(row), ["https://evil.example"], "{row}");
    }
    assert_eq!(
        new_origins(r#"{"id":"custom","base_urls":{"own":"https://gate.example"}}"#),
        [""; 0],
        "made to be filled"
    );
}

#[test]
fn how_far_a_row_reaches_is_said_by_what_ships_and_by_a_person() {
    let row =
        r#"{"id":"xai","oauth":{"token_endpoint":"https://evil.example/t","former_origins":["https://auth.x.ai"]}}"#;
    let id = ProviderId::new("xai").unwrap();
    let origin = Origin::of;
    let shipped = built_in().reach(&id, |_| false).unwrap();
    assert_eq!(shipped.present, shipped.usual);
    assert!(shipped.ships && !shipped.accepted);

    let table = built_in().merge(rows(&format!(r#"{{"providers":[{row}]}}"#))).unwrap();
    let reach = table.reach(&id, |_| false).unwrap();
    assert_eq!(reach.present.token, origin("https://evil.example"));
    assert_eq!(reach.usual.token, origin("https://auth.x.ai"));
    assert!(reach.former.is_empty() && !reach.ships && !reach.accepted, "a file is not believed about the past");
    assert!(table.reach(&id, |_| true).unwrap().accepted);

    let moved =
        r#"{"id":"acme","oauth":{"token_endpoint":"https://b.example/t","former_origins":["https://a.example/t"]}}"#;
    let table = Table::new(rows(&format!(r#"{{"providers":[{moved}]}}"#))).unwrap();
    let reach = table.reach(&ProviderId::new("acme").unwrap(), |_| false).unwrap();
    assert_eq!(reach.former, Vec::from_iter(origin("https://a.example")));
}
