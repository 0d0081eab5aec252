//! What doctor says where a configuration and the store disagree.

use std::fs;

use crate::cases::CASES;
use crate::desk::Desk;

/// The findings that name a file of the home.
fn told(desk: &Desk, file: &str) -> Vec<String> {
    let answer: serde_json::Value = serde_json::from_str(&desk.say(&["doctor", "--json"]).out).unwrap();
    let findings = answer["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "warning");
    let text = findings.map(|finding| format!("{} {}", finding["what"], finding["remedy"]));
    text.filter(|text| text.contains(&desk.path(file).display().to_string())).collect()
}

#[test]
fn a_configuration_that_asks_for_what_is_not_stored_is_told_and_no_other() {
    for case in &CASES {
        let script = |name: &str| format!(".local/bin/docker-credential-{name}");
        let file = if case.program() == "docker" { script("forge") } else { case.file.to_owned() };
        let desk = Desk::new();
        desk.setup(case.args);
        assert_eq!(told(&desk, &file), Vec::<String>::new());
        let provider = case.args[1];
        assert_eq!(desk.say(&["clear", provider]).status, 0);
        let found = told(&desk, &file);
        assert!(found.len() == 1 && found[0].contains(&format!("credlatch set {provider}")), "{found:?}");

        desk.setup(&[case.args, &["--profile", "work"]].concat());
        let file = if case.program() == "docker" { script("forge-work") } else { file };
        let found = told(&desk, &file);
        assert!(found.iter().any(|text| text.contains("in the profile work")), "{found:?}");
    }
}

#[test]
fn what_setup_wrote_and_somebody_changed_is_told() {
    for case in &CASES {
        let desk = Desk::new();
        desk.setup(case.args);
        desk.write(case.file, &format!("{}\n", desk.text(case.file)));
        assert_eq!(told(&desk, case.file), Vec::<String>::new(), "a blank line changes nothing");
        fs::remove_file(desk.path(case.file)).unwrap();
        let found = told(&desk, case.file);
        assert!(found.len() == 1 && found[0].contains("isn't there any more"), "{found:?}");
        desk.setup(&[case.program(), "--undo"]);
        assert_eq!(told(&desk, case.file), Vec::<String>::new());
    }
}

#[test]
fn a_provider_that_nobody_knows_is_told() {
    let desk = Desk::new();
    desk.write(".claude/settings.json", "{\"apiKeyHelper\": \"credlatch helper claude nobody\"}");
    let found = told(&desk, ".claude/settings.json");
    assert!(found.len() == 1 && found[0].contains("no provider is called so"), "{found:?}");
}
