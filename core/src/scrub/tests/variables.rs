//! Variables that tools name in their documentation and releases, and whether a child of another provider gets them.

use proptest::prelude::*;

use super::*;

/// A name and what becomes of it, a line each, as read in releases of November 2026. `looked_at` passes and looks like a
/// credential.
const NAMED: &str = include_str!("variables.txt");

fn judged(name: &str) -> &'static str {
    let table = built_in();
    let credential = key("k-1");
    let targets =
        &[Target { provider: table.resolve("minimax").unwrap(), credential: Some(&credential), shape: Shape::Own }];
    let inheritance = &Inheritance::default();
    let wanted = Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None };
    let plan = plan(vec![(name.into(), "x".into())], &wanted).unwrap();
    let report = plan.report();
    // What is set anew is not inherited.
    if !report.dropped.is_empty() || plan.sets(name) {
        return "dropped";
    }
    if report.warned.is_empty() { "passed" } else { "looked_at" }
}

#[test]
fn report_81_what_tools_name_is_dropped_if_it_holds_redirects_or_bills_a_credential_and_else_passes() {
    let wrong: Vec<String> = NAMED
        .lines()
        .filter_map(|line| {
            let (name, expected) = line.split_once(' ').unwrap();
            let got = judged(name);
            (got != expected).then(|| format!("{name}: {got}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for verdict in ["dropped", "looked_at", "passed"] {
        assert!(NAMED.lines().filter(|line| line.ends_with(verdict)).count() > 100, "too few are {verdict}");
    }
}

#[test]
fn report_81_a_switch_that_no_release_has_yet_is_dropped() {
    for name in [
        "CLAUDE_CODE_USE_NEXTCLOUD",
        "CLAUDE_CODE_SKIP_NEXTCLOUD_AUTH",
        "CLAUDE_CODE_NEXT_TOKEN_FILE_DESCRIPTOR",
        "CLAUDE_NEXT_LOGIN",
        "ANTHROPIC_NEXTCLOUD_BASE_URL",
        "ANTHROPIC_NEXTCLOUD_API_KEY",
        "ANTHROPIC_NEXT",
        "OPENAI_NEXT_HEADERS",
        "OPENAI_KEY",
        "CODEX_NEXT_IDENTITY",
        "OPENCODE_NEXT_AUTH",
        "GEMINI_NEXT_TOKEN",
        "TOGETHER_NEXT_TOKEN",
        "FIREWORKS_NEXT_BASE_URL",
        "HF_NEXT_TOKEN",
        "AWS_NEXT_CREDENTIAL",
        "openai_next_key",
        "INPUT_ANTHROPIC_API_KEY",
        "INPUT_OPENAI-API-KEY",
        "INPUT_MISTRAL-API-KEY",
        "TOGETHER_API_KEY_FILE",
        "OPENAIKEY",
    ] {
        assert_eq!(judged(name), "dropped", "{name}");
    }
}

#[test]
fn report_81_a_providers_variable_is_known_behind_the_words_that_a_build_puts_before_it() {
    for name in [
        "VITE_OPENAI_API_KEY",
        "NEXT_PUBLIC_MISTRAL_API_KEY",
        "REACT_APP_ANTHROPIC_API_KEY",
        "EXPO_PUBLIC_GROQ_BASE_URL",
        "TF_VAR_openai_api_key",
        "npm_config_groq_api_key",
        "SPRING_AI_MISTRAL_API_KEY",
        "spring.ai.openai.api-key",
        "PROD_ANTHROPIC_TOKEN",
        "MY_TOGETHER_API_KEY_FILE",
        "mistralApiKey",
        "AI__Mistral__ApiKey",
        "AI__OpenAI__Key",
    ] {
        assert_eq!(judged(name), "dropped", "{name}");
    }
    for name in ["MY_GITHUB_TOKEN", "ANY_CUSTOM_API_KEY", "MY_API_KEY", "X_CURSOR_TOKEN"] {
        assert_eq!(judged(name), "looked_at", "{name}");
    }
    for name in ["XTERM_CURSOR_COLOR", "DISABLE_OPENAI_TELEMETRY", "MY_ANTHROPIC_MODEL", "NEXT_PUBLIC_SITE", "VITE_APP"]
    {
        assert_eq!(judged(name), "passed", "{name}");
    }
}

/// Variables of providers whose names are no words of the language.
const KEYS: &[&str] = &[
    "OPENAI_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "GROQ_API_KEY",
    "MISTRAL_API_KEY",
    "OPENROUTER_API_KEY",
    "GEMINI_API_KEY",
    "TOGETHER_API_KEY",
];

proptest! {
    #[test]
    fn law_10_a_key_variable_behind_any_words_reaches_no_stranger(
        words in "[A-Za-z][A-Za-z0-9]{0,8}([_.-][A-Za-z0-9]{1,8}){0,2}",
        key in proptest::sample::select(KEYS),
        is_small in any::<bool>(),
    ) {
        let key = if is_small { key.to_lowercase() } else { key.to_owned() };
        let name = format!("{words}_{key}");
        prop_assert_eq!(judged(&name), "dropped", "{}", name);
    }
}
