//! What may come next on the command line, as a shell asks at a TAB. It creates nothing, opens no store that isn't there, and
//! says nothing else: what can't be told is left out.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use clap::{Arg, Command, CommandFactory, FromArgMatches};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter as _};
use clap_complete::env::Shells;
use credlatch::core::provider::Table;
use credlatch::{Latch, Profiles};

use crate::args::{Cli, Global};
use crate::output;

/// The variable in which a shell's script says which shell it is.
pub(crate) const ASKS: &str = "CREDLATCH_COMPLETE";

/// Answers a shell's script, if it was one that started this process: with the words of a command line after `--`.
pub(crate) fn answer(words: &[OsString]) -> bool {
    let Some(name) = std::env::var(ASKS).ok() else { return false };
    let [_, dashes, line @ ..] = words else { return false };
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&name).filter(|_| dashes == "--" && !line.is_empty()) else { return false };
    let mut answer = Vec::new();
    let place = std::env::current_dir().ok();
    if shell.write_complete(&mut knowing(line), line.to_vec(), place.as_deref(), &mut answer).is_ok() {
        let _ = output::write(&[&answer]);
    }
    true
}

/// The description of the command line, with what its arguments may be.
fn knowing(line: &[OsString]) -> Command {
    let line: Arc<[OsString]> = line.into();
    with_providers(Cli::command(), &line)
}

fn with_providers(command: Command, line: &Arc<[OsString]>) -> Command {
    let command = command.mut_args(|argument| with_values(argument, line));
    command.mut_subcommands(|command| with_providers(command, line))
}

fn with_values(argument: Arg, line: &Arc<[OsString]>) -> Arg {
    let values = match argument.get_id().as_str() {
        "provider" | "with" | "accept" => providers,
        "label" => labels,
        "profile" => profiles,
        "command" => commands,
        _ => return argument,
    };
    let line = Arc::clone(line);
    argument.add(ArgValueCompleter::new(move |begun: &OsStr| values(&line, begun)))
}

type Candidates = Vec<CompletionCandidate>;

fn providers(line: &[OsString], begun: &OsStr) -> Candidates {
    let Some(latch) = latch(line) else { return Vec::new() };
    let table = latch.providers();
    // The many that hardly anybody means are offered to whoever has begun to write one.
    let of_field = (!begun.is_empty()).then(|| table.field()).into_iter().flatten();
    words(table.providers().chain(of_field).map(|row| row.id.to_string()), begun)
}

/// Those of the providers that are named, or all.
fn labels(line: &[OsString], begun: &OsStr) -> Candidates {
    let is_there = |global: &Global| global.home().is_err() || global.home().is_ok_and(|home| home.is_dir());
    let Some(latch) = global(line).filter(is_there).and_then(|_| latch(line)) else { return Vec::new() };
    let Ok(status) = latch.status() else { return Vec::new() };
    let named = named(latch.providers(), line);
    let slots = status.state.providers.iter().filter(|(id, _)| named.is_empty() || named.contains(&id.to_string()));
    let labels = slots.flat_map(|(_, slot)| slot.entries.iter().map(|entry| entry.label.to_string()));
    words(labels, begun)
}

fn named(table: &Table, line: &[OsString]) -> Vec<String> {
    let words = line.iter().skip(1).filter_map(|word| word.to_str());
    words.filter_map(|word| table.resolve(word).ok()).map(|row| row.id.to_string()).collect()
}

fn profiles(line: &[OsString], begun: &OsStr) -> Candidates {
    let home = global(line).and_then(|global| global.home().ok()).filter(|home| home.is_dir());
    let profiles = home.and_then(|home| Profiles::open(home).ok()?.list().ok()).unwrap_or_default();
    words(profiles.iter().map(ToString::to_string), begun)
}

/// The programs that are found by name; after one of them, and where a path was begun, files.
fn commands(line: &[OsString], begun: &OsStr) -> Candidates {
    let after = line.iter().skip_while(|word| *word != "--").skip(1).count();
    if after > 1 || begun.as_encoded_bytes().contains(&b'/') {
        return PathCompleter::any().complete(begun);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let files = std::env::split_paths(&path).filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
    let is_program = |file: &std::fs::DirEntry| {
        let begins = file.file_name().as_encoded_bytes().starts_with(begun.as_encoded_bytes());
        let mode =
            || std::fs::metadata(file.path()).is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0);
        begins && mode()
    };
    words(files.filter(is_program).map(|file| file.file_name().to_string_lossy().into_owned()), begun)
}

/// Each once and in order. What a shell would read as more than a word is left out: it is put into a command line as it is, and
/// a label may come from a file of others.
fn words(all: impl Iterator<Item = String>, begun: &OsStr) -> Candidates {
    let is_word = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+,".contains(c));
    let begins = |word: &String| begun.to_str().is_some_and(|begun| word.starts_with(begun));
    let words: BTreeSet<_> = all.filter(|word| is_word(word) && begins(word)).collect();
    words.into_iter().map(CompletionCandidate::new).collect()
}

/// What the line says of the place, as far as it is written.
fn global(line: &[OsString]) -> Option<Global> {
    let matches = Cli::command().ignore_errors(true).try_get_matches_from(line).ok()?;
    Global::from_arg_matches(&matches).ok()
}

/// The profile; without the provider file where that can't be used.
fn latch(line: &[OsString]) -> Option<Latch> {
    let global = global(line)?;
    global.latch().or_else(|_| Global { providers: None, ..global.clone() }.latch()).ok()
}
