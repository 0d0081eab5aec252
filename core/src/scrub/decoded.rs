//! A value as it stands, and what it says once it is decoded: a key inside `Authorization: Basic …`, or in the query of a URL.
//!
//! One level and no more: what was encoded twice nobody reads by accident.

use std::borrow::Cow;

/// Longer values are looked at as they stand.
const LONGEST: usize = 16 * 1024;
/// What base64 makes of twelve bytes; nothing shorter holds a key or an address worth a look.
const SHORTEST: usize = 16;

/// The value, and every text that is in it as base64 or with percent signs.
pub(super) fn readings(value: &str) -> Vec<Cow<'_, str>> {
    let mut all = vec![Cow::Borrowed(value)];
    if value.len() <= LONGEST {
        all.extend(without_percents(value).map(Cow::Owned));
        let words = value.split(|c: char| !c.is_ascii_alphanumeric() && !"+/-_".contains(c));
        let words = words.filter(|word| word.len() >= SHORTEST);
        all.extend(words.filter_map(from_base64).map(Cow::Owned));
    }
    all
}

/// Percent-encoding (RFC 3986, 2.1) undone, where there is any.
fn without_percents(value: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), value.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2).and_then(hex)).flatten();
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    (bytes.len() < value.len()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

/// Base64 in either of its alphabets (RFC 4648), without its padding, if it is of a text.
fn from_base64(word: &str) -> Option<String> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in word.bytes() {
        bits = (bits << 6) | u32::from(sextet(byte)?);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).ok()?);
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_text = text.chars().all(|c| !c.is_control() || c.is_whitespace());
    is_text.then_some(text)
}

fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

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
    fn what_encodes_no_text_is_read_as_it_stands() {
        for value in ["", "100%", "%zz %+1", "abc", "/usr/local/share/applications", "ffffffffffffffffffffffff"] {
            assert_eq!(decoded(value), Vec::<String>::new(), "{value}");
        }
        assert_eq!(decoded(&"dXNlcjpwYXNzd29yZC0x".repeat(LONGEST)), Vec::<String>::new());
        assert_eq!(decoded("\u{e4}%41"), ["\u{e4}A"]);
    }
}
