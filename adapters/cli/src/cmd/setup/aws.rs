//! AWS clients: `credential_process` for one of their profiles.

use std::path::PathBuf;

use credlatch::plain_file;
use credlatch::setups::Program;
use zeroize::Zeroizing;

use super::change::{Change, Seen};
use super::recipe::Recipe;
use super::{Plan, file};
use crate::end::{Done, End};

const PROCESS: &str = "credential_process";
/// Each gets the profile another credential, which clients may prefer.
const OTHERS: [&str; 7] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "role_arn",
    "source_profile",
    "sso_session",
    "sso_start_url",
    "web_identity_token_file",
];

pub(super) fn plan(recipe: &Recipe<'_>, profile: &str) -> Done<Plan> {
    if profile.is_empty() || !profile.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+".contains(c)) {
        return Err(End::usage(
            "the name of the AWS profile has a character that its file has other uses for",
            "take letters, digits and -_.@+ only",
        ));
    }
    let seen = file(Program::Aws)?;
    no_keys(&seen, profile)?;
    let line = recipe.line(&recipe.words(&["helper", "aws", recipe.row.id.as_str()]));
    let by_hand = format!("mend that, or write this into the profile by hand: {PROCESS} = {line}");
    let text = edit(seen.text(), profile, &line).map_err(|why| seen.refused(&why, by_hand))?;
    Ok(Plan::new(vec![Change { seen, after: Some(Zeroizing::new(text)), mode: 0o600, ours: vec![line] }]))
}

/// Refuses if the file of credentials has keys for this profile: clients take those first.
fn no_keys(config: &Seen, profile: &str) -> Done {
    let named = std::env::var_os("AWS_SHARED_CREDENTIALS_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".aws/credentials"));
    let Some(path) = named.or_else(usual) else { return Ok(()) };
    let text = plain_file::read(&path).ok().flatten().unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let found = section(&lines, |name| name == profile).map_err(|why| config.refused(&why, "mend that"))?;
    let Some((_, inside)) = found else { return Ok(()) };
    if inside.into_iter().any(|at| OTHERS.contains(&key(lines[at]))) {
        let what = format!("is not the first that AWS clients look at: {} has keys for {profile}", path.display());
        return Err(config.refused(&what, "take them out there, then try again"));
    }
    Ok(())
}

fn edit(text: &str, profile: &str, line: &str) -> Result<String, String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let wanted = format!("{PROCESS} = {line}{end}");
    let is_it = |name: &str| match name.strip_prefix("profile") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim().trim_matches(['"', '\'']) == profile,
        _ => profile == "default" && name == "default",
    };
    let Some((header, inside)) = section(&lines, is_it)? else {
        let mut out = text.to_owned();
        if !out.is_empty() {
            out.push_str(if out.ends_with('\n') { end } else { "\n\n" });
        }
        let head = if profile == "default" { "[default]".to_owned() } else { format!("[profile {profile}]") };
        return Ok(format!("{out}{head}{end}{wanted}"));
    };
    if let Some(name) = inside.iter().map(|at| key(lines[*at])).find(|name| OTHERS.contains(name)) {
        return Err(format!("gets the profile {profile} another credential, by `{name}`"));
    }
    let mut processes = inside.iter().copied().filter(|at| key(lines[*at]) == PROCESS);
    let mut out: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    match (processes.next(), processes.next()) {
        (Some(_), Some(_)) => return Err(format!("names `{PROCESS}` twice for {profile}")),
        (Some(at), None) if lines[at].split_once('=').is_some_and(|(_, value)| value.trim() == line) => {}
        (Some(at), None) => out[at] = wanted,
        (None, _) => {
            // Below the last line that says something; blank lines keep the sections apart.
            let last = inside.iter().rev().find(|at| !lines[**at].trim().is_empty());
            let at = last.copied().unwrap_or(header) + 1;
            if !out[at - 1].ends_with('\n') {
                out[at - 1].push_str(end);
            }
            out.insert(at, wanted);
        }
    }
    Ok(out.concat())
}

/// Where a section begins, and the lines in it; none if there is no such section.
fn section(lines: &[&str], is_it: impl Fn(&str) -> bool) -> Result<Option<(usize, Vec<usize>)>, String> {
    let mut found: Option<(usize, Vec<usize>)> = None;
    let mut is_here = false;
    for (at, line) in lines.iter().enumerate() {
        if let Some(rest) = line.trim_start().strip_prefix('[') {
            let (name, _) = rest.split_once(']').ok_or_else(|| format!("can't be understood: line {}", at + 1))?;
            is_here = is_it(name.trim());
            if is_here && found.is_some() {
                return Err(format!("has two sections for `{}`", name.trim()));
            }
            if is_here {
                found = Some((at, Vec::new()));
            }
        } else if let Some((_, inside)) = found.as_mut().filter(|_| is_here) {
            inside.push(at);
        }
    }
    Ok(found)
}

/// The name of what a line sets; empty for what belongs to the line above, and for comments.
fn key(line: &str) -> &str {
    let is_none = line.starts_with([' ', '\t', '#', ';']);
    if is_none { "" } else { line.split_once('=').map_or("", |(name, _)| name.trim()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "credlatch helper aws forge";

    #[test]
    fn the_line_is_put_into_the_profiles_section_and_everything_else_stays() {
        let before =
            "# mine\n[default]\nregion = eu ; near\n\n[profile work]\ns3 =\n  max = 1\n\n[sso-session x]\na = b\n";
        let edited = edit(before, "work", LINE).unwrap();
        let wanted = format!("  max = 1\ncredential_process = {LINE}\n\n[sso");
        assert_eq!(edited, before.replace("  max = 1\n\n[sso", &wanted));
        assert_eq!(edit(&edited, "work", LINE).unwrap(), edited, "a second time");
        let added = edit(before, "other", LINE).unwrap();
        assert_eq!(added, format!("{before}\n[profile other]\ncredential_process = {LINE}\n"));
        let default = edit("[default]", "default", LINE).unwrap();
        assert_eq!(default, format!("[default]\ncredential_process = {LINE}\n"));
        let empty = edit("[profile work]\n[b]\n", "work", LINE).unwrap();
        assert_eq!(empty, "[profile work]\n[b]\n".replace("[b]", &format!("credential_process = {LINE}\n[b]")));
    }

    #[test]
    fn another_process_is_replaced_and_another_credential_is_refused() {
        let before = "[profile work]\ncredential_process = other --x\nregion = eu\n";
        assert_eq!(edit(before, "work", LINE).unwrap(), before.replace("other --x", LINE));
        for text in [
            "[profile work]\naws_access_key_id = hush\n",
            "[profile work]\nrole_arn = x\n",
            "[profile work]\n[profile work]\n",
            "[profile work\n",
            "[profile work]\ncredential_process = a\ncredential_process = b\n",
        ] {
            let why = edit(text, "work", LINE).unwrap_err();
            assert!(!why.contains("hush"), "{why}");
        }
    }
}
