//! What programs would find elsewhere, and plans keep them from.

use super::*;

#[test]
fn failure_47_claude_codes_server_in_the_background_is_shut_out_unless_somebody_wants_it() {
    let table = built_in();
    let set = |provider, shape| {
        let plan = make(&table, provider, &key("k-1"), shape, Env::new());
        plan.sets("CLAUDE_CODE_DISABLE_AGENT_VIEW")
    };
    assert!(set("anthropic", Shape::Own) && set("minimax", Shape::Anthropic));
    assert!(!set("minimax", Shape::Own) && !set("openai", Shape::Own));
    let allow = vec!["CLAUDE_CODE_DISABLE_AGENT_VIEW".to_owned()];
    let inheritance = &Inheritance { allow, ..Inheritance::default() };
    let credential = key("k-1");
    let provider = table.resolve("anthropic").unwrap();
    let targets = &[Target { provider, credential: Some(&credential), shape: Shape::Own }];
    let wanted = Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None };
    assert!(!plan(Env::new(), &wanted).unwrap().sets("CLAUDE_CODE_DISABLE_AGENT_VIEW"));
}

#[test]
fn failure_47_a_repositorys_configuration_moves_no_planned_key() {
    let table = built_in();
    let value = |provider, credential: &ChildCredential, shape, name: &str| {
        let plan = make(&table, provider, credential, shape, Env::new());
        plan.set().iter().find(|(own, _)| own == name).map(|(_, value)| value.expose().to_owned())
    };
    let opencode = |provider, credential: &ChildCredential, shape| {
        let text = value(provider, credential, shape, "OPENCODE_CONFIG_CONTENT")?;
        Some(serde_json::from_str::<serde_json::Value>(&text).unwrap()["provider"].clone())
    };
    let (k, options) =
        (key("k-1"), |key: &str, url: &str| serde_json::json!({"options": {"apiKey": key, "baseURL": url}}));
    let anthropic = options("{env:ANTHROPIC_API_KEY}", "https://api.anthropic.com/v1");
    assert_eq!(opencode("anthropic", &k, Shape::Own), Some(serde_json::json!({ "anthropic": anthropic })));
    let openai = options("{env:OPENAI_API_KEY}", "https://api.openai.com/v1");
    assert_eq!(opencode("openai", &k, Shape::Own), Some(serde_json::json!({ "openai": openai })));
    let minimax = options("{env:OPENAI_API_KEY}", "https://api.minimax.io/v1");
    assert_eq!(opencode("minimax", &k, Shape::OpenAi), Some(serde_json::json!({ "openai": minimax })));
    let minimax = options("{env:MINIMAX_API_KEY}", "https://api.minimax.io/anthropic/v1");
    assert_eq!(opencode("minimax", &k, Shape::Own).unwrap()["minimax"], minimax);
    let google = options("{env:GEMINI_API_KEY}", "https://generativelanguage.googleapis.com/v1beta");
    assert_eq!(opencode("gemini", &k, Shape::Own), Some(serde_json::json!({ "google": google })));
    let none = Some(serde_json::json!({}));
    assert_eq!(opencode("minimax", &k, Shape::Anthropic), none);
    assert_eq!(opencode("anthropic", &token("t-1"), Shape::Own), none, "opencode reads no login from a variable");
    let gemini = |provider| value(provider, &k, Shape::Own, "GOOGLE_GEMINI_BASE_URL");
    assert_eq!(gemini("gemini").as_deref(), Some("https://generativelanguage.googleapis.com"));
    assert_eq!(gemini("openai"), None);
}

#[test]
fn failure_47_opencode_is_held_to_the_planned_providers_at_their_own_addresses_or_has_none() {
    let table = built_in();
    let mut told = 0;
    for row in table.providers().chain(table.field()) {
        let k = key("k-1");
        for shape in [Shape::Own, Shape::Anthropic, Shape::OpenAi] {
            let Ok(plan) = try_make(&table, row.id.as_str(), &k, shape, Env::new()) else { continue };
            let value = plan.set().iter().find(|(own, _)| own == "OPENCODE_CONFIG_CONTENT").unwrap().1.expose();
            let config: serde_json::Value = serde_json::from_str(value).unwrap();
            let enabled = config["enabled_providers"].as_array().unwrap();
            let rows = config["provider"].as_object().unwrap();
            assert_eq!(enabled.is_empty(), is_untold_to_opencode(&plan), "{}", row.id);
            assert_eq!(enabled.len(), rows.len());
            for name in enabled {
                let options = &rows[name.as_str().unwrap()]["options"];
                let variable = options["apiKey"].as_str().unwrap();
                let variable = variable.strip_prefix("{env:").and_then(|rest| rest.strip_suffix('}')).unwrap();
                assert!(plan.sets(variable), "{}: {variable}", row.id);
                let url = options["baseURL"].as_str().unwrap();
                assert_eq!(row.admits(url), Ok(()), "{}: {url}", row.id);
                told += 1;
            }
        }
    }
    assert!(told > 400, "{told}");
}

#[test]
fn opencodes_names_and_addresses_are_those_that_a_plan_tells_it() {
    let table = built_in();
    let names = |id: &str| names_for_opencode(table.resolve(id).unwrap());
    let told = |names: &[&'static str], url: &str| Some((names.to_vec(), url.to_owned()));
    assert_eq!(names("anthropic"), told(&["anthropic"], "https://api.anthropic.com/v1"));
    assert_eq!(names("openai"), told(&["openai"], "https://api.openai.com/v1"));
    assert_eq!(names("minimax"), told(&["minimax", "minimax-coding-plan"], "https://api.minimax.io/anthropic/v1"));
    assert_eq!(names("vercel"), None);
}
