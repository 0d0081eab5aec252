//! This test program as many processes with many threads each, all of which want the same thing at the same moment.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use credlatch::{Latch, Profile, fingerprint};

use crate::helper::Said;
use crate::world::World;

/// What a process of ours is to do, and where.
const PART: &str = "CREDLATCH_TEST_PART";
const FOLDER: &str = "CREDLATCH_TEST_FOLDER";
const THREADS: &str = "CREDLATCH_TEST_THREADS";

/// Starts so many processes, which all begin when the file `go` appears. `part` is `token` or `login`.
pub(crate) fn start(world: &World, part: &str, processes: usize, threads: usize) -> Vec<Child> {
    let own = std::env::current_exe().unwrap();
    let start = |_| {
        let mut command = Command::new(&own);
        command.args(["many::a_process_of_many", "--exact", "--nocapture"]);
        command.env(PART, part).env(FOLDER, world.home.folder()).env(THREADS, threads.to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let all = (0..processes).map(start).collect();
    // Those who come late begin late; most are there by now.
    thread::sleep(Duration::from_millis(500));
    std::fs::write(world.home.folder().join("go"), "").unwrap();
    all
}

/// What each thread of all of them said.
pub(crate) fn end(world: &World, all: Vec<Child>) -> Vec<String> {
    let said: Vec<_> = all.into_iter().map(|one| Said::from(one.wait_with_output().unwrap())).collect();
    std::fs::remove_file(world.home.folder().join("go")).unwrap();
    let lines = |said: Said| {
        assert_eq!(said.status, 0, "{}{}", said.out, said.err);
        said.out.lines().filter_map(|line| line.split_once("said: ")).map(|(_, line)| line.to_owned()).collect()
    };
    said.into_iter().flat_map(|said| -> Vec<String> { lines(said) }).collect()
}

#[test]
fn a_process_of_many() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let threads: usize = std::env::var(THREADS).unwrap().parse().unwrap();
    let builder = Latch::builder().home(folder.join("store")).profile(Profile::default()).look_ahead(false);
    let latch = builder.providers(folder.join("providers.json")).open().unwrap();
    while !folder.join("go").exists() {
        thread::sleep(Duration::from_millis(1));
    }
    let start = Barrier::new(threads);
    let is_login = std::env::var(PART).unwrap() == "login";
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                start.wait();
                println!("said: {}", if is_login { log_in(&latch) } else { token(&latch) });
            });
        }
    });
}

/// A digest: no token is printed.
fn token(latch: &Latch) -> String {
    let credential = latch.token("acme").unwrap_or_else(|error| panic!("{error}"));
    fingerprint(&credlatch::Secret::try_from(credential.expose_secret()).unwrap()).to_string()
}

fn log_in(latch: &Latch) -> String {
    let flow = latch.login("acme").unwrap_or_else(|error| panic!("{error}"));
    let shown = format!("{} {}", flow.id(), flow.user_code().unwrap().unwrap());
    flow.wait().unwrap_or_else(|error| panic!("{error}"));
    shown
}
