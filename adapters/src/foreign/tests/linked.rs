//! Links are live: what another tool writes is what a request carries, and nobody else's login is.

use std::thread::sleep;
use std::time::Duration;

use super::*;

const END: u64 = 1_766_925_296_000;

fn linked(tool: Tool, content: &str) -> (Place, Link) {
    let place = Place::with(content);
    let found = read(tool, &place.path).unwrap().unwrap().found;
    let link = found.iter().find_map(|one| matches!(one.material, Material::Link(_)).then(|| link(one))).unwrap();
    (place, link)
}

#[test]
fn a_claude_login_is_usable_until_a_minute_before_its_end() {
    let (_place, link) = linked(Tool::ClaudeCode, CLAUDE);
    let usable = |now| live(Tool::ClaudeCode, &link, &at(now)).unwrap().usable;
    assert!(usable(END - 60_001));
    assert!(!usable(END - 60_000));
    assert!(!usable(END + 1));
    assert_eq!(live(Tool::ClaudeCode, &link, &at(1)).unwrap().expires_at_ms, Some(END));
}

#[test]
fn a_codex_login_ends_when_its_token_says() {
    let token = jwt(&format!(r#"{{"exp":{}}}"#, END / 1000));
    let (_place, link) = linked(Tool::Codex, &codex_login(&token, Some("acc-1"), "s"));
    assert_eq!(live(Tool::Codex, &link, &at(1)).unwrap().expires_at_ms, Some(END));
    let (_place, link) = linked(Tool::Codex, &codex_login("at-opaque", Some("acc-1"), "s"));
    assert_eq!(live(Tool::Codex, &link, &at(1)).unwrap().expires_at_ms, None);
}

#[test]
fn renewed_tokens_are_followed_and_another_account_is_refused() {
    let (place, link) = linked(Tool::Codex, &codex_login("at-1", None, "alice"));
    let reader = LinkReader::new(Tool::Codex, link);
    assert_eq!(reader.read(&at(1)).unwrap().access.expose_secret(), "at-1");
    fs::write(&place.path, codex_login("at-2", None, "alice")).unwrap();
    assert_eq!(reader.read(&at(1)).unwrap().access.expose_secret(), "at-2");
    fs::write(&place.path, codex_login("at-3", None, "mallory")).unwrap();
    assert_eq!(reader.read(&at(1)).unwrap_err().kind, ForeignErrorKind::OtherAccount);
    fs::write(&place.path, "{}").unwrap();
    assert_eq!(reader.read(&at(1)).unwrap_err().kind, ForeignErrorKind::SignedOut);
    fs::remove_file(&place.path).unwrap();
    assert_eq!(reader.read(&at(1)).unwrap_err().kind, ForeignErrorKind::SignedOut);
    fs::write(&place.path, codex_login("at-4", None, "alice")).unwrap();
    assert_eq!(reader.read(&at(1)).unwrap().access.expose_secret(), "at-4");
    assert!(!format!("{reader:?}").contains("at-4"));
}

#[test]
fn claude_names_the_organization_in_either_place_or_not_at_all() {
    let beside = |org: &str| CLAUDE.replace(r#""mcpOAuth""#, &format!(r#""organizationUuid":"{org}","mcpOAuth""#));
    let within = |org: &str| CLAUDE.replace(r#""scopes""#, &format!(r#""organizationUuid":"{org}","scopes""#));
    let (place, link) = linked(Tool::ClaudeCode, &beside("org-1"));
    let now = |content: &str| {
        fs::write(&place.path, content).unwrap();
        live(Tool::ClaudeCode, &link, &at(1)).map_err(|error| error.kind)
    };
    assert!(now(&within("org-1").replace("AAA", "BBB")).is_ok());
    assert_eq!(now(&within("org-2")), Err(ForeignErrorKind::OtherAccount));
    assert!(now(CLAUDE).is_ok(), "a file that names nobody can't contradict");
}

#[test]
fn a_hermes_link_follows_its_own_entry() {
    let entry = |id: &str, access: &str| {
        format!(
            r#"{{"id":"{id}","auth_type":"oauth","source":"device_code","access_token":"{access}","refresh_token":"r"}}"#
        )
    };
    let pool = |entries: &[String]| format!(r#"{{"credential_pool":{{"openai-codex":[{}]}}}}"#, entries.join(","));
    let (place, link) = linked(Tool::Hermes, &pool(&[entry("one", "at-1"), entry("two", "at-2")]));
    fs::write(&place.path, pool(&[entry("two", "at-2"), entry("one", "at-3")])).unwrap();
    assert_eq!(live(Tool::Hermes, &link, &at(1)).unwrap().access.expose_secret(), "at-3");
    fs::write(&place.path, pool(&[entry("two", "at-2")])).unwrap();
    assert_eq!(live(Tool::Hermes, &link, &at(1)).unwrap_err().kind, ForeignErrorKind::SignedOut);
}

#[test]
fn an_unchanged_file_is_read_once_and_a_changed_one_again() {
    let (place, link) = linked(Tool::Codex, &codex_login("at-1", None, "alice"));
    let reader = LinkReader::new(Tool::Codex, link);
    let first = reader.read(&at(1)).unwrap().access;
    assert_eq!(reader.read(&at(1)).unwrap().access.owners(), 1, "within a tick nothing is kept");
    sleep(Duration::from_millis(2_100));
    let second = reader.read(&at(1)).unwrap().access;
    let third = reader.read(&at(1)).unwrap().access;
    assert_eq!(second.expose_secret().as_ptr(), third.expose_secret().as_ptr(), "both are the one that was kept");
    assert_eq!(first, third);

    // Same length, same time of modification, same file: only what nobody can set tells.
    let modified = fs::metadata(&place.path).unwrap().modified().unwrap();
    fs::write(&place.path, codex_login("at-9", None, "alice")).unwrap();
    fs::File::options().write(true).open(&place.path).unwrap().set_modified(modified).unwrap();
    assert_eq!(reader.read(&at(1)).unwrap().access.expose_secret(), "at-9");
}

#[test]
fn the_tool_of_an_entry_is_told_by_its_source() {
    use credlatch_core::state::Source;
    assert_eq!(Tool::from_source(&Source::Codex), Some(Tool::Codex));
    assert_eq!(Tool::from_source(&Source::Hermes("manual".to_owned())), Some(Tool::Hermes));
    assert_eq!(Tool::from_source(&Source::Manual), None);
}
