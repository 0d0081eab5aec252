//! `docs/messages.md` is what the product says.

use credlatch_tests::messages::{Sources, messages_document, without_remedy};
use credlatch_tests::names::root;

#[test]
fn the_page_has_what_the_source_says() {
    let path = root().join("docs/messages.md");
    let page = messages_document(&Sources::of_the_product().unwrap());
    if std::env::var_os("CREDLATCH_KEEP").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/messages.md differs from the source; write it anew with CREDLATCH_KEEP=1");
}

#[test]
fn each_error_and_each_warning_has_a_remedy() {
    let without = without_remedy(&Sources::of_the_product().unwrap());
    assert!(without.is_empty(), "{}", without.join("\n"));
}

/// A program with each way of making a message, in a file that the page has a part for.
const PLANTED: &str = r#"
fn refuse(what: &str) -> Result<(), Error> {
    let (name, remedy) = if what.is_empty() { ("an egg", "boil it") } else { ("a stone", "throw it") };
    let wrong = |why: &str| Error::new(ErrorKind::Busy, format!("{name} is no {why}"), remedy);
    Err(wrong("bird"))
}

fn other(what: &str) -> Error {
    Error::new(ErrorKind::Other, format!("the {what} is lost"), "")
}

fn lose(name: &str) -> Error {
    other(&format!("feather of {name}"))
}

#[derive(thiserror::Error)]
enum Bad {
    #[error("the beak of {0} is open")]
    Beak(String),
    #[error("a wing is wet")]
    Wing,
}

impl Bad {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Wing => "dry it",
            _ => "",
        }
    }
}
"#;

#[test]
fn a_message_is_found_however_it_is_made_and_one_without_a_remedy_is_told() {
    let planted = Sources::new([("adapters/src/latch/planted.rs".to_owned(), PLANTED.to_owned())]).unwrap();
    let page = messages_document(&planted);
    for row in [
        "| busy (5) | an egg is no bird | boil it |",
        "| busy (5) | a stone is no bird | throw it |",
        "| other (1) | the feather of … is lost |  |",
        "|  | a wing is wet | dry it |",
        "|  | the beak of … is open |  |",
    ] {
        assert!(page.contains(row), "{row}\n{page}");
    }
    let without = without_remedy(&planted);
    for lost in ["the feather of … is lost", "the beak of … is open"] {
        assert!(without.iter().any(|told| told.ends_with(lost)), "{lost}\n{without:#?}");
    }
    assert!(!without.iter().any(|told| told.contains("egg") || told.contains("wing")), "{without:#?}");
}

#[test]
fn an_exception_that_there_is_nothing_of_is_told() {
    let without = without_remedy(&Sources::new([]).unwrap());
    assert!(without.iter().any(|told| told.starts_with("DotenvError is an exception")), "{without:#?}");
}
