//! Where the program `credlatch` is that the demonstration drives.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How the variables begin by which cargo tells a program that it runs what it is.
const DESCRIBED: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"];

/// The program beside this one, as it was built last; built now, if cargo started this program.
pub(super) fn credlatch() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let beside = here.with_file_name("credlatch");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let is_release = here.parent().is_some_and(|folder| folder.ends_with("release"));
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "credlatch-cli", "--bin", "credlatch"]);
        build.args(is_release.then_some("--release")).current_dir(env!("CARGO_MANIFEST_DIR"));
        // Cargo describes this program in its environment. A dependency that asks for one of these would be built anew by each of
        // the two builds, because it has another answer than in the other.
        for (name, _) in std::env::vars_os() {
            if DESCRIBED.iter().any(|start| name.to_string_lossy().starts_with(start)) {
                build.env_remove(name);
            }
        }
        let status = build.stdin(Stdio::null()).status().map_err(|error| format!("cargo did not start: {error}"))?;
        if !status.success() {
            return Err("`cargo build --package credlatch-cli` failed".to_owned());
        }
    }
    let there = format!("there is no {}: build it with `cargo build --package credlatch-cli`", beside.display());
    if beside.is_file() { Ok(beside) } else { Err(there) }
}
