//! Programs that run a command and take what it prints for their key: Claude Code's `apiKeyHelper`, Codex's command for a
//! provider's token, cargo's `token-from-stdout`. They take all of standard output, and a key only if the status is 0.

use crate::helper::said;
use crate::world::World;

#[test]
fn a_key_helper_prints_the_token_and_a_line_feed_and_nothing_else() {
    let world = World::new("tok-1");
    let output = world.ours(&["token", "forge"]).output().unwrap();
    assert_eq!(output.stdout, b"tok-1\n");
    assert_eq!(output.stderr, b"");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_key_helper_works_in_a_shell_as_claude_code_runs_it() {
    let world = World::new("tok-1");
    let mut shell = world.theirs("/bin/sh".as_ref(), &["-c", "credlatch token forge"]);
    let key = said(&mut shell);
    assert_eq!((key.out.trim(), key.err.as_str(), key.status), ("tok-1", "", 0));
}

#[test]
fn a_key_helper_that_has_no_key_prints_nothing_where_a_key_would_be_read() {
    let world = World::new("tok-1");
    world.say(&["token", "deepseek"]).failed(3, "no deepseek credential is stored");
    world.say(&["token", "nobody"]).failed(2, "no provider is called");
    std::fs::write(world.home.document(), "torn").unwrap();
    world.say(&["token", "forge"]).failed(6, "default.json");
}
