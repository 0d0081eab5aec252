//! A secret appears in a protocol's own answer and nowhere else.

use crate::helper::said;
use crate::world::{World, fed};

/// In every secret of this test.
const MARK: &str = "hush-0123456789abcdef";

#[test]
fn a_helper_shows_no_secret_but_in_its_answer() {
    let world = World::new(&format!("k-{MARK}"));
    let mut all = vec![];
    let lines = format!("protocol=https\nhost=forge.example\nusername=x\npassword=p-{MARK}\n");
    let login = format!(r#"{{"ServerURL":"forge.example","Username":"x","Secret":"p-{MARK}"}}"#);
    let index = r#""registry":{"index-url":"sparse+https://evil.example/"}"#;
    let cargo =
        format!(r#"{{"v":1,"kind":"login",{index},"token":"p-{MARK}","args":["helper","cargo","forge","{MARK}"]}}"#);
    for json in [&[][..], &["--json"]] {
        let ask = |args: &[&str], input: &str| fed(world.ours(&[&["helper"], json, args].concat()), input);
        for (operation, input) in [
            ("get", lines.replace("forge.example", "evil.example")),
            ("get", lines.replace("https", MARK)),
            ("get", format!("host={MARK}@evil.example\n")),
            ("store", lines.clone()),
            ("erase", lines.clone()),
            (MARK, lines.clone()),
        ] {
            all.push(ask(&["git", "forge", operation], &input));
        }
        all.push(ask(&["git", MARK, "get"], &lines));
        for (operation, input) in [
            ("get", format!("https://u:{MARK}@forge.example")),
            ("get", format!("{MARK} {MARK}")),
            ("store", login.clone()),
            ("store", login.replace(['{'], "")),
            ("erase", format!("https://u:{MARK}@forge.example")),
            ("list", MARK.to_owned()),
            (MARK, String::new()),
        ] {
            all.push(ask(&["docker", "forge", operation], &input));
        }
        for input in [&cargo, &cargo[..cargo.len() - 2], &cargo.replace("\"v\":1", "\"v\":2")] {
            all.push(ask(&["cargo", "forge"], &format!("{input}\n")));
        }
        all.push(ask(&["aws", "forge"], ""));
        for request in
            [format!("{{{MARK}"), format!(r#"{{"apiVersion":"{MARK}","spec":{{"cluster":{{"server":"x"}}}}}}"#)]
        {
            all.push(said(world.ours(&["helper", "kubectl", "forge"]).env("KUBERNETES_EXEC_INFO", request)));
        }
        // People write keys into addresses of MCP servers too.
        for address in [format!("https://evil.example/{MARK}?key={MARK}"), format!("https://u:{MARK}@forge.example")] {
            let mut claude = world.ours(&[&["helper"], json, &["claude-mcp", "forge"]].concat());
            all.push(said(claude.env("CLAUDE_CODE_MCP_SERVER_URL", address)));
        }
    }
    all.push(fed(world.ours(&["--cargo-plugin"]), &format!("{cargo}\n")));
    assert_eq!(world.token(), format!("k-{MARK}"), "and nothing of it changed what is stored");
    for said in &all {
        assert!(!said.out.contains(MARK) && !said.err.contains(MARK), "{}{}", said.out, said.err);
    }
}
