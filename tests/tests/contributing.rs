//! `CONTRIBUTING.md`: the files and the tests that its recipes name are there.

use std::fs;

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
