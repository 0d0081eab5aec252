//! A store in SQLite, for any number of processes of one machine: `cargo run -p credlatch --example sqlite_store --features sqlite-example`.
//!
//! It opens a latch over a database, stores and reads a key, and has the suite look whether the store keeps its contract.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod act;
mod database;
mod store;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use credlatch::conformance::Suite;
use credlatch::store::StoreHome;
use credlatch::{Latch, Profile, Secret};

use database::Sqlite;

/// What is in it holds secrets, and SQLite makes its files as anybody's.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn main() -> Result<(), Box<dyn Error>> {
    let place = match std::env::var_os("SQLITE_STORE_EXAMPLE") {
        Some(place) => PathBuf::from(place),
        None => std::env::temp_dir().join(format!("credlatch-sqlite-{}", std::process::id())),
    };
    make_private(&place)?;
    let database = place.join("app.db");
    let program = std::env::current_exe()?;
    let home = Sqlite::new(database);
    let suite = Suite::new(|| Arc::new(home.clone()) as Arc<dyn StoreHome>)
        .filling(|_, is_full| home.fill(is_full).expect("the database takes a limit"))
        .processes(|| {
            let mut command = Command::new(&program);
            command.env("SQLITE_STORE_EXAMPLE", &place);
            command
        });
    if suite.serve() {
        return Ok(());
    }

    let latch = Latch::builder().stores(home.clone()).profile(Profile::new("work")?).open()?;
    latch.set("minimax", Secret::try_from("mm-made-up-1")?)?;
    println!("version {} is current", latch.current("minimax")?.version());

    let report = suite.run();
    println!("{report}");
    std::fs::remove_dir_all(&place)?;
    if report.is_kept() { Ok(()) } else { Err("the store breaks its contract".into()) }
}
