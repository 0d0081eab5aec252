//! What is known to be harmless.

use std::cmp::Ordering;

/// Whether a variable may pass where only harmless ones do.
pub(super) fn is_harmless(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_listed = HARMLESS.contains(&name.as_str());
    let is_locale = ["LC_", "XDG_", "CREDLATCH_"].iter().any(|begin| name.starts_with(begin));
    let is_proxy = PROXIES.contains(&name.as_str()) && !has_user(value);
    is_listed || is_locale || is_proxy
}

/// Whether a value has a user name before its host, as a proxy's may.
fn has_user(value: &str) -> bool {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = &authority[..authority.find(['/', '?', '#']).unwrap_or(authority.len())];
    authority.contains('@')
}

const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"];

#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    // Who, where, and how to find programs.
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "HOSTNAME", "SHLVL", "TMPDIR", "TMP", "TEMP",
    // How to talk to a person.
    "LANG", "LANGUAGE", "TZ", "TERM", "TERMINFO", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLUMNS", "LINES",
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "EDITOR", "VISUAL", "PAGER", "DISPLAY", "WAYLAND_DISPLAY",
    // Whom to trust on the network, and where one is.
    "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "AWS_REGION", "AWS_DEFAULT_REGION", "CI",
    // Without these, few programs start on Windows.
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "USERDOMAIN", "HOMEDRIVE",
    "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "OS",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "COMPUTERNAME",
];

/// Variables of tools and clouds that neither hold, redirect nor bill a credential, though they begin like those that do and
/// no word in them says so: read in the tools' documentation and releases. One a line, sorted.
const OF_FAMILIES: &str = include_str!("harmless.txt");

/// Whether a name, in capitals, is one of those.
pub(super) fn is_a_familys(name: &str) -> bool {
    has_line(OF_FAMILIES, name)
}

/// Whether a text of sorted lines has this one, found by halving what is left of it.
fn has_line(sorted: &str, wanted: &str) -> bool {
    let (mut begin, mut end) = (0, sorted.len());
    while begin < end {
        let middle = begin.midpoint(end);
        let from = sorted[begin..middle].rfind('\n').map_or(begin, |at| begin + at + 1);
        let to = sorted[middle..end].find('\n').map_or(end, |at| middle + at);
        match wanted.cmp(&sorted[from..to]) {
            Ordering::Less => end = from,
            Ordering::Equal => return true,
            Ordering::Greater => begin = end.min(to + 1),
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;
    use crate::provider::tests::built_in;

    #[test]
    fn every_line_is_found_and_nothing_between_two() {
        for lines in ["", "B", "B\n", "B\nD\nFF\n", "B\nD\nFF", OF_FAMILIES] {
            for line in lines.lines() {
                assert!(has_line(lines, line), "{line:?} in {lines:?}");
                for other in [format!("{line}!"), line[1..].to_owned(), format!("{line}\n")] {
                    assert_eq!(
                        has_line(lines, &other),
                        lines.lines().any(|known| known == other),
                        "{other:?} in {lines:?}"
                    );
                }
            }
            assert!(!["", "A", "Z", "\n"].into_iter().any(|other| has_line(lines, other)), "{lines:?}");
        }
    }

    #[test]
    fn each_line_says_something_and_nothing_of_a_provider() {
        let lines: Vec<&str> = OF_FAMILIES.lines().collect();
        assert!(lines.is_sorted_by(|one, next| one < next));
        let table = built_in();
        for name in lines {
            assert_eq!(name, name.to_ascii_uppercase());
            assert!(name.is_ascii(), "{name} may not be halved anywhere");
            assert!(!table.providers().flat_map(Provider::all_names).any(|known| known == name), "{name}");
        }
    }
}
