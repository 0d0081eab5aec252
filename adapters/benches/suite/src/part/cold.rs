//! A cold process that prints a good token, beside one that does nothing.

use std::process::{Command, Stdio};

use crate::case::{Case, measure};
use crate::row::Row;
use crate::store::{self, LOGIN};
use crate::{Failure, Setup};

const GROUP: &str = "a cold process";

pub fn run(setup: &Setup) -> Result<Vec<Row>, Failure> {
    let case = "credlatch token, a login far from its end";
    if !setup.program.is_file() {
        let why = "the command isn't built: `cargo build --release -p credlatch-cli` in the workspace, or name it with --program";
        return Ok(vec![Row::left_out("cold", GROUP, case, why)]);
    }
    let place = setup.on_disk()?;
    let home = place.path().join("home");
    store::ordinary(&home, "one")?;
    let beside = home.with_extension("state");
    let run = |command: &mut Command| command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success();
    let token = || {
        let mut command = Command::new(&setup.program);
        command.env("CREDLATCH_CLAIMS", beside.join("claims")).env("CREDLATCH_FINGERPRINT_KEY", beside.join("key"));
        run(command.arg("--home").arg(&home).args(["--profile", "one", "token", LOGIN]))
    };
    if !token() {
        return Err(format!("{} token {LOGIN} failed", setup.program.display()).into());
    }
    let cases = vec![Case::slow("true", || run(&mut Command::new("true"))), Case::slow(case, token).beside("true")];
    Ok(measure("cold", GROUP, 0, setup.slow_rounds, cases))
}
