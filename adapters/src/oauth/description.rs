//! What an issuer says of an error in its own words (RFC 6749, 5.2): kept for people, cut, and never with anything that was
//! sent to it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// The most characters that are kept.
const MOST: usize = 200;

/// A piece this long of what was sent stands nowhere by chance; what is shorter may stand in any word, and counts as a word.
const LEAST_PIECE: usize = 8;

/// How often a text is decoded: a percent form of base64, and the other way round.
const DEEPEST: usize = 2;

/// A description as it may be kept: none if it says nothing, or repeats a piece of one of the secrets that were sent.
pub(super) fn kept(description: &str, sent: &[&str]) -> Option<String> {
    let text = description.trim();
    if text.is_empty() || repeats(text.as_bytes(), sent, DEEPEST) {
        return None;
    }
    if text.chars().count() <= MOST {
        return Some(text.to_owned());
    }
    Some(text.chars().take(MOST - 1).chain(['…']).collect())
}

/// Whether a text has a piece of what was sent, as it is or in another form.
fn repeats(text: &[u8], sent: &[&str], deeper: usize) -> bool {
    if sent.iter().any(|secret| has_piece(text, secret.as_bytes())) {
        return true;
    }
    deeper > 0 && decoded(text).any(|form| repeats(&form, sent, deeper - 1))
}

/// Without regard to small and capital letters: an issuer may shout.
fn has_piece(text: &[u8], secret: &[u8]) -> bool {
    if secret.len() < LEAST_PIECE {
        let mut words = text.split(|byte| !byte.is_ascii_alphanumeric() && !secret.contains(byte));
        return words.any(|word| !word.is_empty() && word.eq_ignore_ascii_case(secret));
    }
    let is_there = |piece: &[u8]| text.windows(LEAST_PIECE).any(|other| other.eq_ignore_ascii_case(piece));
    secret.windows(LEAST_PIECE).any(is_there)
}

/// What a text stands for, if it is percent-encoded or has words in base64.
fn decoded(text: &[u8]) -> impl Iterator<Item = Zeroizing<Vec<u8>>> {
    let plain = String::from_utf8_lossy(text).into_owned();
    let percent = plain.contains('%').then(|| Zeroizing::new(percent_decode_str(&plain).collect()));
    let words: Vec<_> = plain.split(|c: char| !is_base64(c)).flat_map(words).collect();
    percent.into_iter().chain(words)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/-_".contains(c)
}

/// A word of base64 in each of the four places where its first whole group may begin.
fn words(word: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let standard = Zeroizing::new(word.replace('-', "+").replace('_', "/"));
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let from = |start: usize| {
        let rest = standard.get(start..)?;
        // One character over tells less than a byte.
        let rest = if rest.len() % 4 == 1 { &rest[..rest.len() - 1] } else { rest };
        engine.decode(rest).ok().map(Zeroizing::new)
    };
    (0..4).filter_map(from).collect()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    const SENT: [&str; 3] = ["rt+0123/456789=abcdef", "client-of-this", "ab"];

    #[test]
    fn a_description_is_kept_and_a_long_one_is_cut() {
        assert_eq!(kept(" The client is disabled. ", &SENT).as_deref(), Some("The client is disabled."));
        assert_eq!(kept("  ", &SENT), None);
        let long = kept(&"ü ".repeat(150), &SENT).unwrap();
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
        assert_eq!(kept(&"x".repeat(200), &SENT).unwrap(), "x".repeat(200));
    }

    #[test]
    fn what_repeats_a_piece_of_what_was_sent_is_left_out_in_whatever_form() {
        let token = SENT[0];
        let percent = utf8_percent_encode(token, NON_ALPHANUMERIC).to_string();
        let forms = [
            token.to_owned(),
            token[5..13].to_owned(),
            token.to_uppercase(),
            percent.clone(),
            utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string(),
            STANDARD.encode(token),
            STANDARD.encode(format!("{{\"t\":\"{token}\"}}")),
            STANDARD.encode(format!("x{token}")),
            URL_SAFE_NO_PAD.encode(token),
            STANDARD.encode(&percent),
            utf8_percent_encode(&STANDARD.encode(token), NON_ALPHANUMERIC).to_string(),
            SENT[1].to_owned(),
            "(ab)".to_owned(),
        ];
        for form in forms {
            for text in [format!("bad token {form}"), format!("{form}: bad"), format!("{}{form}", "x ".repeat(150))] {
                assert_eq!(kept(&text, &SENT), None, "{text}");
            }
        }
        assert!(kept("seven letters of it: rt+0123", &SENT[..2]).is_some());
    }
}
