//! The demo holds, and leaves nothing behind.

use super::helper::{Home, said};

#[test]
fn every_promise_of_the_demo_holds() {
    let home = Home::new();
    let temp = home.folder().join("tmp");
    std::fs::create_dir(&temp).unwrap();
    let demo = said(home.command(&["demo"]).env("TMPDIR", &temp));
    assert_eq!(demo.status, 0, "{}{}", demo.out, demo.err);
    assert!(demo.out.matches('✓').count() >= 8 && !demo.out.contains('✗'), "{}", demo.out);
    assert!(!demo.out.contains("sk-"), "{}", demo.out);
    assert_eq!(std::fs::read_dir(&temp).unwrap().count(), 0);
    assert!(!home.path().exists(), "the person's own store is not touched");

    let json = said(home.command(&["demo", "--json"]).env("TMPDIR", &temp)).json();
    assert_eq!(json["held"], true);
}
