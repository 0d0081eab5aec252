//! A value as it stands, and what it says once it is decoded: a key inside `Authorization: Basic …`, or in the query of a URL.
//!
//! One level and no more: what was encoded twice nobody reads by accident. Lines are joined, because `base64` breaks what it
//! writes, and a terminal what somebody copies.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

/// Longer values are looked at as they stand.
const LONGEST: usize = 16 * 1024;
/// What base64 makes of twelve bytes; nothing shorter holds a key or an address worth a look.
const SHORTEST: usize = 16;

/// The value, its lines as one, and every text that is in either as base64 or with percent signs.
pub(super) fn readings(value: &str) -> Vec<Cow<'_, str>> {
    let mut all = vec![Cow::Borrowed(value)];
    if value.len() <= LONGEST {
        all.extend(without_percents(value).map(Cow::Owned));
        all.extend(words(value).filter_map(from_base64).map(Cow::Owned));
        if let Some(joined) = joined(value) {
            all.extend(words(&joined).filter_map(from_base64).map(Cow::Owned));
            all.push(Cow::Owned(joined));
        }
    }
    all
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c));
    words.filter(|word| word.len() >= SHORTEST)
}

/// Its lines without what breaks them, where there are several.
fn joined(value: &str) -> Option<String> {
    let mut lines = value.trim().split(['\n', '\r']).map(str::trim);
    let first = lines.next()?.to_owned();
    let joined = lines.fold(first.clone(), |all, line| all + line);
    (joined != first).then_some(joined)
}

/// Percent-encoding (RFC 3986, 2.1) undone, where there is any.
fn without_percents(value: &str) -> Option<String> {
    match percent_decode_str(value).decode_utf8_lossy() {
        Cow::Owned(decoded) => Some(decoded),
        Cow::Borrowed(_) => None,
    }
}

/// Base64 in either of its alphabets (RFC 4648), without its padding, if it is of a text.
fn from_base64(word: &str) -> Option<String> {
    let text = String::from_utf8(LENIENT.decode(word.replace('-', "+").replace('_', "/")).ok()?).ok()?;
    let is_text = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    is_text.then_some(text)
}

/// Whatever a careless encoder left in the last digit.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(value: &str) -> Vec<String> {
        readings(value).into_iter().skip(1).map(Cow::into_owned).collect()
    }

    #[test]
    fn what_is_encoded_is_read_once() {
        assert_eq!(decoded("sk%2Dant%2d1"), ["sk-ant-1"]);
        assert_eq!(decoded("Basic dXNlcjpwYXNzd29yZC0x"), ["user:password-1"]);
        assert_eq!(decoded("{\"auth\":\"dXNlcjpwYXNzd29yZC0xMg==\"}"), ["user:password-12"]);
        // A character of its own in each alphabet: `?` and `>` are made of the last two digits.
        assert_eq!(decoded("Pz8/Pj4+Pz8/Pj4+"), ["???>>>???>>>"]);
        assert_eq!(decoded("Pz8_Pj4-Pz8_Pj4-"), ["???>>>???>>>"]);
        let twice = "ZFhObGNqcHdZWE56ZDI5eVpDMHg=";
        assert_eq!(decoded(twice), ["dXNlcjpwYXNzd29yZC0x"]);
    }

    #[test]
    fn what_is_broken_into_lines_is_read_as_one() {
        assert_eq!(decoded("sk-ant-\n  oat01"), ["sk-ant-oat01"]);
        let broken = "dXNlcjpwYXNzd29y\r\nZC0xMjM0NTY3OA==";
        assert!(decoded(broken).contains(&"user:password-12345678".to_owned()), "{:?}", decoded(broken));
        assert_eq!(decoded(" a b \n"), Vec::<String>::new());
    }

    #[test]
    fn what_encodes_no_text_is_read_as_it_stands() {
        for value in ["", "100%", "%zz %+1", "abc", "/usr/local/share/applications", "ffffffffffffffffffffffff"] {
            assert_eq!(decoded(value), Vec::<String>::new(), "{value}");
        }
        assert_eq!(decoded(&"dXNlcjpwYXNzd29yZC0x".repeat(LONGEST)), Vec::<String>::new());
        assert_eq!(decoded("\u{e4}%41"), ["\u{e4}A"]);
    }
}
