//! A store with a provider that no table ships, and programs that find `credlatch` where they look for programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use sha2::{Digest, Sha256};

use crate::helper::{Home, Said, said};
use crate::needs::found;

pub(crate) struct World {
    pub(crate) home: Home,
}

impl World {
    /// With a secret for the provider `forge`, whose own host is nowhere.
    pub(crate) fn new(secret: &str) -> Self {
        let world = Self { home: Home::new() };
        world.write("providers.json", r#"{"providers":[{"id":"forge","native_hosts":["forge.example"]}]}"#);
        world.set(secret);
        world
    }

    pub(crate) fn set(&self, secret: &str) {
        assert_eq!(self.feed(&["set", "forge"], secret).status, 0);
    }

    pub(crate) fn say(&self, args: &[&str]) -> Said {
        said(&mut self.ours(args))
    }

    pub(crate) fn feed(&self, args: &[&str], input: &str) -> Said {
        fed(self.ours(args), input)
    }

    /// What is handed out now.
    pub(crate) fn token(&self) -> String {
        let said = self.say(&["token", "forge"]);
        assert_eq!(said.status, 0, "{}", said.err);
        said.out.trim_end().to_owned()
    }

    pub(crate) fn health(&self) -> String {
        let status = self.say(&["status", "--json"]).json();
        status["providers"][0]["entries"][0]["health"].as_str().unwrap_or("none").to_owned()
    }

    pub(crate) fn ours(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command.env("CREDLATCH_PROVIDERS", self.path("providers.json"));
        command
    }

    /// Another program, in a folder of this world, as a user runs it.
    pub(crate) fn theirs(&self, program: &Path, args: &[&str]) -> Command {
        let mut theirs = Command::new(program);
        theirs.args(args).env_clear().current_dir(self.home.folder()).stdin(Stdio::null());
        let ours = self.ours(&[]);
        theirs.envs(ours.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let place = |program: &Path| program.parent().unwrap().to_path_buf();
        let first = [self.path("bin"), place(env!("CARGO_BIN_EXE_credlatch").as_ref()), place(program)];
        let usual = ["/usr/bin", "/bin"].map(PathBuf::from);
        theirs.env("PATH", std::env::join_paths(first.into_iter().chain(usual)).unwrap());
        theirs.stdout(Stdio::piped()).stderr(Stdio::piped());
        theirs
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.folder().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Where a program is, that these tests run as their users do; without it they pass with a message.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    found(std::env::split_paths(&path).map(|place| place.join(name)).find(|program| program.is_file()), name)
}

pub(crate) fn fed(mut command: Command, input: &str) -> Said {
    use std::io::Write;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever refuses early doesn't read all of it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Said::from(child.wait_with_output().unwrap())
}

/// The header of Basic authentication.
pub(crate) fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
}

/// In hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
