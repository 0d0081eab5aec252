//! Logins in every dialect, from the request of a code to the stored grant.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use credlatch::fingerprint;
use credlatch_core::engine::FlowView;
use credlatch_core::extra::Extra;
use credlatch_core::flow::{FlowEnd, FlowKind, Prompt};
use credlatch_core::port::{CodeExchanged, Issuer, Polled, Prompting};
use credlatch_core::provider::Dialect;
use credlatch_core::state::{Link, Material, Source};
use credlatch_sandbox::Sandbox;

use crate::world::{World, acme, issuer, label, secret};

fn prompt(issuer: &impl Issuer, kind: FlowKind) -> Prompt {
    match issuer.prompt(&acme(), kind) {
        Prompting::Prompt { prompt, .. } => prompt,
        Prompting::Failed(why) => panic!("{}", why.code),
    }
}

/// Logs in as a program would, and says how it ended.
fn log_in(world: &World, kind: FlowKind, meanwhile: impl FnOnce(Prompt)) -> FlowEnd {
    let login = world.engine.login(&world.issuer, &acme(), &label(), kind).unwrap();
    let FlowView::Live(live) = world.engine.view(&acme(), login.flow).unwrap() else { panic!("no live flow") };
    meanwhile(live.prompt().unwrap().clone());
    match world.engine.poll_to_end(&world.issuer, login.poller.unwrap()).unwrap() {
        FlowView::Ended(ended) => ended.end,
        other => panic!("{other:?}"),
    }
}

fn dialect(dialect: Dialect) -> World {
    let sandbox = Sandbox::start().unwrap();
    // The engine's clock runs ahead while it waits; the server's does not.
    sandbox.adjust(|settings| settings.interval = Duration::ZERO);
    let row = sandbox.provider_row_for("acme", dialect);
    World::over(sandbox, row)
}

#[test]
fn device_a_login_stores_what_the_person_agreed_to() {
    let world = dialect(Dialect::Device);
    let end = log_in(&world, FlowKind::Device, |prompt| {
        assert_eq!(prompt.interval_secs, 5);
        assert!(prompt.verification_uri_complete.unwrap().ends_with(&prompt.user_code));
        assert!(world.sandbox.approve(&prompt.user_code));
    });
    assert_eq!(end, FlowEnd::Succeeded);
    let token = crate::world::text(&world.token().unwrap());
    assert!(world.sandbox.accepts(&token));
    let snapshot = world.engine.snapshot().unwrap();
    let scopes = snapshot.state.entry("acme", "default").unwrap().grant().unwrap().scopes.clone();
    assert_eq!(scopes, ["models"], "a server that names no scope granted what was asked for");
    let stats = world.sandbox.stats();
    assert_eq!((stats.device_requests, stats.logins, stats.late_polls), (1, 1, 0));
}

#[test]
fn device_a_refusal_and_a_code_that_ran_out_end_the_login() {
    let world = dialect(Dialect::Device);
    let end = log_in(&world, FlowKind::Device, |prompt| assert!(world.sandbox.deny(&prompt.user_code)));
    assert_eq!(end, FlowEnd::Failed("access_denied".to_owned()));
    world.sandbox.adjust(|settings| settings.code_lifetime = Duration::ZERO);
    assert_eq!(log_in(&world, FlowKind::Device, |_| {}), FlowEnd::Expired);
    assert!(world.token().is_err());
}

#[test]
fn device_polls_say_pending_and_slow_down() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = issuer(sandbox.provider_row("acme"));
    let prompt = prompt(&issuer, FlowKind::Device);
    assert_eq!(prompt.interval_secs, 3);
    assert_eq!(issuer.poll(&acme(), &prompt), Polled::Pending);
    assert_eq!(issuer.poll(&acme(), &prompt), Polled::SlowDown);
    assert_eq!(sandbox.stats().flows[0].pollers, 2, "that is how two pollers look");
}

#[test]
fn device_eight_starts_at_once_make_one_request_and_one_poller() {
    let world = dialect(Dialect::Device);
    let start = Barrier::new(8);
    let flows: Vec<_> = thread::scope(|scope| {
        let join = || {
            start.wait();
            let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
            (login.flow, login.poller)
        };
        let all: Vec<_> = (0..8).map(|_| scope.spawn(join)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(flows.iter().all(|(flow, _)| *flow == flows[0].0));
    assert_eq!(flows.iter().filter(|(_, poller)| poller.is_some()).count(), 1);
    assert_eq!(world.sandbox.stats().device_requests, 1);
}

#[test]
fn device_a_failed_request_leaves_the_way_open() {
    let world = World::with(|row| row.client_id = Some("somebody-else".to_owned()));
    let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
    let FlowView::Ended(ended) = world.engine.view(&acme(), login.flow).unwrap() else { panic!("not ended") };
    assert_eq!(ended.end, FlowEnd::Failed("invalid_client".to_owned()));
    let again = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
    assert!(again.started);
}

#[test]
fn codex_a_login_goes_through_its_three_steps() {
    let world = dialect(Dialect::CodexDevice);
    let end = log_in(&world, FlowKind::Device, |prompt| {
        assert_eq!(prompt.verification_uri, format!("{}/codex/device", world.sandbox.url()));
        assert_eq!(world.issuer.poll(&acme(), &prompt), Polled::Pending, "403 is not yet");
        assert!(world.sandbox.approve(&prompt.user_code));
    });
    assert_eq!(end, FlowEnd::Succeeded);
    assert!(world.sandbox.accepts(&crate::world::text(&world.token().unwrap())));
    assert_eq!(world.sandbox.stats().device_requests, 1);
}

/// What a browser does: asks for a page, and says where it is sent.
fn visit(url: &str) -> (String, Option<String>) {
    let authority = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    visit_as(url, authority)
}

/// The same, by a browser that was told another name for this machine.
fn visit_as(url: &str, host: &str) -> (String, Option<String>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap());
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("Location: ")).map(str::to_owned);
    (answer, location)
}

#[test]
fn loopback_a_browser_comes_back_with_a_code() {
    let world = dialect(Dialect::Loopback);
    world.sandbox.adjust(|settings| settings.auto_approve = true);
    let mut browser = None;
    let end = log_in(&world, FlowKind::Loopback, |prompt| {
        browser = Some(thread::spawn(move || {
            let (_, back) = visit(&prompt.verification_uri);
            visit(&back.unwrap()).0
        }));
        // The engine's clock would end the flow before a slow thread has come back.
        thread::sleep(std::time::Duration::from_millis(200));
    });
    assert_eq!(end, FlowEnd::Succeeded);
    assert!(browser.unwrap().join().unwrap().contains("You may close this window"));
    assert!(world.sandbox.accepts(&crate::world::text(&world.token().unwrap())));
}

#[test]
fn loopback_only_who_knows_the_state_is_heard() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.adjust(|settings| settings.auto_approve = true);
    let issuer = issuer(sandbox.provider_row_for("acme", Dialect::Loopback));
    let prompt = prompt(&issuer, FlowKind::Loopback);
    let (_, back) = visit(&prompt.verification_uri);
    let back = back.unwrap();
    let (callback, _) = back.split_once('?').unwrap();
    let port = callback.trim_start_matches("http://127.0.0.1:").trim_end_matches("/callback").to_owned();
    // A connection that says nothing, a wrong state or none, another path, another name: the flow goes on.
    let _silent = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let own = format!("127.0.0.1:{port}");
    let knocks = [
        (format!("{callback}?state=wrong&code=stolen"), own.clone()),
        (format!("{callback}?code=stolen"), own.clone()),
        (format!("http://{own}/favicon.ico"), own),
        (back.clone(), format!("rebound.example:{port}")),
    ];
    let knock = |(url, host): (String, String)| thread::spawn(move || visit_as(&url, &host).0);
    let knocking: Vec<_> = knocks.into_iter().map(knock).collect();
    let serve = |until: &dyn Fn() -> bool| {
        while !until() {
            assert_eq!(issuer.poll(&acme(), &prompt), Polled::Pending);
            thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    serve(&|| knocking.iter().all(thread::JoinHandle::is_finished));
    for knock in knocking {
        assert!(knock.join().unwrap().starts_with("HTTP/1.1 404"));
    }
    let browser = thread::spawn(move || visit(&back).0);
    let code = loop {
        match issuer.poll(&acme(), &prompt) {
            Polled::Pending => thread::sleep(std::time::Duration::from_millis(10)),
            Polled::Code(code) => break code,
            other => panic!("{other:?}"),
        }
    };
    browser.join().unwrap();
    assert!(matches!(issuer.exchange(&acme(), &code), CodeExchanged::Granted(_)));
    assert_eq!(issuer.exchange(&acme(), &code), CodeExchanged::Failed("invalid_grant".into()), "one try");
    assert_eq!(issuer.poll(&acme(), &prompt), Polled::Failed("interrupted".into()), "the port is closed");
}

#[test]
fn loopback_a_refusal_comes_back_too() {
    let sandbox = Sandbox::start().unwrap();
    let issuer = issuer(sandbox.provider_row_for("acme", Dialect::Loopback));
    let prompt = prompt(&issuer, FlowKind::Loopback);
    let back = visit(&prompt.verification_uri).1.unwrap();
    let browser = thread::spawn(move || visit(&back).0);
    let polled = loop {
        match issuer.poll(&acme(), &prompt) {
            Polled::Pending => thread::sleep(std::time::Duration::from_millis(10)),
            other => break other,
        }
    };
    assert_eq!(polled, Polled::Failed("access_denied".into()));
    browser.join().unwrap();
}

#[test]
fn link_a_login_of_another_tool_is_waited_for_and_linked() {
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row_for("acme", Dialect::ClaudeLink);
    let World { sandbox, issuer, engine, times } = World::over(sandbox, row);
    let looks = std::sync::atomic::AtomicU32::new(0);
    let issuer = issuer.with_links(move |_| {
        if looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            return Polled::Pending;
        }
        let account = fingerprint(&secret("account"));
        let link = Link {
            path: "/home/someone/.claude/.credentials.json".to_owned(),
            account,
            suspended: false,
            extra: Extra::default(),
        };
        Polled::Linked { material: Material::Link(link), source: Source::ClaudeCode }
    });
    let world = World { sandbox, issuer, engine, times };
    assert_eq!(log_in(&world, FlowKind::Link, |prompt| assert_eq!(prompt.interval_secs, 5)), FlowEnd::Succeeded);
    let snapshot = world.engine.snapshot().unwrap();
    assert!(matches!(snapshot.state.entry("acme", "default").unwrap().material, Material::Link(_)));
    assert!(world.sandbox.log().is_empty(), "no HTTP");
}
