//! git: a section for each host, whose first helper is empty, so that no other is told the secret.

use credlatch::setups::Program;
use zeroize::Zeroizing;

use super::change::Change;
use super::recipe::Recipe;
use super::{Plan, file};
use crate::cmd::helper::Host;
use crate::end::{Done, End};

pub(super) fn plan(recipe: &Recipe<'_>, hosts: &[Host]) -> Done<Plan> {
    let own = &recipe.row.native_hosts;
    let names: Vec<String> = if hosts.is_empty() { own.clone() } else { hosts.iter().map(Host::text).collect() };
    if names.is_empty() {
        let what = format!("the row of {} names no host", recipe.row.id);
        return Err(End::usage(what, "name the one that git asks: --host git.example"));
    }
    let seen = file(Program::Git)?;
    let mut text = seen.text().to_owned();
    let mut ours = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let line = format!("!{}", recipe.line(&recipe.helper("git", None, hosts.get(at..=at).unwrap_or_default())));
        let by_hand =
            format!("write this into it by hand: git config --global credential.https://{name}.helper '{line}'");
        text = edit(&text, &format!("https://{name}"), &line).map_err(|why| seen.refused(&why, by_hand))?;
        ours.extend([line, name.clone()]);
    }
    Ok(Plan::new(vec![Change { seen, after: Some(Zeroizing::new(text)), mode: 0o600, ours }]))
}

/// One line of git's configuration, as far as it matters here.
#[derive(Debug, PartialEq)]
enum Line<'a> {
    /// `[section "subsection"]`
    Header(String, Option<String>),
    /// `name = value`
    Key(&'a str, &'a str),
    /// A comment, a blank line, the rest of a value.
    Other,
}

/// A section of credentials.
#[derive(Clone)]
struct Section {
    /// For which address; none for all hosts.
    url: Option<String>,
}

/// A line, and the section of credentials that it is in.
type Read<'a> = (Option<Section>, Line<'a>);

/// The text with the helper for this address, at the end: what is named later is asked later, and told the secret too.
fn edit(text: &str, url: &str, helper: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let read = read(&lines)?;
    let wanted = ["", helper];
    let mut found = Vec::new();
    let mut is_last = false;
    for (at, (section, line)) in read.iter().enumerate() {
        let (Some(section), Line::Key(name, value)) = (section, line) else { continue };
        if !name.eq_ignore_ascii_case("helper") {
            continue;
        }
        let is_own = section.url.as_deref().is_some_and(|sub| sub.trim_end_matches('/') == url);
        if is_own {
            found.push((at, unquoted(value)?));
        }
        // A section for all hosts, or for this one in another spelling, may be asked as well.
        is_last = is_own
            || (is_last && section.url.as_deref().is_some_and(|sub| !sub.contains('*') && !url.starts_with(sub)));
    }
    if is_last && found.iter().map(|(_, value)| value.as_str()).eq(wanted) {
        return Ok(text.to_owned());
    }
    let goes: Vec<usize> = found.into_iter().map(|(at, _)| at).collect();
    let mut out = String::with_capacity(text.len() + 200);
    for (at, line) in lines.iter().enumerate() {
        if !goes.contains(&at) && !is_emptied(&read, at, &goes) {
            out.push_str(line);
        }
    }
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str(end);
    }
    let helper = helper.replace('\\', "\\\\").replace('"', "\\\"");
    for line in [format!("[credential \"{url}\"]"), "\thelper =".to_owned(), format!("\thelper = \"{helper}\"")] {
        out.push_str(&line);
        out.push_str(end);
    }
    Ok(out)
}

/// Each line, with the section that it is in, if that is one of credentials.
fn read<'a>(lines: &[&'a str]) -> Result<Vec<Read<'a>>, String> {
    let mut section: Option<Section> = None;
    let mut goes_on = false;
    let mut all = Vec::new();
    for (at, text) in lines.iter().enumerate() {
        let text = text.trim();
        let is_comment = text.is_empty() || text.starts_with(['#', ';']);
        let was_begun = goes_on;
        goes_on = text.ends_with('\\') && (was_begun || !is_comment);
        let line = match text.strip_prefix('[') {
            _ if was_begun || is_comment => Line::Other,
            Some(rest) => {
                let (name, sub) = header(rest).ok_or_else(|| format!("can't be understood: line {}", at + 1))?;
                section = name.eq_ignore_ascii_case("credential").then(|| Section { url: sub.clone() });
                if name.to_ascii_lowercase().starts_with("credential.") {
                    return Err(format!("writes a section of credentials in git's oldest form, in line {}", at + 1));
                }
                Line::Header(name, sub)
            }
            None => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                if goes_on && section.is_some() {
                    return Err(format!("has a value of several lines about credentials, in line {}", at + 1));
                }
                Line::Key(name.trim(), value.trim())
            }
        };
        all.push((section.clone(), line));
    }
    Ok(all)
}

/// What stands in the brackets, of which this is the rest of the line, if nothing but a comment stands behind them.
fn header(rest: &str) -> Option<(String, Option<String>)> {
    let (name, after, sub) = match rest.split_once('"') {
        Some((name, tail)) if !name.contains(']') => {
            let mut sub = String::new();
            let mut chars = tail.chars();
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => sub.push(chars.next()?),
                    c => sub.push(c),
                }
            }
            (name.trim_end(), chars.as_str().strip_prefix(']')?, Some(sub))
        }
        _ => rest.split_once(']').map(|(name, after)| (name, after, None))?,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-.:/".contains(c);
    let after = after.trim();
    let is_fit = name.chars().all(is_name) && (after.is_empty() || after.starts_with(['#', ';']));
    is_fit.then(|| (name.to_owned(), sub))
}

/// A value without its quotation marks and comment.
fn unquoted(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' => out.push(chars.next().ok_or("has a helper of several lines")?),
            '#' | ';' if !is_quoted => break,
            c => out.push(c),
        }
    }
    Ok(if is_quoted || value.contains('"') { out } else { out.trim_end().to_owned() })
}

/// Whether a line is the header of a section that had nothing but what goes.
fn is_emptied(read: &[Read<'_>], at: usize, goes: &[usize]) -> bool {
    if !matches!(read[at].1, Line::Header(..)) {
        return false;
    }
    let inside = read[at + 1..].iter().take_while(|(_, line)| !matches!(line, Line::Header(..))).count();
    let mut inside = at + 1..=at + inside;
    !goes.is_empty() && inside.clone().any(|line| goes.contains(&line)) && inside.all(|line| goes.contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://git.example";
    const LINE: &str = "!credlatch helper git forge";
    const OURS: &str = "[credential \"https://git.example\"]\n\thelper =\n\thelper = \"!credlatch helper git forge\"\n";

    #[test]
    fn a_section_is_added_at_the_end_and_everything_else_stays() {
        for before in
            ["", "# mine\n[user]\n\tname = Ann # me\n", "[credential]\n\thelper = store\n", "[a]\n\tb = c \\\n[x]\n"]
        {
            let edited = edit(before, URL, LINE).unwrap();
            assert_eq!(edited, format!("{before}{OURS}"));
            assert_eq!(edit(&edited, URL, LINE).unwrap(), edited, "a second time");
        }
        assert_eq!(edit("[user]", URL, LINE).unwrap(), format!("[user]\n{OURS}"));
        assert!(edit("[user]\r\n", URL, LINE).unwrap().ends_with("forge\"\r\n"));
    }

    #[test]
    fn another_helper_of_the_host_is_replaced_and_what_else_its_section_says_stays() {
        let before = "[credential \"https://git.example\"]\n\tusername = ann\n\thelper = store\n[user]\n";
        let left = "[credential \"https://git.example\"]\n\tusername = ann\n[user]\n";
        assert_eq!(edit(before, URL, LINE).unwrap(), format!("{left}{OURS}"));
        let only = "[credential \"https://git.example/\"]\n\thelper = store\n[user]\n";
        assert_eq!(edit(only, URL, LINE).unwrap(), format!("[user]\n{OURS}"));
        let other = "[credential \"https://other.example\"]\n\thelper = store\n";
        assert_eq!(edit(other, URL, LINE).unwrap(), format!("{other}{OURS}"));
    }

    #[test]
    fn a_helper_for_all_hosts_that_comes_later_is_overtaken() {
        let all = "[credential]\n\thelper = store\n";
        assert_eq!(edit(&format!("{OURS}{all}"), URL, LINE).unwrap(), format!("{all}{OURS}"));
        let other = "[credential \"https://other.example\"]\n\thelper = store\n";
        let text = format!("{OURS}{other}");
        assert_eq!(edit(&text, URL, LINE).unwrap(), text);
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for text in [
            "[user",
            "[a] b = c\n",
            "[credential]\nhelper = a \\\n b\n",
            "[credential.https://git.example]\n",
            "[a \"b]\n",
        ] {
            assert!(edit(text, URL, LINE).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_that_needs_quoting_comes_back_as_it_was() {
        let line = r#"!'/a b/credlatch' helper git "x" \y"#;
        let edited = edit("", URL, line).unwrap();
        assert_eq!(edit(&edited, URL, line).unwrap(), edited);
    }
}
