//! Text that a program of another system wrote: two bytes a character, which no parser here takes.

/// Whether bytes look like UTF-16: they begin with its mark, or every other one of them is zero.
pub fn is_utf16(bytes: &[u8]) -> bool {
    let has_mark = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let is_zero = |at: usize| bytes.iter().skip(at).step_by(2).all(|byte| *byte == 0);
    let is_text = |at: usize| bytes.iter().skip(at).step_by(2).all(|byte| *byte != 0);
    let is_wide = bytes.len() >= 4 && bytes.len().is_multiple_of(2) && (0..2).any(|at| is_zero(at) && is_text(1 - at));
    has_mark || is_wide
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wide(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn what_is_no_text_of_two_bytes_is_not_taken_for_it() {
        for bytes in [&b""[..], b"\0", b"ab", b"a\0b", b"a\0\0\0", b"\0\0\0\0", b"a\0b\0c", &[0xef, 0xbb, 0xbf, b'a']] {
            assert!(!is_utf16(bytes), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_text_of_two_bytes_is_known_in_either_order_with_a_mark_and_without(text in "[ -~\n]{2,40}") {
            let marked = format!("\u{feff}{text}");
            for order in [u16::to_le_bytes, u16::to_be_bytes] {
                prop_assert!(is_utf16(&wide(&text, order)));
                prop_assert!(is_utf16(&wide(&marked, order)));
            }
            prop_assert!(!is_utf16(text.as_bytes()));
        }
    }
}
