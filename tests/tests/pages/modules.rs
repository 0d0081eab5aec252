//! Arrows between the modules of a crate run one way.

use credlatch_tests::modules::Modules;

#[test]
fn no_modules_of_the_core_or_of_the_library_use_each_other_in_a_circle() {
    for (folder, least) in [("core/src", 8), ("adapters/src", 30)] {
        let modules = Modules::of_crate(folder).unwrap();
        assert!(modules.count() >= least && modules.arrows().count() > least, "{folder}: {modules:?}");
        assert!(modules.in_circles().is_empty(), "in {folder} these use each other: {:?}", modules.in_circles());
    }
}

fn read(files: &[(&str, &str)]) -> Modules {
    let texts: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Modules::read(&texts).unwrap()
}

#[test]
fn a_circle_is_seen_however_its_arrows_are_written() {
    let ways = [
        "use crate::ground::Thing;",
        "use crate::{ground::{self, Thing}};",
        "use super::ground::Thing;",
        "fn f() { crate::ground::g() }",
        "fn f() { format!(\"{}\", crate::ground::g()) }",
        "use crate::Thing as Other;",
        "pub use crate::ground::*;",
    ];
    for way in ways {
        let modules = read(&[
            ("lib.rs", "mod above; mod ground; mod roof; pub use ground::{Thing, g};"),
            ("above.rs", way),
            ("ground/mod.rs", "mod below;"),
            ("ground/below.rs", "use super::super::above::f;"),
            ("roof.rs", "use crate::above;"),
        ]);
        assert_eq!(modules.in_circles().into_iter().collect::<Vec<_>>(), ["above", "ground"], "{way}");
    }
}

#[test]
fn what_tests_use_and_what_a_module_uses_of_itself_is_no_arrow() {
    let modules = read(&[
        ("lib.rs", "mod above; mod ground;"),
        ("above.rs", "use crate::ground::Thing; use crate::above::f;"),
        ("ground.rs", "#[cfg(test)] mod tests { use crate::above::f; } #[cfg(all(test, unix))] use crate::above::f;"),
        ("ground/below.rs", "use super::above::f;"),
        ("ground/tests.rs", "use crate::above::f;"),
    ]);
    assert_eq!(modules.arrows().collect::<Vec<_>>(), [("above", "ground")]);
    assert!(modules.in_circles().is_empty());
}
