use super::*;

#[test]
fn it_ends_its_threads_when_it_is_dropped() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.url().strip_prefix("http://").unwrap().to_owned();
    // One that says nothing must not keep it from ending.
    let _silent = std::net::TcpStream::connect(&address).unwrap();
    drop(sandbox);
    assert!(std::net::TcpStream::connect(&address).is_err());
}

#[test]
fn a_spent_refresh_token_revokes_its_family() {
    let sandbox = Sandbox::start().unwrap();
    let (access, refresh) = sandbox.grant();
    assert!(sandbox.accepts(&access));
    let mut state = sandbox.state.lock();
    let next = state.refresh(&refresh).unwrap();
    assert!(state.refresh(&refresh).is_none());
    assert!(state.refresh(next.refresh.as_deref().unwrap()).is_none());
    let counts = state.stats();
    assert_eq!((counts.exchanges, counts.replays, counts.punished), (1, 2, 1));
    drop(state);
    assert!(!sandbox.accepts(&next.access));
}

#[test]
fn within_its_grace_a_spent_refresh_token_is_taken_again() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.adjust(|settings| settings.grace = std::time::Duration::from_secs(60));
    let (_, refresh) = sandbox.grant();
    let mut state = sandbox.state.lock();
    assert!(state.refresh(&refresh).is_some());
    assert!(state.refresh(&refresh).is_some());
    assert_eq!(state.stats().replays, 0);
}

#[test]
fn a_redeemed_device_code_kills_its_grant() {
    let sandbox = Sandbox::start().unwrap();
    let mut state = sandbox.state.lock();
    state.settings.interval = std::time::Duration::ZERO;
    let (device_code, user_code) = state.new_flow();
    assert!(matches!(state.poll(&device_code, None).0, state::Poll::Pending));
    assert!(state.decide(&user_code, true));
    let at = state.poll(&device_code, None).1.unwrap();
    let issued = state.redeem_flow(at);
    assert!(state.accepts(&issued.access));
    assert!(matches!(state.poll(&device_code, None).0, state::Poll::Invalid));
    assert!(!state.accepts(&issued.access));
    assert_eq!(state.stats().late_polls, 1);
}
