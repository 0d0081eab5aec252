//! The three forms in which tools write a time: seconds, milliseconds, and ISO 8601.

use jiff::civil::DateTime;

use crate::when::{LEAST_MS, parse_rfc3339, utc_ms};

/// Milliseconds since the epoch.
pub fn from_number(number: f64) -> Option<u64> {
    #[allow(clippy::cast_precision_loss)]
    let ms = if number < LEAST_MS as f64 { number * 1000.0 } else { number };
    // Beyond 2^53 a number is no longer exact, and no time.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..9e15).contains(&ms).then_some(ms.round() as u64)
}

/// Milliseconds since the epoch. A date without an offset is meant in UTC, as Python writes it.
pub fn from_text(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return from_number(number);
    }
    let ms = parse_rfc3339(text).or_else(|| utc_ms(text.parse::<DateTime>().ok()?))?;
    u64::try_from(ms).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_mean_the_same_time() {
        for number in [1_766_925_296.0, 1_766_925_296_000.0] {
            assert_eq!(from_number(number), Some(1_766_925_296_000));
        }
        for text in [
            "2025-12-28T12:34:56Z",
            "2025-12-28T12:34:56.000+00:00",
            "2025-12-28T14:34:56+02:00",
            "2025-12-28T12:34:56",
            "2025-12-28 12:34:56",
            "1766925296",
            " 1766925296000 ",
        ] {
            assert_eq!(from_text(text), Some(1_766_925_296_000), "{text}");
        }
        assert_eq!(from_number(1_766_925_296.789), Some(1_766_925_296_789));
    }

    #[test]
    fn the_end_of_time_is_one_in_all_three_forms() {
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59", "253402300799", "253402300799000"] {
            assert_eq!(from_text(text), Some(253_402_300_799_000), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "soon", "NaN", "inf", "-5", "2025-13-01T00:00:00Z", "1960-01-01T00:00:00Z", "1e300"] {
            assert_eq!(from_text(text), None, "{text}");
        }
        assert_eq!(from_number(-1.0), None);
    }
}
