//! Each shell line and each configuration block of the README and the guide works as it is written, or a marker says why it
//! can't be tried. The blocks for git, docker, cargo, AWS clients and kubectl are tried in the files of those programs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::guide::{self, Block, block, blocks, ended};
use crate::helper::{Said, said};
use crate::programs::copy_program;
use crate::world::World;

const KEY: &str = "key-stored-0123456789abcdef";

/// Programs that a reader has and this machine may not: each writes down the environment that it gets.
const PROGRAMS: [&str; 3] = ["my-agent", "claude", "opencode"];

const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-claude-0123456789abcdef",
  "refreshToken":"sk-ant-ort01-claude-0123456789abcdef","expiresAt":4000000000000,"scopes":["user:inference"]}}"#;
const CODEX_KEY: &str = r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-proj-codex-0123456789abcdef","tokens":null}"#;
const HERMES: &str = r#"{"version":1,"providers":{},"credential_pool":{"anthropic":[{"id":"aaa111","label":"work",
  "auth_type":"api_key","priority":0,"source":"manual","access_token":"sk-ant-api03-hermes-0123456789"}]}}"#;

/// The world of a reader: what other tools keep in the home, keys of three providers, and the programs that are started.
fn world() -> World {
    let world = World::new("tok-1");
    world.write("home/.claude/.credentials.json", CLAUDE);
    world.write("home/.codex/auth.json", CODEX_KEY);
    for hermes in ["home/.hermes/auth.json", "auth.json"] {
        world.write(hermes, HERMES);
        fs::set_permissions(world.path(hermes), fs::Permissions::from_mode(0o600)).unwrap();
    }
    world.write(".env", "DEEPSEEK_API_KEY=key-dotenv-0123456789abcdef\n");
    world.write("key", KEY);
    let stored = shell(&world, "set -e; for each in anthropic openai minimax; do credlatch set $each < key; done");
    assert_eq!(stored.status, 0, "{}", stored.err);
    if blocks().iter().any(|block| block.text.contains(guide::GATEWAY)) {
        world.write("home/providers.json", &block(guide::GATEWAY));
    }
    for name in PROGRAMS {
        world.write("written", &format!("#!/bin/sh\nenv > {}\n", world.path(&format!("seen-{name}")).display()));
        fs::create_dir_all(world.path("bin")).unwrap();
        copy_program(&world.path("written"), &world.path("bin").join(name));
        fs::set_permissions(world.path("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    world
}

/// What the last run of a program found in its environment.
fn seen(world: &World, program: &str) -> String {
    fs::read_to_string(world.path(&format!("seen-{program}"))).unwrap_or_default()
}

impl Block {
    /// Whether the whole block is marked.
    fn is_marked(&self) -> bool {
        self.not_run.iter().any(|marker| !marker.starts_with('`'))
    }

    /// What begins a line that is marked, by itself.
    fn marked_lines(&self) -> impl Iterator<Item = &str> {
        self.not_run.iter().filter_map(|marker| marker.strip_prefix('`')?.split('`').next())
    }

    fn is_script(&self) -> bool {
        self.language == "sh" && !self.text.starts_with("#!")
    }

    /// One script of all lines, each of which gets a key where it asks for one. `doctor` ends with 1 if it finds anything.
    fn script(&self) -> String {
        let run = self.text.lines().filter(|line| !line.is_empty());
        let run = run.filter(|line| !self.marked_lines().any(|marked| line.starts_with(marked)));
        let guarded = run.map(|line| {
            let most = i32::from(line.starts_with("credlatch doctor"));
            format!(
                "{{ {line}\n}} < key; s=$?; [ $s -le {most} ] || {{ echo \"ended with $s: {}\" >&2; exit 9; }}\n",
                line.split('"').next().unwrap()
            )
        });
        guarded.collect()
    }
}

/// A shell in the reader's world, with the reader's home and the store that is in there.
fn shell(world: &World, script: &str) -> Said {
    world.write("script", script);
    let mut shell = world.theirs("/bin/sh".as_ref(), &["script"]);
    shell
        .env_remove("CREDLATCH_HOME")
        .env("HOME", world.path("home"))
        .env("GROQ_API_KEY", "gsk_environment0123456789")
        .env("KEY", KEY);
    said(&mut shell)
}

#[test]
fn each_block_is_tried_or_says_why_not() {
    for block in blocks() {
        for marked in block.marked_lines() {
            let lines = block.text.lines().filter(|line| line.starts_with(marked)).count();
            assert_eq!(lines, 1, "{}: the marker's line {marked:?}", block.place);
        }
        for marker in &block.not_run {
            assert!(marker.rsplit("`: ").next().is_some_and(|reason| reason.len() > 9), "{}: why?", block.place);
        }
        let held = guide::TRIED.iter().filter(|held| block.text.contains(**held)).count();
        let ways = [block.is_marked(), block.is_script(), held > 0];
        assert!(ways.contains(&true), "{} is neither tried nor marked `<!-- not run: why -->`", block.place);
        assert!(held <= 1 && !(block.is_script() && held > 0), "{}: by whom is it tried?", block.place);
    }
    for held in guide::TRIED {
        block(held);
    }
}

#[test]
fn each_shell_line_works_as_it_is_written() {
    let mut scripts = 0;
    for block in blocks().iter().filter(|block| block.is_script() && !block.is_marked()) {
        let world = world();
        let said = shell(&world, &block.script());
        assert_eq!(said.status, 0, "{}:\n{}{}", block.place, said.out, said.err);
        assert!(!said.out.contains(KEY) || block.text.contains("credlatch token"), "{}", block.place);
        scripts += 1;
    }
    assert!(scripts >= 5, "{scripts}");
}

/// The script of the block that holds this line, after which `program` is asked what it found.
fn after(line: &str, program: &str) -> String {
    let world = world();
    let text = block(line);
    let until = text.lines().take_while(|other| *other != line).chain([line]);
    let block = Block { place: line.to_owned(), language: "sh".into(), not_run: vec![], text: ended(until) };
    let said = shell(&world, &block.script());
    assert_eq!(said.status, 0, "{}{}", said.out, said.err);
    seen(&world, program)
}

#[track_caller]
fn has(environment: &str, line: &str) {
    assert!(environment.lines().any(|other| other == line), "{line} is not in:\n{environment}");
}

#[test]
fn the_gateways_address_is_set_by_as_and_not_without() {
    let openai = after("credlatch run gateway --as openai -- my-agent", "my-agent");
    has(&openai, "OPENAI_BASE_URL=https://llm.example/v1");
    has(&openai, &format!("OPENAI_API_KEY={KEY}"));
    let anthropic = after("credlatch run gateway --as anthropic -- claude", "claude");
    has(&anthropic, "ANTHROPIC_BASE_URL=https://llm.example");

    let world = world();
    let own = "export CREDLATCH_PROVIDERS=$HOME/providers.json\n\
               { credlatch set gateway && credlatch run gateway -- my-agent; } < key\n";
    assert_eq!(shell(&world, own).status, 0);
    has(&seen(&world, "my-agent"), &format!("GATEWAY_API_KEY={KEY}"));
    assert!(!seen(&world, "my-agent").contains("_BASE_URL="));
}

#[test]
fn the_names_of_models_reach_a_program_of_another_dialect() {
    let world = world();
    let set = block("ANTHROPIC_DEFAULT_HAIKU_MODEL");
    let said = shell(&world, &set);
    assert_eq!(said.status, 0, "{}", said.err);
    for line in ["ANTHROPIC_MODEL=large", "ANTHROPIC_DEFAULT_HAIKU_MODEL=small"] {
        has(&seen(&world, "claude"), line);
    }
    assert!(!said.err.contains("_MODEL"), "{}", said.err);
}

#[test]
fn claude_codes_line_gives_the_key() {
    let world = world();
    let settings: Value = serde_json::from_str(&block(guide::CLAUDE_CODE)).unwrap();
    let said = shell(&world, settings["apiKeyHelper"].as_str().unwrap());
    assert_eq!((said.out.trim_end(), said.status), (KEY, 0), "{}", said.err);
}

/// The client itself is tried with the same fields by `tests/clients`.
#[test]
fn codexs_block_names_a_provider_of_its_own_and_a_command_that_gives_the_key() {
    let text = block(guide::CODEX);
    let table = text.find('[').unwrap();
    let value = |of: &str, name: &str| {
        let line = of.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        // A string and a list of strings are written in TOML as in JSON.
        serde_json::from_str::<Value>(line.unwrap_or_else(|| panic!("no {name}"))).unwrap()
    };
    let name = value(&text[..table], "model_provider");
    let name = name.as_str().unwrap();
    assert_ne!(name, "openai", "Codex has a provider of this name, for which it reads its own login");
    for table in [format!("[model_providers.{name}]\n"), format!("[model_providers.{name}.auth]\n")] {
        assert!(text.contains(&table), "{table}");
    }
    assert_eq!(value(&text, "wire_api"), "responses");

    let world = world();
    let args: Vec<String> = serde_json::from_value(value(&text, "args")).unwrap();
    let said = shell(&world, &format!("{} {}", value(&text, "command").as_str().unwrap(), args.join(" ")));
    assert_eq!((said.out.trim_end(), said.status), (KEY, 0), "{}", said.err);
    let row = world.say(&["providers", args.last().unwrap(), "--json"]).json();
    let row = row["providers"].as_array().unwrap().iter().find(|row| row["id"] == "openai").unwrap().clone();
    assert_eq!(value(&text, "base_url"), row["base_urls"]["openai"]);
}

/// Runs what a service without a shell of its own runs, with the variables that it names and its user's home.
fn without_shell(world: &World, assigned: &[String], command: &str) -> Said {
    let mut env = world.theirs("/usr/bin/env".as_ref(), &["-i", "HOME=/nowhere"]);
    env.args(assigned).args(["/bin/sh", "-c", command]);
    said(&mut env)
}

/// The places of a reader called YOU, in this world.
fn placed(world: &World, line: &str) -> String {
    let home = |path: &Path| path.display().to_string();
    let line = line.replace("/home/YOU/.local/share/credlatch", &home(&world.path("home/.local/share/credlatch")));
    let bin = Path::new(env!("CARGO_BIN_EXE_credlatch")).parent().unwrap();
    let line = line.replace("/home/YOU/.cargo/bin", &home(bin));
    line.replace("/usr/local/bin", &home(&world.path("bin")))
}

#[test]
fn the_lines_for_cron_and_systemd_find_the_store_and_the_program() {
    let cron = block(guide::CRON);
    let unit = block(guide::SYSTEMD);
    let of_cron = cron.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let of_unit = unit.lines().filter_map(|line| line.strip_prefix("Environment="));
    let job = cron.lines().find_map(|line| line.strip_prefix(guide::CRON)).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    for (assigned, command) in [(of_cron.collect::<Vec<_>>(), job), (of_unit.collect(), start)] {
        let world = world();
        let assigned: Vec<_> = assigned.iter().map(|line| placed(&world, line)).collect();
        let said = without_shell(&world, &assigned, &placed(&world, command));
        assert_eq!(said.status, 0, "{}", said.err);
        has(&seen(&world, "my-agent"), &format!("MINIMAX_API_KEY={KEY}"));
        let homeless: Vec<_> = assigned.into_iter().filter(|line| !line.starts_with("CREDLATCH_HOME")).collect();
        assert_eq!(
            without_shell(&world, &homeless, &placed(&world, command)).status,
            3,
            "the line for the home does it"
        );
    }
}
