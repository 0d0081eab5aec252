//! The process that makes an exchange: what it has of whoever started it, and what it needs of them.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::helper::Said;
use crate::needs::is_root;
use crate::placed::can_trace;
use crate::world::{World, under, until};

/// A world whose server keeps its answers for so long.
fn slow(ms: u64) -> World {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(ms));
    world
}

fn of(pid: u32, what: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{what}"))
}

#[test]
fn it_has_a_session_of_its_own_and_nothing_of_its_callers_files_variables_or_directory() {
    // The command is not dumpable.
    if !is_root("sees what files and variables the command has") {
        return;
    }
    let world = slow(1_500);
    let folder = world.home.folder();
    let mut command = world.command(&["token", "acme"]);
    // The shell leaves a file open to whatever it starts, as a lock of somebody else's.
    let words: Vec<String> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let program = command.get_program().to_string_lossy().into_owned();
    let envs: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command = Command::new("sh");
    command.args(["-c", "exec 7>held; exec \"$0\" \"$@\"", &program]).args(words).envs(envs).current_dir(folder);
    command.env("SOME_API_KEY", "sk-marked-1").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let token = command.spawn().unwrap();
    world.exchange_begins(1);
    let pid = world.exchanger();
    let held = fs::read_dir(of(pid, "fd")).unwrap().filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
    let held: Vec<PathBuf> = held.collect();
    assert!(!held.iter().any(|file| file.ends_with("held")), "{held:?}");
    let stat = fs::read_to_string(of(pid, "stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let own = pid.to_string();
    assert_eq!((fields[2], fields[3], fields[4]), (own.as_str(), own.as_str(), "0"), "group, session, no terminal");
    assert_eq!(fs::read_link(of(pid, "cwd")).unwrap(), PathBuf::from("/"));
    for text in ["environ", "cmdline"] {
        let text = String::from_utf8_lossy(&fs::read(of(pid, text)).unwrap()).into_owned();
        assert!(!text.contains("sk-marked-1") && !text.contains("sandbox-"), "{text}");
    }
    let said = Said::from(token.wait_with_output().unwrap());
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    until("it is gone", || !of(pid, "stat").exists());
}

#[test]
fn whoever_reads_from_a_killed_command_is_not_kept_by_its_exchange() {
    let world = slow(3_000);
    let mut token = world.start(&["token", "acme"]);
    let mut out = token.stdout.take().unwrap();
    world.exchange_begins(1);
    let began = Instant::now();
    token.kill().unwrap();
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    assert!(began.elapsed() < Duration::from_millis(2_500), "the pipe ends with the command: {:?}", began.elapsed());
    token.wait().unwrap();
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

/// The command, started by a shell that does something first.
fn after(world: &World, first: &str, args: &[&str]) -> Said {
    let inner = world.command(args);
    let mut outer = Command::new("sh");
    outer.args(["-c", &format!("{first} exec \"$0\" \"$@\"")]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        outer.env(name, value);
    }
    Said::from(outer.stdin(Stdio::null()).output().unwrap())
}

#[test]
fn a_caller_that_ignores_its_childrens_ends_or_has_no_terminal_is_served() {
    for first in ["trap '' CHLD;", "trap '' HUP;", "exec 0<&- 2>&-;", "cd / &&"] {
        let world = slow(200);
        let said = after(&world, first, &["token", "acme"]);
        assert!(world.sandbox.accepts(said.out.trim()), "{first} {}", said.err);
        assert_eq!(world.sandbox.stats().refresh_requests, 1, "{first}");
    }
}

#[test]
fn where_no_process_can_be_had_the_command_asks_the_issuer_itself_and_says_so_once() {
    if !is_root("can hide /proc") {
        return;
    }
    let world = slow(0);
    let inner = world.command(&["token", "acme"]);
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "sh", "-c", "mount -t tmpfs none /proc && exec \"$0\" \"$@\""]);
    outer.arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        outer.env(name, value);
    }
    let said = Said::from(outer.output().unwrap());
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    assert_eq!(said.err.matches("could not be started").count(), 1, "{}", said.err);
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn where_something_else_stands_in_the_programs_place_the_command_says_so_and_asks_the_issuer_itself() {
    let Some(loader) =
        ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].into_iter().find(|l| Path::new(l).exists())
    else {
        return;
    };
    let world = slow(0);
    let said = Said::from(under(&[loader], &world.command(&["token", "acme"])).output().unwrap());
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    assert_eq!(said.err.matches("made no exchange").count(), 1, "{}", said.err);
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn where_neither_a_process_nor_a_thread_can_be_had_the_caller_is_served() {
    if !can_trace() {
        return;
    }
    let refuses = "inject=clone3,clone,vfork,fork:error=EAGAIN:when=1+";
    let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3,clone,vfork,fork", "-e", refuses];
    for args in [&["token", "acme"][..], &["rotate", "acme"], &["run", "acme", "--", "true"]] {
        let world = slow(0);
        let said = Said::from(under(&strace, &world.command(args)).output().unwrap());
        assert_eq!(said.status, 0, "{args:?}: {}", said.err);
        assert!(!said.err.contains("panicked"), "{args:?}: {}", said.err);
        assert_eq!(world.sandbox.stats().exchanges, 1, "{args:?}");
    }
}

#[test]
fn no_signal_but_kill_ends_an_exchange() {
    for name in ["HUP", "INT", "QUIT", "TERM", "ALRM", "USR1", "USR2", "XFSZ", "PIPE"] {
        let world = slow(300);
        let token = world.start(&["token", "acme"]);
        world.exchange_begins(1);
        crate::world::send(name, world.exchanger());
        let said = Said::from(token.wait_with_output().unwrap());
        assert!(world.sandbox.accepts(said.out.trim()), "{name}: {}", said.err);
        assert_eq!(world.sandbox.stats().refresh_requests, 1, "{name}");
    }
}

#[test]
fn a_stopped_exchange_that_wrote_its_answer_down_is_settled_by_the_next() {
    let world = slow(300);
    let token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let exchanger = world.exchanger();
    let (_, name) = world.claimant().unwrap();
    let sign = world.home.document().with_extension("claims").join(name);
    // Whoever has the store's lock keeps it from being settled.
    let lock = fs::File::options().write(true).open(world.home.document().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    until("the answer is written down", || {
        fs::read(&sign).is_ok_and(|sign| sign.get(4096..4104) == Some(b"clansw1\n"))
    });
    crate::world::stop(exchanger);
    lock.unlock().unwrap();
    let next = world.say(&["token", "acme"]);
    let is_served = world.sandbox.accepts(next.out.trim());
    crate::world::send("CONT", exchanger);
    assert!(is_served, "{}", next.err);
    let first = Said::from(token.wait_with_output().unwrap());
    assert_eq!((first.out, world.health().as_str()), (next.out, "ok"));
    assert_eq!((world.sandbox.stats().refresh_requests, world.sandbox.stats().replays), (1, 0));
    until("nothing of it is left", || !fs::read(&sign).is_ok_and(|sign| sign.len() > 4096 && sign[4096] != 0));
}
