//! Says what is new in a registry of providers, and in the programs under some directories:
//! `cargo run -p credlatch-tests --example registry -- FILE [DIR…]`. Exits with 1 if anything is.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use credlatch::Latch;
use credlatch_tests::registry::{Aside, News};

fn main() -> Result<ExitCode, String> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let file = arguments.next().ok_or("name a registry: a JSON file with a list `providers`")?;
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(&file).map_err(|error| failed(&error))?;
    let registry = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    let latch = Latch::in_memory();
    let (table, aside) = (latch.providers(), Aside::load().map_err(|error| error.to_string())?);
    let mut news = News::of_registry(table, &aside, &registry);
    for folder in arguments {
        news.add_programs(table, &aside, &folder)?;
    }
    write!(stdout(), "{news}").map_err(|error| error.to_string())?;
    Ok(ExitCode::from(u8::from(!news.is_empty())))
}
