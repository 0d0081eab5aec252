//! Variables that tools name in their documentation and releases, and whether a child of another provider gets them.

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
    ] {
        assert_eq!(judged(name), "dropped", "{name}");
    }
}
