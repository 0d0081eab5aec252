//! Logins of our own in Hermes' file.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use credlatch::core::state::Custody;
use credlatch::{Answer, ErrorKind, Label, Latch, Tokens};

use crate::{Home, folders, helper, secret};

fn tokens(number: u32) -> Tokens {
    Tokens::new(secret(&format!("access-{number}")))
        .with_refresh(secret(&format!("refresh-{number}")))
        .expiring_in(Duration::from_secs(3600))
}

fn signed_in() -> (Home, Latch) {
    let home = Home::new();
    let latch = home.latch();
    let _ = latch.set_tokens("minimax", &Label::default(), tokens(1)).unwrap();
    (home, latch)
}

#[test]
fn eight_who_rotate_at_once_make_one_exchange_and_nothing_is_locked_meanwhile() {
    let (home, latch) = signed_in();
    let asked = AtomicU32::new(0);
    thread::scope(|scope| {
        let rotate = |_| {
            let latch = home.latch();
            let asked = &asked;
            scope.spawn(move || {
                let exchange = |refresh: &credlatch::Secret| {
                    assert_eq!(refresh.expose_secret(), "refresh-1");
                    asked.fetch_add(1, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(400));
                    Answer::Granted(tokens(2))
                };
                latch.rotate_with("minimax", exchange).map(|token| token.expose_secret().to_owned())
            })
        };
        let all: Vec<_> = (0..8).map(rotate).collect();
        while asked.load(Ordering::Relaxed) == 0 {
            thread::sleep(Duration::from_millis(1));
        }
        latch.set("groq", secret("gsk_0123456789")).unwrap();
        let rotates = latch.status().unwrap().state.claims().count();
        assert_eq!(rotates, 1, "what was set while the exchange goes on didn't wait for it");
        for one in all {
            assert_eq!(one.join().unwrap().unwrap(), "access-2");
        }
    });
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let text = fs::read_to_string(home.file()).unwrap();
    assert!(!text.contains("refresh-1") && !text.contains("access-1"), "what was spent is gone");
    assert_eq!(text.matches("refresh-2").count(), 1);
}

#[test]
fn report_8040_f_a_process_killed_in_its_exchange_leaves_the_login_in_doubt_and_its_row_as_it_was() {
    let (home, latch) = signed_in();
    let row = home.json()["credential_pool"]["minimax"][0].clone();
    let mut child = helper::command("rotate", &home.file()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("done:0")));
    assert_eq!(latch.status().unwrap().state.claims().count(), 1);
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(latch.token("minimax").unwrap().expose_secret(), "access-1", "it is used while it lasts");
    let error = latch.rotate_with("minimax", |_| panic!("a request may still be in flight")).unwrap_err();
    assert!(error.to_string().contains("may be spent"), "{error}");
    let state = home.latch().status().unwrap().state;
    let custody = &state.entry("minimax", "default").unwrap().grant().unwrap().custody;
    assert!(matches!(custody, Custody::InDoubt(_)), "{custody:?}");
    let now = &home.json()["credential_pool"]["minimax"][0];
    assert_eq!((&now["id"], &now["access_token"], now.get("last_status")), (&row["id"], &row["access_token"], None));
}

#[test]
fn a_copy_asks_a_person_before_it_rotates() {
    let (home, _) = signed_in();
    let copy = Home::new();
    copy.write(&fs::read_to_string(home.file()).unwrap());
    let latch = copy.latch();
    let rotate = || latch.rotate_with("minimax", |_| Answer::Granted(tokens(2)));
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "access-1");
    let error = rotate().unwrap_err();
    assert!(error.to_string().contains("copied or restored"), "{error}");
    latch.set("groq", secret("gsk_0123456789")).unwrap();
    assert!(rotate().is_err(), "a commit doesn't make it the only one");
    copy.builder().adopt_copy().unwrap();
    assert_eq!(rotate().unwrap().expose_secret(), "access-2");
}

#[test]
fn a_file_that_was_rolled_back_in_place_is_noticed_by_what_is_remembered_outside() {
    let (home, latch) = signed_in();
    let state = folders::tempdir();
    let claims = state.path().join("claims");
    let open = || home.builder().claims(&claims).open().unwrap();
    drop(latch);
    let rotate = |number| open().rotate_with("minimax", |_| Answer::Granted(tokens(number)));
    rotate(2).unwrap();
    let backup = fs::read_to_string(home.file()).unwrap();
    rotate(3).unwrap();
    home.write(&backup);
    for _ in 0..2 {
        let refused = open().rotate_with("minimax", |_| panic!("a token that was presented already"));
        let error = refused.unwrap_err();
        assert!(error.to_string().contains("rolled back") && error.remedy().contains("adopt"), "{error}");
    }
    home.builder().claims(&claims).adopt_copy().unwrap();
    rotate(4).unwrap();
    rotate(5).unwrap();
}

#[test]
fn doctor_says_where_hermes_file_comes_from_and_what_would_not_be_noticed() {
    let (home, latch) = signed_in();
    drop(latch);
    let state = folders::tempdir();
    let claims = state.path().join("claims");
    let told = |home: &Home, claims: &std::path::Path| {
        let latch = home.builder().claims(claims).open().unwrap();
        let diagnosis = latch.doctor(&credlatch::doctor::Surroundings::default());
        let of_store = diagnosis.findings.into_iter().map(|finding| format!("{}; {}", finding.what, finding.remedy));
        of_store.filter(|text| text.contains("auth.json was") || text.contains("remembered")).collect::<Vec<_>>()
    };
    assert_eq!(told(&home, &claims), [""; 0]);
    let copy = Home::new();
    copy.write(&fs::read_to_string(home.file()).unwrap());
    let of_copy = told(&copy, &claims).concat();
    assert!(of_copy.contains("copied or restored") && of_copy.contains("credlatch adopt"), "{of_copy}");
    let backup = fs::read_to_string(home.file()).unwrap();
    let latch = home.builder().claims(&claims).open().unwrap();
    latch.rotate_with("minimax", |_| Answer::Granted(tokens(2))).unwrap();
    home.write(&backup);
    assert!(told(&home, &claims).concat().contains("was rolled back"));
    for nowhere in [home.file().join("claims"), home.file().with_extension("remembered")] {
        let said = told(&home, &nowhere).concat();
        assert!(said.contains("aren't remembered") && !said.contains("was rolled back"), "{said}");
    }
}

#[test]
fn a_login_that_the_issuer_rejects_is_dead_for_hermes_too() {
    let (home, latch) = signed_in();
    let error = latch.rotate_with("minimax", |_| Answer::Rejected("invalid_grant".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn);
    let row = &home.json()["credential_pool"]["minimax"][0];
    assert_eq!((&row["last_status"], &row["last_error_reason"]), (&"dead".into(), &"invalid_grant".into()));
    let again = home.latch().rotate_with("minimax", |_| panic!("a dead token is not presented"));
    assert_eq!(again.unwrap_err().kind(), ErrorKind::SignIn);
}
