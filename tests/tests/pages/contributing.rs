//! `CONTRIBUTING.md`: the files and the tests that its recipes name are there.

use std::fs;
use std::path::{Path, PathBuf};

use credlatch_tests::names::root;

#[test]
fn what_the_recipes_name_is_there() {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let words = page.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    // What is to be made has a name in capitals.
    let is_made =
        |path: &str| path.split(['/', '.']).any(|part| part.len() > 1 && part.chars().all(char::is_uppercase));
    let roots = [".ci/", "adapters/", "core/", "docs/", "fuzz/", "tests/"];
    let mut count = 0;
    for path in words.filter(|word| roots.iter().any(|root| word.starts_with(root)) && !is_made(word)) {
        assert!(root().join(path).exists(), "CONTRIBUTING.md names {path}, and there is none");
        count += 1;
    }
    assert!(count > 20, "{count}");
    for line in page.lines().filter(|line| line.contains("--test ")) {
        for named in line.split("--test ").skip(1) {
            let name: String = named.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let places = ["adapters/tests", "adapters/cli/tests", "tests/tests"].map(|folder| root().join(folder));
            let is_there = |at: &std::path::PathBuf| {
                at.join(format!("{name}.rs")).exists() || at.join(&name).join("main.rs").exists()
            };
            assert!(places.iter().any(is_there), "CONTRIBUTING.md names the test {name}, and there is none");
        }
    }
}

#[test]
fn unsafe_code_is_expected_in_the_one_file_that_the_style_names() {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                below(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in ["adapters", "core", "fuzz", "tests"] {
        below(&root().join(folder), &mut files);
    }
    let lifts = ["allow", "expect", "warn"].map(|level| format!("{level}({}_code", "unsafe"));
    let is_lifted = |path: &PathBuf| lifts.iter().any(|lift| fs::read_to_string(path).unwrap().contains(lift));
    let found: Vec<_> = files.into_iter().filter(is_lifted).collect();
    assert_eq!(found, [root().join("adapters/src/docfile/mapped.rs")]);
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"deny\""), "the lint refuses it everywhere else");
}
