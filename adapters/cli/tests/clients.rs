//! Real clients, started by this command in a place without a network: `tests/clients/README.md` says how. They are tried where
//! `tests/clients/prepare` has installed them; elsewhere that is skipped, unless `CREDLATCH_REQUIRE_CLIENTS=1` makes it a
//! failure.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

/// One line of `try`.
#[derive(Deserialize)]
struct Tried {
    kind: String,
    name: String,
    wrong: Vec<String>,
}

/// What is known to be wrong, and the cells that don't hold because of it.
#[derive(Deserialize)]
struct Finding {
    cells: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

/// Says what is missing, past the test runner's capture.
///
/// # Panics
/// If nothing may be missing here.
fn missing(what: &str) {
    let is_required = std::env::var_os("CREDLATCH_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(!is_required, "CREDLATCH_REQUIRE_CLIENTS=1, and missing: {what}");
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// Whether the clients can be run here.
fn can_run() -> bool {
    let is_installed = ["node_modules", ".venv"].iter().all(|part| folder().join(part).join(".prepared").exists());
    if !is_installed {
        missing("what tests/clients/prepare installs");
    } else if !rustix::process::geteuid().is_root() {
        missing("root, who can make a network namespace");
    } else {
        return true;
    }
    false
}

fn findings() -> BTreeMap<String, Finding> {
    serde_json::from_slice(&std::fs::read(folder().join("findings.json")).unwrap()).unwrap()
}

fn tried() -> Vec<Tried> {
    let mut all = Command::new(folder().join("alone"));
    all.arg(folder().join("try")).arg(env!("CARGO_BIN_EXE_credlatch")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = all.output().unwrap();
    assert!(output.status.success(), "the clients could not be tried: {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is wrong with one line, given the finding that it is under.
fn complaint(tried: &Tried, finding: Option<&str>) -> Option<String> {
    let Tried { kind, name, wrong } = tried;
    match (wrong.is_empty(), finding) {
        (true, Some(finding)) => Some(format!("{name}: holds now; take it from `{finding}` in findings.json")),
        (false, None) => Some(format!("the {kind} `{name}`:\n    {}", wrong.join("\n    "))),
        _ => None,
    }
}

#[test]
fn report_81_real_clients_send_what_is_planned_and_nothing_else() {
    if !can_run() {
        return;
    }
    let findings = findings();
    let mut known: BTreeMap<&str, &str> = BTreeMap::new();
    for (finding, Finding { cells }) in &findings {
        known.extend(cells.iter().map(|cell| (cell.as_str(), finding.as_str())));
    }
    let tried = tried();
    for kind in ["control", "cell", "setup", "fact"] {
        assert!(tried.iter().any(|one| one.kind == kind), "no {kind} was tried");
    }
    for cell in known.keys() {
        assert!(tried.iter().any(|one| one.name == *cell), "findings.json names `{cell}`, and there is no such cell");
    }
    let complaints: Vec<_> =
        tried.iter().filter_map(|one| complaint(one, known.get(one.name.as_str()).copied())).collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_page_about_clients_is_what_is_tried() {
    let Some(printed) = script("document") else { return };
    let page = folder().join("../../docs/clients.md");
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        std::fs::write(&page, &printed).unwrap();
    }
    let is_same = std::fs::read_to_string(&page).is_ok_and(|written| written == printed);
    assert!(is_same, "docs/clients.md differs from tests/clients; write it anew with CREDLATCH_KEEP=1");
}

/// The judge is as much in need of a trial as what it judges.
#[test]
fn the_judge_of_cells_complains_of_each_sort_of_wrong_run() {
    script("judging");
}

/// What one of the scripts prints that need nothing but Python.
fn script(name: &str) -> Option<String> {
    let printed = match Command::new("python3").arg(folder().join(name)).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            missing("Python 3.10");
            return None;
        }
        printed => printed.unwrap(),
    };
    assert!(printed.status.success(), "{name}: {}", String::from_utf8_lossy(&printed.stderr));
    Some(String::from_utf8(printed.stdout).unwrap())
}

#[test]
fn a_cell_that_fails_unknown_and_one_that_holds_though_known_are_both_complained_of() {
    let tried = |wrong: &[&str]| Tried {
        kind: "cell".into(),
        name: "one".into(),
        wrong: wrong.iter().map(|text| (*text).to_owned()).collect(),
    };
    assert!(complaint(&tried(&["sent"]), None).is_some_and(|text| text.contains("sent")));
    assert!(complaint(&tried(&[]), Some("known")).is_some_and(|text| text.contains("known")));
    assert_eq!(complaint(&tried(&["sent"]), Some("known")), None);
    assert_eq!(complaint(&tried(&[]), None), None);
}
