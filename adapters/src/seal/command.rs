//! A key that a command prints.

use std::io::Read;
use std::process::{Command, Stdio};

use credlatch_core::port::StoreError;
use zeroize::Zeroizing;

use super::source::{KeyBytes, sealed};
use crate::whole::whole;
use crate::{key_file, trusted};

/// What a command that prints a key inherits: if it asks us for a sealed store, it would be started again, and so on.
const ASKED: &str = "CREDLATCH_SEAL_KEY_ASKED";
/// More than any command prints that prints a key, in bytes.
const MOST_BYTES: usize = 1024;

/// The program that a command names by a relative path, and what follows it. A word that a shell would change is left alone.
fn relative_program(command: &str) -> Option<(&str, &str)> {
    let command = command.trim_start();
    let end = command.find(|c: char| c.is_ascii_whitespace() || ";&|".contains(c)).unwrap_or(command.len());
    let (program, rest) = command.split_at(end);
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,@%".contains(c);
    (program.contains('/') && !program.starts_with('/') && program.chars().all(is_plain)).then_some((program, rest))
}

/// Whether a command is another one in each directory.
pub(super) fn is_of_one_directory(command: &str) -> bool {
    relative_program(command).is_some()
}

/// The same command for whoever is in another directory.
pub(super) fn from_anywhere(command: String) -> String {
    match relative_program(&command) {
        Some((program, rest)) => format!("{}{rest}", trusted::quoted(&whole(program.into()))),
        None => command,
    }
}

/// The key that it prints.
pub(super) fn key(command: &str) -> Result<KeyBytes, StoreError> {
    let said = run(command).map_err(|why| {
        let remedy = "run it by hand, and mend what it says; it prints 64 hexadecimal digits";
        sealed(format!("the command for the seal's key {why}"), remedy)
    })?;
    key_file::parse(&said).ok_or_else(|| {
        let remedy = "it prints 64 hexadecimal digits, and nothing else, on its standard output";
        sealed("what the command for the seal's key prints is no key", remedy)
    })
}

/// What a command prints. It gets no input, and what it says of trouble goes where this process' errors go.
fn run(command: &str) -> Result<Zeroizing<String>, String> {
    if std::env::var_os(ASKED).is_some() {
        return Err("asks credlatch for a store that is sealed with the same key".to_owned());
    }
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).env(ASKED, "1");
    let mut child = shell.spawn().map_err(|error| format!("can't be run: {error}"))?;
    let mut said = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    let out = child.stdout.take().map(|out| out.take(MOST_BYTES as u64 + 1).read_to_end(&mut said));
    if said.len() > MOST_BYTES {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("can't be waited for: {error}"))?;
    if said.len() > MOST_BYTES {
        return Err("prints more than a key".to_owned());
    }
    if let Some(Err(error)) = out {
        return Err(format!("can't be read: {error}"));
    }
    if !status.success() {
        return Err(format!("failed: {status}"));
    }
    std::str::from_utf8(&said).map(|said| Zeroizing::new(said.to_owned())).map_err(|_| "printed no text".to_owned())
}

#[cfg(test)]
mod tests {
    use credlatch_core::port::StoreErrorKind;

    use super::*;
    use crate::seal::SealKeySource;

    #[test]
    fn a_program_that_is_named_by_a_relative_path_is_the_same_elsewhere() {
        let here = std::env::current_dir().unwrap();
        for (command, elsewhere) in [
            ("./k", format!("'{}'", here.join("k").display())),
            (" bin/k a ./b; c", format!("'{}' a ./b; c", here.join("bin/k").display())),
            ("./k|head -1", format!("'{}'|head -1", here.join("k").display())),
        ] {
            assert!(is_of_one_directory(command));
            assert_eq!(from_anywhere(command.to_owned()), elsewhere);
        }
        for same in ["/bin/k ./x", "cat key", "~/k", "$HOME/k", "A=b/c k", "'./k'", "pass show x/y", ""] {
            assert!(!is_of_one_directory(same), "{same}");
            assert_eq!(from_anywhere(same.to_owned()), same);
        }
    }

    #[test]
    fn a_command_s_words_are_no_part_of_an_error() {
        let error = key("echo not-a-key-but-secret; exit 3").unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Sealed);
        assert_eq!(error.what, "the command for the seal's key failed: exit status: 3");
        for much in ["yes", "yes | head -c 2000; exit 0"] {
            let error = key(much).unwrap_err();
            assert_eq!(error.what, "the command for the seal's key prints more than a key");
        }
        let command = "echo not-a-key-but-secret";
        let source = SealKeySource::Command(command.to_owned());
        assert!(!format!("{:?} {source}", key(command).unwrap_err()).contains("secret"));
    }
}
