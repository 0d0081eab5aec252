//! What is done with a store as a whole: moving it, taking it for one's own, another key for its seal.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// How sure a person is.
#[derive(Args, Default)]
pub(crate) struct Adopt {
    /// Where a move was cut off: the other store is gone for good, so it need not be asked
    #[arg(long)]
    pub(crate) alone: bool,
    /// Where a move was cut off: file with the key that the other store is sealed with, if it isn't the key of this one
    #[arg(long, value_name = "FILE")]
    pub(crate) other_seal_key: Option<PathBuf>,
}

/// From where to where.
#[derive(Args)]
pub(crate) struct Move {
    /// The store that it goes away from, as --store names it [default: the store that other commands use]
    #[arg(long, value_name = "URL")]
    pub(crate) from: Option<String>,
    /// The store that it comes to, as --store names it
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// File with the key that the store it goes away from is sealed with
    #[arg(long, value_name = "FILE")]
    pub(crate) from_seal_key: Option<PathBuf>,
    /// Move what is sealed into a store that is not: it lies there in plain text then
    #[arg(long)]
    pub(crate) plain_text: bool,
    /// Copy the API keys, and leave everything where it is; logins stay, because two stores can't both use one
    #[arg(long)]
    pub(crate) copy_keys: bool,
}

/// Another key.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Rekey {
    /// File with the new key; it is made if it isn't there
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) to: Option<PathBuf>,
    /// Command that prints the new key; a shell runs it
    #[arg(long, value_name = "COMMAND")]
    pub(crate) to_command: Option<String>,
    /// Entry of the system's key store with the new key; it is made if it isn't there
    #[arg(long, value_name = "NAME")]
    pub(crate) to_store: Option<String>,
}
