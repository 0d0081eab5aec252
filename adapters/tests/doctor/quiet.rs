//! It writes nothing, wherever it looks, and says nothing that is secret.

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use credlatch::Answer;
use credlatch::doctor::Severity;

use super::listing::listing;
use super::part::Player;
use super::programs::copy_program;
use super::{Home, chmod, found, label, secret, sound};

#[test]
fn a_home_that_is_not_there_stays_so() {
    let home = Home::new();
    let before = listing(home.beside());
    let diagnosis = home.doctor_in(&[("MINIMAX_API_KEY", "mm-key-2")]);
    sound(&diagnosis);
    assert_eq!(listing(home.beside()), before);
    assert!(!home.path().exists());
}

/// A store with everything at once: pools, a login in doubt, leftovers, a copy, a lock without its file.
fn busy_home() -> Home {
    let home = Home::new().with_key().with_login(3600);
    let latch = home.latch();
    latch.set_as("minimax", &label("spare"), secret("mm-key-2")).unwrap();
    latch.rotate_with("openai-codex", |_| Answer::Unknown).unwrap_err();
    Player::start("draft", &home.path()).kill();
    fs::write(home.profiles().join("default.json.bak"), "x").unwrap();
    fs::write(home.beside().join(".env"), "GROQ_API_KEY=gsk_0123456789abcdef0123\n").unwrap();
    home
}

#[test]
fn no_byte_no_name_and_no_time_changes() {
    let home = busy_home();
    let sore = [
        ("as it is", Box::new(|_: &Home| ()) as Box<dyn Fn(&Home)>),
        ("without its lock file", Box::new(|home| fs::remove_file(home.lock_file()).unwrap())),
        ("open to others", Box::new(|home| chmod(home.document(), 0o644))),
        ("torn", Box::new(|home| fs::write(home.document(), "{\"version\":1,").unwrap())),
        ("empty", Box::new(|home| fs::write(home.document(), "").unwrap())),
        ("without a document", Box::new(|home| fs::remove_file(home.document()).unwrap())),
    ];
    for (how, make) in sore {
        make(&home);
        let before = listing(home.beside());
        let diagnosis = home.doctor_in(&[("OPENAI_API_KEY", "sk-proj-0123456789abcdef")]);
        assert!(diagnosis.findings.len() > 3, "{how}: {diagnosis:#?}");
        assert_eq!(listing(home.beside()), before, "{how}");
    }
}

#[test]
fn a_link_behind_which_another_account_appeared_is_told_and_not_set_aside_by_it() {
    let home = Home::new();
    let file = home.beside().join(".credentials.json");
    let login = |account: &str| {
        format!(
            r#"{{"claudeAiOauth":{{"accessToken":"sk-ant-oat01-0123456789","refreshToken":"sk-ant-ort01-x","expiresAt":4000000000000,"organizationUuid":"{account}"}}}}"#
        )
    };
    fs::write(&file, login("one")).unwrap();
    let found_there = credlatch::foreign::claude_code::read(&file).unwrap().unwrap().found;
    home.latch().import(found_there, credlatch::core::put::PutMode::Named).unwrap();
    fs::write(&file, login("two")).unwrap();
    let before = listing(home.beside());
    let diagnosis = home.doctor();
    found(&diagnosis, Severity::Warning, &["claude-code", "another account"]);
    assert_eq!(listing(home.beside()), before);
}

/// The permissions of a directory keep root from nothing, so this runs as somebody else where it can.
#[test]
fn a_home_that_may_only_be_read_is_read() {
    let home = Home::new().with_key();
    // As an act leaves it.
    let claims = home.profiles().join("default.claims");
    fs::create_dir(&claims).unwrap();
    chmod(&claims, 0o700);
    let exe = home.beside().join("test-program");
    copy_program(&std::env::current_exe().unwrap(), &exe);
    let mut command = Command::new(&exe);
    command.args(["--exact", "quiet::reads_as_somebody_else", "--nocapture"]).env(AS_READER, home.path());
    if rustix::process::geteuid().is_root() {
        use std::os::unix::process::CommandExt;
        chmod(home.beside(), 0o755);
        for line in [home.path(), home.profiles(), home.document(), home.lock_file(), claims] {
            chown(line, Some(READER), Some(READER)).unwrap();
        }
        command.uid(READER).gid(READER).current_dir("/");
    }
    chmod(home.document(), 0o400);
    chmod(home.lock_file(), 0o400);
    chmod(home.profiles(), 0o500);
    chmod(home.path(), 0o500);
    let before = listing(&home.path());
    let done = command.output().unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(String::from_utf8_lossy(&done.stdout).contains("read as somebody"), "the part was not played");
    assert_eq!(listing(&home.path()), before);
    chmod(home.path(), 0o700);
    chmod(home.profiles(), 0o700);
}

const AS_READER: &str = "CREDLATCH_TEST_READER_HOME";
const READER: u32 = 65_534;

#[test]
fn reads_as_somebody_else() {
    let Some(home) = std::env::var_os(AS_READER) else { return };
    let latch = credlatch::Latch::builder().home(home).open().unwrap();
    assert!(latch.set("minimax", secret("mm-key-2")).is_err(), "this home can be written");
    let diagnosis = latch.doctor(&credlatch::doctor::Surroundings::default());
    assert_eq!(diagnosis.generation, Some(1));
    assert_eq!(diagnosis.providers[0].used, Some(label("default")));
    sound(&diagnosis);
    println!("read as somebody who may not write");
}

#[test]
fn law_13_nothing_that_is_printed_holds_a_secret() {
    const MARK: &str = "hush-0123456789abcdef";
    let home = Home::new();
    let latch = home.latch();
    latch.set("minimax", secret(MARK)).unwrap();
    latch.set_as("groq", &label("sk"), secret(&format!("sk-ant-api03-{MARK}"))).unwrap();
    fs::write(home.beside().join(".env"), format!("XAI_API_KEY={MARK}\nGROQ_API_KEY=gsk_{MARK}\n")).unwrap();
    let codex = format!(r#"{{"tokens":{{"access_token":"{MARK}","refresh_token":"{MARK}","account_id":"{MARK}"}}}}"#);
    fs::write(home.beside().join("auth.json"), codex).unwrap();
    let vars = [
        ("OPENAI_API_KEY", MARK),
        ("MINIMAX_API_KEY", "other-hush-0123456789abcdef"),
        ("CODEX_HOME", home.beside().to_str().unwrap()),
    ];
    let diagnosis = home.doctor_in(&vars);
    assert!(diagnosis.findings.len() > 6, "{:#?}", diagnosis.findings);
    let surroundings = credlatch::doctor::Surroundings { vars: vec![("A".into(), MARK.into())], folder: None };
    for text in [format!("{diagnosis:?}"), format!("{diagnosis:#?}"), format!("{surroundings:?}")] {
        assert!(!text.contains(MARK), "{text}");
    }
}
