//! The README's table of the five reports: every test it names is there, and every report has one.

use std::fs;

use credlatch_tests::names::{root, tests};

const REPORTS: [&str; 5] = ["1736", "3972", "3961", "81", "8040"];

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
    let tests = tests().unwrap();
    for (report, named) in &rows {
        let own = named.iter().filter(|name| name.starts_with(&format!("report_{report}_")));
        assert!(own.count() > 0, "no test of report {report} carries its name");
        for name in named {
            assert!(tests.contains(name), "the README names the test {name}, and there is none");
        }
    }
}
