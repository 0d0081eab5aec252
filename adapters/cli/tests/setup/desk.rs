//! A person's home with the configuration of other programs in it, and the command as that person calls it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::helper::{Said, said};
use crate::world::World;

pub(crate) struct Desk {
    pub(crate) world: World,
}

impl Desk {
    /// With a secret for `forge`, and keys for the providers that the guide names.
    pub(crate) fn new() -> Self {
        let desk = Self { world: World::new("tok-1") };
        fs::create_dir(desk.home()).unwrap();
        for provider in ["anthropic", "openai"] {
            assert_eq!(desk.world.feed(&["set", provider], "key-stored-0123456789abcdef").status, 0);
        }
        desk
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.world.path("home")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The command, found by its name.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.theirs(env!("CARGO_BIN_EXE_credlatch").as_ref(), args);
        command.env("HOME", self.home());
        command
    }

    pub(crate) fn say(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// Sets a program up, or takes it back, without asking.
    #[track_caller]
    pub(crate) fn setup(&self, args: &[&str]) -> Said {
        let said = self.say(&[&["setup"], args, &["--yes"]].concat());
        assert_eq!(said.status, 0, "{args:?}: {}{}", said.out, said.err);
        said
    }

    /// All that is in the home, to the byte, with the permissions.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut all = BTreeMap::new();
        gather(&self.home(), &mut all);
        all
    }
}

fn gather(folder: &Path, all: &mut BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        let bytes = match () {
            () if meta.is_symlink() => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            () if meta.is_dir() => Vec::new(),
            () => fs::read(&path).unwrap(),
        };
        all.insert(path.clone(), (meta.permissions().mode(), bytes));
        if meta.is_dir() {
            gather(&path, all);
        }
    }
}
