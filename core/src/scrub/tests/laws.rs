//! Law 10, `provider_is_honoured`, over environments that nobody thought of.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// Each value is unmistakably somebody's, so that a leak is seen by its bytes alone.
const PLANTED: [(&str, &str); 6] = [
    ("anthropic", "sk-ant-oat01-planted0token1of2claude"),
    ("anthropic", "sk-ant-api03-planted0key1of2anthropic"),
    ("openrouter", "sk-or-v1-planted0key1of2openrouter"),
    ("groq", "gsk_planted0key1of2groq3cloud"),
    ("xai", "xai-planted0key1of2xai3console"),
    ("gemini", "AIzaPlanted0key1of2gemini3studio"),
];

const ASKED: [&str; 8] = ["anthropic", "openai", "openrouter", "groq", "xai", "gemini", "minimax", "custom"];

/// What begins like these and goes on as no release of a tool has gone on yet.
const FAMILIES: [&str; 6] =
    ["ANTHROPIC_QUUX", "CLAUDE_CODE_QUUX", "CLAUDE_QUUX", "OPENAI_QUUX", "CODEX_QUUX", "OPENCODE_QUUX"];

const HARMLESS: [&str; 6] =
    ["PATH", "HOME", "AWS_REGION", "CODEX_HOME", "ANTHROPIC_MODEL", "CLAUDE_CODE_MAX_OUTPUT_TOKENS"];

fn is_a_known_name(table: &Table, name: &str) -> bool {
    every(table).flat_map(Provider::all_names).any(|known| known.eq_ignore_ascii_case(name))
}

/// What repositories, data and measurements are for first: a token that pushes code, and an address that is of no use without
/// its own credential. Where that is planned, the address would redirect it.
fn is_others_first(asked: &str, name: &str) -> bool {
    let addresses = [("huggingface", "HF_ENDPOINT"), ("wandb", "WANDB_BASE_URL"), ("databricks", "DATABRICKS_HOST")];
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    is("GITHUB_TOKEN") || is("GITLAB_TOKEN") || addresses.iter().any(|(owner, address)| *owner != asked && is(address))
}

/// The well-known providers and the field.
fn every(table: &Table) -> impl Iterator<Item = &Provider> {
    table.providers().chain(table.field())
}

/// Any provider: a well-known one as often as one of the field.
fn asked() -> impl Strategy<Value = String> {
    let field: Vec<String> = built_in().field().map(|row| row.id.to_string()).collect();
    let known: Vec<String> = built_in().providers().map(|row| row.id.to_string()).collect();
    prop_oneof![proptest::sample::select(known), proptest::sample::select(field)]
}

fn names() -> impl Strategy<Value = String> {
    // Git's own are for repositories first.
    let git = ["GITHUB_TOKEN", "GITLAB_TOKEN"];
    let table = built_in();
    let known = every(&table).flat_map(Provider::all_names).filter(|name| !git.contains(name)).map(str::to_owned);
    let known: Vec<String> = known.collect();
    let lower: Vec<String> = known.iter().map(|name| name.to_lowercase()).collect();
    prop_oneof![
        3 => proptest::sample::select(known),
        1 => proptest::sample::select(lower),
        1 => proptest::sample::select(vec!["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"]).prop_map(str::to_owned),
        1 => proptest::sample::select(&HARMLESS[..]).prop_map(str::to_owned),
        1 => (proptest::sample::select(&FAMILIES[..]), "[A-Za-z0-9_]{0,6}").prop_map(|(begin, rest)| format!("{begin}{rest}")),
        2 => "[A-Za-z_][A-Za-z0-9_]{0,12}",
    ]
}

fn values() -> impl Strategy<Value = String> {
    let wrap = |(at, wrapping): (usize, usize)| {
        let secret = PLANTED[at].1;
        match wrapping {
            0 => secret.to_owned(),
            1 => format!("  {secret}\n"),
            2 => format!("Bearer {secret}"),
            3 => format!("{{\"key\": \"{secret}\"}}"),
            4 => format!("A=1,KEY={secret},B=2"),
            _ => format!("https://user:{secret}@proxy.example/"),
        }
    };
    let urls =
        vec!["https://api.anthropic.com", "https://api.minimax.io/anthropic", "https://evil.example", "http://x"];
    prop_oneof![
        3 => (0..PLANTED.len(), 0..6_usize).prop_map(wrap),
        1 => proptest::sample::select(urls).prop_map(str::to_owned),
        2 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn environments() -> impl Strategy<Value = Env> {
    let pair = (names(), values()).prop_map(|(name, value)| (OsString::from(name), OsString::from(value)));
    proptest::collection::vec(pair, 0..12)
}

fn shapes() -> impl Strategy<Value = Shape> {
    proptest::sample::select(vec![Shape::Own, Shape::Anthropic, Shape::OpenAi])
}

/// Found by fuzzing: the host was looked at, and not what came after it.
#[test]
fn law_10_an_address_of_ones_own_brings_no_strangers_token() {
    for (provider, name, value) in [
        ("openrouter", "OPENAI_BASE_URL", "https://openrouter.ai/?key=xai-planted0key1of2xai3console"),
        ("anthropic", "ANTHROPIC_BASE_URL", "https://api.anthropic.com/?k=gsk_planted0key1of2groq3cloud"),
    ] {
        let result = normalise(vec![(name.into(), value.into())], &built_in(), provider).unwrap();
        assert!(result.env.is_empty(), "{provider} {value}");
    }
}

proptest! {
    #[test]
    fn law_10_a_child_sees_no_credential_but_its_own(
        parent in environments(), asked in asked(), shape in shapes(), strict in any::<bool>(),
    ) {
        let table = built_in();
        let credential = key("own-key-1");
        let targets = &[Target { provider: table.resolve(&asked).unwrap(), credential: Some(&credential), shape }];
        let inheritance = &Inheritance { strict, ..Inheritance::default() };
        let wanted = Wanted { table: &table, targets, inheritance, context: &[], empty_folder: Some("/empty") };
        let Ok(plan) = plan(parent.clone(), &wanted) else { return Ok(()) };

        for (name, value) in plan.keep() {
            let (name, value) = (name.to_str().unwrap(), value.to_str().unwrap());
            prop_assert!(PLANTED.iter().all(|(_, secret)| !value.contains(secret)), "a planted token in {name}");
            prop_assert!(is_others_first(&asked, name) || !is_a_known_name(&table, name), "{name}");
            let upper = name.to_uppercase();
            prop_assert!(FAMILIES.iter().all(|begin| !upper.starts_with(begin)), "{name}");
            prop_assert!(!upper.starts_with("AWS_") || upper.ends_with("REGION"), "{name}");
        }
        for (name, value) in plan.set() {
            let value = value.expose();
            let is_plain = ["own-key-1", "1", "/empty", "{}"].contains(&value) || value.starts_with("{\"provider\":");
            let urls = &targets[0].provider.base_urls;
            let is_url = [&urls.own, &urls.anthropic, &urls.openai].iter().any(|url| url.as_deref() == Some(value));
            let is_home = name == "GOOGLE_GEMINI_BASE_URL";
            prop_assert!(is_plain || is_url || is_home, "{name}");
        }
        // Nothing is invented, changed or silently lost.
        for pair in plan.keep() {
            prop_assert!(parent.contains(pair));
        }
        for (name, _) in &parent {
            let is_accounted_for = plan.keep().iter().any(|(kept, _)| kept == name)
                || plan.remove().any(|gone| gone == name.as_os_str())
                || plan.sets(name);
            prop_assert!(is_accounted_for, "{name:?}");
        }
        // What is harmless is never lost, whatever stands beside it.
        for (name, value) in parent.iter().filter(|(name, _)| HARMLESS.iter().any(|own| name == own)) {
            let is_planted = PLANTED.iter().any(|(_, secret)| value.to_str().unwrap().contains(secret));
            let is_a_strangers = value.to_str().unwrap().starts_with("https://api.");
            let is_kept = plan.keep().iter().any(|(kept, _)| kept == name);
            prop_assert!(is_kept || strict || is_planted || is_a_strangers, "{name:?} is lost");
        }
    }

    #[test]
    fn law_10_what_is_allowed_passes_and_nothing_else_with_it(
        parent in environments(), asked in asked(), shape in shapes(), strict in any::<bool>(), which in any::<prop::sample::Index>(),
    ) {
        let table = built_in();
        let credential = key("own-key-1");
        let targets = &[Target { provider: table.resolve(&asked).unwrap(), credential: Some(&credential), shape }];
        let planned = |allow| {
            let inheritance = &Inheritance { strict, allow, ..Inheritance::default() };
            plan(parent.clone(), &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None })
        };
        let Ok(without) = planned(Vec::new()) else { return Ok(()) };
        if parent.is_empty() {
            return Ok(());
        }
        let name = which.get(&parent).0.to_str().unwrap().to_owned();
        let names = |plan: &EnvPlan| plan.keep().iter().map(|(name, _)| name.to_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
        match planned(vec![name.clone()]) {
            Ok(with) => {
                let mut expected = names(&without);
                expected.insert(name);
                prop_assert_eq!(names(&with), expected);
            }
            Err(error) => {
                prop_assert!(matches!(error, PlanError::NotAllowed { .. }), "{}", error);
                prop_assert!(without.sets(&name) || is_a_known_name(&table, &name), "{} is nobody's", name);
            }
        }
    }

    #[test]
    fn law_10_without_a_credential_there_is_no_plan(parent in environments(), at in 0..ASKED.len(), shape in shapes()) {
        let table = built_in();
        let provider = table.resolve(ASKED[at]).unwrap();
        let (targets, inheritance) = (&[Target { provider, credential: None, shape }], &Inheritance::default());
        let got = plan(parent, &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None });
        prop_assert_eq!(got, Err(PlanError::Missing(Missing::for_provider(provider))));
    }

    #[test]
    fn report_81_normalising_twice_is_normalising_once(parent in environments(), at in 0..ASKED.len()) {
        let once = normalise(parent, &built_in(), ASKED[at]).unwrap();
        let twice = normalise(once.env.clone(), &built_in(), ASKED[at]).unwrap();
        prop_assert_eq!(&twice.env, &once.env);
        prop_assert!(!twice.is_changed(), "{:?}", twice);
        prop_assert_eq!(twice.missing, once.missing);
    }

    #[test]
    fn law_10_normalising_leaves_no_strangers_token(parent in environments(), at in 0..ASKED.len()) {
        let result = normalise(parent, &built_in(), ASKED[at]).unwrap();
        for (name, value) in &result.env {
            let value = value.to_str().unwrap();
            let stranger = PLANTED.iter().find(|(owner, secret)| *owner != ASKED[at] && value.contains(secret));
            prop_assert!(stranger.is_none(), "{:?} holds a token of {:?}", name, stranger.map(|s| s.0));
        }
    }
}
