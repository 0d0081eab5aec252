//! Every law is held by a harness and bites on a wrong engine, and the document says exactly that.

use std::path::Path;

use credlatch_core::law::LAWS;
use credlatch_tests::coverage::{HARNESSES, wrong_of};
use credlatch_tests::laws_page::laws_document;

#[test]
fn every_law_is_held_and_bites() {
    for law in LAWS {
        let held = HARNESSES.iter().any(|harness| harness.claims.contains(&law.number));
        assert!(held, "no harness holds law {} `{}`", law.number, law.name);
        assert!(wrong_of(law.number).next().is_some(), "no wrong engine breaks law {} `{}`", law.number, law.name);
    }
}

#[test]
fn the_document_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/laws.md");
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        std::fs::write(&path, laws_document()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written == laws_document(), "docs/laws.md differs from the table; write it anew with CREDLATCH_KEEP=1");
}
