//! What a shell offers at a TAB.

use std::process::Command;

use super::helper::{Home, Said, said};
use super::needs::missing;

const MINIMAX: [&str; 3] = ["minimax", "minimax-cn", "minimax-cn-coding-plan"];
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What is offered for the last of these words, without what it is explained with.
fn offered(home: &Home, shell: &str, line: &[&str]) -> Vec<String> {
    let said = asked(home.command(&[]), shell, line);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{line:?}");
    let separator = if shell == "bash" { '\u{b}' } else { '\n' };
    let words = said.out.split(separator).map(|word| word.split(['\t', ':']).next().unwrap_or_default().to_owned());
    words.filter(|word| !word.is_empty()).collect()
}

/// As the shell's script asks.
fn asked(mut command: Command, shell: &str, line: &[&str]) -> Said {
    command.env("CREDLATCH_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", (line.len() - 1).to_string());
    command.env("_CLAP_IFS", if shell == "bash" { "\u{b}" } else { "\n" });
    said(command.arg("--").args(line))
}

fn all(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn providers_profiles_and_labels_are_offered() {
    let home = Home::new();
    for (provider, label, profile) in
        [("minimax", "work", "default"), ("minimax", "home", "default"), ("openai", "x", "other")]
    {
        let args = ["set", provider, "--label", label, "--profile", profile];
        assert_eq!(home.feed(&args, "mm-key-1").status, 0);
    }
    assert_eq!(home.feed(&["set", "minimax", "--label", "$(touch x)"], "mm-key-1").status, 0);
    for shell in SHELLS {
        let offers = |line: &[&str]| offered(&home, shell, &[&["credlatch"], line].concat());
        assert_eq!(offers(&["set", "minimax"]), all(&MINIMAX), "{shell}");
        assert_eq!(offers(&["run", "minimax", "--with", "anth"]), all(&["anthropic"]), "{shell}");
        assert!(!offers(&["set", ""]).contains(&"cerebras".to_owned()), "{shell}: those of the field are many");
        assert_eq!(offers(&["set", "cereb"]), all(&["cerebras"]), "{shell}: whoever begins one means it");
        let labels = all(&["home", "work"]);
        assert_eq!(
            offers(&["remove", "minimax", "--label", ""]),
            labels,
            "{shell}: and nothing for a shell to evaluate"
        );
        assert_eq!(offers(&["rotate", "openai", "--profile", "other", "--label", ""]), all(&["x"]), "{shell}");
        assert_eq!(offers(&["--profile", "o"]), all(&["other"]), "{shell}");
        assert_eq!(offers(&["impo"]), all(&["import"]), "{shell}");
        assert!(offers(&["setup", ""]).contains(&"claude-code".to_owned()), "{shell}");
        assert_eq!(offers(&["setup", "git", "minimax"]), all(&MINIMAX), "{shell}");
        assert!(!offers(&[""]).contains(&"demo".to_owned()), "{shell}: what is hidden is not offered");
    }
}

#[test]
fn programs_are_offered_after_two_dashes_and_files_after_them() {
    let home = Home::new();
    std::fs::write(home.folder().join("notes.txt"), "").unwrap();
    for shell in SHELLS {
        let offers = |line: &[&str]| offered(&home, shell, &[&["credlatch", "run", "minimax", "--"], line].concat());
        assert!(offers(&["ba"]).contains(&"basename".to_owned()), "{shell}");
        assert!(offers(&["cat", "not"]).contains(&"notes.txt".to_owned()), "{shell}");
    }
}

#[test]
fn a_tab_creates_nothing_and_says_nothing_of_what_is_wrong() {
    let home = Home::new();
    for line in [
        &["credlatch", "set", ""][..],
        &["credlatch", "remove", "minimax", "--label", ""],
        &["credlatch", "--profile", ""],
        &["credlatch", "--providers", "/none", "set", "mini"],
        &["credlatch", "--home", "/none", "remove", "minimax", "--label", ""],
        &["credlatch", "--store", "nonsense:x", "set", "mini"],
        &["credlatch", "no-such-command", ""],
    ] {
        let said = asked(home.command(&[]), "fish", line);
        assert_eq!((said.status, said.err.as_str()), (0, ""), "{line:?}");
    }
    assert!(!home.path().exists(), "no store is made");
    assert_eq!(std::fs::read_dir(home.folder()).unwrap().count(), 0, "nor anything else");
    assert_eq!(offered(&home, "fish", &["credlatch", "--providers", "/none", "set", "minimax"]), all(&MINIMAX));
}

#[test]
fn bash_completes_with_the_script() {
    let home = Home::new();
    let mut command = Command::new("bash");
    command.env_clear().envs(home.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))));
    let folder = std::path::Path::new(env!("CARGO_BIN_EXE_credlatch")).parent().unwrap().display();
    command.env("PATH", format!("{folder}:/usr/bin:/bin"));
    let script = "source <(credlatch completions bash); COMP_WORDS=(credlatch set mistr); COMP_CWORD=2; \
                  $(complete -p credlatch | sed 's/.*-F \\([^ ]*\\) .*/\\1/') credlatch mistr set; echo \"${COMPREPLY[@]}\"";
    let Ok(output) = command.args(["-c", script]).output() else { return missing("`bash`, to complete a line in") };
    let said = Said::from(output);
    assert_eq!((said.out.as_str(), said.err.as_str()), ("mistral\n", ""));
}

#[test]
fn a_variable_that_nobody_meant_for_it_keeps_no_command_from_its_work() {
    let home = Home::new();
    let mut command = home.command(&["status"]);
    assert!(said(command.env("CREDLATCH_COMPLETE", "bash")).out.contains("profile default"));
}
