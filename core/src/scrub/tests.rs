//! What a plan lets through, what it sets, and when there is none.

mod clashes;
mod in_order;
mod keys;
mod laws;
mod owned;
mod report_81;
mod shut_out;
mod values;
mod variables;

use std::ffi::OsString;

use super::*;
use crate::provider::TableFile;
use crate::provider::tests::built_in;

/// What plans set besides, whomever they are for.
const BESIDES: [&str; 4] =
    ["OPENCODE_AUTH_CONTENT", "OPENCODE_CONFIG_CONTENT", "CLAUDE_CODE_DISABLE_AGENT_VIEW", "GOOGLE_GEMINI_BASE_URL"];

pub(super) type Env = Vec<(OsString, OsString)>;

pub(super) fn env(pairs: &[(&str, &str)]) -> Env {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

pub(super) fn key(text: &str) -> ChildCredential {
    ChildCredential { kind: WireKind::ApiKey, secret: Secret::try_from(text).unwrap() }
}

fn token(text: &str) -> ChildCredential {
    ChildCredential { kind: WireKind::OauthToken, ..key(text) }
}

fn make(table: &Table, provider: &str, credential: &ChildCredential, shape: Shape, parent: Env) -> EnvPlan {
    try_make(table, provider, credential, shape, parent).unwrap()
}

fn try_make(
    table: &Table,
    provider: &str,
    credential: &ChildCredential,
    shape: Shape,
    parent: Env,
) -> Result<EnvPlan, PlanError> {
    let targets = &[Target { provider: table.resolve(provider).unwrap(), credential: Some(credential), shape }];
    plan(parent, &Wanted { table, targets, inheritance: &Inheritance::default(), context: &[], empty_folder: None })
}

fn set_in(plan: &EnvPlan) -> Vec<(&str, &str)> {
    let all = plan.set().iter().map(|(name, value)| (name.as_str(), value.expose()));
    all.filter(|(name, _)| !BESIDES.contains(name)).collect()
}

fn names_of(plan: &EnvPlan) -> Vec<String> {
    plan.env()
        .map(|(name, _)| name.to_string_lossy().into_owned())
        .filter(|name| !BESIDES.contains(&name.as_str()))
        .collect()
}

#[test]
fn every_credential_and_address_of_every_provider_is_dropped() {
    let table = built_in();
    let all: Vec<String> = table.providers().flat_map(Provider::all_names).map(str::to_owned).collect();
    let lower = all.iter().map(|name| name.to_lowercase());
    let parent: Env = all.iter().cloned().chain(lower).map(|name| (name.into(), "x".into())).collect();
    let plan = make(&table, "minimax", &key("k-1"), Shape::Own, parent);
    assert_eq!(plan.keep(), []);
    assert_eq!(set_in(&plan), [("MINIMAX_API_KEY", "k-1")]);
    let report = plan.report();
    assert!(report.dropped.contains(&"anthropic_api_key".to_owned()));
    // Its own inherited key is replaced, which is no news.
    assert!(!report.dropped.contains(&"MINIMAX_API_KEY".to_owned()));
}

#[test]
fn a_foreign_token_is_dropped_from_a_variable_of_any_name() {
    let table = built_in();
    let parent = env(&[
        ("NOTES", "sk-ant-oat01-other"),
        ("CONFIG", r#"{"key":"sk-ant-api03-other"}"#),
        ("HEADER", "Authorization: Bearer gsk_abcdefgh12345678"),
        ("ENDPOINT", "https://openrouter.ai/api"),
        ("PATH", "/usr/bin"),
        ("EDITOR", "vi"),
    ]);
    let plan = make(&table, "minimax", &key("k-1"), Shape::Own, parent);
    assert_eq!(names_of(&plan), ["PATH", "EDITOR", "MINIMAX_API_KEY"]);
}

#[test]
fn only_the_very_credential_of_the_plan_may_stand_elsewhere() {
    let table = built_in();
    let parent = env(&[
        ("SAME", "Bearer sk-ant-api03-mine"),
        ("LONGER", "sk-ant-api03-mine-not"),
        ("BOTH", "sk-ant-api03-mine sk-ant-api03-other"),
    ]);
    let plan = make(&table, "anthropic", &key("sk-ant-api03-mine"), Shape::Own, parent);
    let managed = "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST";
    assert_eq!(names_of(&plan), ["SAME", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", managed]);
}

#[test]
fn the_clouds_lose_their_credentials_and_keep_their_region() {
    let parent =
        env(&[("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_PROFILE", "x"), ("AWS_REGION", "eu-1"), ("MSI_SECRET", "x")]);
    let plan = make(&built_in(), "custom", &key("k-1"), Shape::Own, parent);
    assert_eq!(names_of(&plan), ["AWS_REGION", "CUSTOM_API_KEY"]);
}

#[test]
fn what_merely_looks_like_a_credential_is_named_and_kept() {
    let parent = env(&[
        ("GITHUB_TOKEN", "ghp"),
        ("HTTPS_PROXY", "http://me:pw@p:1"),
        ("EMPTY_TOKEN", ""),
        ("TERM", "x"),
        ("AUTHOR", "me@example.org"),
    ]);
    let plan = make(&built_in(), "groq", &key("gsk_1"), Shape::Own, parent);
    assert_eq!(plan.report().warned, ["GITHUB_TOKEN", "HTTPS_PROXY"]);
    assert_eq!(plan.keep().len(), 5);
}

#[test]
fn strict_lets_through_what_is_harmless_or_allowed() {
    let table = built_in();
    let allow = ["MY_FLAG", "GITHUB_TOKEN"].map(str::to_owned).to_vec();
    let inheritance = &Inheritance { strict: true, allow, ..Inheritance::default() };
    let parent = env(&[
        ("PATH", "/bin"),
        ("LC_ALL", "C"),
        ("XDG_RUNTIME_DIR", "/run"),
        ("http_proxy", "http://p:1"),
        ("HTTPS_PROXY", "http://me:pw@p:1"),
        ("MY_FLAG", "1"),
        ("OTHER", "1"),
        ("GITHUB_TOKEN", "ghp"),
        ("ANTHROPIC_API_KEY", "sk-ant-api03-x"),
        ("SNEAKY", "sk-ant-api03-x"),
    ]);
    let (provider, credential) = (table.resolve("minimax").unwrap(), Some(&key("k-1")));
    let targets = &[Target { provider, credential, shape: Shape::Own }];
    let plan = plan(parent, &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None }).unwrap();
    let kept = ["PATH", "LC_ALL", "XDG_RUNTIME_DIR", "http_proxy", "MY_FLAG", "GITHUB_TOKEN", "MINIMAX_API_KEY"];
    assert_eq!(names_of(&plan), kept);
    let report = plan.report();
    assert_eq!(report.dropped, ["ANTHROPIC_API_KEY", "HTTPS_PROXY", "OTHER", "SNEAKY"]);
    assert_eq!((report.warned, report.allowed), (vec![], vec!["GITHUB_TOKEN".to_owned(), "MY_FLAG".to_owned()]));
}

#[test]
fn each_shape_sets_what_its_programs_read() {
    let table = built_in();
    let set = |provider, credential: &ChildCredential, shape| {
        let plan = make(&table, provider, credential, shape, Env::new());
        set_in(&plan).into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    let k = key("k-1");
    let minimax = "ANTHROPIC_BASE_URL=https://api.minimax.io/anthropic";
    let managed = "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST=1";
    assert_eq!(set("minimax", &k, Shape::Anthropic), [minimax, "ANTHROPIC_AUTH_TOKEN=k-1", managed]);
    let groq = "OPENAI_BASE_URL=https://api.groq.com/openai/v1";
    assert_eq!(set("groq", &k, Shape::OpenAi), [groq, "OPENAI_API_KEY=k-1"]);
    for shape in [Shape::Own, Shape::Anthropic] {
        let home = "ANTHROPIC_BASE_URL=https://api.anthropic.com";
        assert_eq!(set("anthropic", &k, shape), ["ANTHROPIC_API_KEY=k-1", home, managed]);
        let told = ["ANTHROPIC_BETAS=oauth-2025-04-20", "ANTHROPIC_CUSTOM_HEADERS=anthropic-beta: oauth-2025-04-20"];
        let login = ["CLAUDE_CODE_OAUTH_TOKEN=t-1", "ANTHROPIC_AUTH_TOKEN=t-1", told[0], told[1], home, managed];
        assert_eq!(set("anthropic", &token("t-1"), shape), login);
    }
    assert_eq!(set("openai", &k, Shape::OpenAi), ["OPENAI_API_KEY=k-1"]);
    assert_eq!(set("moonshot", &k, Shape::Own), ["MOONSHOT_API_KEY=k-1", "KIMI_API_KEY=k-1"]);
    // A bearer token may stand where the key would.
    assert_eq!(set("xai", &token("t-1"), Shape::Own), ["XAI_API_KEY=t-1"]);
}

#[test]
fn a_gateway_in_the_row_is_named_to_the_child() {
    let json = r#"{"providers":[
        {"id":"acme","env":{"api_key":["ACME_KEY"],"base_url":["ACME_URL"]},"base_urls":{"own":"https://acme.example"}},
        {"id":"anthropic","env":{"api_key":["ANTHROPIC_API_KEY"],"base_url":["ANTHROPIC_BASE_URL"]},
         "base_urls":{"anthropic":"https://gateway.example"},"native_hosts":["api.anthropic.com"]}]}"#;
    let table = built_in().merge(serde_json::from_str::<TableFile>(json).unwrap().providers).unwrap();
    let acme = make(&table, "acme", &key("k-1"), Shape::Own, Env::new());
    assert_eq!(set_in(&acme), [("ACME_KEY", "k-1"), ("ACME_URL", "https://acme.example")]);
    let inherited = env(&[("CLAUDE_CODE_OAUTH_TOKEN", "x"), ("A", "sk-ant-oat01-x")]);
    let claude = make(&table, "anthropic", &key("k-1"), Shape::Anthropic, inherited);
    let managed = "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST";
    assert_eq!(names_of(&claude), ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", managed]);
}

#[test]
fn what_is_missing_is_an_error_that_says_what_to_do() {
    let table = built_in();
    let k = key("k-1");
    let no_endpoint = try_make(&table, "custom", &k, Shape::OpenAi, Env::new()).unwrap_err();
    assert!(no_endpoint.remedy().contains("`base_urls.openai`"), "{no_endpoint}");
    let error = try_make(&table, "groq", &k, Shape::Anthropic, Env::new()).unwrap_err();
    assert!(matches!(error, PlanError::NoEndpoint { shape: Shape::Anthropic, .. }));
    let no_variable = try_make(&table, "gemini", &token("t-1"), Shape::Own, Env::new()).unwrap_err();
    assert!(no_variable.remedy().contains("`env.oauth_token`"), "{no_variable}");
}

#[test]
fn anothers_secret_under_this_providers_name_is_refused() {
    let table = built_in();
    let error = try_make(&table, "minimax", &token("sk-ant-oat01-hush"), Shape::Own, Env::new()).unwrap_err();
    assert!(matches!(&error, PlanError::Foreign { owner, .. } if owner.as_str() == "anthropic"));
    assert!(!format!("{error} {error:?}").contains("hush"));
    // Two providers may share a prefix.
    assert!(try_make(&table, "codex", &key("sk-proj-1"), Shape::Own, Env::new()).is_ok());
}

#[test]
fn a_plan_is_mute() {
    let parent = env(&[("PATH", "hush"), ("DB_TOKEN", "hush"), ("OPENAI_API_KEY", "hush")]);
    let credential = key("hush");
    let plan = make(&built_in(), "minimax", &credential, Shape::Own, parent.clone());
    let normalised = normalise(parent, &built_in(), "openai").unwrap();
    let report = serde_json::to_string(&plan.report()).unwrap();
    for text in
        [format!("{plan:?}"), format!("{:?}", plan.set()), format!("{credential:?}"), format!("{normalised:?}"), report]
    {
        assert!(!text.contains("hush"), "{text}");
        assert!(text.contains("MINIMAX_API_KEY") || text.contains("PATH") || text.contains("hidden"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_not_text_passes_byte_for_byte_and_hides_nothing() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"\xff\xfe".to_vec());
    let hidden = OsString::from_vec(b"\xffsk-ant-oat01-x\xff".to_vec());
    let parent = vec![(odd.clone(), odd.clone()), ("HIDDEN".into(), hidden)];
    let plan = make(&built_in(), "minimax", &key("k-1"), Shape::Own, parent);
    assert_eq!(plan.keep(), [(odd.clone(), odd)]);
}

#[test]
fn a_shape_is_read_as_it_is_written() {
    for shape in [Shape::Own, Shape::Anthropic, Shape::OpenAi] {
        assert_eq!(shape.to_string().parse(), Ok(shape));
        assert_eq!(format!(" {} ", shape.to_string().to_uppercase()).parse(), Ok(shape));
    }
    assert_eq!("claude".parse(), Ok(Shape::Anthropic));
    assert_eq!("bearer".parse::<Shape>(), Err(UnknownShape));
}

#[test]
fn what_is_missing_is_named_once_with_what_to_do() {
    let row = |fields: &str| {
        let json = format!(r#"{{"providers":[{{"id":"acme","env":{{{fields}}}}}]}}"#);
        let table = Table::new(serde_json::from_str::<TableFile>(&json).unwrap().providers).unwrap();
        Missing::for_provider(table.resolve("acme").unwrap())
    };
    let missing = row(r#""api_key":["A_KEY","A_TOKEN"],"oauth_token":["A_TOKEN","B_TOKEN"]"#);
    assert_eq!(missing.variables, ["A_KEY", "A_TOKEN", "B_TOKEN"]);
    assert_eq!(missing.to_string(), "no credential for acme (A_KEY, A_TOKEN, B_TOKEN would be empty)");
    assert_eq!(missing.remedy(), "run `credlatch set acme`");
    let claude = Missing::for_provider(built_in().resolve("anthropic").unwrap());
    assert_eq!(claude.remedy(), "run `credlatch set anthropic` or `credlatch login anthropic`");
}
