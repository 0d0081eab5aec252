//! A seal's key in a real key store: GNOME Keyring, as the Secret Service on a bus of the test's own, without a screen.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::helper::Said;
use crate::needs::found;
use crate::world::{World, fed, until};

/// Whether this build of the command has one.
const HAS_KEY_STORE: bool = cfg!(all(feature = "secret-service", target_os = "linux"));

/// A session without a screen: a bus, and a key store once it is opened. Whatever it keeps is in the world's own directory.
struct Session<'a> {
    world: &'a World,
    bus: Child,
    keyring: Option<Child>,
}

impl<'a> Session<'a> {
    /// None where a program is missing, which is said.
    fn start(world: &'a World) -> Option<Self> {
        let is_there =
            |program: &str| ["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists());
        for (program, package) in [("dbus-daemon", "dbus"), ("gnome-keyring-daemon", "gnome-keyring")] {
            found(Some(()).filter(|()| is_there(program)), &format!("{program} (Debian: {package})"))?;
        }
        let folder = world.home.folder().join("session");
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile"])
            .arg(format!("--address=unix:path={}", folder.join("bus").display()));
        let session = Self { world, bus: of_session(&mut bus, &folder).spawn().unwrap(), keyring: None };
        until("the bus is there", || folder.join("bus").exists());
        Some(session)
    }

    fn folder(&self) -> PathBuf {
        self.world.home.folder().join("session")
    }

    fn of_session<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let bus = format!("unix:path={}", self.folder().join("bus").display());
        of_session(command, &self.folder()).env("DBUS_SESSION_BUS_ADDRESS", bus)
    }

    /// Starts the key store, opened with a password or locked, in the place of the one that runs.
    fn keyring(&mut self, password: Option<&str>) {
        self.end_keyring();
        let mut command = Command::new("gnome-keyring-daemon");
        command.args(["--foreground", "--components=secrets"]).args(password.map(|_| "--unlock"));
        let mut keyring = self.of_session(&mut command).stdin(Stdio::piped()).spawn().unwrap();
        keyring.stdin.take().unwrap().write_all(password.unwrap_or_default().as_bytes()).unwrap();
        self.keyring = Some(keyring);
        let mut names = Command::new("dbus-send");
        names
            .args(["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/"])
            .arg("org.freedesktop.DBus.ListNames");
        until("the key store is there", || {
            let said = self.of_session(&mut names).stdout(Stdio::piped()).output().unwrap();
            String::from_utf8_lossy(&said.stdout).contains("org.freedesktop.secrets")
        });
    }

    fn end_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            let _ = keyring.kill();
            let _ = keyring.wait();
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", self.folder().join("bus").display()));
        command
    }

    fn say(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.end_keyring();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// Gives a program of the session directories of its own, and no screen.
fn of_session<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"] {
        command.env(variable, folder);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").stdout(Stdio::null()).stderr(Stdio::null())
}

#[test]
fn a_store_is_sealed_with_a_key_in_the_system_s_key_store_and_locked_or_gone_is_told() {
    if !HAS_KEY_STORE {
        return crate::needs::missing("the command's feature `secret-service`");
    }
    let world = World::new();
    let Some(mut session) = Session::start(&world) else { return };
    assert_eq!(fed(session.command(&["set", "minimax"]), "mm-key-1").status, 0);
    let plain = std::fs::read(world.home.document()).unwrap();
    session.keyring(Some("pw"));
    let sealed = session.say(&["seal", "--seal-key-store", "work"]);
    assert_eq!(sealed.status, 0, "{}", sealed.err);
    assert!(sealed.out.contains("its key is in the entry `work` of the system's key store"), "{}", sealed.out);
    let document = std::fs::read(world.home.document()).unwrap();
    assert!(document != plain && document.starts_with(br#"{"version":3"#));
    assert_eq!(session.say(&["token", "minimax"]).out, "mm-key-1\n", "where it is was remembered");
    let mut told = session.command(&["token", "minimax"]);
    told.env("CREDLATCH_SEAL_KEYS", "").env("CREDLATCH_SEAL_KEY_STORE", "work");
    assert_eq!(Said::from(told.output().unwrap()).out, "mm-key-1\n");
    // The process that asks the issuer finds the key there too.
    let (access, refresh) = world.sandbox.grant();
    let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":0}}"#);
    assert_eq!(fed(session.command(&["set", "acme", "--kind", "oauth"]), &login).status, 0);
    let renewed = session.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(renewed.out.trim()), "{}", renewed.err);
    let document = std::fs::read(world.home.document()).unwrap();
    let refused = |session: &Session<'_>, args: &[&str], said: &str| {
        for args in [&["token", "minimax"], args, &["clear", "minimax"], &["unseal"]] {
            let answer = session.say(args);
            assert_eq!((answer.status, answer.out.as_str()), (9, ""), "{args:?}: {}", answer.err);
            assert!(answer.err.contains(said), "{args:?}: {}", answer.err);
        }
        assert_eq!(std::fs::read(world.home.document()).unwrap(), document);
    };
    let another = ["status", "--seal-key-store", "other"];
    let absent = session.say(&another);
    assert_eq!(absent.status, 9);
    assert!(absent.err.contains("the key store has no entry `other` of credlatch-seal-key"), "{}", absent.err);
    // Locked: nobody is there to type the password, and the key is as it was once it is opened again.
    session.keyring(None);
    refused(&session, &["seal", "--seal-key-store", "work"], "the key store is locked");
    refused(&session, &["rekey", "--to-store", "new"], "the key store is locked");
    session.keyring(Some("pw"));
    assert_eq!(session.say(&["token", "minimax"]).out, "mm-key-1\n");
    assert_eq!(session.say(&["rekey", "--to-store", "new"]).status, 0);
    assert_eq!(session.say(&["token", "minimax"]).out, "mm-key-1\n");
    let old = session.say(&["token", "minimax", "--seal-key-store", "work"]);
    assert!(old.status == 9 && old.err.contains("holds another one"), "{}", old.err);
    assert_eq!(session.say(&["unseal"]).status, 0);
    assert_eq!(session.say(&["token", "minimax"]).out, "mm-key-1\n");
}

#[test]
fn without_a_bus_there_is_no_key_store_and_nothing_is_sealed() {
    let world = World::new();
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-1").status, 0);
    let plain = std::fs::read(world.home.document()).unwrap();
    let mut command = world.command(&["seal", "--seal-key-store", "work"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.status, 9, "{}", said.err);
    let why =
        if HAS_KEY_STORE { "the key store can't be asked" } else { "built without credlatch's feature `keyring`" };
    assert!(said.err.contains(why), "{}", said.err);
    assert_eq!(std::fs::read(world.home.document()).unwrap(), plain);
}
