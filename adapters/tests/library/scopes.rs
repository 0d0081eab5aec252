//! Report 3961: what a request, a thread or a child of one profile can reach is that profile's.

use std::process::Command;
use std::sync::Barrier;
use std::thread;

use credlatch::{ErrorKind, Latch, Profiles, Scope, Secret, Shape};
use tempfile::TempDir;

/// Two profiles with a key each, and the default one with its own.
fn home() -> (TempDir, Profiles) {
    let place = tempfile::tempdir().unwrap();
    let profiles = Profiles::open(place.path()).unwrap();
    for profile in ["alice", "bob", "default"] {
        let key = Secret::try_from(format!("mm-key-of-{profile}")).unwrap();
        profiles.profile(profile).unwrap().set("minimax", key).unwrap();
    }
    (place, profiles)
}

fn key(scope: &Scope) -> String {
    scope.current("minimax").unwrap().expose_secret().to_owned()
}

/// Runs a test of this file in a process that has keys in its environment. True in that process.
fn has_keys_in_its_environment(test: &str) -> bool {
    if std::env::var_os("MINIMAX_API_KEY").is_some_and(|key| key == "mm-key-of-the-process") {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", &format!("scopes::{test}")])
        .env("MINIMAX_API_KEY", "mm-key-of-the-process")
        .env("OPENAI_API_KEY", "sk-of-process");
    let output = child.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    false
}

#[test]
fn report_3961_b_a_profile_without_a_key_gets_an_error_and_nobody_elses_key() {
    if !has_keys_in_its_environment("report_3961_b_a_profile_without_a_key_gets_an_error_and_nobody_elses_key") {
        return;
    }
    let (_place, profiles) = home();
    let carol = profiles.scope("carol");
    assert_eq!(carol.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(carol.token("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(carol.plan("minimax", Shape::Own).unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(carol.expand("${MINIMAX_API_KEY}").unwrap_err().kind(), ErrorKind::NoCredential);
}

#[test]
fn report_3961_c_a_detached_worker_keeps_the_profile_it_was_started_with() {
    let (_place, profiles) = home();
    let profiles = profiles.keep_open(1);
    let go = Barrier::new(3);
    thread::scope(|threads| {
        let workers = ["alice", "bob"].map(|profile| {
            let scope = profiles.scope(profile);
            let go = &go;
            threads.spawn(move || {
                go.wait();
                (0..200).all(|_| key(&scope) == format!("mm-key-of-{profile}"))
            })
        });
        go.wait();
        // Meanwhile others come and go.
        for turn in 0..200 {
            let _ = profiles.scope(if turn % 2 == 0 { "default" } else { "carol" }).current("minimax");
        }
        assert!(workers.into_iter().all(|worker| worker.join().unwrap()));
    });
}

#[test]
fn report_3961_c_an_error_while_entering_a_scope_fails_closed() {
    let (_place, profiles) = home();
    for (scope, kind) in [
        (profiles.scope("../default"), ErrorKind::Usage),
        (profiles.scope(""), ErrorKind::Usage),
        (profiles.scope("DEFAULT"), ErrorKind::Usage),
        (Scope::none(), ErrorKind::Usage),
        (Scope::default(), ErrorKind::Usage),
    ] {
        assert_eq!(scope.latch().unwrap_err().kind(), kind);
        assert_eq!(scope.profile().unwrap_err().kind(), kind);
        assert_eq!(scope.clone().current("minimax").unwrap_err().kind(), kind);
        assert_eq!(scope.token("minimax").unwrap_err().kind(), kind);
        assert_eq!(scope.plan("minimax", Shape::Own).unwrap_err().kind(), kind);
        assert_eq!(scope.expand("no name in it").unwrap_err().kind(), kind);
    }
}

#[test]
fn report_3961_d_the_default_profile_behaves_as_if_there_were_no_scopes() {
    let (place, profiles) = home();
    let (scope, latch) = (profiles.scope("default"), Latch::builder().home(place.path()).open().unwrap());
    assert_eq!(scope.profile().unwrap(), latch.profile());
    assert_eq!(key(&scope), latch.current("minimax").unwrap().expose_secret());
    latch.set("minimax", Secret::try_from("mm-key-2").unwrap()).unwrap();
    assert_eq!(key(&scope), "mm-key-2");
    let _ = latch.clear("minimax").unwrap();
    let errors = [scope.current("minimax").unwrap_err(), latch.current("minimax").unwrap_err()];
    assert_eq!(errors[0], errors[1]);
}

#[test]
fn report_3961_e_a_child_started_in_a_scope_has_only_that_scopes_credentials() {
    if !has_keys_in_its_environment("report_3961_e_a_child_started_in_a_scope_has_only_that_scopes_credentials") {
        return;
    }
    let (_place, profiles) = home();
    thread::scope(|threads| {
        for profile in ["alice", "bob"] {
            let scope = profiles.scope(profile);
            threads.spawn(move || {
                for _ in 0..20 {
                    let plan = scope.plan("minimax", Shape::Own).unwrap();
                    let seen = plan.apply(Command::new("env")).output().unwrap();
                    let seen = String::from_utf8(seen.stdout).unwrap();
                    assert!(seen.contains(&format!("MINIMAX_API_KEY=mm-key-of-{profile}\n")), "{seen}");
                    assert_eq!(seen.matches("mm-key-of-").count(), 1, "{seen}");
                    assert!(!seen.contains("OPENAI_API_KEY"), "{seen}");
                }
            });
        }
    });
}

#[test]
fn report_3961_f_a_configuration_expands_from_its_scope_alone() {
    if !has_keys_in_its_environment("report_3961_f_a_configuration_expands_from_its_scope_alone") {
        return;
    }
    let (_place, profiles) = home();
    for profile in ["alice", "bob"] {
        let scope = profiles.scope(profile);
        let expanded = scope.expand("Bearer ${MINIMAX_API_KEY}").unwrap();
        assert_eq!(expanded.expose_secret(), format!("Bearer mm-key-of-{profile}"));
        assert!(!format!("{expanded:?} {scope:?}").contains("mm-key"));
        // The process has these, and the profile doesn't.
        assert_eq!(scope.expand("${OPENAI_API_KEY}").unwrap_err().kind(), ErrorKind::NoCredential);
        assert_eq!(scope.expand("${PATH}").unwrap_err().kind(), ErrorKind::Usage);
    }
}

#[test]
fn report_3961_g_scopes_leave_the_process_environment_as_it_is() {
    let before: Vec<_> = std::env::vars_os().collect();
    let (_place, profiles) = home();
    for profile in ["alice", "bob", "default"] {
        let scope = profiles.scope(profile);
        key(&scope);
        scope.expand("${MINIMAX_API_KEY}").unwrap();
        scope.plan("minimax", Shape::Anthropic).unwrap();
    }
    assert_eq!(std::env::vars_os().collect::<Vec<_>>(), before);
}
