//! Real files of the documented shapes, and every way in which they can be broken.

mod broken;
mod linked;
mod reading;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credlatch_core::state::{Link, Material};
use credlatch_core::time::Stamp;
use tempfile::TempDir;

use super::*;
use crate::found::{Found, Imported};

/// A file in a folder of its own.
struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.json");
        Self { _folder: folder, path }
    }

    fn with(content: &str) -> Self {
        let place = Self::empty();
        fs::write(&place.path, content).unwrap();
        place
    }
}

fn read(tool: Tool, path: &Path) -> Result<Option<Imported>, ForeignError> {
    match tool {
        Tool::ClaudeCode => claude_code::read(path),
        Tool::Codex => codex::read(path),
        Tool::Hermes => hermes::read(path, &crate::testing::table()),
    }
}

fn found(tool: Tool, content: &str) -> Vec<Found> {
    read(tool, &Place::with(content).path).unwrap().unwrap().found
}

fn link(found: &Found) -> Link {
    let Material::Link(link) = &found.material else { panic!("{found:?} is no link") };
    link.clone()
}

fn jwt(claims: &str) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
}

fn at(wall_ms: u64) -> Stamp {
    Stamp { wall_ms, up_ms: 1, boot: 1 }
}

const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-AAA","refreshToken":"sk-ant-ort01-RRR",
    "expiresAt":1766925296000,"scopes":["user:inference"],"subscriptionType":"max"},"mcpOAuth":{}}"#;

fn codex_login(access: &str, account: Option<&str>, subject: &str) -> String {
    let account = account.map_or(String::new(), |id| format!(r#","account_id":"{id}""#));
    let id_token = jwt(&format!(r#"{{"sub":"{subject}","email":"a@b.example"}}"#));
    format!(
        r#"{{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{{"id_token":"{id_token}","access_token":"{access}",
        "refresh_token":"rt-RRR"{account}}},"last_refresh":"2025-12-28T12:34:56Z"}}"#
    )
}
