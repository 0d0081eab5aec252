//! Each way in which a file can be broken has its own error, which names the file and shows none of it.

use std::io;
use std::time::{Duration, Instant};

use super::*;
use crate::plain_file::Unreadable;

const TOOLS: [Tool; 3] = [Tool::ClaudeCode, Tool::Codex, Tool::Hermes];

fn error(tool: Tool, path: &Path) -> ForeignErrorKind {
    let error = read(tool, path).unwrap_err();
    for text in [error.to_string(), format!("{error:?}"), error.remedy()] {
        assert!(!text.contains("AAA") && !text.contains("RRR"), "{text}");
    }
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(!error.remedy().is_empty());
    error.kind
}

#[test]
fn a_broken_file_is_never_taken_for_an_absent_one() {
    for tool in TOOLS {
        assert_eq!(error(tool, &Place::with("").path), ForeignErrorKind::Empty, "{tool}");
        assert_eq!(error(tool, &Place::with(" \n").path), ForeignErrorKind::Empty, "{tool}");
        assert_eq!(error(tool, &Place::with(&CLAUDE[..60]).path), ForeignErrorKind::CutShort, "{tool}");
        let not_json = ForeignErrorKind::NotJson { line: 1, column: 1 };
        assert_eq!(error(tool, &Place::with("sk-ant-oat01-AAA").path), not_json, "{tool}");
        let binary = Place::empty();
        fs::write(&binary.path, [0x89, b'P', 0xff, 0, 1, 2]).unwrap();
        assert_eq!(error(tool, &binary.path), Unreadable::NotText.into(), "{tool}");
        fs::remove_file(&binary.path).unwrap();
        fs::create_dir(&binary.path).unwrap();
        assert_eq!(error(tool, &binary.path), Unreadable::Folder.into(), "{tool}");
        let beneath = Place::with("{}").path.join("x");
        assert!(matches!(read(tool, &beneath), Ok(None) | Err(_)));
    }
    let file = Place::with("{}");
    let kind = error(Tool::Codex, &file.path.join("x"));
    assert_eq!(kind, Unreadable::Failed(io::ErrorKind::NotADirectory).into());
}

#[test]
fn a_wrongly_typed_field_is_named() {
    let wrong = |tool, content: &str| match error(tool, &Place::with(content).path) {
        ForeignErrorKind::WrongType { field, .. } | ForeignErrorKind::MissingField { field } => field,
        other => panic!("{other:?}"),
    };
    for tool in TOOLS {
        for content in ["[]", "7", "\"AAA\"", "null"] {
            assert_eq!(wrong(tool, content), "the document", "{content}");
        }
    }
    let claude = |login: &str| wrong(Tool::ClaudeCode, &format!(r#"{{"claudeAiOauth":{login}}}"#));
    assert_eq!(claude("[]"), "claudeAiOauth");
    assert_eq!(claude("\"AAA\""), "claudeAiOauth");
    assert_eq!(claude("{}"), "claudeAiOauth.accessToken");
    assert_eq!(claude(r#"{"accessToken":["AAA"]}"#), "claudeAiOauth.accessToken");
    assert_eq!(claude(r#"{"accessToken":"AAA","expiresAt":true}"#), "claudeAiOauth.expiresAt");
    assert_eq!(claude(r#"{"accessToken":"AAA","expiresAt":"AAA"}"#), "claudeAiOauth.expiresAt");
    assert_eq!(wrong(Tool::Codex, r#"{"OPENAI_API_KEY":7}"#), "OPENAI_API_KEY");
    assert_eq!(wrong(Tool::Codex, r#"{"tokens":{"access_token":{"AAA":1}}}"#), "tokens.access_token");
    let hermes = |pool: &str| wrong(Tool::Hermes, &format!(r#"{{"credential_pool":{pool}}}"#));
    assert_eq!(hermes("[]"), "credential_pool");
    assert_eq!(hermes(r#"{"anthropic":{}}"#), "credential_pool.1");
    assert_eq!(hermes(r#"{"anthropic":["AAA"]}"#), "credential_pool.1[0]");
    assert_eq!(hermes(r#"{"anthropic":[{"id":"a","access_token":1}]}"#), "credential_pool.1[0].access_token");
}

#[test]
fn a_torn_read_is_tried_again_and_then_said() {
    let place = Place::with("");
    let path = place.path.clone();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(60));
        fs::write(path, codex_login("at-AAA", None, "s")).unwrap();
    });
    assert_eq!(read(Tool::Codex, &place.path).unwrap().unwrap().found.len(), 1);
    writer.join().unwrap();
    fs::write(&place.path, "{").unwrap();
    let began = Instant::now();
    assert_eq!(error(Tool::Codex, &place.path), ForeignErrorKind::CutShort);
    assert!((150..2_000).contains(&began.elapsed().as_millis()));
}

/// The file is rewritten in place all the time: a read gives a whole token, or says that it found none.
#[test]
fn failure_8_no_read_beside_a_writer_in_place_gives_half_a_file() {
    let place = Place::with(&codex_login("at-0", None, "s"));
    let link = link(&read(Tool::Codex, &place.path).unwrap().unwrap().found[0]);
    let whole: Vec<_> = (0..200).map(|at| format!("at-{at}")).collect();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for token in &whole {
                fs::write(&place.path, codex_login(token, None, "s")).unwrap();
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let mut good = 0;
        while !writer.is_finished() {
            match live(Tool::Codex, &link, &at(1)) {
                Ok(token) => {
                    assert!(whole.iter().any(|one| one == token.access.expose_secret()));
                    good += 1;
                }
                Err(error) => assert!(matches!(error.kind, ForeignErrorKind::Empty | ForeignErrorKind::CutShort)),
            }
        }
        assert!(good > 0);
    });
}

#[cfg(unix)]
#[test]
fn failure_31_a_file_that_root_left_behind_is_named_with_the_remedy() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let place = Place::with(CLAUDE);
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o600)).unwrap();
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(place.path.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = crate::testing::rerun("foreign::tests::broken::reads_what_it_may_not");
        child.env("FOREIGN_FILE", &place.path).uid(65_534).gid(65_534);
        crate::testing::passes(child);
    } else {
        fs::set_permissions(&place.path, fs::Permissions::from_mode(0o000)).unwrap();
        denied(&place.path);
    }
}

#[cfg(unix)]
#[test]
fn reads_what_it_may_not() {
    let Some(path) = std::env::var_os("FOREIGN_FILE") else { return };
    denied(Path::new(&path));
}

fn denied(path: &Path) {
    assert_eq!(error(Tool::ClaudeCode, path), Unreadable::Denied.into());
    assert!(read(Tool::ClaudeCode, path).unwrap_err().remedy().contains("chown"));
}
