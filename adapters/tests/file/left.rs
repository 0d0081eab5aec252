//! What an actor leaves in its sign of life: the note that something is about to leave, and what the issuer granted.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use credlatch::file::disk::Disk;
use credlatch::file::{FileAlive, FileStore};
use credlatch_core::name::ProviderId;
use credlatch_core::port::{Alive, Answer, Left, Store, StoreErrorKind};
use credlatch_core::rotation::Fresh;
use credlatch_core::secret::Secret;
use credlatch_core::state::{Actor, Claim, Nonce};
use credlatch_core::time::Stamp;
use rustix::io::Errno;

use crate::claims::{claim, rotating};
use crate::disk::Step;
use crate::helper::Helper;
use crate::{Home, commit, loaded, needs};
use credlatch_core::port::Locked;

const ANSWER_AT: usize = 4096;
const ATTEMPT: Nonce = Nonce(7);
const TOKENS: [&str; 2] = ["at-that-was-granted", "rt-that-was-granted"];

/// What the issuer granted to this attempt.
pub(crate) fn answer(attempt: Nonce) -> Answer {
    let [access, refresh] = TOKENS.map(|text| Secret::try_from(text).unwrap());
    Answer {
        attempt,
        provider: ProviderId::new("acme").unwrap(),
        label: None,
        received: Stamp { wall_ms: 1, up_ms: 1, boot: 1 },
        fresh: Fresh { access, refresh: Some(refresh), expires_in_ms: Some(1), scopes: None },
        origins: None,
    }
}

fn granted() -> Left {
    Left::Answer(Box::new(answer(ATTEMPT)))
}

impl Home {
    fn sign(&self, actor: &Actor) -> PathBuf {
        self.folder().join("default.claims").join(actor.name.to_string())
    }
}

fn enlisted<D: Disk>(store: &FileStore<D>) -> (FileAlive<D>, Claim) {
    let alive = store.enlist().unwrap();
    let claim = claim(alive.actor());
    (alive, claim)
}

/// How many bytes there are from here on, up to the last that isn't zero.
fn length_from(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().rposition(|byte| *byte != 0).unwrap() + 1
}

/// Whether the bytes of a token are anywhere below the home.
fn has_tokens(home: &Home) -> bool {
    let files = home.files().into_iter().map(|name| fs::read(home.folder().join(name)).unwrap());
    files.into_iter().any(|bytes| holds_tokens(&bytes))
}

fn holds_tokens(bytes: &[u8]) -> bool {
    TOKENS.iter().any(|token| bytes.windows(token.len()).any(|found| found == token.as_bytes()))
}

#[test]
fn a_sign_of_life_has_room_for_all_that_may_be_left_in_it() {
    let home = Home::new();
    let (alive, claim) = enlisted(&home.store());
    assert!(alive.actor().notes);
    let sign = fs::metadata(home.sign(alive.actor())).unwrap();
    assert_eq!((sign.len(), sign.mode() & 0o777), (32 * 1024, 0o600));
    assert!(sign.blocks() * 512 >= sign.len(), "its blocks are its own before anything is claimed");
    assert_eq!(home.store().left(&claim).unwrap(), Left::Going);
    drop(alive);
    assert_eq!(home.store().left(&claim).unwrap(), Left::NoNote, "zeros that were reserved are no note");
}

#[test]
fn where_no_room_is_nothing_is_claimed_and_where_none_can_be_reserved_it_is_done_without() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    disk.fail(Step::Allocate, Errno::NOSPC);
    assert_eq!(store.enlist().err().unwrap().kind, StoreErrorKind::Full);
    assert_eq!(home.files(), [""; 0]);
    disk.fail(Step::Allocate, Errno::OPNOTSUPP);
    let (alive, claim) = enlisted(&store);
    disk.mend();
    alive.write_down(&answer(ATTEMPT)).unwrap();
    drop(alive);
    assert_eq!(store.left(&claim).unwrap(), granted());
}

#[test]
fn what_is_written_down_is_there_for_others_whether_its_actor_lives_or_not() {
    let home = Home::new();
    let (alive, claim) = enlisted(&home.store());
    alive.note(ATTEMPT).unwrap();
    assert_eq!(home.store().left(&claim).unwrap(), Left::Going);
    alive.write_down(&answer(ATTEMPT)).unwrap();
    assert_eq!(home.store().left(&claim).unwrap(), granted());
    drop(alive);
    assert_eq!(home.store().left(&claim).unwrap(), granted());
}

#[cfg(feature = "seal")]
#[test]
fn an_answer_whose_key_is_not_at_hand_is_sealed_and_nobody_takes_it_for_none() {
    use credlatch::seal::{Keys, Sealing};

    let home = Home::new();
    let with = |key: u8| home.store().sealing(Sealing::new(Keys::of([key; 32]), "default", None));
    let store = with(1);
    commit(&store, 1);
    let (alive, claim) = enlisted(&store);
    alive.note(ATTEMPT).unwrap();
    alive.write_down(&answer(ATTEMPT)).unwrap();
    assert!(!has_tokens(&home));
    let refused = |when: &str| {
        let error = with(2).left(&claim).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Sealed, "{when}: {}", error.what);
        assert!(error.what.contains("what an issuer granted is sealed with the key"), "{when}: {}", error.what);
        assert_eq!(store.left(&claim).unwrap(), granted(), "{when}");
    };
    refused("while its actor lives");
    drop(alive);
    refused("once its actor has died");
}

#[test]
fn no_part_of_an_answer_is_one_and_none_with_a_flipped_bit() {
    let home = Home::new();
    let store = home.store();
    let (alive, claim) = enlisted(&store);
    alive.note(ATTEMPT).unwrap();
    alive.write_down(&answer(ATTEMPT)).unwrap();
    let path = home.sign(alive.actor());
    drop(alive);
    let whole = fs::read(&path).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let length = length_from(&whole, ANSWER_AT);
    let left_with = |bytes: &[u8]| {
        file.write_all_at(bytes, ANSWER_AT as u64).unwrap();
        store.left(&claim).unwrap()
    };
    let at = ANSWER_AT..ANSWER_AT + length;
    for cut in 0..length {
        let [mut beginning, mut end] = [whole[at.clone()].to_vec(), whole[at.clone()].to_vec()];
        beginning[cut..].fill(0);
        assert!(matches!(left_with(&beginning), Left::MaybeSent { noted: Some(_) }), "{cut} of {length} bytes");
        end[..=cut].fill(0);
        assert!(matches!(left_with(&end), Left::MaybeSent { noted: Some(_) }), "without the first {cut}");
        let mut flipped = whole[at.clone()].to_vec();
        flipped[cut] ^= 1;
        assert!(matches!(left_with(&flipped), Left::MaybeSent { noted: Some(_) }), "byte {cut}");
    }
    assert_eq!(left_with(&whole[at]), granted());
}

#[test]
fn what_is_left_of_a_note_is_no_proof_that_nothing_was_sent() {
    let home = Home::new();
    let store = home.store();
    let (alive, claim) = enlisted(&store);
    alive.note(ATTEMPT).unwrap();
    let path = home.sign(alive.actor());
    drop(alive);
    let whole = fs::read(&path).unwrap();
    let length = length_from(&whole[..ANSWER_AT], 0);
    let file = File::options().write(true).open(&path).unwrap();
    let left_with = |bytes: &[u8]| {
        file.write_all_at(bytes, 0).unwrap();
        store.left(&claim).unwrap()
    };
    for cut in 1..length {
        let [mut beginning, mut flipped] = [whole[..length].to_vec(), whole[..length].to_vec()];
        beginning[cut..].fill(0);
        assert_eq!(left_with(&beginning), Left::MaybeSent { noted: None }, "{cut} of {length} bytes");
        flipped[cut] ^= 1;
        assert_eq!(left_with(&flipped), Left::MaybeSent { noted: None }, "byte {cut}");
    }
    assert!(matches!(left_with(&whole[..length]), Left::MaybeSent { noted: Some(_) }));
    fs::write(&path, &whole[..length / 2]).unwrap();
    assert_eq!(store.left(&claim).unwrap(), Left::MaybeSent { noted: None }, "a file that ends there");
    fs::remove_file(&path).unwrap();
    assert_eq!(store.left(&claim).unwrap(), Left::MaybeSent { noted: None }, "no file at all");
}

#[test]
fn what_another_attempt_left_says_nothing_about_this_one() {
    let home = Home::new();
    let store = home.store();
    let (alive, claim) = enlisted(&store);
    alive.note(Nonce(8)).unwrap();
    alive.write_down(&answer(Nonce(8))).unwrap();
    assert_eq!(store.left(&claim).unwrap(), Left::Going);
    drop(alive);
    assert_eq!(store.left(&claim).unwrap(), Left::MaybeSent { noted: None });
}

#[test]
fn what_has_no_room_is_not_begun() {
    let home = Home::new();
    let (alive, claim) = enlisted(&home.store());
    let access = Secret::try_from("at-long-".repeat(2 * 1024)).unwrap();
    let refresh = Some(access.clone());
    let long = Answer { fresh: Fresh { access, refresh, ..answer(ATTEMPT).fresh }, ..answer(ATTEMPT) };
    let before = fs::read(home.sign(alive.actor())).unwrap();
    alive.write_down(&long).unwrap_err();
    assert_eq!(fs::read(home.sign(alive.actor())).unwrap(), before);
    alive.write_down(&answer(ATTEMPT)).unwrap();
    assert_eq!(home.store().left(&claim).unwrap(), granted());
}

#[test]
fn what_is_wiped_is_nowhere() {
    let home = Home::new();
    let (alive, _) = enlisted(&home.store());
    alive.write_down(&answer(ATTEMPT)).unwrap();
    assert!(has_tokens(&home));
    alive.wipe();
    assert!(!has_tokens(&home));
    // A power cut may keep the end of what was written, and not its beginning.
    alive.write_down(&answer(ATTEMPT)).unwrap();
    let sign = File::options().write(true).open(home.sign(alive.actor())).unwrap();
    sign.write_all_at(&[0; 64], ANSWER_AT as u64).unwrap();
    assert!(has_tokens(&home));
    alive.wipe();
    assert!(!has_tokens(&home));
}

#[test]
fn whoever_sweeps_a_sign_wipes_it_first_and_only_once_no_claim_names_it() {
    let home = Home::new();
    let store = home.store();
    let (alive, _) = enlisted(&store);
    let actor = alive.actor().clone();
    alive.write_down(&answer(ATTEMPT)).unwrap();
    drop(alive);
    loaded(&store).commit(&rotating(&actor), None).unwrap();
    assert!(has_tokens(&home), "a claim names it");
    let kept = File::open(home.sign(&actor)).unwrap();
    commit(&store, 2);
    assert!(!home.sign(&actor).exists() && !has_tokens(&home));
    let mut bytes = vec![0; 32 * 1024];
    kept.read_exact_at(&mut bytes, 0).unwrap();
    assert!(!holds_tokens(&bytes), "nor in the blocks that it gave back");
}

#[test]
fn a_forked_child_neither_notes_nor_writes_down_what_is_its_parents() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let (alive, _) = enlisted(&store);
    let before = fs::read(home.sign(alive.actor())).unwrap();
    disk.fork();
    let told = [alive.note(ATTEMPT), alive.write_down(&answer(ATTEMPT)), alive.sync()].map(|done| done.unwrap_err());
    assert!(told.iter().all(|error| error.what.contains("belongs to the process that forked")), "{told:?}");
    alive.wipe();
    assert_eq!(fs::read(home.sign(alive.actor())).unwrap(), before);
}

#[test]
fn a_note_that_cannot_be_written_is_an_error() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let (alive, claim) = enlisted(&store);
    disk.fail(Step::Write, Errno::IO);
    let error = alive.note(ATTEMPT).unwrap_err();
    assert!(error.kind == StoreErrorKind::Failed && error.what.contains("note in"), "{error:?}");
    disk.mend();
    drop(alive);
    assert_eq!(store.left(&claim).unwrap(), Left::NoNote);
}

#[test]
fn what_a_stopped_process_wrote_down_is_there_at_once() {
    let home = Home::new();
    let store = home.store();
    let helper = Helper::start("write down", home.path());
    let claim = claim(&helper.actor());
    assert!(Command::new("kill").args(["-STOP", &helper.pid().to_string()]).status().unwrap().success());
    let began = Instant::now();
    assert!(store.wait(&claim, 60_000).unwrap() && began.elapsed() < Duration::from_secs(5));
    assert_eq!(store.left(&claim).unwrap(), granted());
    assert!(store.is_alive(&claim.actor).unwrap(), "and nobody takes it for dead");
    commit(&store, 1);
    assert!(home.sign(&claim.actor).exists(), "its lock keeps what it left");
    helper.kill();
    commit(&store, 2);
    assert!(!home.sign(&claim.actor).exists() && !has_tokens(&home));
}

/// A tmpfs of this size, as long as it lives.
struct Small(PathBuf);

impl Small {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        if !needs::is_root("can mount a small disk") {
            return None;
        }
        let options = format!("size={size},mode=700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(&at).status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        needs::found(is_mounted.then(|| Self(at)), "mount of a tmpfs")
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_fills_up_after_the_claim_does_not_lose_the_answer() {
    let home = Home::new();
    let Some(_disk) = Small::mount(home.path().to_owned(), "256k") else { return };
    let store = Arc::new(home.store());
    commit(&*store, 1);
    let (alive, claim) = enlisted(&store);
    let full = fs::write(home.path().join("filler"), vec![1; 512 * 1024]).unwrap_err();
    assert_eq!(full.raw_os_error(), Some(Errno::NOSPC.raw_os_error()));
    alive.note(ATTEMPT).unwrap();
    alive.write_down(&answer(ATTEMPT)).unwrap();
    drop(alive);
    assert_eq!(store.left(&claim).unwrap(), granted());
}
