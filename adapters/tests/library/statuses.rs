//! The guide's table of what follows from a provider's answer says what the code does.

use std::time::{Duration, SystemTime};

use credlatch::system::FakeClock;
use credlatch::{ErrorKind, Label, Latch, Next, Outcome, Secret};
use http::{HeaderMap, HeaderName, HeaderValue};

const NOW_MS: u64 = 1_800_000_000_000;

/// A latch in memory with so many keys.
fn keys(count: usize) -> Latch {
    let latch = Latch::in_memory_on(FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS)));
    for at in 0..count {
        let key = Secret::try_from(format!("key-{at}")).unwrap();
        latch.set_as("minimax", &Label::new(&format!("label-{at}")).unwrap(), key).unwrap();
    }
    latch
}

/// What the table's words for it are.
fn follows(count: usize, outcome: &Outcome) -> String {
    let latch = keys(count);
    let used = latch.current("minimax").unwrap();
    let _ = latch.report(&used, outcome).unwrap();
    let state = latch.status().unwrap().state;
    let health = &state.entry("minimax", used.label().as_str()).unwrap().health;
    match (&health.dead, health.rest) {
        (Some(_), _) => "sign in".to_owned(),
        (None, None) => "goes on".to_owned(),
        (None, Some(rest)) if rest.until.after_ms % 1000 == 0 => format!("rests {} s", rest.until.after_ms / 1000),
        (None, Some(rest)) => format!("rests {}.{} s", rest.until.after_ms / 1000, rest.until.after_ms % 1000 / 100),
    }
}

/// The pieces of a cell that are set as code.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_guides_table_of_statuses_says_what_the_code_does() {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/guide.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let rows: Vec<_> = guide.lines().skip_while(|line| !line.starts_with("| status | with")).skip(2).collect();
    let rows: Vec<_> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" |").map(|cell| cell.trim_start_matches('|').trim()).collect();
        let [status, with, only, several] = cells[..] else { panic!("{row}: {cells:?}") };
        let (mut headers, mut body) = (HeaderMap::new(), "");
        for piece in code(with) {
            if piece.starts_with('{') {
                body = piece;
                continue;
            }
            let (name, value) = piece.split_once(": ").unwrap();
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap());
        }
        let outcome = Outcome::from_http(code(status)[0].parse().unwrap(), &headers, body.as_bytes());
        assert_eq!(follows(1, &outcome), only, "{row}");
        assert_eq!(follows(3, &outcome), several, "{row}");
    }
}

#[test]
fn a_401_that_names_the_only_key_asks_for_another_and_says_why() {
    let latch = keys(1);
    let used = latch.current("minimax").unwrap();
    let body = br#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided"}}"#;
    let next = latch.report(&used, &Outcome::from_http(401, &HeaderMap::new(), body)).unwrap();
    assert!(matches!(&next, Next::SignIn(error) if error.message().contains("invalid_api_key")), "{next:?}");
    let error = latch.token("minimax").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn);
    assert!(
        error.message().contains("invalid_api_key") && error.remedy().contains("credlatch set minimax"),
        "{error:?}"
    );
}

#[test]
fn a_bare_403_leaves_the_only_key_in_use_and_a_rest_names_its_cause() {
    let latch = keys(1);
    let used = latch.current("minimax").unwrap();
    let next = latch.report(&used, &Outcome::from_http(403, &HeaderMap::new(), b"")).unwrap();
    assert!(matches!(next, Next::Continue), "{next:?}");
    assert!(latch.token("minimax").is_ok());
    let told = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("30"))]);
    for (status, headers, cause) in [
        (401, HeaderMap::new(), "after a 401"),
        (402, HeaderMap::new(), "after a billing failure"),
        (403, told, "after a failure such as a 403"),
        (429, HeaderMap::new(), "after a rate limit"),
    ] {
        let latch = keys(1);
        let used = latch.current("minimax").unwrap();
        let next = latch.report(&used, &Outcome::from_http(status, &headers, b"")).unwrap();
        assert!(matches!(next, Next::WaitUntil(_)), "{next:?}");
        for error in [latch.token("minimax").unwrap_err(), latch.current("minimax").unwrap_err()] {
            assert!(error.message().contains(cause), "{error:?}");
        }
    }
}

#[test]
fn a_request_that_every_key_is_refused_for_leaves_one_of_them_in_use() {
    let latch = keys(3);
    let mut used = latch.current("minimax").unwrap();
    let refused = Outcome::from_http(403, &HeaderMap::new(), b"");
    for _ in 0..2 {
        let Next::Retry(next) = latch.report(&used, &refused).unwrap() else { panic!("another could do better") };
        used = next;
    }
    assert!(matches!(latch.report(&used, &refused).unwrap(), Next::Continue));
    assert_eq!(latch.token("minimax").unwrap().label(), used.label());
}
