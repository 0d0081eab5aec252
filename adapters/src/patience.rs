//! How long an answer's headers ask to be left alone: `Retry-After`, and what providers write beside or instead of it.

use std::time::SystemTime;

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::when::{LEAST_MS, parse_rfc3339};

/// Numbers from here on are a time since the epoch, in seconds; below, they count from now.
const LEAST_EPOCH_SECS: f64 = 1e9;

/// Milliseconds to wait by `retry-after-ms`, or by `Retry-After` (RFC 9110, 10.2.3) in seconds or as a date.
///
/// A date is understood by the answer's own `Date`, whatever the clock here says; without one by `now_ms`, the time here in
/// milliseconds since the epoch, if the caller wants to rely on that.
pub(crate) fn retry_after_ms(headers: &HeaderMap, now_ms: Option<u64>) -> Option<u64> {
    let told = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = told("retry-after-ms").and_then(whole) {
        return Some(ms);
    }
    let text = told(RETRY_AFTER.as_str())?;
    if let Some(secs) = whole(text) {
        return Some(secs.saturating_mul(1000));
    }
    let sent_ms = told(DATE.as_str()).and_then(date_ms).or(now_ms)?;
    date_ms(text).map(|at_ms| at_ms.saturating_sub(sent_ms))
}

/// Milliseconds until the limits that a 429 is about are open again, by the headers of Anthropic
/// (`anthropic-ratelimit-requests-reset`), OpenAI (`x-ratelimit-reset-tokens`) and those who write like them.
///
/// The latest of the limits that the answer calls exhausted counts; if it calls none so, the latest of all.
pub(crate) fn limits_ms(headers: &HeaderMap, now_ms: u64) -> Option<u64> {
    let sent_ms = headers.get(DATE).and_then(|value| date_ms(value.to_str().ok()?)).unwrap_or(now_ms);
    let of_all = headers.get("anthropic-ratelimit-unified-reset").is_some();
    let (mut exhausted, mut any) = (None, None);
    for (name, value) in headers {
        let Some(limit) = Limit::from_header(name.as_str()) else { continue };
        // This one stands for those of its kind.
        if of_all && limit.name.starts_with("unified-") {
            continue;
        }
        let Some(ms) = value.to_str().ok().and_then(|text| reset_ms(text.trim(), sent_ms)) else { continue };
        any = any.max(Some(ms));
        if limit.is_exhausted(headers) {
            exhausted = exhausted.max(Some(ms));
        }
    }
    exhausted.or(any)
}

/// One of the limits that headers tell of.
struct Limit<'a> {
    family: &'a str,
    name: &'a str,
}

impl<'a> Limit<'a> {
    /// The limit whose reset time a header of this name tells.
    fn from_header(header: &'a str) -> Option<Self> {
        if let Some(rest) = header.strip_prefix("anthropic-ratelimit-") {
            return Some(Self { family: "anthropic-ratelimit", name: rest.strip_suffix("-reset")? });
        }
        let family = ["x-ratelimit", "x-rate-limit", "ratelimit"].into_iter().find(|family| {
            header.strip_prefix(family).is_some_and(|rest| rest == "-reset" || rest.starts_with("-reset-"))
        })?;
        Some(Self { family, name: header[family.len() + "-reset".len()..].trim_start_matches('-') })
    }

    fn is_exhausted(&self, headers: &HeaderMap) -> bool {
        let Self { family, name } = self;
        let told = |of: &str, is: &str| {
            let header = match (*family, *name) {
                ("anthropic-ratelimit", name) => format!("{family}-{name}-{of}"),
                (family, "") => format!("{family}-{of}"),
                (family, name) => format!("{family}-{of}-{name}"),
            };
            headers.get(header).is_some_and(|value| value.as_bytes() == is.as_bytes())
        };
        told("remaining", "0") || told("status", "rejected")
    }
}

/// A reset time as it is written: RFC 3339, a length such as `6m0s` or `20ms`, seconds from now, or a time since the epoch
/// in seconds or milliseconds.
fn reset_ms(text: &str, sent_ms: u64) -> Option<u64> {
    if let Ok(number) = text.parse::<f64>() {
        if !number.is_finite() || number < 0.0 {
            return None;
        }
        return Some(match number {
            ahead if ahead < LEAST_EPOCH_SECS => rounded(ahead * 1000.0),
            since if rounded(since) < LEAST_MS => rounded(since * 1000.0).saturating_sub(sent_ms),
            ms => rounded(ms).saturating_sub(sent_ms),
        });
    }
    if let Some(at_ms) = parse_rfc3339(text) {
        return u64::try_from(at_ms).ok().map(|at_ms| at_ms.saturating_sub(sent_ms));
    }
    let length = text.parse::<jiff::Span>().ok()?.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    u64::try_from(length.as_millis()).ok()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and none is negative")]
fn rounded(ms: f64) -> u64 {
    ms.ceil() as u64
}

/// A whole number; one that is too large for 64 bits is as large as they hold.
fn whole(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

/// An HTTP date in any of its three forms (RFC 9110, 5.6.7), or one as mail has it, with an offset, which some write instead;
/// in milliseconds since the epoch.
fn date_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    if let Ok(at) = httpdate::parse_http_date(text) {
        return u64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis()).ok();
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    u64::try_from(at.as_millisecond()).ok()
}

/// The time here, in milliseconds since the epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    /// 2026-01-01T00:00:00Z.
    const NOW_MS: u64 = 1_767_225_600_000;
    const DATED: (&str, &str) = ("date", "Thu, 01 Jan 2026 00:00:00 GMT");

    fn headers(all: &[(&str, &str)]) -> HeaderMap {
        let of =
            |(name, value): &(&str, &str)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
        all.iter().map(of).collect()
    }

    #[test]
    fn a_retry_after_is_milliseconds_seconds_or_a_date() {
        let of = |all: &[(&str, &str)]| retry_after_ms(&headers(all), None);
        assert_eq!(of(&[("retry-after", " 7 ")]), Some(7_000));
        assert_eq!(of(&[("retry-after-ms", "250"), ("retry-after", "7")]), Some(250));
        assert_eq!(of(&[("retry-after-ms", "soon"), ("retry-after", "7")]), Some(7_000));
        for huge in ["18446744073709551615", "18446744073709551616", &"9".repeat(300)] {
            assert_eq!(of(&[("retry-after", huge)]), Some(u64::MAX), "{huge}");
            assert_eq!(of(&[("retry-after-ms", huge)]), Some(u64::MAX), "{huge}");
        }
        for other in ["", "-1", "1.5", "soon"] {
            assert_eq!(of(&[("retry-after", other)]), None, "{other}");
        }
    }

    #[test]
    fn a_retry_after_date_is_understood_by_the_answers_own_date() {
        let at = ("retry-after", "Thu, 01 Jan 2026 00:02:00 GMT");
        for now_ms in [None, Some(0), Some(NOW_MS), Some(u64::MAX)] {
            assert_eq!(retry_after_ms(&headers(&[at, DATED]), now_ms), Some(120_000), "{now_ms:?}");
        }
        assert_eq!(retry_after_ms(&headers(&[at]), Some(NOW_MS + 20_000)), Some(100_000), "by the clock here");
        assert_eq!(retry_after_ms(&headers(&[at]), None), None);
        let past = ("retry-after", "Wed, 31 Dec 2025 23:00:00 GMT");
        assert_eq!(retry_after_ms(&headers(&[past, DATED]), None), Some(0));
    }

    #[test]
    fn a_date_is_read_in_every_form_that_http_has() {
        for (at, ms) in [
            ("Thu, 01 Jan 2026 00:02:00 GMT", 120_000),
            ("Thursday, 01-Jan-26 00:02:00 GMT", 120_000),
            ("Thu Jan  1 00:02:00 2026", 120_000),
            ("Thu, 01 Jan 2026 01:02:00 +0100", 120_000),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799_000 - NOW_MS),
            ("Fri Dec 31 23:59:59 9999", 253_402_300_799_000 - NOW_MS),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 0),
        ] {
            for sent in [DATED.1, "Thursday, 01-Jan-26 00:00:00 GMT", "Thu Jan  1 00:00:00 2026"] {
                let told = headers(&[("retry-after", at), ("date", sent)]);
                assert_eq!(retry_after_ms(&told, None), Some(ms), "{at}, sent {sent}");
            }
        }
    }

    #[test]
    fn reset_headers_are_read_in_every_shape_that_providers_write() {
        for (name, value, ms) in [
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:01:30Z", Some(90_000)),
            ("anthropic-ratelimit-input-tokens-reset", "2026-01-01T01:00:00+00:00", Some(3_600_000)),
            ("anthropic-ratelimit-unified-reset", "1767225700", Some(100_000)),
            ("anthropic-ratelimit-requests-reset", "2025-01-01T00:00:00Z", Some(0)),
            ("x-ratelimit-reset-requests", "1s", Some(1_000)),
            ("x-ratelimit-reset-tokens", "6m0s", Some(360_000)),
            ("x-ratelimit-reset-tokens", "20ms", Some(20)),
            ("x-ratelimit-reset-requests", "1d2h3m4.5s", Some(93_784_500)),
            ("x-ratelimit-reset-requests", "0s", Some(0)),
            ("x-ratelimit-reset", "30", Some(30_000)),
            ("x-ratelimit-reset", "0.5", Some(500)),
            ("x-ratelimit-reset", "1767225660", Some(60_000)),
            ("x-ratelimit-reset", "1767225660000", Some(60_000)),
            ("x-ratelimit-reset", "253402300799", Some(253_402_300_799_000 - NOW_MS)),
            ("anthropic-ratelimit-requests-reset", "9999-12-31T23:59:59Z", Some(253_402_300_799_000 - NOW_MS)),
            ("ratelimit-reset", "12", Some(12_000)),
            ("x-ratelimit-reset-requests", "1e300", Some(u64::MAX - NOW_MS)),
            ("x-ratelimit-reset-requests", "soon", None),
            ("x-ratelimit-reset-requests", "-5s", None),
            ("x-ratelimit-reset-requests", "-5", None),
            ("x-ratelimit-reset-requests", "NaN", None),
            ("x-ratelimit-resettled", "5", None),
            ("anthropic-ratelimit-requests-limit", "50", None),
        ] {
            assert_eq!(limits_ms(&headers(&[(name, value)]), NOW_MS), ms, "{name}: {value}");
            assert_eq!(limits_ms(&headers(&[(name, value), DATED]), 0), ms, "{name}: {value}, by its own date");
        }
    }

    #[test]
    fn the_limit_that_is_exhausted_counts() {
        let openai = [("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-reset-tokens", "6m0s")];
        assert_eq!(limits_ms(&headers(&openai), NOW_MS), Some(360_000));
        let requests = [openai[0], openai[1], ("x-ratelimit-remaining-requests", "0")];
        assert_eq!(limits_ms(&headers(&requests), NOW_MS), Some(1_000));
        let anthropic = [
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:05Z"),
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:01:00Z"),
            ("anthropic-ratelimit-tokens-remaining", "80000"),
        ];
        assert_eq!(limits_ms(&headers(&anthropic), NOW_MS), Some(5_000));
        let unified = [
            ("anthropic-ratelimit-unified-reset", "1767225700"),
            ("anthropic-ratelimit-unified-7d-reset", "1767825600"),
        ];
        assert_eq!(limits_ms(&headers(&unified), NOW_MS), Some(100_000));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_header_says_is_read_without_a_panic(text in "\\PC{0,40}|[0-9]{0,400}|[0-9.]{1,30}[a-z]{1,2}") {
            if let Ok(value) = text.parse::<HeaderValue>() {
                for name in ["retry-after", "retry-after-ms", "date", "x-ratelimit-reset", "anthropic-ratelimit-a-reset"] {
                    let mut headers = headers(&[("retry-after", "Thu, 01 Jan 2026 00:02:00 GMT")]);
                    headers.insert(HeaderName::from_static(name), value.clone());
                    let _ = (retry_after_ms(&headers, Some(u64::MAX)), limits_ms(&headers, u64::MAX));
                    let _ = (retry_after_ms(&headers, None), limits_ms(&headers, 0));
                }
            }
        }
    }
}
