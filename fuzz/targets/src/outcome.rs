//! A provider's answer: whatever it says, nothing rests longer than is allowed, and there is always an answer to "what now".

use std::time::{Duration, SystemTime};

use credlatch::system::FakeClock;
use credlatch::{Label, Latch, Next, Outcome, Secret};
use http::{HeaderMap, HeaderValue};

const NOW_MS: u64 = 1_800_000_000_000;
/// The longest rest that a provider's word is taken for.
const REST_MAX_MS: u64 = 31 * 86_400_000;

/// The first line is a status, the second a `Retry-After`, the rest a body.
///
/// # Panics
/// If a promise is broken.
pub fn outcome(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let status = std::str::from_utf8(part()).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(429);
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(part()) {
        headers.insert("retry-after", value);
    }
    let outcome = Outcome::from_http(status, &headers, part());

    let latch = Latch::in_memory_on(FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS)));
    for label in ["a", "b"] {
        let key = Secret::try_from(format!("key-{label}")).expect("it is a secret");
        latch.set_verbatim("minimax", &Label::new(label).expect("it is a label"), key).expect("memory takes it");
    }
    let used = latch.current("minimax").expect("it is stored");
    let is_to_blame = outcome != Outcome::accepted();
    match latch.report(&used, &outcome).expect("memory takes it") {
        // A provider may say that no wait is needed.
        Next::Continue => {
            let same = latch.current("minimax").expect("it does not rest");
            assert!(same.label() == used.label() && same.version() == used.version(), "what was turned away goes on");
        }
        Next::Retry(other) => {
            assert!(is_to_blame && other.label() != used.label(), "what was turned away is handed out again");
            let next = latch.report(&other, &outcome).expect("memory takes it");
            match next {
                Next::WaitUntil(until) => {
                    let since = until.duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
                    let until_ms = u64::try_from(since.as_millis()).expect("it is within a billing period");
                    assert!((NOW_MS..=NOW_MS + REST_MAX_MS).contains(&until_ms), "a rest until {until_ms}");
                }
                // A rest of no time is over at once.
                Next::Retry(_) | Next::Continue | Next::SignIn(_) => {}
                other => panic!("{other:?}"),
            }
        }
        other => panic!("another key is there: {other:?}"),
    }
}
