//! A login that a tool keeps in the keychain of the system: its file is absent then, and that is no sign that nobody is
//! signed in. The keychain is not read: it asks whoever sits at the screen, for each program anew.

use std::fs;
use std::path::Path;

use super::Tool;
use super::error::{ForeignError, ForeignErrorKind};
use crate::found::Imported;

/// What an absent file means.
pub(super) fn absent(tool: Tool, path: &Path) -> Result<Option<Imported>, ForeignError> {
    if is_in_keychain(tool, path, cfg!(target_os = "macos")) {
        return Err(ForeignError::new(tool, path, ForeignErrorKind::InKeychain(tool)));
    }
    Ok(None)
}

/// Whether a tool whose file is absent keeps its login in a keychain: Claude Code does on a Mac, and Codex where its
/// configuration says so.
pub(super) fn is_in_keychain(tool: Tool, path: &Path, is_mac: bool) -> bool {
    match tool {
        Tool::ClaudeCode => is_mac,
        Tool::Codex => {
            let config = path.parent().and_then(|folder| fs::read_to_string(folder.join("config.toml")).ok());
            config.is_some_and(|text| says_keychain(&text))
        }
        Tool::Hermes => false,
    }
}

/// Whether Codex's configuration names a keychain as the place of its login, in the part before the first table.
fn says_keychain(config: &str) -> bool {
    let lines = config.lines().map(str::trim).take_while(|line| !line.starts_with('['));
    lines.filter_map(|line| line.split_once('=')).any(|(name, value)| {
        let value = value.split('#').next().unwrap_or_default().trim().trim_matches(['"', '\'']);
        name.trim() == "cli_auth_credentials_store" && ["keyring", "auto"].contains(&value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_in_the_keychain_is_told_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        assert!(is_in_keychain(Tool::ClaudeCode, &path, true));
        assert!(!is_in_keychain(Tool::ClaudeCode, &path, false));
        assert!(!is_in_keychain(Tool::Codex, &path, true) && !is_in_keychain(Tool::Hermes, &path, true));
        for (config, is_kept) in [
            ("cli_auth_credentials_store = \"keyring\"\n", true),
            ("model = \"x\"\ncli_auth_credentials_store='auto' # mine\n[tools]\n", true),
            ("cli_auth_credentials_store = \"file\"\n", false),
            ("# cli_auth_credentials_store = \"keyring\"\n", false),
            ("[profile]\ncli_auth_credentials_store = \"keyring\"\n", false),
        ] {
            fs::write(folder.path().join("config.toml"), config).unwrap();
            assert_eq!(is_in_keychain(Tool::Codex, &path, false), is_kept, "{config}");
            assert_eq!(absent(Tool::Codex, &path).is_err(), is_kept, "{config}");
        }
    }
}
