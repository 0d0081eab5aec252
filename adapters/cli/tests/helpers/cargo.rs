//! Cargo and a registry that wants a token, with credlatch as its credential provider.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::needs::found;
use crate::server::{Reply, Server};
use crate::world::{World, fed, sha256};

/// A registry with one crate, for whoever has the token of the moment, and a project that depends on the crate.
struct Scene {
    world: World,
    server: Server,
    accepted: Arc<Mutex<String>>,
}

impl Scene {
    /// None if this user may not run the cargo that built these tests; that is said.
    fn new(secret: &str) -> Option<Self> {
        let runs = std::process::Command::new(env!("CARGO")).arg("--version").output().is_ok();
        found(runs.then_some(()), "a cargo that this user may run")?;
        let world = World::new(secret);
        let packed = packed(&world);
        let sum = sha256(&packed);
        let accepted = Arc::new(Mutex::new(secret.to_owned()));
        let token = Arc::clone(&accepted);
        let port = Arc::new(Mutex::new(0));
        let own = Arc::clone(&port);
        let server = Server::start(move |asked| {
            if asked.authorization.as_deref() != Some(token.lock().unwrap().as_str()) {
                return Reply::unauthorized("Cargo login_url=\"https://registry.example/me\"");
            }
            let place = format!("http://127.0.0.1:{}", own.lock().unwrap());
            match asked.path.as_str() {
                "/index/config.json" => {
                    Reply::ok(format!(r#"{{"dl":"{place}/dl","api":"{place}","auth-required":true}}"#))
                }
                "/index/de/mo/demo" => Reply::ok(format!(
                    r#"{{"name":"demo","vers":"1.0.0","deps":[],"features":{{}},"cksum":"{sum}","yanked":false}}"#
                )),
                "/dl/demo/1.0.0/download" => Reply::ok(packed.clone()),
                "/api/v1/crates/demo/owners" => Reply::ok(r#"{"users":[{"id":1,"login":"ann","name":"Ann"}]}"#),
                _ => Reply::not_found(),
            }
        });
        *port.lock().unwrap() = server.port;
        world.write("project/src/lib.rs", "");
        world.write(
            "project/Cargo.toml",
            "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
             [dependencies]\ndemo = { version = \"1\", registry = \"local\" }\n",
        );
        Some(Self { world, server, accepted })
    }

    /// A configuration with other words than the guide's.
    fn configure(&self, words: &str) {
        let index = format!("index = \"sparse+http://{}/index/\"", self.server.place());
        let provider = format!("credential-provider = [\"credlatch\", \"helper\", \"cargo\", {words}]");
        self.world.write("project/.cargo/config.toml", &format!("[registries.local]\n{index}\n{provider}\n"));
    }

    /// With the configuration of the guide.
    fn configured(secret: &str) -> Option<Self> {
        let scene = Self::new(secret)?;
        let ours = block(guide::CARGO).replace("NAME", "local").replace("https://", "http://");
        scene.world.write("project/.cargo/config.toml", &ours.replace("crates.example", &scene.server.place()));
        Some(scene)
    }

    fn cargo(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut cargo = self.world.theirs(&PathBuf::from(env!("CARGO")), args);
        cargo.env("CARGO_HOME", self.world.path("cargo-home")).current_dir(self.world.path("project"));
        cargo
    }

    #[track_caller]
    fn did(&self, args: &[&str]) -> Said {
        let said = self.cargo(args);
        assert_eq!(said.status, 0, "cargo {args:?}: {}{}", said.out, said.err);
        said
    }
}

/// The crate as a registry keeps it.
fn packed(world: &World) -> Vec<u8> {
    world.write("demo-1.0.0/src/lib.rs", "");
    world.write("demo-1.0.0/Cargo.toml", "[package]\nname = \"demo\"\nversion = \"1.0.0\"\nedition = \"2021\"\n");
    let mut tar = world.theirs("/bin/tar".as_ref(), &["-czf", "demo.crate", "demo-1.0.0"]);
    assert!(tar.status().unwrap().success());
    std::fs::read(world.path("demo.crate")).unwrap()
}

#[test]
fn cargo_fetches_with_what_is_stored_and_goes_on_with_what_replaced_it() {
    let Some(scene) = Scene::configured("tok-1") else { return };
    let fetched = scene.did(&["fetch"]);
    assert_eq!(scene.server.credentials(), ["tok-1"]);
    let downloads = scene.server.asked().iter().filter(|asked| asked.path.ends_with("/download")).count();
    assert_eq!(downloads, 1);
    assert!(!format!("{}{}", fetched.out, fetched.err).contains("tok-1"));

    scene.world.set("tok-2");
    "tok-2".clone_into(&mut scene.accepted.lock().unwrap());
    assert!(scene.did(&["owner", "--list", "demo", "--registry", "local"]).out.contains("ann"));
    assert_eq!(scene.server.credentials(), ["tok-1", "tok-2"]);
}

#[test]
fn cargo_gets_nothing_for_another_host() {
    let Some(scene) = Scene::new("tok-1") else { return };
    scene.configure("\"forge\"");
    let fetched = scene.cargo(&["fetch"]);
    assert_ne!(fetched.status, 0);
    let told = format!("{} is not a host of forge", scene.server.place());
    assert!(fetched.err.contains(&told) && !fetched.err.contains("tok-1"), "{}", fetched.err);
    assert!(!scene.server.asked().is_empty() && scene.server.credentials().is_empty());
}

#[test]
fn cargo_login_and_logout_store_and_clear() {
    let Some(scene) = Scene::configured("tok-1") else { return };
    scene.did(&["logout", "--registry", "local"]);
    assert_eq!(scene.world.say(&["token", "forge"]).status, 3);
    let fetched = scene.cargo(&["fetch"]);
    assert!(fetched.status != 0 && fetched.err.contains("no forge credential is stored"), "{}", fetched.err);
    let again = scene.did(&["logout", "--registry", "local"]);
    assert!(again.err.contains("not currently logged in"), "{}", again.err);

    "tok-3".clone_into(&mut scene.accepted.lock().unwrap());
    let login = fed(scene.command(&["login", "--registry", "local"]), "tok-3\n");
    assert_eq!(login.status, 0, "{}", login.err);
    assert_eq!(scene.world.token(), "tok-3");
    scene.did(&["fetch"]);
}

#[test]
fn cargo_shows_what_is_wrong_and_what_to_do() {
    let Some(scene) = Scene::new("tok-1") else { return };
    for (words, told) in [
        ("\"nobody\"", "no provider is called `nobody`"),
        ("\"forge\", \"--hots\", \"x\"", "cargo's configuration of this credential provider doesn't fit"),
    ] {
        scene.configure(words);
        let fetched = scene.cargo(&["fetch"]);
        assert!(fetched.status != 0 && fetched.err.contains(told), "{}", fetched.err);
    }
    std::fs::write(scene.world.home.document(), "torn").unwrap();
    scene.configure(&format!("\"forge\", \"--host\", \"{}\"", scene.server.place()));
    let fetched = scene.cargo(&["fetch"]);
    assert!(fetched.status != 0 && fetched.err.contains("default.json"), "{}", fetched.err);
}
