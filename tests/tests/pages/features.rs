//! The tables of features, on the front page of the library and in its README: each feature of the manifest has a row in both.

use std::collections::BTreeMap;
use std::fs;

use credlatch_tests::names::root;

/// A part of the sources, as text.
fn text(path: &str) -> String {
    fs::read_to_string(root().join("adapters").join(path)).unwrap()
}

/// Each feature of the manifest, and whether it is there by default; not those of examples, which add nothing to the library.
fn features() -> BTreeMap<String, bool> {
    let manifest = text("Cargo.toml");
    let section = manifest.split("\n[features]\n").nth(1).unwrap().split("\n[").next().unwrap();
    let lines = section.lines().filter_map(|line| line.split_once(" = "));
    let all: BTreeMap<_, _> = lines.filter(|(name, _)| !name.ends_with("-example")).collect();
    let is_default = |name: &str| all["default"].contains(&format!("\"{name}\""));
    all.keys().filter(|name| **name != "default").map(|name| ((*name).to_owned(), is_default(name))).collect()
}

/// The rows of the table that begins with this: the feature, and whether the row says that it is there by default.
fn rows(page: &str, head: &str) -> BTreeMap<String, bool> {
    let table = page.lines().skip_while(|line| !line.contains(head)).skip(2);
    let rows = table.take_while(|line| line.trim_start_matches("//! ").starts_with('|'));
    let names = rows
        .map(|row| (row.split('`').nth(1).unwrap().to_owned(), row.contains("| yes |") || row.contains("(default)")));
    names.collect()
}

#[test]
fn the_tables_of_features_name_each_feature_of_the_manifest_and_no_other() {
    let features = features();
    assert!(features.len() > 5, "{features:?}");
    for page in ["src/lib.rs", "README.md"] {
        assert_eq!(rows(&text(page), "| feature | what it adds |"), features, "{page}");
    }
}

#[test]
fn a_test_of_the_whole_workspace_has_every_feature_of_the_library() {
    let manifest = fs::read_to_string(root().join("tests/Cargo.toml")).unwrap();
    let (_, of_tests) = manifest.split_once("[dev-dependencies]").unwrap();
    let line = of_tests.lines().find(|line| line.starts_with("credlatch = ")).unwrap();
    for (feature, is_default) in features() {
        let is_on = is_default || line.contains(&format!("\"{feature}\""));
        assert!(is_on, "nothing of the feature {feature} is tested by `cargo test`");
    }
}
