//! What is of no use to a stranger reaches the program of its own provider, or of others, where it can do no harm.

use super::*;

/// What becomes of one variable for a target, allowed or not.
fn verdict(target: (&str, Shape, &str), pair: (&str, &str), allow: &[&str]) -> Result<Option<Disposition>, PlanError> {
    let (provider, shape, secret) = target;
    let (table, credential) = (built_in(), key(secret));
    let allow = allow.iter().map(ToString::to_string).collect();
    let inheritance = &Inheritance { allow, ..Inheritance::default() };
    let targets = &[Target { provider: table.resolve(provider).unwrap(), credential: Some(&credential), shape }];
    let plan = plan(env(&[pair]), &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None })?;
    Ok(plan.report().inherited.first().map(|judged| judged.verdict))
}

const DROPPED: Result<Option<Disposition>, PlanError> = Ok(Some(Disposition::Dropped));
const ALLOWED: Result<Option<Disposition>, PlanError> = Ok(Some(Disposition::Allowed));
const PASSED: Result<Option<Disposition>, PlanError> = Ok(None);

#[test]
fn report_81_an_organisation_reaches_its_own_providers_program_if_it_is_allowed() {
    for name in ["OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT", "OPENAI_PROJECT_ID"] {
        for shape in [Shape::Own, Shape::OpenAi] {
            // A key may be good for several organisations, and this says which of them pays.
            assert_eq!(verdict(("openai", shape, "k-1"), (name, "org-1"), &[]), DROPPED, "{name}");
            assert_eq!(verdict(("openai", shape, "k-1"), (name, "org-1"), &[name]), ALLOWED, "{name}");
        }
        for (provider, shape) in [("minimax", Shape::OpenAi), ("minimax", Shape::Own), ("anthropic", Shape::Own)] {
            assert_eq!(verdict((provider, shape, "k-1"), (name, "org-1"), &[]), DROPPED, "{name} {provider}");
        }
        let stolen = verdict(("openai", Shape::Own, "k-1"), (name, "sk-ant-api03-x"), &[]);
        assert_eq!(stolen, DROPPED, "the value is looked at all the same");
    }
    assert_eq!(verdict(("minimax", Shape::Own, "k-1"), ("MINIMAX_GROUP_ID", "1"), &[]), PASSED);
}

#[test]
fn report_81_an_address_of_data_passes_where_its_credential_does_not() {
    let mirror = ("HF_ENDPOINT", "https://mirror.example");
    assert_eq!(verdict(("minimax", Shape::Own, "k-1"), mirror, &[]), PASSED);
    assert_eq!(verdict(("minimax", Shape::OpenAi, "k-1"), mirror, &[]), PASSED);
    assert_eq!(verdict(("minimax", Shape::Own, "k-1"), ("HF_ENDPOINT", "https://api.openai.com"), &[]), DROPPED);
    assert_eq!(verdict(("huggingface", Shape::Own, "k-1"), mirror, &[]), DROPPED);
    let allowed = verdict(("huggingface", Shape::Own, "k-1"), mirror, &["HF_ENDPOINT"]);
    assert!(matches!(allowed, Err(PlanError::NotAllowed { .. })), "it redirects the planned key: {allowed:?}");
}

#[test]
fn report_81_the_address_of_a_server_that_wants_no_key_reaches_its_program_unless_a_key_is_planned() {
    for value in ["http://192.168.1.5:11434", "0.0.0.0", "https://models.example"] {
        let host = ("OLLAMA_HOST", value);
        assert_eq!(verdict(("ollama", Shape::Own, NO_KEY), host, &[]), PASSED, "{value}");
        assert_eq!(verdict(("ollama", Shape::Own, NO_KEY), host, &["OLLAMA_HOST"]), PASSED, "{value}");
        assert_eq!(verdict(("ollama", Shape::Own, "a-key"), host, &[]), DROPPED, "{value}");
        let allowed = verdict(("ollama", Shape::Own, "a-key"), host, &["OLLAMA_HOST"]);
        assert!(matches!(allowed, Err(PlanError::NotAllowed { .. })), "{value}: {allowed:?}");
        assert_eq!(verdict(("minimax", Shape::Own, "k-1"), host, &[]), DROPPED, "{value}");
        assert_eq!(verdict(("minimax", Shape::Own, NO_KEY), host, &[]), DROPPED, "{value}");
    }
    let paid = ("OLLAMA_HOST", "https://ollama.com");
    assert_eq!(verdict(("ollama", Shape::Own, NO_KEY), paid, &[]), DROPPED, "that is another provider");
}

#[test]
fn report_81_a_server_on_the_network_is_asked_unencrypted_where_no_key_is_sent() {
    let row = |fields: &str| {
        let json = format!(r#"{{"providers":[{{"id":"home","env":{{"api_key":["HOME_LLM_KEY"]}}{fields}}}]}}"#);
        built_in().merge(serde_json::from_str::<TableFile>(&json).unwrap().providers)
    };
    let url = r#","base_urls":{"openai":"http://192.168.1.5:11434/v1"}"#;
    assert!(row(url).is_err(), "a key would be sent there");
    assert!(row(r#","keyless":true,"key_url":"http://192.168.1.5/key""#).is_err());
    assert!(row(r#","keyless":true,"base_urls":{"openai":"http://me:pw@192.168.1.5/v1"}"#).is_err());
    let table = row(&format!(r#","keyless":true{url}"#)).unwrap();
    let plan = make(&table, "home", &key(NO_KEY), Shape::OpenAi, Env::new());
    assert_eq!(set_in(&plan), [("OPENAI_BASE_URL", "http://192.168.1.5:11434/v1"), ("OPENAI_API_KEY", NO_KEY)]);
    for shape in [Shape::Own, Shape::OpenAi] {
        let error = try_make(&table, "home", &key("a-key"), shape, Env::new()).unwrap_err();
        assert!(matches!(error, PlanError::NotEncrypted { .. }), "{error}");
        assert!(error.remedy().contains("credlatch clear home"), "{error}");
    }
}
