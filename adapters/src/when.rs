//! Times as others write them, and as we do: RFC 3339, and numbers that count from 1970.

use std::time::{Duration, SystemTime};

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use jiff::fmt::temporal::Pieces;

/// From here on a number counts milliseconds since 1970: as seconds it would be the year 10000, which RFC 3339 can't say, and
/// as milliseconds it is 1978.
pub(crate) const LEAST_MS: u64 = 253_402_300_800;

const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);

/// A time as RFC 3339 in UTC, to the second, as messages and JSON tell it.
pub fn rfc3339(at: SystemTime) -> String {
    rfc3339_ms(wall_ms(at))
}

/// The same of milliseconds since the epoch.
#[doc(hidden)]
pub fn rfc3339_ms(wall_ms: u64) -> String {
    let seconds = i64::try_from(wall_ms / 1000).unwrap_or(i64::MAX);
    let at = EPOCH.checked_add(SignedDuration::from_secs(seconds));
    at.map_or_else(|_| "the far future".to_owned(), |at| format!("{at}Z"))
}

/// A time as RFC 3339 writes it, in milliseconds since the epoch: negative before 1970, and to the last second of the year
/// 9999, which is later than the last time that many libraries can hold.
#[doc(hidden)]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let parts = Pieces::parse(text).ok()?;
    let offset_ms = i64::from(parts.offset()?.to_numeric_offset().seconds()) * 1000;
    Some(utc_ms(DateTime::from_parts(parts.date(), parts.time()?))? - offset_ms)
}

/// Milliseconds since the epoch of a date and time in UTC.
pub(crate) fn utc_ms(at: DateTime) -> Option<i64> {
    i64::try_from(at.duration_since(EPOCH).as_millis()).ok()
}

/// A wall clock time that is kept as milliseconds since the epoch. What a platform can't hold is the end of the year 9999.
pub(crate) fn system_time(wall_ms: u64) -> SystemTime {
    let after = |ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms));
    after(wall_ms).or_else(|| after(LEAST_MS * 1000 - 1)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The other way round: milliseconds since the epoch, none before it.
pub(crate) fn wall_ms(at: SystemTime) -> u64 {
    whole_ms(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

/// A length of time in whole milliseconds, as far as a `u64` counts.
pub(crate) fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Milliseconds since the epoch, of a whole number that counts seconds or milliseconds: its size tells which.
#[doc(hidden)]
pub fn counted_ms(number: u64) -> u64 {
    if number < LEAST_MS { number * 1000 } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 9999-12-31T23:59:59Z.
    const LAST_SECOND: u64 = 253_402_300_799;

    #[test]
    fn every_time_that_rfc_3339_can_say_is_read() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2033-05-18T03:33:20Z", 2_000_000_000_000),
            ("2033-05-18t03:33:20.25z", 2_000_000_000_250),
            ("2033-05-18 05:33:20+02:00", 2_000_000_000_000),
            ("2033-05-18T03:33:20-00:00", 2_000_000_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_799_000),
            ("1969-12-31T23:59:59Z", -1_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
            ("9999-12-31T23:59:59-23:59", 253_402_387_139_000),
        ] {
            assert_eq!(parse_rfc3339(text), Some(ms), "{text}");
        }
        for text in
            ["", "soon", "2033-05-18", "2033-05-18T03:33:20", "2033-13-18T03:33:20Z", "9999-12-31T24:00:00Z", "5"]
        {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_to_the_end_of_time() {
        for second in [0, 1, 951_782_400, 2_000_000_000, LAST_SECOND] {
            let text = rfc3339_ms(second * 1000 + 999);
            assert_eq!(parse_rfc3339(&text).map(i64::unsigned_abs), Some(second * 1000), "{text}");
        }
        assert_eq!(rfc3339_ms(LAST_SECOND * 1000), "9999-12-31T23:59:59Z");
        for beyond in [LEAST_MS * 1000, u64::MAX] {
            assert_eq!(rfc3339_ms(beyond), "the far future");
        }
    }

    #[test]
    fn a_system_time_is_the_same_moment_and_no_moment_is_too_late_for_one() {
        for ms in [0, 1, 2_000_000_000_250, LAST_SECOND * 1000] {
            assert_eq!(wall_ms(system_time(ms)), ms);
        }
        assert!(system_time(u64::MAX) >= system_time(LAST_SECOND * 1000));
        assert_eq!(wall_ms(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(whole_ms(Duration::MAX), u64::MAX);
    }

    #[test]
    fn a_number_counts_seconds_as_far_as_rfc_3339_goes() {
        for (number, ms) in [
            (0, 0),
            (2_000_000_000, 2_000_000_000_000),
            (LAST_SECOND, LAST_SECOND * 1000),
            (LEAST_MS, LEAST_MS),
            (2_000_000_000_000, 2_000_000_000_000),
            (u64::MAX, u64::MAX),
        ] {
            assert_eq!(counted_ms(number), ms, "{number}");
        }
    }
}
