//! The profile's files, in every state that they may be found in.

use std::fs;
use std::os::unix::fs::{FileExt, chown, symlink};

use credlatch::doctor::Severity::{Error, Note, Ok as InOrder, Warning};

use super::needs::is_root;
use super::part::Player;
use super::{Home, chmod, found, sound, wrong};

#[test]
fn a_store_in_order_is_told_to_be_so() {
    let home = Home::new().with_key().with_login(3600);
    let diagnosis = home.doctor();
    sound(&diagnosis);
    found(&diagnosis, InOrder, &["default.json", "generation 2"]);
    found(&diagnosis, InOrder, &["nobody holds the lock"]);
    assert_eq!((diagnosis.generation, diagnosis.providers.len()), (Some(2), 2));
    let store = diagnosis.store.unwrap();
    assert_eq!((store.document, store.is_there), (home.document(), true));
}

#[test]
fn an_absent_store_is_no_trouble() {
    let home = Home::new();
    let diagnosis = home.doctor();
    sound(&diagnosis);
    found(&diagnosis, InOrder, &["nothing is stored", "default.json"]);
    assert_eq!(diagnosis.generation, Some(0));
    assert!(!diagnosis.store.unwrap().is_there);
    sound(&credlatch::Latch::in_memory().doctor(&credlatch::doctor::Surroundings::default()));
}

#[test]
fn failure_32_a_torn_store_is_named_left_as_it_is_and_never_taken_for_empty() {
    for text in ["", "{\"version\":1", "not json", "{\"version\":1}"] {
        let home = Home::new().with_key();
        fs::write(home.document(), text).unwrap();
        let diagnosis = home.doctor_in(&[("MINIMAX_API_KEY", "mm-key-1")]);
        let finding = found(&diagnosis, Error, &["can't be read as a profile"]);
        assert!(finding.remedy.contains("mv -n"), "{finding:?}");
        assert_eq!(diagnosis.generation, None);
        found(&diagnosis, InOrder, &["nobody holds the lock"]);
        assert_eq!(fs::read_to_string(home.document()).unwrap(), text);
    }
}

#[test]
fn a_link_for_a_lock_file_is_told_once_and_nobody_is_told_to_close_what_it_leads_to() {
    let home = Home::new().with_key();
    fs::remove_file(home.lock_file()).unwrap();
    std::os::unix::fs::symlink("/dev/zero", home.lock_file()).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Error, &["default.lock"]);
    assert_eq!(finding.remedy, "a symbolic link stands where a plain file belongs: remove it");
}

#[test]
fn failure_32_a_copy_that_was_left_behind_is_named_because_no_clear_reaches_it() {
    let home = Home::new().with_key();
    for (name, mode, words) in [
        ("default.json.broken", 0o600, "may hold its secrets; "),
        ("default.json~", 0o644, "other users may read it"),
        (".default.json.swp", 0o600, "may hold its secrets; "),
    ] {
        let path = home.profiles().join(name);
        fs::copy(home.document(), &path).unwrap();
        chmod(&path, mode);
        let diagnosis = home.doctor();
        let finding = found(&diagnosis, Warning, &[name, words]);
        assert!(finding.remedy.contains("rm -- '"), "{finding:?}");
        fs::remove_file(path).unwrap();
    }
    // Other profiles' files are none, whatever their names are like.
    for name in ["default.json.b.json", "default.json.b.lock", "default2.json"] {
        fs::write(home.profiles().join(name), "x").unwrap();
    }
    sound(&home.doctor());
}

#[test]
fn a_store_of_a_newer_version() {
    let home = Home::new().with_key();
    fs::write(home.document(), "{\"version\":99,\"all\":\"else is new\"}").unwrap();
    found(&home.doctor(), Error, &["version 99"]);
}

#[test]
fn files_that_others_may_use() {
    let home = Home::new().with_key().with_login(3600);
    // A sign of life makes the directory of claims.
    home.latch().rotate_with("openai-codex", |_| credlatch::Answer::NotConsumed { retry_after: None }).unwrap_err();
    for (path, mode, safe) in [
        (home.profiles(), 0o755, 0o700),
        (home.document(), 0o640, 0o600),
        (home.lock_file(), 0o644, 0o600),
        (home.profiles().join("default.claims"), 0o750, 0o700),
    ] {
        chmod(&path, mode);
        let diagnosis = home.doctor();
        let finding =
            found(&diagnosis, Error, &[path.to_str().unwrap(), "open to other users", &format!("{mode:04o}")]);
        assert!(finding.remedy.contains(&format!("chmod {safe:o}")), "{finding:?}");
        chmod(&path, safe);
    }
    chmod(home.path(), 0o755);
    let diagnosis = home.doctor();
    found(&diagnosis, Note, &["may be looked into", "0755"]);
    chmod(home.path(), 0o777);
    found(&home.doctor(), Warning, &["open to other users", "0777"]);
}

#[test]
fn failure_31_files_of_another_user_are_named_with_the_way_back() {
    let home = Home::new().with_key();
    if !is_root("can give a file away") {
        return;
    }
    chown(home.document(), Some(12_345), None).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Error, &["default.json", "belongs to user 12345"]);
    assert!(finding.remedy.contains("12345"), "{finding:?}");
    chown(home.document(), Some(0), None).unwrap();
    chown(home.path(), Some(12_345), None).unwrap();
    found(&home.doctor(), Warning, &["belongs to user 12345"]);
}

#[test]
fn a_hard_link_is_refused_and_a_symbolic_one_is_followed() {
    let home = Home::new().with_key();
    fs::hard_link(home.document(), home.beside().join("other")).unwrap();
    found(&home.doctor(), Error, &["hard links"]);
    fs::remove_file(home.beside().join("other")).unwrap();

    let elsewhere = home.beside().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    chmod(&elsewhere, 0o700);
    fs::rename(home.document(), elsewhere.join("keys.json")).unwrap();
    symlink(elsewhere.join("keys.json"), home.document()).unwrap();
    let diagnosis = home.doctor();
    found(&diagnosis, Note, &["is a link", "keys.json"]);
    assert_eq!(diagnosis.store.unwrap().document, elsewhere.join("keys.json"));

    fs::remove_file(home.document()).unwrap();
    symlink(home.document(), home.document()).unwrap();
    found(&home.doctor(), Error, &["leads to no end"]);
}

#[test]
fn a_copy_of_keys_is_worth_a_note_and_one_of_logins_a_warning() {
    for (has_login, severity) in [(false, Note), (true, Warning)] {
        let home = Home::new().with_key();
        let home = if has_login { home.with_login(3600) } else { home };
        let twin = Home::new();
        fs::create_dir_all(twin.profiles()).unwrap();
        chmod(twin.path(), 0o700);
        chmod(twin.profiles(), 0o700);
        fs::copy(home.document(), twin.document()).unwrap();
        let diagnosis = twin.doctor();
        found(&diagnosis, severity, &["copied or restored, or its lock file was deleted"]);
        found(&diagnosis, Note, &["has no file"]);
        assert_eq!(wrong(&diagnosis).len(), usize::from(has_login));

        let adopt = credlatch::Latch::builder().home(twin.path());
        adopt.adopt_copy().unwrap();
        sound(&twin.doctor());
    }
}

#[test]
fn a_store_that_was_restored_is_a_copy_though_its_lock_file_is_its_own() {
    let home = Home::new().with_login(3600);
    let old = fs::read(home.document()).unwrap();
    home.latch().set("minimax", super::secret("mm-key-1")).unwrap();
    fs::write(home.document(), old).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &["was copied or restored; "]);
    assert!(finding.remedy.contains("credlatch adopt"));
}

#[test]
fn a_commit_that_nobody_confirmed_is_told_and_the_next_change_confirms_it() {
    let home = Home::new().with_key();
    let file = fs::File::options().read(true).write(true).open(home.lock_file()).unwrap();
    let mut word = [0; 8];
    file.read_exact_at(&mut word, 0).unwrap();
    word[0] |= 1;
    file.write_all_at(&word, 0).unwrap();
    found(&home.doctor(), Note, &["not confirmed"]);
    home.latch().set("minimax", super::secret("mm-key-2")).unwrap();
    found(&home.doctor(), InOrder, &["nobody holds the lock"]);
}

#[test]
fn whoever_holds_the_lock_is_named_and_whether_they_are_stopped() {
    let home = Home::new().with_key();
    let holder = Player::start("hold the lock", &home.path());
    let pid = format!("process {}", holder.pid());
    found(&home.doctor(), Warning, &["has been held by", &pid]);
    holder.stop();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Error, &["is held by", &pid, "stopped"]);
    assert!(finding.remedy.contains(&format!("kill -CONT {}", holder.pid())));
    assert_eq!(diagnosis.generation, Some(1), "readers need no lock");
    holder.kill();
    sound(&home.doctor());
}

#[test]
fn what_a_dead_act_left_behind_is_told_and_the_next_change_removes_it() {
    let home = Home::new().with_key();
    let drafter = Player::start("draft", &home.path());
    sound(&home.doctor());
    assert!(!home.doctor().findings.iter().any(|finding| finding.what.contains("was left by")), "it lives");
    drafter.kill();
    let diagnosis = home.doctor();
    assert!(!diagnosis.findings.iter().any(|finding| finding.what.contains("default.claims/")), "every act leaves one");
    found(&diagnosis, Note, &[".default-", ".tmp", "was left by"]);
    home.latch().set("minimax", super::secret("mm-key-2")).unwrap();
    assert!(!home.doctor().findings.iter().any(|finding| finding.what.contains("was left by")));
}

/// A cloned disk looks like its original in everything else, and a new installation may have the store of the old one.
#[test]
fn a_store_of_a_machine_of_another_id_is_worth_a_note_that_decides_nothing() {
    let home = Home::new().with_login(3600);
    let text = fs::read_to_string(home.document()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    if document["machine"].is_null() {
        return super::needs::missing("/etc/machine-id");
    }
    let id = fs::read_to_string("/etc/machine-id").unwrap();
    assert!(!text.contains(id.trim()), "the id itself is confidential");
    let is_told =
        |home: &Home| home.doctor().findings.iter().any(|finding| finding.what.contains("machine of another id"));
    assert!(!is_told(&home));
    document["machine"] = "sha256:0123456789abcdef".into();
    fs::write(home.document(), serde_json::to_vec_pretty(&document).unwrap()).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Note, &["was last written on a machine of another id (/etc/machine-id)"]);
    assert!(finding.remedy.contains("cloned") && finding.remedy.contains("sign in again"), "{finding:?}");
    sound(&diagnosis);
    let rotated = home.latch().rotate_with("openai-codex", |_| credlatch::Answer::Granted(super::tokens(1, 3600)));
    assert_eq!(rotated.unwrap().expose_secret(), "access-1");
    assert!(!is_told(&home), "it is this machine's from the next change on");
}

#[test]
fn what_is_not_noticed_where_claims_are_not_remembered_is_told_with_the_reason() {
    let home = Home::new().with_key();
    let at = |file: &std::path::Path| {
        let latch = credlatch::Latch::builder().home(home.path()).claims(file).open().unwrap();
        latch.doctor(&credlatch::doctor::Surroundings::default())
    };
    let in_the_way = home.beside().join("file");
    fs::write(&in_the_way, "").unwrap();
    let nowhere = in_the_way.join("claims");
    let is_told =
        |findings: &[credlatch::doctor::Finding]| findings.iter().any(|one| one.what.contains("claims aren't"));
    assert!(!is_told(&at(&nowhere).findings), "keys are not claimed");
    let _ = home.latch().set_tokens("openai-codex", &credlatch::Label::default(), super::tokens(0, 3600)).unwrap();
    found(&at(&nowhere), Note, &["claims aren't remembered outside the store", "file"]);
    let open = home.beside().join("claims");
    fs::write(&open, "").unwrap();
    chmod(&open, 0o666);
    let diagnosis = at(&open);
    let finding = found(&diagnosis, Note, &["claims aren't remembered", "is open to other users"]);
    assert!(finding.remedy.starts_with("chmod 600"), "{finding:?}");
    chmod(&open, 0o600);
    assert!(!is_told(&at(&open).findings));
    fs::write(&open, "Host *\n").unwrap();
    found(&at(&open), Note, &["claims aren't remembered", "is not a file of claims: line 1 is no claim's"]);
    found(&at(&home.document()), Note, &["claims aren't remembered", "the store's own directory"]);
    let finding = found(&at("".as_ref()), Note, &["claims aren't remembered"]).remedy.clone();
    assert!(finding.contains("CREDLATCH_CLAIMS"), "{finding}");
    fs::write(&open, "").unwrap();
    chmod(home.beside(), 0o777);
    let diagnosis = at(&open);
    let finding = found(&diagnosis, Note, &["others may take away what is remembered of claims", "every user"]);
    assert!(finding.remedy.contains("chmod"), "{finding:?}");
    chmod(home.beside(), 0o755);
}

#[test]
fn a_directory_that_must_be_empty_is_looked_into() {
    let home = Home::new().with_key();
    let folder = home.path().join("empty");
    sound(&home.doctor());
    fs::create_dir(&folder).unwrap();
    chmod(&folder, 0o500);
    sound(&home.doctor());
    chmod(&folder, 0o777);
    found(&home.doctor(), Warning, &["other users may write to", "empty"]);
    fs::write(folder.join("credentials"), "").unwrap();
    found(&home.doctor(), Warning, &["empty has something in it"]);
    fs::remove_dir_all(&folder).unwrap();
    symlink("/tmp", &folder).unwrap();
    found(&home.doctor(), Warning, &["empty is a symbolic link"]);
    assert!(fs::symlink_metadata(&folder).unwrap().is_symlink(), "doctor changes nothing");
}
