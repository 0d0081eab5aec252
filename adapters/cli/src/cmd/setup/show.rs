//! The difference that a person sees before a file is changed, without a secret in it.
//!
//! The lines around a change are shown too, and in a program's configuration any of them may hold a key. So what looks like
//! one is shown as `…`: by the name before it, and by its form.

use std::fmt::Write as _;
use std::ops::Range;

use credlatch::core::provider::Table;
use credlatch::core::scrub::may_be_secret;

use super::change::Change;
use super::diff::{Differing, differing};

/// Lines that are shown around a change.
const AROUND: usize = 3;
/// What stands in the place of a value that may be secret.
const HIDDEN: &str = "…";
/// Names of commands that hand out credentials, and of lists of them.
const COMMANDS: [&str; 4] = ["CREDENTIAL_PROVIDER", "CREDENTIAL_PROCESS", "CRED_HELPERS", "CREDS_STORE"];

/// The difference of one change, as `diff -u` shows it.
pub(super) fn difference(table: &Table, change: &Change) -> String {
    let path = change.seen.path.display();
    let (before, after) = (change.seen.text(), change.after.as_ref().map_or("", |text| text.as_str()));
    let name = |is_there: bool| if is_there { path.to_string() } else { "/dev/null".to_owned() };
    let mut out = format!("--- {}\n+++ {}\n", name(change.seen.text.is_some()), name(change.after.is_some()));
    let (old, new) = (masked(table, before, &change.ours), masked(table, after, &change.ours));
    for part in parts(differing(before, after)) {
        let (first, last) = (&part[0], &part[part.len() - 1]);
        let above = first.before.start.min(AROUND);
        let below = (old.len() - last.before.end).min(AROUND);
        let shown = |first: usize, last: usize| first - above..last + below;
        let (of_old, of_new) = (shown(first.before.start, last.before.end), shown(first.after.start, last.after.end));
        let _ = writeln!(out, "@@ -{} +{} @@", numbered(&of_old), numbered(&of_new));
        let mut at = of_old.start;
        for Differing { before, after } in &part {
            old[at..before.start].iter().for_each(|line| put(&mut out, ' ', line));
            old[before.clone()].iter().for_each(|line| put(&mut out, '-', line));
            new[after.clone()].iter().for_each(|line| put(&mut out, '+', line));
            at = before.end;
        }
        old[at..of_old.end].iter().for_each(|line| put(&mut out, ' ', line));
    }
    out
}

fn put(out: &mut String, sign: char, line: &str) {
    let _ = writeln!(out, "{sign}{line}");
}

/// What differs, in parts that are shown together because the lines around them would meet.
fn parts(all: Vec<Differing>) -> Vec<Vec<Differing>> {
    let mut parts: Vec<Vec<Differing>> = Vec::new();
    for one in all {
        let is_near =
            |part: &Vec<Differing>| part.last().is_some_and(|last| one.before.start - last.before.end <= 2 * AROUND);
        match parts.last_mut().filter(|part| is_near(part)) {
            Some(part) => part.push(one),
            None => parts.push(vec![one]),
        }
    }
    parts
}

/// The lines of a range as `diff -u` counts them.
fn numbered(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// The lines of a text, in which `…` stands for each value that may be secret, but for what is ours.
fn masked(table: &Table, text: &str, ours: &[String]) -> Vec<String> {
    let mut at = At::default();
    text.lines().map(|line| at.line(table, line, ours)).collect()
}

/// What was read of a text so far: a value may stand some lines below its name.
#[derive(Default)]
struct At {
    name: String,
    has_value: bool,
    brackets: usize,
}

impl At {
    fn line(&mut self, table: &Table, line: &str, ours: &[String]) -> String {
        if self.has_value && self.brackets == 0 {
            self.name.clear();
        }
        let mut out = String::new();
        let mut rest = line;
        let mut before = ",";
        while !rest.is_empty() {
            let (part, kind) = first(rest);
            rest = &rest[part.len()..];
            if kind == Lexeme::Between {
                self.pass(part);
                out.push_str(part);
                before = if part.trim().is_empty() { before } else { part };
                continue;
            }
            let bare = part.trim_matches(['"', '\'']);
            let may_be_name = self.name.is_empty() || before.contains([',', '{', '}']);
            if may_be_name && is_name(rest) {
                bare.clone_into(&mut self.name);
                (self.has_value, self.brackets) = (false, 0);
                out.push_str(part);
            } else {
                self.has_value |= !is_told(bare);
                let quote = if kind == Lexeme::Quoted { &part[..1] } else { "" };
                let is_ours = ours.iter().any(|own| own.contains(bare));
                let is_hidden =
                    !is_told(bare) && (is_secret_by(table, &self.name) || !is_ours && may_be_secret(table, "", bare));
                before = "";
                if is_hidden {
                    out.extend([quote, HIDDEN, quote]);
                } else {
                    out.push_str(part);
                }
            }
        }
        out
    }

    /// What stands between: in a list all values have one name, and an object begins new names.
    fn pass(&mut self, between: &str) {
        for c in between.chars() {
            match c {
                '[' => self.brackets += 1,
                ']' => self.brackets = self.brackets.saturating_sub(1),
                '{' | '}' => *self = Self::default(),
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lexeme {
    Quoted,
    Word,
    Between,
}

/// The first part of a line: a string with its quotation marks, a word, or what stands between.
fn first(text: &str) -> (&str, Lexeme) {
    let is_between = |c: char| c.is_whitespace() || "=,[]{}()".contains(c);
    let begin = text.chars().next().unwrap_or_default();
    if begin == '"' || begin == '\'' {
        let mut is_escaped = false;
        let end = text.char_indices().skip(1).find(|(_, c)| {
            let closes = *c == begin && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            closes
        });
        return (&text[..end.map_or(text.len(), |(at, _)| at + 1)], Lexeme::Quoted);
    }
    if begin == ':' {
        return (&text[..1], Lexeme::Between);
    }
    if is_between(begin) {
        return (&text[..text.find(|c| !is_between(c)).unwrap_or(text.len())], Lexeme::Between);
    }
    // A colon ends a name where a blank or nothing follows, as in YAML; in an address it doesn't.
    let ends_name = |at: usize| text[at + 1..].chars().next().is_none_or(char::is_whitespace);
    let ends = |(at, c): &(usize, char)| is_between(*c) || (*c == ':' && ends_name(*at));
    (&text[..text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)], Lexeme::Word)
}

/// Whether what follows makes a part the name of a value.
fn is_name(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with(':') || rest.starts_with('=')
}

/// What is a word of the format, and nobody's secret.
fn is_told(value: &str) -> bool {
    matches!(value, "" | "-" | "true" | "false" | "null" | "|" | "|-" | ">" | ">-" | "#")
}

/// Whether whatever has this name is taken for a secret. A command and an address say more to whoever sees them, and are
/// judged by their form.
fn is_secret_by(table: &Table, name: &str) -> bool {
    let name = in_words(name);
    let name = name.strip_suffix("_DATA").unwrap_or(&name);
    let is_told = COMMANDS.contains(&name) || name.ends_with("BASE_URL");
    !is_told && (may_be_secret(table, name, "x") || name.ends_with("TOKEN") || name.contains("AUTH"))
}

/// `camelCase` and `kebab-case` as `CAMEL_CASE`, as variables are spelled.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    let mut was_small = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && was_small {
            words.push('_');
        }
        was_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        words.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::change::Seen;
    use super::*;

    fn shown(text: &str) -> String {
        let latch = credlatch::Latch::in_memory();
        masked(latch.providers(), text, &["credlatch helper claude anthropic".to_owned()]).join("\n")
    }

    fn changed(before: &str, after: &str) -> String {
        let seen = Seen { path: "/x".into(), text: Some(before.to_owned().into()), mode: None };
        let change = Change { seen, after: Some(after.to_owned().into()), mode: 0o600, ours: Vec::new() };
        let shown = difference(credlatch::Latch::in_memory().providers(), &change);
        shown.strip_prefix("--- /x\n+++ /x\n").unwrap().to_owned()
    }

    #[test]
    fn a_difference_is_shown_as_diff_shows_it() {
        let ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
        for (before, after, expected) in [
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n".to_owned()),
            ("a\n", "", "@@ -1 +0,0 @@\n-a\n".to_owned()),
            ("a", "a\nb\n", "@@ -1 +1,2 @@\n-a\n+a\n+b\n".to_owned()),
            (ten, &ten.replace('5', "five"), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n".to_owned()),
            (ten, &format!("0\n{ten}"), "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n".to_owned()),
            (ten, &format!("{ten}11\n"), "@@ -8,3 +8,4 @@\n 8\n 9\n 10\n+11\n".to_owned()),
            (
                ten,
                &ten.replace("1\n2", "2").replace("9\n", ""),
                "@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4\n@@ -6,5 +5,4 @@\n 6\n 7\n 8\n-9\n 10\n".to_owned(),
            ),
            (
                ten,
                &ten.replace("2\n", "").replace("9\n", ""),
                format!("@@ -1,10 +1,8 @@\n 1\n-2\n{}-9\n 10\n", " 3\n 4\n 5\n 6\n 7\n 8\n"),
            ),
        ] {
            assert_eq!(changed(before, after), expected);
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown_in_whatever_format() {
        for (line, expected) in [
            (r#"  "ANTHROPIC_API_KEY": "hush","#, r#"  "ANTHROPIC_API_KEY": "…","#),
            (r#"{"env":{"apiKey":"hush","model":"large"}}"#, r#"{"env":{"apiKey":"…","model":"large"}}"#),
            (r#""auths": {"reg.example": {"auth": "hush=="}}"#, r#""auths": {"reg.example": {"auth": "…"}}"#),
            (r#"  "identitytoken": "hush""#, r#"  "identitytoken": "…""#),
            ("token = \"hush\" # mine", "token = \"…\" # …"),
            ("aws_secret_access_key = hush/hush", "aws_secret_access_key = …"),
            ("    client-key-data: hush==", "    client-key-data: …=="),
            ("    refresh-token: hush", "    refresh-token: …"),
            ("\tpassword = two words", "\tpassword = … …"),
            ("url = https://me:hush@host/x", "url = …"),
            ("  MIIEowIBAAKCAQEAwJ7Xk3QmZbT9vLpYhRfNgXsCeUaKoIqMzBtYwD", "  …"),
            ("keys = [\"hush-1\", \"hush-2\"]", "keys = [\"…\", \"…\"]"),
            ("keys = [\n  \"hush\",\n  \"hush\",\n]\nx = 1", "keys = [\n  \"…\",\n  \"…\",\n]\nx = 1"),
            ("password:\n  hush\nname: x", "password:\n  …\nname: x"),
            ("password: |\n  hush\nname: x", "password: |\n  …\nname: x"),
            ("- token: hush", "- token: …"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }

    #[test]
    fn all_else_is_shown_as_it_is() {
        for line in [
            r#"  "model": "claude-sonnet-4-5","#,
            "[registries.local]",
            "index = \"sparse+https://crates.example/index/\"",
            "    server: https://cluster.example:6443",
            "\tusername = ann",
            "[profile work]",
            "region = eu-central-1 ; near",
            r#"{"apiKeyHelper": "credlatch helper claude anthropic"}"#,
            "",
        ] {
            assert_eq!(shown(line), line);
        }
    }
}
