//! What a program parses, compares and shows: names, strategies, kinds and times, as the standard library has them.

use std::collections::HashSet;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use credlatch::system::FakeClock;
use credlatch::{
    BackOff, FlowState, HeldBack, Kind, Label, Latch, Next, Outcome, Profile, ProviderId, RestCause, Revocation,
    Secret, StoredChange, Strategy, Tokens,
};

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

/// What clap asks of a value that it parses.
fn is_an_argument<T>()
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
}

#[test]
fn names_and_strategies_are_parsed_as_arguments_are() {
    is_an_argument::<Profile>();
    is_an_argument::<Label>();
    is_an_argument::<ProviderId>();
    is_an_argument::<Strategy>();
    assert_eq!("work".parse(), Profile::new("work"));
    assert_eq!(" at work ".parse::<Label>().unwrap().as_str(), "at work");
    assert_eq!(" MiniMax".parse::<ProviderId>().unwrap().as_str(), "minimax");
    assert_eq!("round-robin".parse(), Ok(Strategy::RoundRobin));
    assert!("../x".parse::<Profile>().is_err() && "first".parse::<Strategy>().is_err());
}

#[test]
fn kinds_are_shown_and_are_keys() {
    fn each<T: std::fmt::Display + std::hash::Hash + Eq + Clone>(all: &[T]) {
        let texts: HashSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!((texts.len(), all.iter().cloned().collect::<HashSet<_>>().len()), (all.len(), all.len()));
    }
    each(&[Kind::ApiKey, Kind::Oauth, Kind::Link]);
    each(&[Revocation::Yes, Revocation::No, Revocation::Held, Revocation::Shared, Revocation::Unsupported]);
    each(&[StoredChange::Tokens, StoredChange::Terms, StoredChange::Nothing]);
    each(&[HeldBack::InFlight, HeldBack::InDoubt]);
    each(&[RestCause::Unauthorized, RestCause::RateLimit, RestCause::Billing, RestCause::Other]);
    let hostile = FlowState::Failed("a\u{1b}[2J".to_owned());
    assert_eq!(hostile.to_string(), "failed (a\\u{1b}[2J)", "an issuer's code is made plain");
    each(&[FlowState::Pending, FlowState::Succeeded, FlowState::Expired, FlowState::Cancelled, hostile]);
    assert!(HashSet::from([BackOff::Heeded, BackOff::Overridden]).contains(&BackOff::default()));
}

#[test]
fn an_end_a_rest_and_a_wait_are_moments() {
    let clock = FakeClock::default();
    let latch = Latch::in_memory_on(clock.clone());
    let tokens = Tokens::new(secret("access-1")).expiring_in(Duration::from_secs(3600));
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
    let token = latch.current("openai-codex").unwrap();
    assert_eq!(token.expires_at(), Some(clock.wall() + Duration::from_secs(3600)));
    assert_eq!(latch.status().unwrap().at(), clock.wall());

    latch.set("minimax", secret("mm-1")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expires_at(), None);
    let mut headers = http::HeaderMap::new();
    headers.insert("retry-after", "90".parse().unwrap());
    let used = latch.current("minimax").unwrap();
    let Next::WaitUntil(until) = latch.report(&used, &Outcome::from_http(429, &headers, b"")).unwrap() else {
        panic!("it is the only one")
    };
    assert_eq!(until, clock.wall() + Duration::from_secs(90));
    let error = latch.token("minimax").unwrap_err();
    assert_eq!((error.retry_at(), error.rest_cause()), (Some(until), Some(RestCause::RateLimit)));
    assert!(SystemTime::UNIX_EPOCH < until);
}
