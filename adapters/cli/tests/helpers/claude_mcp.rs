//! Claude Code's `headersHelper` for an MCP server, run by a shell as Claude Code runs it. Claude Code itself, which asks its maker
//! too, is tried where no network is: `tests/clients/mcp.py`.

use serde_json::{Value, json};

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::world::World;

/// What the guide says of the server: its address, and the helper's line.
fn configured() -> (String, String) {
    let block: Value = serde_json::from_str(&block(guide::CLAUDE_MCP)).unwrap();
    let text = |name: &str| block["mcpServers"]["NAME"][name].as_str().unwrap().to_owned();
    (text("url"), text("headersHelper"))
}

/// Asks with the guide's line, for a server at this address.
fn asked(world: &World, address: &str) -> Said {
    let mut shell = world.theirs("/bin/sh".as_ref(), &["-c", &configured().1]);
    said(shell.env("CLAUDE_CODE_MCP_SERVER_NAME", "NAME").env("CLAUDE_CODE_MCP_SERVER_URL", address))
}

#[test]
fn an_mcp_server_that_the_line_names_gets_what_is_stored_as_a_bearer() {
    let world = World::new("tok-1");
    let (address, _) = configured();
    for own in [address.as_str(), "https://forge.example/other/mcp"] {
        let got = asked(&world, own);
        assert_eq!((got.status, got.json()), (0, json!({"Authorization": "Bearer tok-1"})), "{}", got.err);
        assert_eq!(got.err, "");
    }
}

#[test]
fn an_mcp_server_elsewhere_gets_nothing_and_a_person_is_told() {
    let world = World::new("tok-1");
    for (address, told) in [
        ("https://evil.example/mcp", "evil.example is not a host of forge"),
        ("https://mcp.example:8443/mcp", "--host mcp.example:8443"),
        ("http://mcp.example/mcp", "was not handed out"),
        ("", "was not handed out"),
    ] {
        let got = asked(&world, address);
        assert!(got.status == 1 && got.out.is_empty() && got.err.contains(told), "{address}: {}{}", got.out, got.err);
    }
}

#[test]
fn without_an_address_nothing_is_handed_out() {
    let world = World::new("tok-1");
    world.say(&["helper", "claude-mcp", "forge"]).failed(2, "CLAUDE_CODE_MCP_SERVER_URL");
}
