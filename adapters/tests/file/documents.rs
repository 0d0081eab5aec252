//! Documents as they are found on disk: good ones come back whole, and bad ones are told apart and left alone.

use std::fs;
use std::io::Write;

use credlatch::file::{FileStore, MAX_BYTES};
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Locked, Store, StoreError, StoreErrorKind};
use credlatch_core::state::{MAX_ENTRIES, State};
use rustix::io::Errno;

use crate::disk::ME;
use crate::{Home, chmod, commit, loaded, state};

const SECRET: &str = "sk-live-0123456789";

/// A home whose document was put there by hand.
fn home_with(document: impl AsRef<[u8]>) -> Home {
    let home = Home::new();
    fs::create_dir(home.folder()).unwrap();
    chmod(&home.folder(), 0o700);
    fs::write(home.document(), document).unwrap();
    chmod(&home.document(), 0o600);
    home
}

fn document(version: u64, profile: &str) -> String {
    format!(
        r#"{{"version":{version},"store":"{:032x}","id":"00000000000000a2","lock":null,"profile":{profile},"later":{{"a":[1]}}}}"#,
        3
    )
}

/// What every way of reading says of it; none may change it.
fn refused(home: &Home) -> StoreError {
    let store = home.store();
    let error = store.load().unwrap_err();
    let mut locked = store.lock(1000).unwrap();
    assert_eq!(locked.load().unwrap_err(), error);
    let credlatch_core::port::CommitError::NotSaved(committing) = locked.commit(&state(1), None).unwrap_err() else {
        panic!("it was overwritten")
    };
    assert_eq!(committing, error);
    let text = format!("{error:?} {error}");
    assert!(!text.contains("sk-live"), "{text}");
    assert!(!error.what.is_empty() && !error.remedy.is_empty());
    error
}

#[test]
fn what_is_committed_is_read_back_and_unknown_fields_survive_at_every_level() {
    let entry = format!(
        r#"{{"label":"default","version":1,"source":"manual","fingerprint":"sha256:0000000000000000",
        "material":{{"api_key":"{SECRET}"}},"health":{{"failures":0,"uses":0}},"e":{{"x":null}}}}"#
    );
    let profile = format!(
        r#"{{"generation":1,"last_version":1,"providers":{{"acme":{{"entries":[{entry}],"s":[true]}}}},"p":1.5}}"#
    );
    let home = home_with(document(1, &profile));
    let store = home.store();
    let loaded = store.load().unwrap();
    assert_eq!(loaded.id, Some(0xa2));
    let mut locked = store.lock(1000).unwrap();
    let next = State { generation: 2, ..locked.load().unwrap().state };
    let id = locked.commit(&next, None).unwrap();
    drop(locked);
    let again = home.store().load().unwrap();
    assert_eq!((again.state, again.id), (next, Some(id)));
    let json: serde_json::Value = serde_json::from_slice(&fs::read(home.document()).unwrap()).unwrap();
    assert_eq!(json["later"]["a"][0], 1);
    assert_eq!(json["profile"]["p"], 1.5);
    assert_eq!(json["profile"]["providers"]["acme"]["s"][0], true);
    assert!(json["profile"]["providers"]["acme"]["entries"][0]["e"].get("x").is_some());
    assert_eq!(json["store"], format!("{:032x}", 3));
    assert_eq!(json["id"], format!("{id:016x}"));
}

#[test]
fn what_does_not_parse_is_unreadable_and_left_as_it_is() {
    let whole = document(1, r#"{"generation":1,"last_version":0}"#);
    let entry = |label: &str, version: u64| {
        format!(
            r#"{{"label":"{label}","version":{version},"source":"manual","fingerprint":"sha256:0000000000000000","material":{{"api_key":"{SECRET}"}}}}"#
        )
    };
    let pool = |entries: &[String]| {
        let entries = entries.join(",");
        document(1, &format!(r#"{{"generation":1,"last_version":2,"providers":{{"acme":{{"entries":[{entries}]}}}}}}"#))
    };
    let torn = pool(&[entry("a", 1)]);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("torn", torn.as_bytes()[..torn.len() - 9].to_vec()),
        ("zeros", vec![0; 4096]),
        ("binary", vec![0xff, 0xfe, 0x00, 0x80]),
        ("two documents", [whole.as_bytes(), whole.as_bytes()].concat()),
        ("not an object", b"[]".to_vec()),
        ("a bare secret", format!("\"{SECRET}\"").into_bytes()),
        ("wrongly typed", document(1, &format!("\"{SECRET}\"")).into_bytes()),
        ("wrongly typed inside", whole.replace(":1,\"last", &format!(":\"{SECRET}\",\"last")).into_bytes()),
        ("unknown variant", pool(&[entry("a", 1).replace("\"manual\"", &format!("\"{SECRET}\""))]).into_bytes()),
        ("odd id", whole.replace("a2\"", "a3\"").into_bytes()),
        ("version 0", whole.replace("\"version\":1", "\"version\":0").into_bytes()),
        ("no version", whole.replace("\"version\":1,", "").into_bytes()),
        ("a label twice", pool(&[entry("a", 1), entry("a", 2)]).into_bytes()),
        ("a version ahead", pool(&[entry("a", 3)]).into_bytes()),
        ("a version twice", pool(&[entry("a", 1), entry("b", 1)]).into_bytes()),
        ("too many changes", document(1, &format!(r#"{{"generation":{},"last_version":0}}"#, u64::MAX)).into_bytes()),
        ("too many versions", document(1, &format!(r#"{{"generation":1,"last_version":{}}}"#, u64::MAX)).into_bytes()),
    ] {
        let home = home_with(&bytes);
        let error = refused(&home);
        assert_eq!(error.kind, StoreErrorKind::Unreadable, "{what}");
        assert!(error.remedy.contains("mv -n -- '"), "{what}: {}", error.remedy);
        assert!(error.what.contains(home.document().to_str().unwrap()), "{what}: {}", error.what);
        assert_eq!(fs::read(home.document()).unwrap(), bytes, "{what}");
    }
}

#[test]
fn the_error_says_where() {
    let error = refused(&home_with("{\"version\":1,\n\"store\":oops}"));
    assert!(error.what.contains("not JSON (line 2, column 9)"), "{}", error.what);
}

#[test]
fn as_many_entries_as_may_be_are_read_and_one_more_is_refused() {
    let with = |count: usize| {
        let entry = |at: usize| {
            format!(
                r#"{{"label":"e{at}","version":{at},"source":"manual","fingerprint":"sha256:0000000000000000",
                "material":{{"api_key":"{SECRET}"}}}}"#
            )
        };
        let entries = (1..=count).map(entry).collect::<Vec<_>>().join(",");
        let slots = format!(r#"{{"acme":{{"entries":[{entries}]}}}}"#);
        home_with(document(1, &format!(r#"{{"generation":1,"last_version":{count},"providers":{slots}}}"#)))
    };
    let state = with(MAX_ENTRIES).store().load().unwrap().state;
    assert_eq!(state.providers.values().next().unwrap().entries.len(), MAX_ENTRIES);
    let error = refused(&with(MAX_ENTRIES + 1));
    assert!(error.what.contains(&format!("acme has more than {MAX_ENTRIES} entries")), "{}", error.what);
}

#[test]
fn an_empty_document_is_told_to_be_empty() {
    let error = refused(&home_with(""));
    assert!(error.what.ends_with("it is empty"), "{}", error.what);
}

#[test]
fn a_document_that_cannot_be_opened_is_not_an_absent_one() {
    let home = home_with(document(1, r#"{"generation":1,"last_version":0}"#));
    let (disk, store) = home.on_test_disk();
    for (errno, kind, remedy) in [
        (Errno::IO, StoreErrorKind::Failed, "dmesg"),
        (Errno::ACCESS, StoreErrorKind::Denied, "chown"),
        (Errno::PERM, StoreErrorKind::Denied, "lsattr"),
        (Errno::LOOP, StoreErrorKind::Unsafe, "symbolic link"),
        (Errno::NOSYS, StoreErrorKind::Unsafe, "local"),
        (Errno::NAMETOOLONG, StoreErrorKind::Unreadable, "look what is at that path"),
        (Errno::STALE, StoreErrorKind::Unreachable, "mount"),
        (Errno::TIMEDOUT, StoreErrorKind::Unreachable, "mount"),
        (Errno::ROFS, StoreErrorKind::ReadOnly, "mounted read-only"),
        (Errno::NOSPC, StoreErrorKind::Full, "free some space"),
        (Errno::DQUOT, StoreErrorKind::Full, "quota"),
    ] {
        disk.shut(&home.document(), errno);
        let error = store.load().unwrap_err();
        assert_eq!(error.kind, kind, "{errno}");
        assert!(error.what.starts_with("could not open"), "{}", error.what);
        assert!(error.remedy.contains(remedy), "{errno}: {}", error.remedy);
    }
    disk.give(&home.document(), ME + 1);
    let error = store.load().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert!(error.what.contains("belongs to user 1001, not to user 1000"), "{}", error.what);
    assert!(error.remedy.starts_with("use a home of your own"), "{}", error.remedy);
}

#[test]
fn a_document_is_rewritten_as_a_load_and_a_commit_would_and_leaves_no_copy_behind() {
    let text = "x".repeat(20_000);
    let read = document(2, &format!(r#"{{"generation":1,"last_version":0,"providers":{{}},"text":"{text}"}}"#));
    let (loaded, written) = credlatch::file::rewrite_document(read.as_bytes()).unwrap();
    assert_eq!(loaded.generation, 1);
    let value = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
    assert!(value(&written) == value(read.as_bytes()), "something was lost");
    assert_eq!(written.capacity(), 20 * 1024, "a vector that grows by itself leaves copies behind");
    assert_eq!(credlatch::file::rewrite_document(b"{}").unwrap_err().kind, StoreErrorKind::Unreadable);
}

#[test]
fn the_remedy_moves_it_away_and_a_new_start_is_possible() {
    let home = home_with("oops");
    let error = refused(&home);
    let command = error.remedy.split_once(": ").unwrap().1;
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success());
    assert_eq!(fs::read_to_string(home.folder().join("default.json.broken")).unwrap(), "oops");
    commit(&home.store(), 1);
}

#[test]
fn a_newer_version_is_told_even_if_its_form_is_unknown() {
    for text in [document(4, r#"{"generation":1,"last_version":0}"#), r#"{"version":7,"shape":[]}"#.to_owned()] {
        let home = home_with(&text);
        assert_eq!(refused(&home).kind, StoreErrorKind::Newer);
        assert_eq!(fs::read_to_string(home.document()).unwrap(), text);
    }
}

#[test]
fn too_large_a_document_is_neither_read_nor_written() {
    assert_eq!(MAX_BYTES, 16_777_216);
    let whole = document(1, r#"{"generation":1,"last_version":0}"#);
    let padding = " ".repeat(usize::try_from(MAX_BYTES).unwrap() - whole.len());
    let home = home_with(whole + &padding);
    assert_eq!(home.store().load().unwrap().state, state(1), "as large as may be");
    let mut file = fs::OpenOptions::new().append(true).open(home.document()).unwrap();
    file.write_all(b" ").unwrap();
    let error = refused(&home);
    assert_eq!(error.kind, StoreErrorKind::Unreadable);
    assert!(error.what.ends_with("it is larger than 16777216 bytes"), "{}", error.what);

    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let text = "x".repeat(usize::try_from(MAX_BYTES).unwrap());
    let huge = format!(r#"{{"generation":2,"last_version":0,"text":"{text}"}}"#);
    let mut locked = loaded(&store);
    let credlatch_core::port::CommitError::NotSaved(error) =
        locked.commit(&serde_json::from_str(&huge).unwrap(), None).unwrap_err()
    else {
        panic!("nothing may be left open")
    };
    assert_eq!(error.kind, StoreErrorKind::Full);
    assert_eq!(store.load().unwrap().state, state(1));
}

#[test]
fn what_is_not_a_plain_file_is_not_an_absent_document() {
    let home = home_with("");
    fs::remove_file(home.document()).unwrap();
    fs::create_dir(home.document()).unwrap();
    assert_eq!(refused(&home).kind, StoreErrorKind::Unreadable);

    let home = home_with("");
    fs::remove_file(home.document()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(home.document()).status().unwrap().success());
    assert_eq!(refused(&home).kind, StoreErrorKind::Unreadable);

    let home = Home::new();
    fs::write(home.folder(), "").unwrap();
    assert_eq!(home.store().load().unwrap_err().kind, StoreErrorKind::Unreadable);
}

#[test]
fn profiles_are_strangers() {
    let home = Home::new();
    let named = |name: &str| FileStore::new(home.path(), &ProfileName::new(name).unwrap());
    commit(&named("a"), 1);
    commit(&named("a.b"), 2);
    let a = named("a");
    let _held = a.lock(0).unwrap();
    drop(named("a.b").lock(0).unwrap());
    assert_eq!(named("a").load().unwrap().state, state(1));
    assert_eq!(named("a.b").load().unwrap().state, state(2));
    assert_eq!(named("a").file_system().unwrap(), None);
}
