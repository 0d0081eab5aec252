//! Processes whose clocks can't be compared: where no boot is known, and in another time namespace.

use std::thread;
use std::time::{Duration, Instant};

use crate::needs::is_root;
use crate::world::{World, under, until};

const TIMEOUT_SECS: u64 = 2;
/// How long a doubt rests from its claim, where no clock tells how old its note is.
const QUARANTINE: Duration = Duration::from_secs(3 * TIMEOUT_SECS + 5);

fn world() -> World {
    World::with(|row| row.oauth.as_mut().unwrap().http_timeout_secs = TIMEOUT_SECS).ended()
}

const WITHOUT_BOOT: [&str; 6] =
    ["unshare", "--mount", "sh", "-c", "mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec \"$@\"", "sh"];
const ELSEWHEN: [&str; 6] = ["unshare", "--fork", "--kill-child=KILL", "--time", "--boottime", "100000000"];

/// A process of this kind is killed between the request and its answer, so that the token is in doubt.
fn dies(world: &World, outer: &[&str]) {
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(1_500));
    let mut at_work = under(outer, &world.command(&["token", "acme"])).spawn().unwrap();
    until("the token is spent", || world.sandbox.stats().exchanges > 0);
    world.kill_both(&mut at_work);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
    let noticed =
        || under(outer, &world.command(&["purge"])).status().unwrap().success() && world.health() == "in_doubt";
    until("it is in doubt", noticed);
}

/// Puts the claim of the doubt two minutes back: to the wall clock it looks as if it had been set ahead since.
fn leaps_ahead(world: &World) {
    let store = world.home.document();
    let text = std::fs::read_to_string(&store).unwrap();
    let at = text.find("\"claimed\"").unwrap();
    let at = at + text[at..].find("\"wall_ms\"").unwrap();
    let digits = at + text[at..].find(|c: char| c.is_ascii_digit()).unwrap();
    let end = digits + text[digits..].find(|c: char| !c.is_ascii_digit()).unwrap();
    let wall_ms: u64 = text[digits..end].parse().unwrap();
    std::fs::write(&store, format!("{}{}{}", &text[..digits], wall_ms - 120_000, &text[end..])).unwrap();
}

#[test]
fn without_a_boot_id_a_command_watches_a_doubt_out_and_no_wall_clock_cuts_that_short() {
    if !is_root("can hide the boot id") {
        return;
    }
    let world = world();
    dies(&world, &WITHOUT_BOOT);
    leaps_ahead(&world);
    let began = Instant::now();
    let told = under(&WITHOUT_BOOT, &world.command(&["token", "acme"])).output().unwrap();
    // The server had spent it: presented once more, it is lost, and only then.
    assert_eq!(told.status.code(), Some(4), "{told:?}");
    assert!((QUARANTINE..Duration::from_secs(30)).contains(&began.elapsed()), "{:?}", began.elapsed());
    assert_eq!(world.sandbox.stats().refresh_requests, 2);
}

#[test]
fn a_doubt_of_another_time_namespace_is_quiet_after_its_quarantine_and_not_before() {
    if !is_root("can make a time namespace") {
        return;
    }
    let world = world();
    dies(&world, &ELSEWHEN);
    let mut waiting = world.start(&["token", "acme"]);
    // Counted from the note it rests for five seconds more.
    thread::sleep(Duration::from_secs(2 * TIMEOUT_SECS));
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
    assert_eq!(waiting.wait().unwrap().code(), Some(4));
    assert_eq!(world.sandbox.stats().refresh_requests, 2);
}
