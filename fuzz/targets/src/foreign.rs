//! Other tools' files: whatever is in them, reading says what it found or what is wrong, and quotes no secret.

use std::path::Path;

use credlatch::foreign::{Tool, parse};
use credlatch_core::state::{Material, Source};

use crate::mute::mute;

/// Where these files hold secrets.
const SECRET_FIELDS: &[&str] =
    &["accessToken", "refreshToken", "access_token", "refresh_token", "id_token", "OPENAI_API_KEY", "agent_key"];

/// Claude Code's file.
///
/// # Panics
/// If a promise is broken.
pub fn claude_code(bytes: &[u8]) {
    foreign(Tool::ClaudeCode, bytes);
}

/// Codex's file.
///
/// # Panics
/// If a promise is broken.
pub fn codex(bytes: &[u8]) {
    foreign(Tool::Codex, bytes);
}

/// Hermes' file.
///
/// # Panics
/// If a promise is broken.
pub fn hermes(bytes: &[u8]) {
    foreign(Tool::Hermes, bytes);
}

fn foreign(tool: Tool, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = parse(tool, Path::new("/home/person/login"), text, crate::memory().providers());
    mute(SECRET_FIELDS, bytes, &format!("{read:?}"));
    match read {
        Ok(imported) => {
            for found in &imported.found {
                let is_ours = match &found.source {
                    Source::ClaudeCode => tool == Tool::ClaudeCode,
                    Source::Codex => tool == Tool::Codex,
                    Source::Hermes(_) => tool == Tool::Hermes,
                    _ => false,
                };
                assert!(is_ours, "{:?} was found in a file of {tool}", found.source);
                // Two programs that spend one refresh token lose the login: a login is linked, or its owner is gone.
                let is_borrowed = tool != Tool::Hermes && matches!(found.material, Material::Oauth(_));
                assert!(!is_borrowed, "a login of {tool} was copied");
            }
            let skipped: Vec<String> = imported.skipped.iter().map(|skipped| skipped.why.to_string()).collect();
            mute(SECRET_FIELDS, bytes, &skipped.join("\n"));
        }
        Err(error) => {
            assert!(!error.remedy().is_empty());
            mute(SECRET_FIELDS, bytes, &error.to_string());
        }
    }
}
