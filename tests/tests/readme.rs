//! The README's table of the five reports: every test it names is there, and every report has one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const REPORTS: [&str; 5] = ["1736", "3972", "3961", "81", "8040"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The Rust files of the repository.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The names of all test functions.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        for (at, _) in text.match_indices("fn ") {
            let rest = &text[at + 3..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            // A function takes arguments; a test takes none.
            if rest[end..].starts_with("()") {
                names.insert(rest[..end].to_owned());
            }
        }
    }
    names
}

/// The rows of the table: the report, and the tests that its row names.
fn rows(readme: &str) -> Vec<(String, Vec<String>)> {
    let table = readme.lines().skip_while(|line| !line.starts_with("| report |")).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let report: String = cells[0].chars().filter(char::is_ascii_digit).collect();
        let named = cells[2].split('`').skip(1).step_by(2).map(str::to_owned).collect();
        (report, named)
    })
    .collect()
}

#[test]
fn the_table_of_reports_is_true() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let rows = rows(&readme);
    let reports: Vec<_> = rows.iter().map(|(report, _)| report.as_str()).collect();
    assert_eq!(reports, REPORTS);
    let tests = tests();
    for (report, named) in &rows {
        let own = named.iter().filter(|name| name.starts_with(&format!("report_{report}_")));
        assert!(own.count() > 0, "no test of report {report} carries its name");
        for name in named {
            assert!(tests.contains(name), "the README names the test {name}, and there is none");
        }
    }
}
