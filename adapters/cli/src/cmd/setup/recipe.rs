//! The command line that a program is to call, as words and in the quoting of a shell.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use credlatch::{Provider, SealKeySource};

use crate::args::Global;
use crate::cmd::helper::Host;
use crate::end::{Done, End};

/// What a recipe is made of.
pub(super) struct Recipe<'a> {
    /// The provider whose credential it asks for.
    pub(super) row: &'a Provider,
    /// How the program is called: `credlatch`, or its whole path where that isn't found by name.
    pub(super) program: String,
    /// The profile, if it isn't the default one.
    pub(super) profile: Option<String>,
    /// The options that name the store and its key: those that were typed. What comes from a variable is expected to be set where the
    /// program runs, as in the guide.
    place: Vec<String>,
}

impl<'a> Recipe<'a> {
    pub(super) fn new(global: &Global, row: &'a Provider) -> Done<Self> {
        let profile = global.profile().as_str().to_owned();
        let profile = (profile != "default").then_some(profile);
        let mut place = Vec::new();
        for (option, value, is_inherited) in [
            ("--home", global.home.as_deref().map(whole), global.inherited.home),
            ("--store", global.store.as_deref().map(whole_url), global.inherited.store),
            ("--providers", global.providers.as_deref().map(whole), global.inherited.providers),
            ("--seal-key", global.seal_key.as_deref().map(whole), false),
            ("--seal-key-command", global.seal_key_command.clone().map(whole_command), false),
            ("--seal-key-store", global.seal_key_store.clone().map(plain), false),
        ] {
            if let Some(value) = value.filter(|_| !is_inherited) {
                place.extend([option.to_owned(), value?]);
            }
        }
        Ok(Self { row, program: program()?, profile, place })
    }

    /// The words after the program's name: `before`, then what names the profile and the store.
    pub(super) fn words(&self, before: &[&str]) -> Vec<String> {
        let profile = self.profile.iter().flat_map(|name| ["--profile".to_owned(), name.clone()]);
        before.iter().map(|word| (*word).to_owned()).chain(profile).chain(self.place.iter().cloned()).collect()
    }

    /// The words of a helper's call.
    pub(super) fn helper(&self, client: &str, username: Option<&str>, hosts: &[Host]) -> Vec<String> {
        let mut before = vec!["helper".to_owned(), client.to_owned(), self.row.id.to_string()];
        before.extend(username.iter().flat_map(|name| ["--username".to_owned(), (*name).to_owned()]));
        before.extend(hosts.iter().flat_map(|host| ["--host".to_owned(), host.text()]));
        self.words(&before.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The whole line, as a shell takes it.
    pub(super) fn line(&self, words: &[String]) -> String {
        std::iter::once(&self.program).chain(words).map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    /// Whether the program is found by its name.
    pub(super) fn is_found(&self) -> bool {
        self.program == NAME
    }
}

/// The name of this program.
const NAME: &str = "credlatch";

/// `credlatch`, if that is what a search for it finds, or the whole path of this program.
fn program() -> Done<String> {
    let own = std::env::current_exe().map_err(|error| {
        End::other(format!("this program's own path isn't known: {error}"), "start it by its whole path")
    })?;
    let same = |path: &Path| Some(fs::metadata(path).ok()?).map(|meta| (meta.dev(), meta.ino()));
    let found = found(NAME, &std::env::var_os("PATH").unwrap_or_default());
    if found.is_some_and(|found| same(&found) == same(&own)) { Ok(NAME.to_owned()) } else { text(own.into_os_string()) }
}

/// Where a program is found by its name.
pub(super) fn found(name: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn whole(path: &Path) -> Done<String> {
    text(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).into_os_string())
}

/// A store's URL, in which a path may be relative to this directory.
fn whole_url(url: &str) -> Done<String> {
    match url.strip_prefix("hermes:") {
        Some(path) => Ok(format!("hermes:{}", whole(Path::new(path))?)),
        None => Ok(url.to_owned()),
    }
}

fn text(path: OsString) -> Done<String> {
    path.into_string().map_err(|_| unfit()).and_then(plain)
}

/// The command for the seal's key, as it is in every directory.
fn whole_command(command: String) -> Done<String> {
    match SealKeySource::Command(command).whole()? {
        SealKeySource::Command(command) => plain(command),
        _ => Err(unfit()),
    }
}

fn plain(text: String) -> Done<String> {
    if text.chars().any(char::is_control) { Err(unfit()) } else { Ok(text) }
}

fn unfit() -> End {
    End::usage(
        "what would be written is not plain text",
        "use a path or a command that is text in UTF-8 and has no line break",
    )
}

/// A word as a shell takes it.
pub(in crate::cmd) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_each_word_as_it_is() {
        for (word, quoted_word) in [
            ("git.example:8443", "git.example:8443"),
            ("/a b/$x", "'/a b/$x'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
            ("[::1]:5", "'[::1]:5'"),
        ] {
            assert_eq!(quoted(word), quoted_word);
        }
    }
}
