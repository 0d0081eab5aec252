//! Keys as providers make them are seen wherever they stand, and what is no key is not taken for one: over values that nobody
//! thought of.

use proptest::prelude::*;
use proptest::string::string_regex;

use super::values::{base64, becomes_of, percents};
use super::*;

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE64_URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE36: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";

/// How a provider's keys are made, as far as their makers say so or keys that were revoked show it: the prefix, what always
/// follows it, and how many characters of which are drawn.
const FORMATS: &[(&str, &str, &str, usize)] = &[
    ("ABSK", "QmVkcm9ja0FQSUtleS", BASE64, 90),
    ("AIza", "", BASE64_URL, 35),
    ("AQ.Ab", "8RN6", BASE64_URL, 44),
    ("bedrock-api-key-", "YmVkcm9jay5hbWF6b25hd3M", BASE64, 90),
    ("cpk_", "", HEX, 32),
    ("csk-", "", BASE36, 48),
    ("esecret_", "", BASE36, 26),
    ("flp_", "", BASE62, 40),
    ("fw_", "", BASE62, 22),
    ("gsk_", "", BASE62, 52),
    ("hf_", "", LETTERS, 34),
    ("jina_", "", BASE62, 60),
    ("nvapi-", "", BASE64_URL, 64),
    ("pplx-", "", BASE62, 48),
    ("r8_", "", BASE62, 37),
    ("sk-admin-", "", BASE64_URL, 124),
    ("sk-ant-", "", BASE64_URL, 95),
    ("sk-ant-api03-", "", BASE64_URL, 95),
    ("sk-ant-oat01-", "", BASE64_URL, 95),
    ("sk-api-", "", BASE64_URL, 100),
    ("sk-cp-", "", BASE64_URL, 100),
    ("sk-kimi-", "", BASE62, 64),
    ("sk-or-", "v1-", HEX, 64),
    ("sk-proj-", "", BASE64_URL, 156),
    ("sk-svcacct-", "", BASE64_URL, 156),
    ("tgp_v1_", "", BASE64_URL, 43),
    ("vck_", "", BASE62, 56),
    ("xai-", "", BASE62, 80),
    ("ya29.", "c.", BASE64_URL, 120),
];

fn keys() -> impl Strategy<Value = String> {
    proptest::sample::select(FORMATS).prop_flat_map(|(prefix, fixed, digits, length)| {
        let digit = proptest::sample::select(digits.chars().collect::<Vec<_>>());
        let drawn = proptest::collection::vec(digit, length);
        drawn.prop_map(move |drawn| format!("{prefix}{fixed}{}", drawn.into_iter().collect::<String>()))
    })
}

fn wrapped(key: &str, how: usize) -> String {
    match how {
        0 => key.to_owned(),
        1 => format!("'Bearer {key}'"),
        2 => format!("{{\"key\": \"{key}\"}}"),
        3 => format!("https://proxy.example/?key={key}&x=1"),
        4 => base64(key.as_bytes()),
        5 => format!("Authorization: Basic {}", base64(format!("user:{key}").as_bytes())),
        6 => percents(key),
        _ => format!("x={};y", percents(key)),
    }
}

/// Values that are nobody's credential: many of them begin like one, or are as random as one.
fn harmless() -> impl Strategy<Value = String> {
    let begins: Vec<&str> = FORMATS
        .iter()
        .map(|(prefix, ..)| *prefix)
        .filter(|prefix| *prefix != "sk-ant-oat01-" && *prefix != "sk-ant-api03-")
        .collect();
    let words = "(gateway|model|production|Service|team|x|two|config|WORKER|internationalization)";
    let name = format!(
        "{words}([-_.]{words}){{0,5}}([-_](v?[0-9]{{1,4}}|20[0-9]{{6}}|[bcdf2456789]{{10}}-[bcdf2456789]{{5}}))?"
    );
    let name = string_regex(&name).unwrap().boxed();
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    let host = string_regex("[a-z]{3,12}\\.(example|internal\\.example)(:[0-9]{2,4})?").unwrap().boxed();
    let path = string_regex("(/[a-z0-9._-]{1,12}){1,6}").unwrap().boxed();
    let uuid = string_regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let plain = prop_oneof![
        4 => (proptest::sample::select(begins), name.clone()).prop_map(|(begin, name)| format!("{begin}{name}")),
        1 => name,
        1 => uuid,
        1 => string_regex("(sha256:)?[0-9a-f]{64}|[0-9]{1,16}").unwrap(),
        2 => (string_regex("((https?|wss?|git\\+https):)?//").unwrap(), host.clone(), path.clone()).prop_map(|(scheme, host, path)| format!("{scheme}{host}{path}?q=1")),
        1 => (host, path.clone()).prop_map(|(host, path)| format!("{host}{path}")),
        1 => (path.clone(), path).prop_map(|(one, other)| format!("{one}:/opt/xai-tools{other}")),
    ]
    .boxed();
    prop_oneof![
        5 => plain.clone(),
        2 => bytes.prop_map(|bytes| base64(&bytes)),
        1 => plain.clone().prop_map(|text| base64(text.as_bytes())),
        1 => plain.prop_map(|text| percents(&text)),
    ]
}

#[test]
fn every_prefix_of_the_table_has_a_format() {
    let table = built_in();
    let mut known: Vec<&str> = table.prefixes().map(|(prefix, _)| prefix).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(known, FORMATS.iter().map(|(prefix, ..)| *prefix).collect::<Vec<_>>());
}

proptest! {
    #[test]
    fn law_10_a_key_as_its_maker_makes_it_reaches_no_stranger(key in keys(), how in 0..8_usize) {
        let value = wrapped(&key, how);
        prop_assert_eq!(becomes_of(&value), "dropped", "{}", value);
    }

    #[test]
    fn law_10_what_is_no_key_is_not_lost(value in harmless()) {
        prop_assert_eq!(becomes_of(&value), "passed", "{}", value);
    }
}
