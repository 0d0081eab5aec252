//! What a file of claims says: a line for each store, a digest of its name and a number. A text with anything else in it is
//! no file of claims, and nothing in it is believed or replaced: it may be somebody's own file, or a memory that was damaged.

use credlatch_core::fingerprint::digest;
use credlatch_core::state::{MAX_COUNT, Nonce};

/// Hexadecimal digits of a store's digest.
const DIGITS: usize = 16;

/// The lines, the store that moved longest ago first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines(Vec<(String, u64)>);

impl Lines {
    /// The lines of a text; or why it is no file of claims, which quotes nothing of it.
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let mut lines = text.split(|byte| *byte == b'\n').collect::<Vec<_>>();
        // What follows the last line's end is nothing.
        if lines.pop().is_some_and(|rest| !rest.is_empty()) {
            return Err("its last line has no end".to_owned());
        }
        let parsed =
            lines.iter().enumerate().map(|(at, text)| line(text).map_err(|why| format!("line {} {why}", at + 1)));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// The number of a store; 0 if it has none.
    pub(super) fn count(&self, store: Nonce) -> u64 {
        let key = key(store);
        self.0.iter().filter(|line| line.0 == key).map(|line| line.1).max().unwrap_or(0)
    }

    /// The same lines with this number of a store, or the higher one that it has; without those that moved longest ago, if
    /// there would be more than so many.
    pub(super) fn noting(mut self, store: Nonce, number: u64, most: usize) -> Self {
        let (key, known) = (key(store), self.count(store));
        self.0.retain(|line| line.0 != key);
        self.0.push((key, number.max(known)));
        self.0.drain(..self.0.len().saturating_sub(most));
        self
    }

    pub(super) fn text(&self) -> String {
        self.0.iter().map(|(key, number)| format!("{key} {number}\n")).collect::<Vec<_>>().concat()
    }
}

fn line(text: &[u8]) -> Result<(String, u64), &'static str> {
    let none = "is no claim's";
    let (key, number) = text.split_at_checked(DIGITS).ok_or(none)?;
    let number = number.strip_prefix(b" ").ok_or(none)?;
    let is_key = key.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_key || number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return Err(none);
    }
    let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
    let number = number.filter(|number| *number <= MAX_COUNT).ok_or("counts further than anybody can")?;
    Ok((String::from_utf8_lossy(key).into_owned(), number))
}

/// A store's name in the record. The name itself is not told.
fn key(store: Nonce) -> String {
    format!("{:016x}", u64::from_be_bytes(digest(&["claims", &store.to_string()]).0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[(u128, u64)]) -> String {
        lines.iter().map(|(store, number)| format!("{} {number}\n", key(Nonce(*store)))).collect::<Vec<_>>().concat()
    }

    #[test]
    fn what_is_written_is_read_back_and_an_empty_file_is_a_new_one() {
        assert_eq!(Lines::parse(b"").unwrap(), Lines::default());
        let lines = Lines::default().noting(Nonce(1), 7, 9).noting(Nonce(2), MAX_COUNT, 9).noting(Nonce(1), 3, 9);
        assert_eq!((lines.count(Nonce(1)), lines.count(Nonce(2)), lines.count(Nonce(3))), (7, MAX_COUNT, 0));
        assert_eq!(lines.text(), text(&[(2, MAX_COUNT), (1, 7)]));
        assert_eq!(Lines::parse(lines.text().as_bytes()).unwrap(), lines);
        assert_eq!(lines.noting(Nonce(3), 1, 2).text(), text(&[(1, 7), (3, 1)]), "the oldest is forgotten first");
    }

    #[test]
    fn a_text_with_anything_else_in_it_is_no_file_of_claims_and_the_reason_quotes_nothing() {
        let good = text(&[(1, 7)]);
        for (bad, why) in [
            ("\n", "line 1 is no claim's"),
            ("Host *\n", "line 1 is no claim's"),
            ("{\n  \"version\": 2\n}\n", "line 1 is no claim's"),
            ("0123456789abcdef -1\n", "line 1 is no claim's"),
            ("0123456789abcdef  1\n", "line 1 is no claim's"),
            ("0123456789ABCDEF 1\n", "line 1 is no claim's"),
            ("0123456789abcdef 1 \n", "line 1 is no claim's"),
            ("0123456789abcdef\n", "line 1 is no claim's"),
            ("0123456789abcde\u{e9} 1\n", "line 1 is no claim's"),
            ("0123456789abcdef 1", "its last line has no end"),
            ("\0\0\0", "its last line has no end"),
            (&format!("{good}0123456789abcdef {}\n", MAX_COUNT + 1), "line 2 counts further than anybody can"),
            (&format!("{good}0123456789abcdef {}0\n", u64::MAX), "line 2 counts further than anybody can"),
        ] {
            assert_eq!(Lines::parse(bad.as_bytes()).unwrap_err(), why, "{bad:?}");
        }
    }
}
