//! Programs that would not use what is planned for them.

use super::*;

fn clash(command: &[&str], provider: &str, shape: Shape, files: &[(&str, &str)]) -> Option<String> {
    let plan = make(&built_in(), provider, &key("k-1"), shape, Env::new());
    let command: Vec<OsString> = command.iter().map(OsString::from).collect();
    of(&plan, &command, files)
}

fn of(plan: &EnvPlan, command: &[OsString], files: &[(&str, &str)]) -> Option<String> {
    let look = |location: &FileLocation<'_>| {
        files.iter().find(|(path, _)| *path == location.in_home).map(|(_, text)| (*text).to_owned())
    };
    login_clash(command, plan, look, |text| toml::from_str(text).ok()).map(|clash| clash.to_string())
}

/// The same for Codex, with this text in its configuration.
fn codex(args: &[&str], provider: &str, shape: Shape, config: &str) -> Option<String> {
    clash(&[&["codex", "exec"], args].concat(), provider, shape, &[(".codex/config.toml", config)])
}

/// A provider of the user's own, as its configuration names one.
fn row(name: &str, url: &str, key: &str) -> String {
    format!("[model_providers.{name}]\nbase_url = \"{url}\"\nenv_key = \"{key}\"\n")
}

#[test]
fn claude_code_is_refused_until_it_is_told_and_in_the_background() {
    let refused = clash(&["/usr/bin/claude"], "minimax", Shape::Own, &[]).unwrap();
    assert!(refused.contains("Claude Code") && refused.contains("--as anthropic"), "{refused}");
    assert_eq!(clash(&["claude", "-p", "hi"], "minimax", Shape::Anthropic, &[]), None);
    assert_eq!(clash(&["Claude.exe"], "anthropic", Shape::Own, &[]), None);
    assert!(clash(&["claude"], "groq", Shape::OpenAi, &[]).is_some());
    let background = clash(&["claude", "--bg", "do it"], "anthropic", Shape::Own, &[]).unwrap();
    assert!(background.contains("background server") && background.contains("`--bg`"), "{background}");
    assert_eq!(clash(&["agent"], "minimax", Shape::Own, &[]), None);
}

#[test]
fn failure_47_codex_is_refused_with_the_recipe_unless_it_is_set_up_to_read_what_is_planned() {
    let exec = &["codex", "exec", "hi"][..];
    for (provider, shape) in [("openai", Shape::Own), ("minimax", Shape::OpenAi)] {
        let refused = clash(exec, provider, shape, &[]).unwrap();
        assert!(refused.contains("[model_providers.credlatch.auth]"), "{refused}");
        assert!(refused.contains(&format!("args = [\"token\", \"{provider}\"]")), "{refused}");
    }
    let url = |provider, shape| clash(exec, provider, shape, &[]).unwrap();
    assert!(url("minimax", Shape::OpenAi).contains("base_url = \"https://api.minimax.io/v1\""));
    assert!(url("openai", Shape::Own).contains("base_url = \"https://api.openai.com/v1\""));
    assert!(url("minimax", Shape::Own).ends_with("add `--as openai`"), "a key goes nowhere but to its provider");
    assert_eq!(clash(exec, "openai-codex", Shape::Own, &[]), None, "its own variable wins");

    let recipe = clash(exec, "openai", Shape::Own, &[]).unwrap();
    let (_, toml) = recipe.split_once('\n').unwrap();
    assert_eq!(clash(exec, "openai", Shape::Own, &[(".codex/config.toml", toml)]), None, "the recipe is one");

    let by_variable = "model_provider = 'mine'\n[model_providers.mine]\nbase_url = \"https://api.minimax.io/v1\"\nenv_key = \"OPENAI_API_KEY\"\n";
    let config = |text| clash(exec, "minimax", Shape::OpenAi, &[(".codex/config.toml", text)]);
    assert_eq!(config(by_variable), None);
    for wrong in [
        "[model_providers.mine]\nbase_url = \"https://api.minimax.io/v1\"\nenv_key = \"OPENAI_API_KEY\"\n",
        "model_provider = 'other'\n[model_providers.mine]\nbase_url = \"https://api.minimax.io/v1\"\nenv_key = \"OPENAI_API_KEY\"\n",
        "model_provider = 'mine'\n[model_providers.mine]\nbase_url = \"https://api.minimax.io/v1\"\nenv_key = \"OTHER_KEY\"\n",
        "[profiles.x]\nmodel_provider = 'mine'\n[model_providers.mine]\nbase_url = \"https://api.minimax.io/v1\"\nenv_key = \"OPENAI_API_KEY\"\n",
    ] {
        assert!(config(wrong).is_some(), "{wrong}");
    }
    let given = |auth: &str| {
        let row = format!("model_providers.mine={{name=\"mine\",base_url=\"https://api.openai.com/v1\",{auth}}}");
        clash(&["codex", "exec", "-c", "model_provider=\"mine\"", "-c", &row], "openai", Shape::Own, &[])
    };
    assert_eq!(given("env_key=\"OPENAI_API_KEY\""), None);
    assert_eq!(given("auth={command=\"credlatch\",args=[\"token\",\"openai\"]}"), None);
    for wrong in [
        "env_key=\"OTHER_KEY\"",
        "env_key=\"OPENAI_API_KEY\",base_url=\"https://evil.example/v1\"",
        "env_key=\"OPENAI_API_KEY\",http_headers={Authorization=\"Bearer x\"}",
        "auth={command=\"credlatch\",args=[\"token\",\"anthropic\"]}",
        "auth={command=\"credlatch\",args=[\"--profile\",\"other\",\"token\",\"openai\"]}",
        "auth={command=\"cat\",args=[\"token\",\"openai\"]}",
    ] {
        assert!(given(wrong).is_some(), "{wrong}");
    }
    let (_, toml) = recipe.split_once('\n').unwrap();
    let stays = clash(exec, "minimax", Shape::OpenAi, &[(".codex/config.toml", toml)]);
    assert!(stays.is_some(), "the recipe for another provider gives that provider's key");
}

#[test]
fn report_81_codex_configuration_is_read_as_codex_reads_it() {
    let refused = |args: &[&str], config: &str| codex(args, "minimax", Shape::OpenAi, config);
    let (home, evil) = ("https://api.minimax.io/v1", "https://evil.example/v1");
    let mine = format!("model_provider = 'mine'\n{}", row("mine", home, "OPENAI_API_KEY"));
    for held in [
        format!(
            "model_provider = \"mine\" # my own\n[model_providers]\nmine = {{ base_url = '{home}/', env_key = 'OPENAI_API_KEY' }}"
        ),
        format!(
            "model_provider='mine'\nmodel_providers.mine.base_url='{home}'\nmodel_providers.mine.env_key='OPENAI_API_KEY'"
        ),
        format!("model_provider = 'my own'\n{}", row("'my own'", home, "OPENAI_API_KEY")),
        format!("{mine}# base_url = \"{evil}\" and no http_headers\n[notice]\nat = 2026-11-29T00:00:00Z"),
        format!("{mine}{}", row("other", evil, "OTHER_KEY")),
    ] {
        assert_eq!(refused(&[], &held), None, "{held}");
    }
    for leaks in [
        format!(
            "model_provider = 'mine'\n[model_providers.mine]\nname = \"base_url = '{home}'\"\nenv_key = 'OPENAI_API_KEY'"
        ),
        format!(
            "model_provider = 'mine'\n[model_providers.mine]\nbase_url = '{evil}' # '{home}'\nenv_key = 'OPENAI_API_KEY'"
        ),
        format!("note = \"\"\"\nmodel_provider = 'mine'\n\"\"\"\n{}", row("mine", home, "OPENAI_API_KEY")),
        format!("{mine}env_http_headers = {{ X = 'OTHER' }}"),
    ] {
        assert!(refused(&[], &leaks).is_some(), "{leaks}");
    }
    for args in [
        &["-c", "model_providers.mine.base_url=https://evil.example/v1"][..],
        &["-cmodel_providers.mine.base_url=https://evil.example/v1"],
        &["--config", "model_providers.mine.base_url='https://evil.example/v1'"],
        &["--config=model_provider=other"],
        &["-c=model_provider=other"],
        &["-c", " model_provider = other "],
        &["--ignore-user-config"],
        &["--oss"],
        &["--remote=wss://elsewhere.example"],
        &["--profile", "work"],
        &["-pwork"],
    ] {
        let work = ("model_provider = 'other'", row("other", evil, "OPENAI_API_KEY"));
        let work = format!("{}\n{}", work.0, work.1);
        let files = &[(".codex/config.toml", mine.as_str()), (".codex/work.config.toml", &work)];
        assert!(clash(&[&["codex", "exec"], args].concat(), "minimax", Shape::OpenAi, files).is_some(), "{args:?}");
    }
    assert_eq!(refused(&["-c", "model_provider=other", "-c", "model_provider=mine"], &mine), None, "the last counts");
    assert_eq!(refused(&["--", "-cmodel_provider=other"], &mine), None, "what is asked is no option");
    let broken = refused(&[], "model_provider = ").unwrap();
    assert!(broken.contains("can't be read as TOML"), "{broken}");
}

#[test]
fn report_81_codex_built_in_provider_is_held_to_its_own_address() {
    let evil = "https://evil.example/v1";
    for config in [
        format!("openai_base_url = '{evil}'"),
        format!("model_provider = 'mine'\n{}", row("mine", evil, "CODEX_API_KEY")),
        format!("model_provider = 'mine'\n{}", row("mine", evil, "MINE_KEY")),
    ] {
        let refused = codex(&[], "openai-codex", Shape::Own, &config).unwrap();
        let (_, remedy) = refused.split_once("; ").unwrap();
        let cure: Vec<&str> = remedy.split('`').nth(1).unwrap().split(' ').collect();
        assert_eq!(codex(&cure, "openai-codex", Shape::Own, &config), None, "{remedy}");
    }
    let at_home = format!("model_provider = 'mine'\n{}", row("mine", "https://api.openai.com/v1", "CODEX_API_KEY"));
    for config in ["", "model_provider = 'openai'", "openai_base_url = 'https://api.openai.com/v1'", &at_home] {
        assert_eq!(codex(&[], "openai-codex", Shape::Own, config), None, "{config}");
    }
}

#[test]
fn report_81_of_several_planned_keys_codex_gets_the_one_that_belongs_where_it_asks() {
    let table = built_in();
    let keys = [key("k-minimax"), key("k-openai")];
    let target = |id: &str, at: usize| Target {
        provider: table.resolve(id).unwrap(),
        credential: Some(&keys[at]),
        shape: Shape::Own,
    };
    let targets = &[target("minimax", 0), target("openai", 1)];
    let inheritance = &Inheritance::default();
    let wanted = Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None };
    let plan = plan(Env::new(), &wanted).unwrap();
    let refused = |config: &str| of(&plan, &["codex".into(), "exec".into()], &[(".codex/config.toml", config)]);
    let recipe = refused("").unwrap();
    assert!(recipe.contains("https://api.openai.com/v1") && recipe.contains("\"openai\"]"), "{recipe}");
    assert_eq!(refused(recipe.split_once('\n').unwrap().1), None, "the recipe is one");
    assert!(refused(&recipe.split_once('\n').unwrap().1.replace("\"openai\"]", "\"minimax\"]")).is_some());
    let with = |key: &str| format!("model_provider = 'mine'\n{}", row("mine", "https://api.openai.com/v1", key));
    assert_eq!(refused(&with("OPENAI_API_KEY")), None);
    assert!(refused(&with("MINIMAX_API_KEY")).is_some(), "it belongs at minimax");
}

#[test]
fn failure_47_a_server_that_keeps_the_first_runs_credential_is_not_talked_to() {
    let refused = clash(&["codex"], "openai-codex", Shape::Own, &[]).unwrap();
    assert!(refused.contains("--no-daemon"), "{refused}");
    assert_eq!(clash(&["codex", "--no-daemon"], "openai-codex", Shape::Own, &[]), None);
    for attached in
        [&["opencode", "attach", "http://127.0.0.1:4096"][..], &["opencode", "run", "--attach=http://x", "hi"]]
    {
        let refused = clash(attached, "openai", Shape::Own, &[]).unwrap();
        assert!(refused.contains("whoever started the server"), "{refused}");
    }
    assert_eq!(clash(&["opencode", "run", "attach"], "openai", Shape::Own, &[]), None);
    assert!(
        clash(&["codex", "cloud", "exec", "hi"], "openai-codex", Shape::Own, &[]).is_some(),
        "it knows a login only"
    );
}

#[test]
fn failure_47_files_of_keys_that_outrank_the_environment_are_told() {
    for (program, file) in [
        ("pi", ".pi/agent/auth.json"),
        ("pi", ".pi/agent/models.json"),
        ("llm", ".config/io.datasette.llm/keys.json"),
        ("aider", ".aider/oauth-keys.env"),
        ("gemini", ".gemini/oauth_creds.json"),
    ] {
        assert_eq!(clash(&[program], "anthropic", Shape::Own, &[]), None, "{program}");
        let refused = clash(&[program], "anthropic", Shape::Own, &[(file, "{}")]).unwrap();
        assert!(refused.contains("and not what is planned"), "{refused}");
    }
    let keys = &[(".config/io.datasette.llm/keys.json", "{}")];
    assert_eq!(clash(&["llm", "--key", "mine", "hi"], "anthropic", Shape::Own, keys), None);
}
