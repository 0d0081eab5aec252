//! Programs that would not use what is planned for them.

use super::*;

fn clash(command: &[&str], provider: &str, shape: Shape, files: &[(&str, &str)]) -> Option<String> {
    let plan = make(&built_in(), provider, &key("k-1"), shape, Env::new());
    let command: Vec<OsString> = command.iter().map(OsString::from).collect();
    let look =
        |place: &Place| files.iter().find(|(path, _)| *path == place.in_home).map(|(_, text)| (*text).to_owned());
    login_clash(&command, &plan, look).map(|clash| clash.to_string())
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
fn failure_47_a_server_that_keeps_the_first_runs_credential_is_not_talked_to() {
    let refused = clash(&["codex"], "openai-codex", Shape::Own, &[]).unwrap();
    assert!(refused.contains("--no-daemon"), "{refused}");
    assert_eq!(clash(&["codex", "--no-daemon"], "openai-codex", Shape::Own, &[]), None);
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
