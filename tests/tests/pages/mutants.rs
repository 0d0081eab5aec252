//! The exclusions of mutation testing: each names a function that is there, and an operator that stands in it. One that names
//! nothing any more hides a change that a test should catch.

use std::collections::BTreeMap;
use std::fs;

use credlatch_tests::names::{files, root};
use quote::ToTokens;
use regex::Regex;
use syn::{ImplItem, Item};

/// The functions of a folder by the names that cargo-mutants gives them, with what stands in them.
fn functions(folder: &str) -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    files(&root().join(folder), &mut paths).unwrap();
    let mut found = BTreeMap::new();
    let mut add = |name: String, body: &dyn ToTokens| {
        let body = body.to_token_stream().to_string();
        found.entry(name).or_insert_with(String::new).push_str(&body);
    };
    for path in paths {
        for item in syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap().items {
            match item {
                Item::Fn(one) => add(one.sig.ident.to_string(), &one.block),
                Item::Impl(one) => {
                    let of = one.self_ty.to_token_stream().to_string().replace(' ', "");
                    let of = match &one.trait_ {
                        Some((_, of_what, _)) => format!("<impl {} for {of}>", of_what.to_token_stream()),
                        None => of,
                    };
                    for item in &one.items {
                        let ImplItem::Fn(method) = item else { continue };
                        add(format!("{of}::{}", method.sig.ident), &method.block);
                    }
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn each_exclusion_names_a_function_and_an_operator_that_are_there() {
    for (list, folder) in [("mutants.toml", "core/src"), ("mutants-store.toml", "adapters/src")] {
        let list = fs::read_to_string(root().join(".cargo").join(list)).unwrap();
        let exclusions = list.lines().filter_map(|line| line.trim().strip_prefix('\'')?.strip_suffix("',"));
        let (functions, mut count) = (functions(folder), 0);
        for exclusion in exclusions {
            // What is replaced in a function is an operator; else the function is replaced as a whole.
            let (within, named) = match exclusion.rsplit_once(" in ") {
                Some((change, named)) => (Some(change), named),
                None => (None, exclusion.trim_start_matches("replace ").split(" -> ").next().unwrap_or_default()),
            };
            let named = Regex::new(&format!("^(?:{named})$")).unwrap();
            let operator = within.and_then(|change| Some(change.strip_prefix("replace ")?.split_once(" with ")?.0));
            let operator = operator.filter(|operator| !operator.contains("guard")).map(|text| text.replace('\\', ""));
            let has_it =
                |body: &String| operator.as_ref().is_none_or(|operator| body.split(' ').any(|word| word == operator));
            let is_there = functions.iter().any(|(name, body)| named.is_match(name) && has_it(body));
            assert!(is_there, "{exclusion:?} excludes nothing that is in {folder}");
            count += 1;
        }
        assert!(count > 4, "{count}");
    }
}
