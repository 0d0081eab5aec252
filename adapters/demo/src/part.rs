//! What the demonstration's child processes do that `credlatch` has no command for. They find their store as it does, by
//! `CREDLATCH_HOME`, `CREDLATCH_PROFILE` and `CREDLATCH_PROVIDERS`.

use std::env;
use std::io::{self, Read};
use std::path::PathBuf;

use credlatch::core::port::Store;
use credlatch::file::FileStore;
use credlatch::{Latch, Profile, Secret, fingerprint};

use super::{naive, say};

/// The first argument of a child process; the second names what it does.
pub(super) const WORD: &str = "part";

/// Does it.
pub(super) fn play(name: &str) -> Result<(), String> {
    match name {
        "look" => look(),
        "hold" => hold(),
        "follow" => follow(),
        "naive-login" => naive::log_in(),
        "naive-token" => naive::token(),
        _ => Err("there is no such part".to_owned()),
    }
}

/// The profile that it was started for.
pub(super) fn latch() -> Result<Latch, String> {
    let builder = Latch::builder().home(home()?).profile(profile()?);
    let builder = match env::var_os("CREDLATCH_PROVIDERS") {
        Some(file) => builder.providers(PathBuf::from(file)),
        None => builder,
    };
    builder.open().map_err(text)
}

/// The directory of its store.
pub(super) fn home() -> Result<PathBuf, String> {
    env::var_os("CREDLATCH_HOME").map(PathBuf::from).ok_or_else(|| "CREDLATCH_HOME is not set".to_owned())
}

fn profile() -> Result<Profile, String> {
    env::var("CREDLATCH_PROFILE").map_or(Ok(Profile::default()), |name| Profile::new(&name).map_err(text))
}

/// Lists its environment: each name, and a digest of the value.
fn look() -> Result<(), String> {
    for (name, value) in env::vars() {
        // No key is printed, not even a made-up one: the parent compares digests.
        let digest = Secret::try_from(value).map_or_else(|_| "-".to_owned(), |value| fingerprint(&value).to_string());
        say(format!("{name} {digest}\n"))?;
    }
    Ok(())
}

/// Locks the store, and holds it until its standard input ends.
fn hold() -> Result<(), String> {
    let store = FileStore::new(&home()?, &profile()?);
    let _locked = store.lock(5_000).map_err(text)?;
    say("locked\n")?;
    // It ends by a kill; if the parent is gone, by itself.
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    Ok(())
}

/// Says how many minimax entries there are, again whenever it changes, until there are none.
fn follow() -> Result<(), String> {
    let latch = latch()?;
    let mut before = None;
    loop {
        let status = latch.status().map_err(text)?;
        let count = status.state.slot("minimax").map_or(0, |slot| slot.entries.len());
        if before.replace(count) != Some(count) {
            say(format!("{count}\n"))?;
        }
        if count == 0 {
            return Ok(());
        }
        std::thread::yield_now();
    }
}

pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
