//! Whether a text looks like the random part of a key, or like words that people put together.
//!
//! Prefixes are short, and `sk-api-gateway` or `xai-model` begin like keys. What follows the prefix tells them apart: a key
//! goes on with characters that were drawn by chance, a name with words, numbers and versions.

/// So many characters that are no part of a word make a key. The hashes that orchestrators append to names have at most 15.
const ENOUGH: usize = 16;
/// No single word is longer.
const LONGEST_WORD: usize = 20;
/// A date and a time, or milliseconds since 1970, are no longer; neither is a number that counts anything.
const LONGEST_NUMBER: usize = 14;
/// What stands after a word is a year, a version or a place in a row.
const LONGEST_SUFFIX: usize = 4;

/// Whether a text, in which only letters, digits and `_`, `-`, `.` stand, is random enough to be a key's.
pub(super) fn is_random(text: &str) -> bool {
    let parts = text.split(['-', '_', '.']).filter(|part| !is_word(part));
    parts.map(str::len).sum::<usize>() >= ENOUGH
}

/// Whether it is a word, a number, or a word with a number after it.
fn is_word(part: &str) -> bool {
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = part.len() - letters.len();
    let is_numbered = digits <= LONGEST_SUFFIX && (is_one_case(letters) || is_camel_case(letters));
    if letters.is_empty() { digits <= LONGEST_NUMBER } else { is_numbered }
}

/// `word`, `WORD` or `Word`.
fn is_one_case(letters: &str) -> bool {
    let rest = letters.get(1..).unwrap_or_default();
    let is_all = |is: fn(&u8) -> bool, text: &str| text.bytes().all(|byte| is(&byte));
    let is_lower_after_any = is_all(u8::is_ascii_alphabetic, letters) && is_all(u8::is_ascii_lowercase, rest);
    letters.len() <= LONGEST_WORD && (is_lower_after_any || is_all(u8::is_ascii_uppercase, letters))
}

/// `severalWords` or `SeveralWords`: capitals that stand alone, each before two small letters or more, and five letters in a
/// word on average. Letters that were drawn by chance change their case more often.
fn is_camel_case(letters: &str) -> bool {
    let is_letters = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
    let rest = letters.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let mut words = rest.split(|c: char| c.is_ascii_uppercase()).skip(1).peekable();
    let is_cased = words.peek().is_some() && words.clone().all(|word| word.len() >= 2);
    is_letters && is_cased && words.count() * 5 <= rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_and_versions_are_no_keys() {
        for text in [
            "",
            "gateway",
            "api-gateway-2024-production",
            "model-serving-cluster-7",
            "project2024_with_a_long_name",
            "gateway-7d9f8b6c5d-x2x4z",
            "my-serviceAccountController-v2",
            "MODEL_SERVING_CLUSTER_20240131120000",
            "serving.default.svc.cluster.local",
            "internationalization",
        ] {
            assert!(!is_random(text), "{text}");
        }
    }

    #[test]
    fn what_was_drawn_by_chance_is_a_key() {
        for text in [
            "0123456789abcdef",
            "abcdefgh12345678",
            "abcdefghijklmnopqrstuvwxyzabcdefgh",
            "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi",
            "JZqLmWbTkVhdRyNfGpXsCeUaKoIqMzBtYw",
            "v1-3f9a7c51d20e4b86a1c2",
            "T3BlbkFJ_x9-Qm4vZ2kLs8RtY",
        ] {
            assert!(is_random(text), "{text}");
        }
    }
}
