//! The cases of report 3972 that need no process of their own; the others are beside the command line.

use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use credlatch::{Latch, Profile, fingerprint};
use credlatch_core::engine::{FlowView, Poller};
use credlatch_core::extra::Extra;
use credlatch_core::flow::{ENDED_KEPT_MS, FlowEnd, FlowKind};
use credlatch_core::port::Polled;
use credlatch_core::provider::{Dialect, TableFile};
use credlatch_core::state::{Link, Material, Source};
use credlatch_sandbox::Sandbox;

use crate::world::{Here, World, acme, issuer, label, secret, text};

/// So many callers at once: what each is shown, and the duties to poll that fell to them.
fn start_at_once(world: &World, callers: usize) -> Vec<(String, Option<Poller<Here>>)> {
    let start = Barrier::new(callers);
    thread::scope(|scope| {
        let call = || {
            start.wait();
            let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
            let FlowView::Live(live) = world.engine.await_prompt(&acme(), login.flow, &AtomicBool::new(false)).unwrap()
            else {
                panic!("no live flow")
            };
            (format!("{} {}", login.flow, live.prompt().unwrap().user_code), login.poller)
        };
        let all: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn report_3972_a_starts_at_once_are_one_flow() {
    for callers in [2, 32] {
        let world = World::new();
        let shown = start_at_once(&world, callers);
        assert!(shown.iter().all(|(one, _)| *one == shown[0].0));
        assert_eq!(shown.iter().filter(|(_, poller)| poller.is_some()).count(), 1);
        assert_eq!(world.sandbox.stats().device_requests, 1);
    }
}

#[test]
fn report_3972_c_a_failed_request_rolls_back_and_the_next_start_works() {
    let world = World::with(|row| row.client_id = Some("somebody-else".to_owned()));
    let refused = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
    assert!(refused.poller.is_none());
    let right = issuer(world.sandbox.provider_row("acme"));
    let login = world.engine.login(&right, &acme(), &label(), FlowKind::Device).unwrap();
    assert!(login.started && login.flow != refused.flow && login.poller.is_some());
}

#[test]
fn report_3972_d_a_flow_whose_poller_never_ran_is_taken_over() {
    let world = World::new();
    world.sandbox.adjust(|settings| (settings.auto_approve, settings.interval) = (true, Duration::ZERO));
    let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
    // What happens where no thread can be had: the duty goes, with its sign of life.
    drop(login.poller);
    let FlowView::Ended(ended) = world.engine.await_flow(&world.issuer, &acme(), login.flow).unwrap() else { panic!() };
    assert_eq!(ended.end, FlowEnd::Succeeded);
    assert!(world.sandbox.accepts(&text(&world.token().unwrap())));
    assert_eq!(world.sandbox.stats().device_requests, 1);
}

#[test]
fn report_3972_g_an_expired_flow_stays_visible_for_its_time() {
    let world = World::new();
    world.sandbox.adjust(|settings| (settings.code_lifetime, settings.interval) = (Duration::ZERO, Duration::ZERO));
    let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
    let ended = world.engine.poll_to_end(&world.issuer, login.poller.unwrap()).unwrap();
    assert!(matches!(&ended, FlowView::Ended(ended) if ended.end == FlowEnd::Expired));
    world.engine.clock().leap(ENDED_KEPT_MS - 10_000);
    for _ in 0..3 {
        assert_eq!(world.engine.view(&acme(), login.flow).unwrap(), ended, "however often somebody looks");
    }
    world.engine.clock().leap(10_000);
    assert_eq!(world.engine.view(&acme(), login.flow).unwrap(), FlowView::Unknown);
}

#[test]
fn report_3972_h_a_login_that_succeeds_at_once_is_one_flow_too() {
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row_for("acme", Dialect::ClaudeLink);
    let World { sandbox, issuer, engine, times } = World::over(sandbox, row);
    let account = fingerprint(&secret("account"));
    let issuer = issuer.with_links(move |_| {
        let path = "/home/someone/.claude/.credentials.json".to_owned();
        let link = Link { path, account, suspended: false, extra: Extra::default() };
        Polled::Linked { material: Material::Link(link), source: Source::ClaudeCode }
    });
    let world = World { sandbox, issuer, engine, times };
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                start.wait();
                let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Link).unwrap();
                let end = match login.poller {
                    Some(poller) => world.engine.poll_to_end(&world.issuer, poller).unwrap(),
                    None => world.engine.await_flow(&world.issuer, &acme(), login.flow).unwrap(),
                };
                assert!(matches!(end, FlowView::Ended(ended) if ended.end == FlowEnd::Succeeded));
            });
        }
    });
    let snapshot = world.engine.snapshot().unwrap();
    let slot = snapshot.state.slot("acme").unwrap();
    assert_eq!((slot.entries.len(), slot.flow.is_none()), (1, true));
}

#[test]
fn report_3972_i_what_is_kept_of_logins_is_bounded() {
    let world = World::new();
    for _ in 0..100 {
        let login = world.engine.login(&world.issuer, &acme(), &label(), FlowKind::Device).unwrap();
        world.engine.cancel(&acme(), login.flow).unwrap();
    }
    world.engine.clock().leap(ENDED_KEPT_MS);
    world.engine.transact(&[]).unwrap();
    let snapshot = world.engine.snapshot().unwrap();
    assert!(snapshot.state.slot("acme").is_none_or(|slot| slot.ended.is_empty() && slot.flow.is_none()));
    assert_eq!(snapshot.state.claims().count(), 0);
}

/// A process that signs in to a home which it named by a relative path, and changes its directory meanwhile.
const CHILD: &str = "CREDLATCH_TEST_RELATIVE_HOME";

#[test]
fn report_3972_k_the_home_is_the_one_at_the_start() {
    if let Some(folder) = std::env::var_os(CHILD) {
        return sign_in_and_move(Path::new(&folder));
    }
    let folder = crate::folders::tempdir();
    for name in ["here", "there"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let own = Command::new(std::env::current_exe().unwrap())
        .args(["report_3972::report_3972_k_the_home_is_the_one_at_the_start", "--exact"])
        .current_dir(folder.path().join("here"))
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stdout));
    assert!(folder.path().join("here/store/profiles/default.json").exists());
    assert_eq!(std::fs::read_dir(folder.path().join("there")).unwrap().count(), 0);
}

fn sign_in_and_move(folder: &Path) {
    let sandbox = Sandbox::start().unwrap();
    let file = folder.join("providers.json");
    let rows = TableFile { providers: vec![sandbox.provider_row("acme")] };
    std::fs::write(&file, serde_json::to_string(&rows).unwrap()).unwrap();
    let latch = Latch::builder().home("store").profile(Profile::default()).providers(&file).open().unwrap();
    let flow = latch.login("acme").unwrap();
    std::env::set_current_dir(folder.join("there")).unwrap();
    assert!(sandbox.approve(&flow.user_code().unwrap().unwrap()));
    flow.wait().unwrap();
    assert!(sandbox.accepts(latch.token("acme").unwrap().expose_secret()));
}
