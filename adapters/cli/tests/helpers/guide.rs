//! The fenced blocks of the README and the guide, read from there, so that what is tried is what a reader copies.

use std::fs;
use std::path::Path;

/// One block: where it begins, its language, what the markers before it say, and its text.
pub(crate) struct Block {
    pub(crate) place: String,
    pub(crate) language: String,
    pub(crate) not_run: Vec<String>,
    pub(crate) text: String,
}

/// How a marker begins: a comment in the line before a block, which no reader of the page sees.
const MARKER: &str = "<!-- not run: ";

/// What each block holds that isn't for a shell, and no other block does. The test of that program takes it by this.
pub(crate) const CLAUDE_CODE: &str = "apiKeyHelper";
pub(crate) const CLAUDE_MCP: &str = "headersHelper";
pub(crate) const CODEX: &str = "[model_providers.";
pub(crate) const OPENCODE: &str = "const providers = [";
pub(crate) const GIT: &str = "[credential ";
pub(crate) const DOCKER: &str = "credHelpers";
pub(crate) const DOCKER_SCRIPT: &str = "helper docker";
pub(crate) const CARGO: &str = "[registries.";
pub(crate) const AWS: &str = "credential_process";
pub(crate) const KUBECTL: &str = "client.authentication.k8s.io";
pub(crate) const GATEWAY: &str = "\"id\": \"gateway\"";
pub(crate) const CRON: &str = "*/15 * * * *";
pub(crate) const SYSTEMD: &str = "[Service]";

pub(crate) const TRIED: [&str; 13] =
    [CLAUDE_CODE, CLAUDE_MCP, CODEX, OPENCODE, GIT, DOCKER, DOCKER_SCRIPT, CARGO, AWS, KUBECTL, GATEWAY, CRON, SYSTEMD];

/// All blocks of both documents.
pub(crate) fn blocks() -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |name: &str| read(name, &fs::read_to_string(root.join(name)).unwrap());
    ["README.md", "docs/guide.md"].into_iter().flat_map(read).collect()
}

/// The one block that holds this.
pub(crate) fn block(held: &str) -> String {
    let mut found = blocks().into_iter().filter(|block| block.text.contains(held));
    let first = found.next().unwrap_or_else(|| panic!("no block holds {held:?}"));
    assert!(found.next().is_none(), "more than one block holds {held:?}");
    first.text
}

fn read(name: &str, document: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut markers = Vec::new();
    let mut lines = document.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside = lines.by_ref().take_while(|(line, _)| *line != "```");
            let text = ended(inside.map(|(line, _)| line));
            let place = format!("{name}:{number}");
            blocks.push(Block { place, language: language.to_owned(), not_run: std::mem::take(&mut markers), text });
        } else if let Some(marker) = line.strip_prefix(MARKER) {
            markers.push(marker.trim_end_matches("-->").trim().to_owned());
        } else if !line.is_empty() {
            assert!(markers.is_empty(), "{name}:{number}: no block follows the marker");
        }
    }
    assert!(markers.is_empty(), "{name}: no block follows the last marker");
    blocks
}

/// The same lines, each with its end.
pub(crate) fn ended<'a>(all: impl Iterator<Item = &'a str>) -> String {
    all.flat_map(|line| [line, "\n"]).collect()
}
