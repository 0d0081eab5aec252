//! A sealed store at the shell: logins and renewals, whoever makes the exchange and whoever dies at it, and a program of before.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::helper::Said;
use crate::needs::found;
use crate::world::{LoggingIn, World, fed, send, until};

/// A world whose store is sealed, and nobody remembers where the key is: each command is told.
struct Sealed(World);

impl Sealed {
    fn new() -> Self {
        let sealed = Self(World::new());
        assert_eq!(sealed.say(&["seal"]).status, 0);
        sealed
    }

    fn key(&self) -> PathBuf {
        self.0.home.folder().join("seal.key")
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = self.0.command(args);
        command.arg("--seal-key").arg(self.key()).env("CREDLATCH_SEAL_KEYS", "");
        command
    }

    fn say(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }

    /// Signs in, and has the token end.
    fn sign_in(&self) {
        let login = LoggingIn::new(self.command(&["login", "acme", "--json"]).spawn().unwrap());
        assert!(self.0.sandbox.approve(login.code()));
        assert_eq!(login.end().1, 0);
    }

    /// Whether any file of the store says one of these.
    fn says(&self, secrets: &[&str]) -> bool {
        let says = |bytes: &[u8], secret: &str| bytes.windows(secret.len()).any(|there| there == secret.as_bytes());
        let all = files(&self.0.home.path());
        assert!(all.len() >= 2, "a document and a lock file");
        all.iter().any(|bytes| secrets.iter().any(|secret| says(bytes, secret)))
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![fs::read(path).unwrap()] }).collect()
}

/// What issuers' tokens have in them here, in whatever form they are stored.
const TOKENS: [&str; 4] = ["access_token", "refresh", "acme", "sandbox"];

#[test]
fn a_login_and_a_renewal_by_a_process_of_its_own_leave_nothing_to_read() {
    let world = Sealed::new();
    world.sign_in();
    let first = world.say(&["token", "acme"]).out.trim().to_owned();
    assert!(world.0.sandbox.accepts(&first));
    assert_eq!(world.say(&["rotate", "acme"]).status, 0);
    let second = world.say(&["token", "acme"]).out.trim().to_owned();
    assert!(world.0.sandbox.accepts(&second) && first != second);
    assert_eq!((world.0.sandbox.stats().exchanges, world.0.sandbox.stats().replays), (1, 0));
    assert!(!world.says(&[&first, &second, TOKENS[0], TOKENS[1], TOKENS[2], TOKENS[3]]));
    // Without the key: neither a token nor an empty store.
    let without = Said::from(world.0.command(&["token", "acme"]).env("CREDLATCH_SEAL_KEYS", "").output().unwrap());
    assert_eq!((without.status, without.out.as_str()), (9, ""), "{}", without.err);
    assert!(without.err.contains("is sealed with the key"), "{}", without.err);
    assert_eq!(world.say(&["unseal"]).status, 0);
    assert!(world.says(&[&second]), "what is plain is seen");
}

#[test]
fn what_was_granted_and_not_stored_lies_sealed_until_somebody_with_the_key_comes() {
    let world = Sealed::new();
    world.sign_in();
    world.0.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(700));
    let mut rotating = world.command(&["rotate", "acme"]).spawn().unwrap();
    world.0.exchange_begins(1);
    // Somebody has the store while the issuer answers, so what it grants can only be written down.
    let lock = world.0.home.path().join("profiles/default.lock");
    let held = File::open(&lock).unwrap();
    flock(&held, FlockOperation::LockExclusive).unwrap();
    let signed = fs::read(&lock).unwrap();
    let exchanger = u32::from_le_bytes(signed[16..20].try_into().unwrap());
    let answers = || files(&world.0.home.path().join("profiles/default.claims"));
    let is_written = |bytes: &Vec<u8>| bytes.get(4096..).is_some_and(|answer| answer.starts_with(b"clansw1\n"));
    until("the answer is written down", || answers().iter().any(is_written));
    assert!(!world.says(&["refresh", "access_token"]));
    rotating.kill().unwrap();
    send("KILL", exchanger);
    rotating.wait().unwrap();
    drop(held);
    world.0.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
    let token = world.say(&["token", "acme"]);
    assert_eq!(token.status, 0, "{}", token.err);
    assert!(world.0.sandbox.accepts(token.out.trim()));
    let stats = world.0.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0), "what was granted is what is handed out");
}

#[test]
fn a_store_is_not_sealed_under_somebody_s_hands() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(2500));
    let mut rotating = world.start(&["rotate", "acme"]);
    world.exchange_begins(1);
    let key = world.home.folder().join("seal.key");
    let sealed = Said::from(world.command(&["seal", "--seal-key"]).arg(&key).output().unwrap());
    assert_eq!(sealed.status, 0, "{}", sealed.err);
    assert_eq!(world.sandbox.stats().exchanges, 1, "it was waited for");
    // Who isn't root can't look whose the lock is: the command is not dumpable.
    let whom = if rustix::process::geteuid().is_root() { "process " } else { "another process, " };
    let waited = sealed.err.strip_prefix("credlatch: waiting for ").and_then(|told| told.strip_prefix(whom));
    let waited = waited.expect(&sealed.err);
    assert!(waited.contains("which is at work on the profile `default`"), "{}", sealed.err);
    assert_eq!(waited.matches("waiting").count(), 0, "it is said once: {}", sealed.err);
    assert!(rotating.wait().unwrap().success(), "and finds where the key is");
    let token = world.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(token.out.trim()), "{}", token.err);
    assert_eq!(world.sandbox.stats().replays, 0);
}

#[test]
fn a_seal_without_a_word_of_its_key_has_the_one_of_its_home() {
    let world = World::new();
    let nobody_said = world.say(&["seal"]);
    assert_eq!(nobody_said.status, 2, "{}", nobody_said.err);
    assert!(nobody_said.err.contains("nobody has said where the key is to be"), "{}", nobody_said.err);
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-1").status, 0);
    let key = world.home.folder().join("seal.key");
    assert_eq!(world.say(&["seal", "--seal-key", key.to_str().unwrap()]).status, 0);
    // What somebody put beside it in plain text is sealed with the same key.
    let document = world.home.document();
    let (sealed, other) = (fs::read(&document).unwrap(), World::new());
    assert_eq!(fed(other.command(&["set", "minimax"]), "mm-2").status, 0);
    fs::copy(other.home.document(), document.with_file_name("other.json")).unwrap();
    let again = world.say(&["seal", "--json"]);
    assert_eq!((again.status, again.err.as_str()), (0, ""));
    assert_eq!(again.json(), serde_json::json!({"sealed": ["other"]}));
    assert_eq!(fs::read(&document).unwrap(), sealed, "it was sealed before");
    assert_eq!(world.say(&["token", "minimax", "--profile", "other"]).out, "mm-2\n");
    // Where nobody remembers it, it is asked for, and nothing is sealed with another one.
    let mut forgetful = world.command(&["seal"]);
    let forgetful = Said::from(forgetful.env("CREDLATCH_SEAL_KEYS", "").output().unwrap());
    assert_eq!(forgetful.status, 2, "{}", forgetful.err);
}

#[test]
fn a_commit_with_a_key_leaves_a_claim_of_somebody_without_it_alone() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(1));
    let mut rotating = world.start(&["rotate", "acme"]);
    world.exchange_begins(1);
    let version = || -> serde_json::Value {
        let document: serde_json::Value = serde_json::from_slice(&fs::read(world.home.document()).unwrap()).unwrap();
        document["version"].clone()
    };
    let key = world.home.folder().join("seal.key");
    fs::write(&key, "5a".repeat(32)).unwrap();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let set = |secret: &str| {
        let mut command = world.command(&["set", "minimax", "--seal-key"]);
        command.arg(&key).env("CREDLATCH_SEAL_KEYS", "");
        assert_eq!(fed(command, secret).status, 0);
    };
    set("mm-key-1");
    assert_eq!(version(), 2, "the other could not store what it brings home");
    assert!(rotating.wait().unwrap().success());
    assert_eq!(version(), 2);
    set("mm-key-2");
    assert_eq!(version(), 3);
    assert_eq!((world.sandbox.stats().exchanges, world.sandbox.stats().replays), (1, 0));
}

#[test]
fn a_program_of_before_refuses_a_sealed_store_and_leaves_it_alone() {
    let earlier = std::env::var_os("CREDLATCH_BEFORE_NOTES");
    let earlier = found(earlier, "CREDLATCH_BEFORE_NOTES, the program of before").filter(|program| program != "none");
    let Some(earlier) = earlier else { return };
    let world = Sealed::new();
    world.sign_in();
    let document = world.0.home.document();
    let before = fs::read(&document).unwrap();
    for args in [&["token", "acme"][..], &["status"], &["rotate", "acme"], &["clear", "acme"], &["purge"]] {
        let inner = world.0.command(args);
        let mut command = std::process::Command::new(&earlier);
        command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let said = Said::from(command.output().unwrap());
        assert_eq!(said.status, 6, "{args:?}: {}", said.err);
        assert!(said.err.contains("version 3"), "{args:?}: {}", said.err);
    }
    assert_eq!(fs::read(&document).unwrap(), before);
    assert_eq!(world.say(&["token", "acme"]).status, 0);
}
