//! What a value tells under a name that nobody knows.

use super::*;

/// What becomes of a variable of any name under `run minimax`.
pub(super) fn becomes_of(value: &str) -> &'static str {
    let plan = make(&built_in(), "minimax", &key("k-1"), Shape::Own, env(&[("QUUX_OF_OURS", value)]));
    let report = plan.report();
    match (report.dropped.is_empty(), report.warned.is_empty()) {
        (false, _) => "dropped",
        (true, false) => "told",
        (true, true) => "passed",
    }
}

/// The same under `run minimax`, for what each line says.
fn all_become(expected: &str, values: &[&str]) {
    for value in values {
        assert_eq!(becomes_of(value), expected, "{value}");
    }
}

pub(super) fn base64(text: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let groups = text.chunks(3).map(|three| {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        let digit = |at: u32| char::from(DIGITS[(bits >> (18 - 6 * at)) as usize & 63]);
        let padded = (0..4).map(|at| if at as usize <= three.len() { digit(at) } else { '=' });
        padded.collect::<String>()
    });
    groups.collect()
}

pub(super) fn percents(text: &str) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap();
    text.bytes().flat_map(|byte| ['%', digit(byte >> 4), digit(byte & 15)]).collect()
}

#[test]
fn report_81_a_providers_key_is_dropped_under_any_name() {
    let random = "zX9qLmWb7kVhdRyNfGp0sCeUaKo1qMzBtYw";
    for prefix in
        ["hf_", "fw_", "r8_", "gsk_", "xai-", "pplx-", "sk-proj-", "sk-or-v1-", "AIza", "cpk_", "esecret_", "flp_"]
    {
        all_become(
            "dropped",
            &[&format!("{prefix}{random}"), &format!("Bearer {prefix}{random}"), &format!("a={prefix}{random};b")],
        );
    }
    all_become("dropped", &["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"]);
    all_become("dropped", &["{\"key\":\"sk-0123456789abcdef0123456789abcdef\"}"]);
}

#[test]
fn report_81_a_clouds_key_is_dropped_under_any_name() {
    all_become(
        "dropped",
        &["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE:x", r#"{"type":"service_account","private_key":"x"}"#],
    );
    all_become("dropped", &[&base64(b"AKIAIOSFODNN7EXAMPLE:secret")]);
}

#[test]
fn report_81_a_code_hosts_token_passes_and_is_told_whatever_its_name() {
    let random = "zX9qLmWb7kVhdRyNfGp0sCeUaKo1qMzBtYw0";
    let others =
        ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_", "pypi-", "sk_live_", "rk_live_"];
    for prefix in others {
        all_become("told", &[&format!("{prefix}{random}"), &format!("https://x:{prefix}{random}@git.example/me")]);
    }
    all_become(
        "told",
        &["xoxb-123456789012-1234567890123-zX9qLmWb7kVhdRyNfGp0sCeU", "xoxp-1-zX9qLmWb7kVhdRyNfGp0sCeU"],
    );
    let judged = |name: &str, value: &str| {
        let plan = make(&built_in(), "minimax", &key("k-1"), Shape::Own, env(&[(name, value)]));
        plan.report().inherited.into_iter().map(|one| (one.class, one.verdict)).collect::<Vec<_>>()
    };
    let token = &format!("gho_{random}");
    for name in ["GITHUB_TOKEN", "GH_TOKEN", "QUUX_OF_OURS"] {
        assert_eq!(judged(name, token), [(Class::Suspect, Disposition::Passed)], "{name}");
        assert_eq!(judged(name, "sk-ant-oat01-x"), [(Class::Provider, Disposition::Dropped)], "{name}");
    }
    assert_eq!(judged("COPILOT_GITHUB_TOKEN", token), [(Class::Provider, Disposition::Dropped)]);
}

#[test]
fn report_81_what_providers_share_with_others_is_called_theirs_and_no_clouds() {
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY", "DATABRICKS_TOKEN"] {
        assert_eq!(class::of_name(&built_in(), &[], name), Class::Provider, "{name}");
    }
    for name in ["GOOGLE_APPLICATION_CREDENTIALS", "AWS_PROFILE", "AZURE_CLIENT_SECRET"] {
        assert_ne!(class::of_name(&built_in(), &[], name), Class::Plain, "{name}");
    }
}

#[test]
fn report_81_a_strangers_address_is_dropped_however_it_is_written() {
    all_become(
        "dropped",
        &[
            "wss://api.openai.com/v1/realtime",
            "ws://api.openai.com",
            "//api.openai.com/v1",
            "https://api.openai.com./v1",
            "api.openai.com.",
            "api.openai.com:443",
            "api.openai.com/v1",
            "API.OPENAI.COM/v1",
            "HTTPS://API.OpenAI.com",
            "https:\\\\api.openai.com",
            "https%3A%2F%2Fapi.openai.com%2Fv1",
            "https://api%2Eopenai.com",
            &base64(b"https://api.openai.com/v1"),
        ],
    );
    all_become(
        "passed",
        &["wss://api.minimax.io/x", "api.minimax.io:443", "noreply@anthropic.com", "api.openai.com.evil.example"],
    );
    all_become("passed", &["https://gitlab.com/me/x", "gitlab.com", "ssh://git@github.com/me/x", "huggingface.co:443"]);
    let plan = make(&built_in(), "minimax", &key("k-1"), Shape::Own, env(&[("no_proxy", "api.openai.com")]));
    assert_eq!(plan.report().dropped, Vec::<String>::new(), "no request is sent by it");
}

#[test]
fn report_81_a_strangers_key_is_dropped_though_it_is_encoded() {
    for secret in
        ["sk-ant-oat01-x-y-z", "sk-ant-api03-xyz", "gsk_abcdefgh12345678", "sk-0123456789abcdef0123456789abcdef"]
    {
        let percents = percents(secret);
        let basic = base64(format!("user:{secret}").as_bytes());
        all_become(
            "dropped",
            &[
                &base64(secret.as_bytes()),
                base64(secret.as_bytes()).trim_end_matches('='),
                &format!("Authorization: Basic {basic}"),
                &format!("{{\"auths\":{{\"x\":{{\"auth\":\"{basic}\"}}}}}}"),
                &percents,
                &secret.replace('-', "%2d").replace('_', "%5F"),
                &format!("https://proxy.example/?key={percents}"),
            ],
        );
    }
    // The planned one may stand there, as it may in plain.
    let own = "sk-ant-api03-mine";
    let parent =
        env(&[("BASIC", &base64(format!("me:{own}").as_bytes())), ("OTHER", &base64(b"me:sk-ant-api03-other"))]);
    let plan = make(&built_in(), "anthropic", &key(own), Shape::Own, parent);
    assert_eq!(plan.report().dropped, ["OTHER"]);
}

#[test]
fn report_81_words_after_a_prefix_are_no_key() {
    all_become(
        "passed",
        &[
            "xai-model",
            "sk-api-gateway",
            "gsk_x",
            "sk-api-gateway-7d9f8b6c5d-x2x4z",
            "hf_home_of_the_team",
            "fw_rules_2024",
            "r8_machine",
            "AIzaleaGarden",
            "pypi-server-2024",
            "npm_config_registry",
            "Bearer gsk_of_a_test",
            "AKIA",
        ],
    );
}

#[test]
fn report_81_a_key_without_a_prefix_is_told_by_the_name_before_it() {
    all_become(
        "dropped",
        &[
            " -j4 -- MISTRAL_API_KEY=0123456789abcdef",
            "/usr/bin/env OPENAI_API_KEY=0123456789abcdef agent",
            "cross-env ANTHROPIC_AUTH_TOKEN='letters-only' node x.js",
            r#"{"MISTRAL_API_KEY":"0123456789abcdef","OTHER":"1"}"#,
            r#"{\"env\":{\"AWS_SECRET_ACCESS_KEY\":\"0123456789abcdef\"}}"#,
            "A=b\nGROQ_API_KEY=0123456789abcdef\n",
            "--openai-api-key=0123456789abcdef",
            " -- OPENAI_BASE_URL=https://elsewhere.example",
            &base64(br#"{"MISTRAL_API_KEY":"0123456789abcdef"}"#),
        ],
    );
    all_become(
        "told",
        &[
            "Authorization: Bearer 0123456789abcdef",
            "x-api-key: 0123456789abcdef",
            "https://host.example/?token=0123456789abcdef",
            "DB_PASSWORD=hunter2-and-more",
            "http.extraheader=AUTHORIZATION: basic 0123456789abcdef",
        ],
    );
    all_become(
        "passed",
        &[
            "MISTRAL_API_KEY=$OTHER_KEY",
            "MISTRAL_API_KEY=${secret}",
            "-e MISTRAL_API_KEY",
            "MISTRAL_MODEL=large-enough-2411",
            "--bind=ctrl-key:toggle-preview",
            "/opt/token:/usr/local/bin:/usr/bin",
        ],
    );
    let own = "own-key-0123456789";
    let parent =
        env(&[("MAKEFLAGS", " -- MINIMAX_API_KEY=own-key-0123456789"), ("OTHER", "MINIMAX_API_KEY=0123456789abcdef")]);
    let plan = make(&built_in(), "minimax", &key(own), Shape::Own, parent);
    assert_eq!(plan.report().dropped, ["OTHER"], "the planned one may stand there");
    let result =
        normalise(env(&[("MAKEFLAGS", " -- OPENAI_API_KEY=0123456789abcdef")]), &built_in(), "minimax").unwrap();
    assert_eq!(result.dropped, ["MAKEFLAGS"]);
}

#[test]
fn report_81_a_key_that_is_broken_into_lines_is_dropped() {
    let random = "zX9qLmWb7kVhdRyNfGp0sCeUaKo1qMzBtYw";
    let (head, tail) = random.split_at(10);
    let encoded = base64(
        format!("{{\"claudeAiOauth\":{{\"accessToken\":\"any-words-gsk_{random}\"}}}}")
            .replace("any-words-", "")
            .as_bytes(),
    );
    let lines: Vec<&str> = encoded.as_bytes().chunks(50).map(|line| std::str::from_utf8(line).unwrap()).collect();
    all_become("dropped", &[&format!("gsk_{head}\n{tail}"), &lines.join("\n"), &lines.join("\r\n")]);
    all_become("passed", &["one line\nand another", "gsk_rules\nof the team"]);
}

#[test]
fn report_81_a_strangers_address_is_dropped_among_others() {
    all_become(
        "dropped",
        &[
            "http://localhost:11434;https://api.openai.com/v1",
            "https://api.minimax.io/v1,https://api.openai.com/v1",
            "https://api.minimax.io\nhttps://api.openai.com\n",
            "[\"https://api.openai.com/v1\"]",
        ],
    );
    all_become(
        "passed",
        &["see https://api.openai.com/", "api.openai.com,api.anthropic.com", "https://api.minimax.io,http://x"],
    );
}

#[test]
fn report_81_what_is_stored_for_another_provider_is_dropped_though_nothing_tells_whose_it_is() {
    let stored = |text: &str| Secret::try_from(text).unwrap();
    let others = vec![stored("0123456789abcdefghij"), stored("lm-studio"), stored("any-words-that-are-long")];
    let (table, own) = (built_in(), key("k-1"));
    let targets = &[Target { provider: table.resolve("minimax").unwrap(), credential: Some(&own), shape: Shape::Own }];
    let inheritance = &Inheritance { others, ..Inheritance::default() };
    let wanted = Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None };
    let parent = env(&[
        ("QUUX", "0123456789abcdefghij"),
        ("ENCODED", &base64(b"user:0123456789abcdefghij")),
        ("PATH", "/opt/lm-studio/bin:/opt/any-words-that-are-long"),
    ]);
    assert_eq!(plan(parent, &wanted).unwrap().report().dropped, ["ENCODED", "QUUX"]);
}
