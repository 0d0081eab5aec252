//! `docs/stability.md`: each test that it names is there, and what it says never changes is written down once more here.

use std::fs;

use credlatch::ErrorKind;
use credlatch_tests::names::{root, tests};

#[test]
fn each_test_that_the_page_names_is_there() {
    let page = fs::read_to_string(root().join("docs/stability.md")).unwrap();
    let tests = tests().unwrap();
    let tables = page.split("| held by |\n").skip(1);
    let rows = tables.flat_map(|table| table.lines().take_while(|line| line.starts_with('|')).skip(1));
    let mut count = 0;
    for row in rows {
        let held = row.trim_matches('|').rsplit(" | ").next().unwrap();
        for name in held.split('`').skip(1).step_by(2) {
            assert!(tests.contains(name), "docs/stability.md names the test {name}, and there is none");
            count += 1;
        }
    }
    assert!(count > 10, "{count}");
}

#[test]
fn the_exit_statuses_and_their_names_never_change() {
    for (kind, status, name) in [
        (ErrorKind::Other, 1, "other"),
        (ErrorKind::Usage, 2, "usage"),
        (ErrorKind::NoCredential, 3, "no_credential"),
        (ErrorKind::SignIn, 4, "sign_in"),
        (ErrorKind::Busy, 5, "busy"),
        (ErrorKind::Unreadable, 6, "unreadable"),
        (ErrorKind::Unreachable, 7, "unreachable"),
        (ErrorKind::WrongHost, 8, "wrong_host"),
        (ErrorKind::Sealed, 9, "sealed"),
    ] {
        assert_eq!((kind.exit_status(), kind.as_str()), (status, name));
    }
}
