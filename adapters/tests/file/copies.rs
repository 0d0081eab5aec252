//! Copies, restores and roll-backs of a store with a login: each is noticed, and none has its refresh token presented.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use credlatch::file::Provenance;
use credlatch::{Answer, ErrorKind, Label, Latch, Secret, Tokens};

use crate::Home;
use crate::needs::is_root;

fn tokens(number: usize) -> Tokens {
    let secret = |text: &str| Secret::try_from(format!("{text}-{number}")).unwrap();
    Tokens::new(secret("access")).with_refresh(secret("refresh")).expiring_in(Duration::from_secs(3600))
}

/// A latch whose claims are remembered in a file beside its home.
fn latch(home: &Path) -> Latch {
    credlatch::Latch::builder().home(home).claims(claims(home)).open().unwrap()
}

fn claims(home: &Path) -> PathBuf {
    home.parent().unwrap().join(format!("{}.state/claims", home.file_name().unwrap().to_str().unwrap()))
}

/// A home with a login that was renewed so many times.
fn signed_in(renewed: usize) -> (Home, Latch) {
    let home = Home::new();
    let latch = latch(home.path());
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens(0)).unwrap();
    for number in 1..=renewed {
        rotate(&latch, number).unwrap();
    }
    (home, latch)
}

fn rotate(latch: &Latch, number: usize) -> Result<credlatch::Credential, credlatch::Error> {
    latch.rotate_with("openai-codex", |_| Answer::Granted(tokens(number)))
}

/// Nothing is presented, a change of something else makes no difference, and a new login does.
fn is_noticed(home: &Path) {
    let latch = latch(home);
    let present = || latch.rotate_with("openai-codex", |_| panic!("a shared refresh token was presented"));
    let refused = |error: credlatch::Error| {
        assert_eq!(error.kind(), ErrorKind::SignIn, "{error}");
        assert!(error.remedy().contains("login") && error.remedy().contains("adopt"), "{}", error.remedy());
    };
    refused(present().unwrap_err());
    latch.set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
    refused(present().unwrap_err());
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens(90)).unwrap();
    assert_eq!(rotate(&latch, 91).unwrap().expose_secret(), "access-91");
    rotate(&self::latch(home), 92).unwrap();
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// As if the machine had booted since the lock file was written.
fn reboot(home: &Home) {
    use std::os::unix::fs::FileExt;
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    lock.write_all_at(&12345_u64.to_le_bytes(), 8).unwrap();
}

#[test]
fn a_backup_copied_over_the_store_in_place_is_noticed() {
    let (home, latch) = signed_in(0);
    let backup = fs::read(home.document()).unwrap();
    rotate(&latch, 1).unwrap();
    fs::write(home.document(), backup).unwrap();
    is_noticed(home.path());
}

#[test]
fn a_whole_directory_rolled_back_in_place_is_noticed_by_the_record_outside() {
    let (home, latch) = signed_in(0);
    let backup = home.path().with_extension("backup");
    copy(home.path(), &backup);
    rotate(&latch, 1).unwrap();
    // The files stay the same files; their contents are those of before, the lock file's too.
    for name in ["default.json", "default.lock"] {
        fs::write(home.path().join("profiles").join(name), fs::read(backup.join("profiles").join(name)).unwrap())
            .unwrap();
    }
    fs::remove_dir_all(backup).unwrap();
    let unaware = home.store();
    assert_eq!(unaware.provenance().unwrap(), Provenance::Own, "the directory by itself doesn't tell");
    let store = home.store().remembering(Some(claims(home.path())));
    assert_eq!(store.provenance().unwrap(), Provenance::RolledBack);
    is_noticed(home.path());
}

#[test]
fn a_directory_rolled_back_to_the_time_of_its_newest_claim_is_noticed_too() {
    let (home, latch) = signed_in(0);
    let names = ["default.json", "default.lock"];
    let files = names.map(|name| home.path().join("profiles").join(name));
    let mut backup = Vec::new();
    let done = latch.rotate_with("openai-codex", |_| {
        backup = files.iter().map(|file| fs::read(file).unwrap()).collect();
        Answer::Granted(tokens(1))
    });
    done.unwrap();
    for (file, content) in files.iter().zip(backup) {
        fs::write(file, content).unwrap();
    }
    // In there the token that was spent is no more than in doubt.
    is_noticed(home.path());
}

/// Programs of before read the older form, know no marks, and would present what is marked.
#[test]
fn a_restored_document_of_the_older_form_leaves_it_though_somebody_holds_a_claim_in_it() {
    let (home, latch) = signed_in(0);
    let version = |change: Option<serde_json::Value>| {
        let mut document: serde_json::Value = serde_json::from_slice(&fs::read(home.document()).unwrap()).unwrap();
        if let Some(id) = change {
            document["version"] = 1.into();
            document["id"] = id;
            fs::write(home.document(), serde_json::to_vec(&document).unwrap()).unwrap();
        }
        self::latch(home.path()).set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&fs::read(home.document()).unwrap()).unwrap()["version"].clone()
    };
    let _ = latch.rotate_with("openai-codex", |_| {
        // As a restore leaves it: of another commit than the word names.
        assert_eq!(version(Some("00000000000000aa".into())), 2);
        Answer::Granted(tokens(1))
    });
    assert_eq!(version(None), 2);
}

#[test]
fn a_document_restored_after_a_reboot_before_the_first_commit_is_noticed() {
    let (home, latch) = signed_in(0);
    let backup = fs::read(home.document()).unwrap();
    rotate(&latch, 1).unwrap();
    fs::remove_file(claims(home.path())).unwrap();
    reboot(&home);
    // A change that changes nothing is the first to lock in this boot.
    let _ = latch.clear("minimax").unwrap();
    fs::write(home.document(), backup).unwrap();
    is_noticed(home.path());
}

#[test]
fn a_copied_directory_is_noticed_by_the_identity_of_its_lock_file() {
    let (home, latch) = signed_in(1);
    let twin = home.path().with_extension("twin");
    copy(home.path(), &twin);
    is_noticed(&twin);
    fs::remove_dir_all(twin).unwrap();
    assert_eq!(rotate(&latch, 2).unwrap().expose_secret(), "access-2", "the original goes on");
}

#[test]
fn a_copy_is_adopted_by_a_word_that_presents_nothing() {
    let (home, _) = signed_in(1);
    let twin = home.path().with_extension("adopted");
    copy(home.path(), &twin);
    let builder = credlatch::Latch::builder().home(&twin).claims(claims(&twin));
    latch(&twin).set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
    builder.adopt_copy().unwrap();
    assert_eq!(rotate(&latch(&twin), 2).unwrap().expose_secret(), "access-2");
    fs::remove_dir_all(twin).unwrap();
}

#[test]
fn a_clear_in_a_copy_asks_nobody_to_revoke_the_logins_of_the_original() {
    let (home, _) = signed_in(1);
    let twin = home.path().with_extension("cleared");
    copy(home.path(), &twin);
    let cleared = latch(&twin).clear("openai-codex").unwrap();
    assert_eq!(cleared.entries().len(), 1);
    assert_eq!(cleared.revoke(), credlatch::Revocation::Shared);
    fs::remove_dir_all(twin).unwrap();
}

#[test]
fn a_store_of_before_is_no_copy_and_gets_what_is_missing_with_the_next_commit() {
    use std::os::unix::fs::FileExt;
    let (home, latch) = signed_in(1);
    let text = fs::read_to_string(home.document()).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document.as_object_mut().unwrap().remove("lock_born_ns");
    document["profile"].as_object_mut().unwrap().remove("last_move");
    document["lock"]["dev"] = 4242.into();
    fs::write(home.document(), serde_json::to_vec_pretty(&document).unwrap()).unwrap();
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    lock.write_all_at(&[0; 16], 32).unwrap();
    fs::remove_file(claims(home.path())).unwrap();
    drop(latch);
    assert_eq!(home.store().provenance().unwrap(), Provenance::Own);
    let latch = self::latch(home.path());
    rotate(&latch, 2).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&fs::read(home.document()).unwrap()).unwrap();
    assert!(document["profile"]["last_move"] == 2 && document["lock"]["dev"] != 4242);
    let mut name = [0; 16];
    fs::File::open(home.lock_file()).unwrap().read_exact_at(&mut name, 32).unwrap();
    assert_eq!(format!("{:032x}", u128::from_le_bytes(name)), document["store"]);
}

#[test]
fn a_record_that_cannot_be_written_keeps_nothing_from_being_renewed() {
    let home = Home::new();
    let in_the_way = home.path().with_extension("file");
    fs::write(&in_the_way, "").unwrap();
    let latch = credlatch::Latch::builder().home(home.path()).claims(in_the_way.join("state/claims")).open().unwrap();
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens(0)).unwrap();
    rotate(&latch, 1).unwrap();
    rotate(&latch, 2).unwrap();
    fs::remove_file(in_the_way).unwrap();
}

/// The device number of a file system changes with each mount, as at each start of a container.
#[test]
#[cfg(target_os = "linux")]
fn file_systems_that_are_mounted_again_after_something_else_hold_no_copy() {
    if !is_root("mounts an overlay") {
        return;
    }
    let home = Home::new();
    let me = std::env::current_exe().unwrap();
    let part = |part: &str, at: &str| {
        format!(
            "CREDLATCH_TEST_COPIES='{part}' CREDLATCH_TEST_AT={at} '{}' --exact copies::plays_a_mounted_part --nocapture",
            me.display()
        )
    };
    let base = home.path().with_extension("mounts");
    let script = format!(
        "set -e; mkdir -p {b}; mount -t tmpfs none {b}; cd {b}; mkdir lower upper work other mnt volume
         mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay mnt; {sign}; umount mnt
         mount -t tmpfs none other; mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay mnt; {overlay}
         mkdir volume/home; mount --bind volume mnt; {bound}; umount mnt; mkdir elsewhere; mount --bind volume elsewhere; {moved}",
        b = base.display(),
        sign = part("sign in", "mnt/home"),
        overlay = part("rotate", "mnt/home"),
        bound = part("sign in", "mnt/home"),
        moved = part("rotate", "elsewhere/home"),
    );
    let run = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let _ = fs::remove_dir_all(&base);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(said.matches("played").count(), 4, "{said}");
}

#[test]
fn plays_a_mounted_part() {
    let (Ok(part), Ok(at)) = (std::env::var("CREDLATCH_TEST_COPIES"), std::env::var("CREDLATCH_TEST_AT")) else {
        return;
    };
    let home = std::env::current_dir().unwrap().join(at);
    let latch = latch(&home);
    match part.as_str() {
        "sign in" => latch.set_tokens("openai-codex", &Label::default(), tokens(0)).map(drop).unwrap(),
        _ => rotate(&latch, 1).map(drop).unwrap(),
    }
    std::io::Write::write_all(&mut std::io::stdout(), b"played\n").unwrap();
}

/// As a disk that is handed from one virtual machine, or container, to another.
#[test]
#[cfg(target_os = "linux")]
fn a_volume_that_is_another_device_at_each_mount_holds_no_copy() {
    if !is_root("mounts a volume") {
        return;
    }
    let home = Home::new();
    let base = home.path().with_extension("volume");
    let me = std::env::current_exe().unwrap();
    let part = |part: &str| {
        let me = me.display();
        format!(
            "CREDLATCH_TEST_COPIES='{part}' CREDLATCH_TEST_AT=mnt/home '{me}' --exact copies::plays_a_mounted_part --nocapture"
        )
    };
    let script = format!(
        "set -e; mkdir -p {b}; mount -t tmpfs none {b}; cd {b}; mkdir mnt; truncate -s 8M disk other
         mkfs.ext4 -q disk && mkfs.ext4 -q other && mount -o loop disk mnt || {{ echo lacks a volume; exit 0; }}
         {sign}; stat -c 'device %d' mnt; umount mnt
         mkdir beside; mount -o loop other beside; mount -o loop disk mnt; stat -c 'device %d' mnt; {again}; umount mnt beside",
        b = base.display(),
        sign = part("sign in"),
        again = part("rotate"),
    );
    let run = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let _ = fs::remove_dir_all(&base);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    if said.contains("lacks a volume") {
        return crate::needs::missing("mkfs.ext4, or a loop device");
    }
    assert_eq!(said.matches("played").count(), 2, "{said}");
    let devices: Vec<_> = said.lines().filter(|line| line.starts_with("device ")).collect();
    assert!(devices.len() == 2 && devices[0] != devices[1], "{said}");
}
