//! What the demo's child processes do.

use std::io::{self, Read};

use clap::ValueEnum;
use credlatch::core::port::Store;
use credlatch::file::FileStore;
use credlatch::{Error, Secret, fingerprint};

use super::naive;
use crate::args::Global;
use crate::end::Done;
use crate::output;

/// The parts that there are.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Part {
    /// Lists its environment: each name, and a digest of the value.
    Look,
    /// Locks the store, and holds it until its standard input ends.
    Hold,
    /// Says how many minimax entries there are, again whenever it changes, until there are none.
    Follow,
    /// Signs in the naive way.
    NaiveLogin,
    /// Gets a token the naive way.
    NaiveToken,
}

pub(crate) fn part(global: &Global, part: Part) -> Done {
    match part {
        Part::Look => look(),
        Part::Hold => hold(global),
        Part::Follow => follow(global),
        Part::NaiveLogin => naive::log_in(global),
        Part::NaiveToken => naive::token(global),
    }
}

fn look() -> Done {
    for (name, value) in std::env::vars() {
        // No key is printed, not even a made-up one: the parent compares digests.
        let digest = Secret::try_from(value).map_or_else(|_| "-".to_owned(), |value| fingerprint(&value).to_string());
        output::say(format!("{name} {digest}"))?;
    }
    Ok(())
}

fn hold(global: &Global) -> Done {
    let store = FileStore::new(&global.home()?, &global.profile()?);
    let _locked = store.lock(5_000).map_err(Error::from)?;
    output::say("locked")?;
    // It ends by a kill; if the parent is gone, by itself.
    let _ = io::stdin().lock().read_to_end(&mut Vec::new());
    Ok(())
}

fn follow(global: &Global) -> Done {
    let latch = global.latch()?;
    let mut before = None;
    loop {
        let status = latch.status()?;
        let count = status.state.slot("minimax").map_or(0, |slot| slot.entries.len());
        if before.replace(count) != Some(count) {
            output::say(count)?;
        }
        if count == 0 {
            return Ok(());
        }
        std::thread::yield_now();
    }
}
