//! What an environment and a `.env` file hold.

use credlatch_core::clear::Clear;
use credlatch_core::dotenv::Parsed;
use credlatch_core::name::ProviderId;
use credlatch_core::provider::NotAKey;
use credlatch_core::put::PutMode;
use credlatch_core::secret::BadSecret;
use credlatch_core::state::{Material, Source, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Refusal, Verdict, apply};

use super::*;
use crate::env::dotenv_file;
use crate::env::import_env;
use crate::found::{Found, Imported, Why, to_events};
use crate::plain_file::Unreadable;

fn import(pairs: &[(&str, &str)]) -> Imported {
    import_env(vars(pairs), &crate::testing::table(), None)
}

/// Provider, label and kind of what was found.
fn told(found: &[Found]) -> Vec<(&str, &str, bool)> {
    let is_key = |one: &Found| matches!(one.material, Material::ApiKey(_));
    found.iter().map(|one| (one.provider.as_str(), one.label.as_str(), is_key(one))).collect()
}

fn now() -> Stamp {
    Stamp { wall_ms: 1, up_ms: 1, boot: 1 }
}

fn all(state: &State, events: &[Event]) -> (State, Vec<Verdict>) {
    let mut verdicts = Vec::new();
    let fold = |state: State, event: &Event| {
        let step = apply(&state, &now(), event);
        verdicts.push(step.verdict);
        step.state
    };
    let state = events.iter().fold(state.clone(), fold);
    (state, verdicts)
}

#[test]
fn every_providers_variables_are_read_and_no_others() {
    let imported = import(&[
        ("MINIMAX_API_KEY", " mm-key-1 "),
        ("OPENAI_API_KEY", "sk-proj-1"),
        ("OPENAI_BASE_URL", "https://proxy.example"),
        ("GITHUB_TOKEN", "ghp_1"),
        ("GEMINI_API_KEY", ""),
    ]);
    let expected = [("openai", "env:OPENAI_API_KEY", true), ("minimax", "env:MINIMAX_API_KEY", true)];
    assert_eq!(told(&imported.found), expected);
    assert_eq!(imported.found[1].source, Source::Env("MINIMAX_API_KEY".to_owned()));
    // It pushes code first, so nobody's models are paid with it unless somebody says so.
    let [skipped] = &imported.skipped[..] else { panic!("{:?}", imported.skipped) };
    assert!(skipped.what == "GITHUB_TOKEN" && matches!(skipped.why, Why::Shared(_)), "{skipped:?}");
    assert!(!format!("{imported:?}").contains("mm-key-1"));
    let only = ProviderId::new("minimax").unwrap();
    let pairs = vars(&[("MINIMAX_API_KEY", "mm-1"), ("OPENAI_API_KEY", "sk-proj-1")]);
    assert_eq!(import_env(pairs, &crate::testing::table(), Some(&only)).found.len(), 1);
}

#[test]
fn report_81_an_anthropic_auth_token_is_taken_by_what_is_in_it() {
    let of = |value| import(&[("ANTHROPIC_AUTH_TOKEN", value)]);
    assert_eq!(told(&of("sk-ant-oat01-x").found), [("anthropic", "env:ANTHROPIC_AUTH_TOKEN", false)]);
    assert_eq!(told(&of("sk-ant-api03-x").found), [("anthropic", "env:ANTHROPIC_AUTH_TOKEN", true)]);
    let why = |value| of(value).skipped[0].why.clone();
    assert_eq!(why("sk-cp-x"), Why::Foreign(ProviderId::new("minimax").unwrap()));
    assert_eq!(why("anything"), Why::Unclear(ProviderId::new("anthropic").unwrap()));
    assert_eq!(why("sk-ant-ort01-x"), Why::NotForRequests);
    // A token in the variable of keys is a token all the same.
    let misplaced = import(&[("ANTHROPIC_API_KEY", "sk-ant-oat01-x")]);
    assert_eq!(told(&misplaced.found), [("anthropic", "env:ANTHROPIC_API_KEY", false)]);
}

#[test]
fn one_secret_in_two_variables_is_found_once() {
    let same = import(&[("GOOGLE_API_KEY", "AIzaX"), ("GEMINI_API_KEY", "AIzaX")]);
    assert_eq!(told(&same.found), [("gemini", "env:GEMINI_API_KEY", true)]);
    assert_eq!(import(&[("GOOGLE_API_KEY", "AIzaX"), ("GEMINI_API_KEY", "AIzaY")]).found.len(), 2);
}

#[test]
fn failure_27_a_redacted_placeholder_is_never_taken_for_a_key() {
    let imported = import(&[("MINIMAX_API_KEY", "***"), ("GROQ_API_KEY", "gsk_…"), ("XAI_API_KEY", "a\nb")]);
    assert!(imported.found.is_empty());
    let why: Vec<_> = imported.skipped.iter().map(|one| (one.what.as_str(), one.why.clone())).collect();
    assert!(why.contains(&("MINIMAX_API_KEY", Why::Unusable(BadSecret::Placeholder))), "{why:?}");
    assert!(why.contains(&("GROQ_API_KEY", Why::Unusable(BadSecret::Placeholder))), "{why:?}");
    assert!(why.contains(&("XAI_API_KEY", Why::Unusable(BadSecret::LineBreak))), "{why:?}");
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(b"mm-\xff".to_vec());
    let imported = import_env([("MINIMAX_API_KEY".into(), odd)], &crate::testing::table(), None);
    assert_eq!(imported.skipped[0].why, Why::Unusable(BadSecret::NotPrintable));
}

#[test]
fn failure_13_what_the_environment_holds_never_outranks_what_is_stored() {
    let stored = to_events(&import(&[("ANTHROPIC_API_KEY", "sk-ant-api03-mine")]).found, PutMode::Named);
    let (state, _) = all(&State::default(), &stored);
    let inherited = to_events(&import(&[("ANTHROPIC_API_KEY", "sk-ant-api03-theirs")]).found, PutMode::Bulk);
    let (after, verdicts) = all(&state, &inherited);
    assert_eq!(verdicts, [Verdict::Refused(Refusal::LabelTaken)]);
    assert_eq!(after, state);
    // From another place it stands behind what was there.
    let place = Place::with("ANTHROPIC_API_KEY=sk-ant-api03-theirs\n");
    let found = dotenv_file::import(&place.path, &crate::testing::table(), None).unwrap().unwrap().found;
    let (after, _) = all(&state, &to_events(&found, PutMode::Bulk));
    let labels: Vec<_> = after.providers["anthropic"].entries.iter().map(|one| one.label.as_str()).collect();
    assert_eq!(labels, ["env:ANTHROPIC_API_KEY", "dotenv:ANTHROPIC_API_KEY"]);
}

#[test]
fn failure_23_a_cleared_key_does_not_come_back_from_the_environment_or_a_file() {
    let place = Place::with("MINIMAX_API_KEY=mm-1\n");
    let from_env = to_events(&import(&[("MINIMAX_API_KEY", "mm-1")]).found, PutMode::Bulk);
    let found = dotenv_file::import(&place.path, &crate::testing::table(), None).unwrap().unwrap().found;
    let from_file = to_events(&found, PutMode::Bulk);
    let (state, _) = all(&State::default(), &from_env);
    let (cleared, _) = all(&state, &[Event::Clear(Clear::Everything)]);
    for events in [from_env, from_file] {
        assert_eq!(all(&cleared, &events).1, [Verdict::Refused(Refusal::Cleared)]);
    }
}

#[test]
fn a_file_is_read_like_an_environment() {
    let place = Place::with(
        "# keys\nexport MINIMAX_API_KEY='mm-1'\nGROQ_API_KEY=gsk_old\nGROQ_API_KEY=\"gsk_new\"\nXAI_API_KEY=${OTHER}\n\
         OPENAI_API_KEY=\"a\\nb\"\nMISTRAL_API_KEY=\nDEEPSEEK_API_KEY=same\nDEEPSEEK_API_KEY=same\n",
    );
    let imported = dotenv_file::import(&place.path, &crate::testing::table(), None).unwrap().unwrap();
    let expected = [
        ("minimax", "dotenv:MINIMAX_API_KEY", true),
        ("deepseek", "dotenv:DEEPSEEK_API_KEY", true),
        ("groq", "dotenv:GROQ_API_KEY", true),
    ];
    assert_eq!(told(&imported.found), expected);
    assert!(matches!(&imported.found[2].material, Material::ApiKey(key) if key.expose_secret() == "gsk_new"));
    let path = fs::canonicalize(&place.path).unwrap().into_os_string().into_string().unwrap();
    assert_eq!(imported.found[0].source, Source::Dotenv { path, variable: "MINIMAX_API_KEY".to_owned() });
    let skipped: Vec<_> = imported.skipped.iter().map(|one| (one.what.as_str(), one.why.clone())).collect();
    let expected = [
        ("OPENAI_API_KEY", Why::Unusable(BadSecret::LineBreak)),
        ("XAI_API_KEY", Why::NotAKey(NotAKey::Reference)),
        ("GROQ_API_KEY on line 3", Why::SetAgain(4)),
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn report_1736_e_an_unreadable_file_is_an_error_and_never_an_empty_one() {
    let place = Place::with("");
    let read = || dotenv_file::read(&place.path).map_err(|error| error.kind);
    assert_eq!(read(), Ok(Some(Parsed::default())));
    fs::write(&place.path, b"KEY=sk-secret\xff").unwrap();
    assert_eq!(read(), Err(Unreadable::NotText.into()));
    let error = dotenv_file::read(&place.path).unwrap_err();
    assert!(!error.to_string().contains("sk-secret") && error.to_string().contains(".env"), "{error}");
    let wide: Vec<u8> = "KEY=sk-secret".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&place.path, wide).unwrap();
    assert_eq!(read(), Err(Unreadable::Utf16.into()));
    fs::remove_file(&place.path).unwrap();
    assert_eq!(read(), Ok(None));
    fs::create_dir(&place.path).unwrap();
    assert_eq!(read(), Err(Unreadable::Folder.into()));
}
