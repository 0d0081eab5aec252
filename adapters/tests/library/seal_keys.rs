//! Where the keys of sealed stores come from: how often a source is asked, what is remembered of it, and when that is forgotten.

use std::fs;

use credlatch::{ErrorKind, SealKeySource, Secret};

use crate::seals::Place;

#[test]
fn a_command_is_asked_once_in_a_process() {
    let place = Place::new();
    let (asked, key) = (place.0.path().join("asked"), "5a".repeat(32));
    let command = SealKeySource::Command(format!("echo once >> {}; echo {key}", asked.display()));
    place.builder("work", None).seal(&command).unwrap();
    fs::remove_file(&asked).unwrap();
    let latch = place.builder("work", None).seal_key(command).open().unwrap();
    for number in 0..5 {
        latch.set("minimax", Secret::try_from(format!("mm-{number}")).unwrap()).unwrap();
        assert_eq!(latch.current("minimax").unwrap().expose_secret(), format!("mm-{number}"));
    }
    assert_eq!(fs::read_to_string(&asked).unwrap(), "once\n");
    // What asks credlatch itself for the key, from the store that it seals, is an error and not a crowd.
    let own = place.builder("work", None).seal_key(SealKeySource::Command("echo $CREDLATCH_SEAL_KEY_ASKED".to_owned()));
    assert!(own.open().unwrap().current("minimax").unwrap_err().to_string().contains("is no key"));
}

#[test]
fn where_the_key_is_is_known_whoever_else_notes_another_at_the_same_time() {
    let place = Place::new();
    let sources = place.0.path().join("sources");
    let builder = |number: usize| {
        let home = place.0.path().join(format!("home-{number}"));
        place.builder("work", None).home(home).seal_keys(sources.join("seal-keys"))
    };
    let (place, builder) = (&place, &builder);
    std::thread::scope(|scope| {
        for number in 0..6 {
            scope.spawn(move || builder(number).seal(&place.key(&format!("key-{number}"))).unwrap());
        }
    });
    for number in 0..6 {
        assert_eq!(builder(number).known_seal_key().unwrap(), Some(place.key(&format!("key-{number}"))));
    }
    assert_eq!(place.builder("work", None).known_seal_key().unwrap(), None, "it is not sealed");
}

#[test]
fn what_lies_in_a_home_does_not_say_where_its_key_is_and_a_pipe_is_no_mark() {
    let place = Place::new();
    let inside = place.home().join("seal-keys");
    let builder = || place.builder("work", None).seal_keys(&inside);
    builder().seal(&place.key("one")).unwrap();
    assert_eq!((inside.exists(), builder().known_seal_key().unwrap()), (false, None));
    assert_eq!(builder().open().unwrap().current("minimax").unwrap_err().kind(), ErrorKind::Sealed);
    let mark = place.home().join("seal.json");
    fs::remove_file(&mark).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&mark).status().unwrap().success());
    let new = place.open("new", None).set("minimax", Secret::try_from("mm-new").unwrap());
    assert_eq!(new.unwrap_err().kind(), ErrorKind::Unreadable);
}

#[test]
fn a_command_that_fails_is_not_run_again_for_the_same_call_and_is_for_a_later_one() {
    let place = Place::new();
    let (asked, answers) = (place.0.path().join("asked"), place.0.path().join("answers"));
    let command = format!("echo once >> {}; cat {}", asked.display(), answers.display());
    fs::write(&answers, "5a".repeat(32)).unwrap();
    place.builder("work", None).seal(&SealKeySource::Command(command.clone())).unwrap();
    fs::remove_file(&answers).unwrap();
    let latch = place.builder("work", None).seal_key(SealKeySource::Command(command)).open().unwrap();
    fs::write(&asked, "").unwrap();
    let set = || latch.set("minimax", Secret::try_from("mm-2").unwrap());
    assert_eq!(set().unwrap_err().kind(), ErrorKind::Sealed);
    assert_eq!(fs::read_to_string(&asked).unwrap(), "once\n");
    fs::write(&answers, "5a".repeat(32)).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    set().unwrap();
}

#[test]
fn where_an_old_key_was_is_forgotten_once_no_home_has_it() {
    let place = Place::new();
    let sources = place.0.path().join("sources/seal-keys");
    let builder = |home: &str| place.builder("work", None).home(place.0.path().join(home)).seal_keys(&sources);
    let knows = |key: &str| fs::read_to_string(&sources).unwrap().contains(&*place.key_path(key).to_string_lossy());
    for home in ["store", "other"] {
        builder(home).open().unwrap().set("minimax", Secret::try_from("mm-1").unwrap()).unwrap();
        builder(home).seal(&place.key("one")).unwrap();
    }
    builder("store").rekey(&place.key("two")).unwrap();
    assert!(knows("one") && knows("two"), "the other home has it yet");
    assert!(builder("other").open().unwrap().current("minimax").is_ok());
    // What can't be changed keeps its key.
    let profiles = place.0.path().join("other/profiles");
    fs::write(profiles.join("broken.json"), "{").unwrap();
    assert!(builder("other").rekey(&place.key("two")).is_err());
    assert!(knows("one"));
    fs::remove_file(profiles.join("broken.json")).unwrap();
    builder("other").rekey(&place.key("two")).unwrap();
    assert!(!knows("one") && knows("two"));
    for home in ["store", "other"] {
        assert!(builder(home).open().unwrap().current("minimax").is_ok());
    }
}

#[test]
fn a_seal_takes_away_the_drafts_that_a_killed_one_left_of_its_key() {
    let place = Place::new();
    let draft = place.key_path(".one-00112233445566aa.tmp");
    fs::create_dir(place.key_path("")).unwrap();
    fs::write(place.key_path("one"), "5a".repeat(32)).unwrap();
    fs::set_permissions(place.key_path("one"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    // Whoever was killed had made the key, and this is its other name.
    fs::hard_link(place.key_path("one"), &draft).unwrap();
    place.builder("work", None).seal(&place.key("one")).unwrap();
    assert!(!draft.exists() && place.key_path("one").exists());
}
