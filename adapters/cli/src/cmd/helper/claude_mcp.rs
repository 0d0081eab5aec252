//! Claude Code's `headersHelper` for an MCP server: the server's address in a variable, one JSON object of headers out.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{Global, Grant};
use crate::cmd::fresh::stored;
use crate::end::{Done, End};
use crate::output;

/// Where Claude Code puts the address of the server that it is about to ask.
const VARIABLE: &str = "CLAUDE_CODE_MCP_SERVER_URL";

pub(super) fn claude_mcp(global: &Global, grant: &Grant) -> Done {
    let address = std::env::var(VARIABLE).map_err(|_| {
        End::usage(
            format!("{VARIABLE} doesn't say which server the token is for, so it was not handed out"),
            "name this helper as `headersHelper` of an MCP server in Claude Code's configuration; \
             at a shell, use `credlatch token PROVIDER`",
        )
    })?;
    let latch = global.latch()?;
    if !super::may_go_to(global, &latch, grant, &address)? {
        // The protocol has no word for nothing. After a failure Claude Code asks the server without a credential.
        return Err(End::Quiet(1));
    }
    let credential = stored(&latch, &grant.of.provider)?;
    output::write(&[answer(credential.expose_secret()).as_bytes(), b"\n"])
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Headers<'a> {
    authorization: &'a str,
}

/// A bearer, which is what MCP's own authorization sends with each request.
fn answer(token: &str) -> Zeroizing<String> {
    let bearer = Zeroizing::new(format!("Bearer {token}"));
    Zeroizing::new(serde_json::to_string(&Headers { authorization: &bearer }).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_published_form() {
        assert_eq!(*answer("tok-1"), r#"{"Authorization":"Bearer tok-1"}"#);
        assert_eq!(*answer("a\"b\\"), r#"{"Authorization":"Bearer a\"b\\"}"#);
    }
}
