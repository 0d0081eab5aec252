//! The file itself: what is made, kept, refused.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::Arc;

use credlatch::core::name::ProviderId;
use credlatch::core::port::{Alive, Answer, Left, Store};
use credlatch::core::provider::Table;
use credlatch::core::rotation::Fresh;
use credlatch::core::state::{Claim, Nonce};
use credlatch::core::time::Stamp;
use credlatch::{ErrorKind, Profile};
use credlatch_hermes::HermesStore;

use crate::{Home, secret};

#[test]
fn a_file_that_is_not_there_is_made_as_hermes_reads_it() {
    let home = Home::new();
    fs::remove_file(home.file()).unwrap();
    let latch = home.latch();
    assert_eq!(latch.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert!(home.files().is_empty(), "nothing is made before the first change");
    latch.set("minimax", secret("mm-1")).unwrap();
    let document = home.json();
    assert_eq!((document["version"].as_u64(), document["providers"].is_object()), (Some(1), true));
    assert_eq!(document["credential_pool"]["minimax"][0]["access_token"], "mm-1");
    assert_eq!(fs::metadata(home.file()).unwrap().mode() & 0o777, 0o600);
    assert_eq!(home.latch().current("minimax").unwrap().expose_secret(), "mm-1");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is() {
    let home = Home::new();
    let latch = home.latch();
    for text in ["", "{", "[]", "{\"credential_pool\":7}", &crate::HERMES[..crate::HERMES.len() / 2]] {
        home.write(text);
        for error in [latch.status().unwrap_err(), latch.set("minimax", secret("mm-1")).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
            assert!(!error.to_string().contains("sk-ant"), "{error}");
        }
        assert_eq!(fs::read_to_string(home.file()).unwrap(), text);
    }
    home.write(crate::HERMES);
    fs::set_permissions(home.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let error = latch.status().unwrap_err();
    assert!(error.to_string().contains("open to other users"), "{error}");
}

#[test]
fn a_link_is_followed_and_the_lock_is_where_hermes_has_it() {
    let home = Home::new();
    let elsewhere = home.folder().join("dotfiles");
    fs::create_dir(&elsewhere).unwrap();
    fs::rename(home.file(), elsewhere.join("hermes.json")).unwrap();
    symlink("dotfiles/hermes.json", home.file()).unwrap();
    home.latch().set("minimax", secret("mm-1")).unwrap();
    assert!(fs::symlink_metadata(home.file()).unwrap().is_symlink());
    assert_eq!(home.json()["credential_pool"]["minimax"][0]["access_token"], "mm-1");
    assert!(home.folder().join("auth.lock").exists() && !elsewhere.join("hermes.lock").exists());
    assert_eq!(home.latch().token("openai-codex").unwrap().expose_secret(), "at-codex-1", "links lead there too");
}

#[test]
fn a_lock_file_that_hermes_made_is_used_as_it_is() {
    let home = Home::new();
    let lock = home.folder().join("auth.lock");
    fs::write(&lock, "4242 1700000000").unwrap();
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o644)).unwrap();
    let inode = fs::metadata(&lock).unwrap().ino();
    home.latch().set("minimax", secret("mm-1")).unwrap();
    assert_eq!(fs::metadata(&lock).unwrap().ino(), inode);
    assert_eq!(fs::read_to_string(&lock).unwrap(), format!("{}\n", std::process::id()));
}

#[test]
fn reading_writes_nothing() {
    let home = Home::new();
    let latch = home.latch();
    for _ in 0..3 {
        latch.current("anthropic").unwrap();
        latch.status().unwrap();
    }
    assert!(!latch.purge().unwrap());
    assert_eq!(fs::read_to_string(home.file()).unwrap(), crate::HERMES);
}

#[test]
fn a_file_is_one_profile() {
    let home = Home::new();
    let error = home.builder().profiles().map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let latch = home.builder().profile(Profile::new("work").unwrap()).open().unwrap();
    assert_eq!(latch.profile().as_str(), "work", "a name for people");
}

#[test]
fn what_an_actor_leaves_in_its_sign_of_life_is_there_for_the_next_and_goes_with_it() {
    let home = Home::new();
    let row = serde_json::from_str(r#"{"id":"minimax"}"#).unwrap();
    let table = Arc::new(Table::new(vec![row]).unwrap());
    let store = HermesStore::new(&home.file(), table).unwrap();
    let alive = store.enlist().unwrap();
    let claim = Claim { attempt: Nonce(7), actor: alive.actor().clone(), at: Stamp::default(), doubt: None };
    assert!(claim.actor.notes);
    alive.note(claim.attempt).unwrap();
    assert_eq!(store.left(&claim).unwrap(), Left::Going);
    let answer = Answer {
        attempt: claim.attempt,
        provider: ProviderId::new("minimax").unwrap(),
        label: None,
        received: Stamp::default(),
        fresh: Fresh { access: secret("at-granted"), refresh: None, expires_in_ms: None, scopes: None },
        origins: None,
    };
    alive.write_down(&answer).unwrap();
    let granted = Left::Answer(Box::new(answer));
    assert_eq!(store.left(&claim).unwrap(), granted);
    drop(alive);
    assert_eq!(store.left(&claim).unwrap(), granted);
    let other = Claim { attempt: Nonce(8), ..claim.clone() };
    assert_eq!(store.left(&other).unwrap(), Left::MaybeSent { noted: None });
    home.latch().set("minimax", secret("mm-1")).unwrap();
    assert!(!home.folder().join("auth.claims").join(claim.actor.name.to_string()).exists(), "no claim names it");
    assert_eq!(store.left(&claim).unwrap(), Left::MaybeSent { noted: None });
}
