//! Git over http, with credlatch as its credential helper.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch::core::provider::TableFile;
use credlatch_sandbox::Sandbox;

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::server::{Reply, Server};
use crate::world::{World, basic, program};

/// Git, a world, and a repository to clone.
struct Scene {
    git: PathBuf,
    world: Arc<World>,
}

impl Scene {
    fn new(secret: &str) -> Option<Self> {
        let scene = Self { git: program("git")?, world: Arc::new(World::new(secret)) };
        scene.world.write("work/hello", "hello\n");
        let commit = ["-c", "user.name=t", "-c", "user.email=t@t.example", "commit", "-q", "-m", "hello"];
        for args in [&["init", "-q"][..], &["add", "hello"], &commit] {
            scene.did(&[&["-C", "work"], args].concat());
        }
        scene.did(&["clone", "-q", "--bare", "work", "served/repo.git"]);
        scene.did(&["-C", "served/repo.git", "update-server-info"]);
        Some(scene)
    }

    /// Git with the configuration of this world and of nobody else, that asks no person.
    fn git(&self, args: &[&str]) -> Said {
        let mut git = self.world.theirs(&self.git, args);
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", self.world.path("gitconfig"));
        said(git.env("GIT_TERMINAL_PROMPT", "0"))
    }

    #[track_caller]
    fn did(&self, args: &[&str]) -> Said {
        let said = self.git(args);
        assert_eq!(said.status, 0, "git {args:?}: {}", said.err);
        said
    }

    /// A server of the repository for whoever has this header; what it does before it turns somebody away is up to you.
    fn serve(&self, accepted: String, turned_away: impl Fn(&str) + Send + Sync + 'static) -> Server {
        let files = self.world.path("served");
        Server::start(move |asked| match &asked.authorization {
            Some(header) if *header == accepted => file(&files, &asked.path),
            other => {
                turned_away(other.as_deref().unwrap_or_default());
                Reply::unauthorized("Basic realm=\"forge\"")
            }
        })
    }

    /// The configuration of the guide, below what was there before.
    fn configure_below(&self, before: &str, server: &Server, more: &str) {
        let ours = block(guide::GIT).replace("https://", "http://").replace("git.example", &server.place());
        self.world.write("gitconfig", &format!("{before}{ours}{more}"));
    }

    fn configure(&self, server: &Server, more: &str) {
        self.configure_below("", server, more);
    }
}

fn file(files: &Path, path: &str) -> Reply {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches('/');
    assert!(!path.contains(".."), "{path}");
    std::fs::read(files.join(path)).map_or_else(|_| Reply::not_found(), Reply::ok)
}

fn url(server: &Server) -> String {
    format!("http://{}/repo.git", server.place())
}

#[test]
fn git_clones_with_what_is_stored_and_fetches_with_what_replaced_it() {
    let Some(scene) = Scene::new("tok-1") else { return };
    let server = scene.serve(basic("x-access-token", "tok-1"), |_| {});
    scene.configure(&server, "");
    let cloned = scene.did(&["clone", "-q", &url(&server), "cloned"]);
    assert_eq!(std::fs::read_to_string(scene.world.path("cloned/hello")).unwrap(), "hello\n");
    assert_eq!(server.credentials(), [basic("x-access-token", "tok-1")]);
    assert!(!format!("{}{}", cloned.out, cloned.err).contains("tok-1"));
    drop(server);

    scene.world.set("tok-2");
    let server = scene.serve(basic("ann", "tok-2"), |_| {});
    scene.configure(&server, "\tusername = ann\n");
    scene.did(&["-C", "cloned", "fetch", "-q", &url(&server)]);
    assert_eq!(server.credentials(), [basic("ann", "tok-2")]);
}

#[test]
fn git_gets_nothing_for_another_host_though_its_configuration_asks() {
    let Some(scene) = Scene::new("tok-1") else { return };
    let server = scene.serve(basic("x-access-token", "tok-1"), |_| {});
    scene.world.write("gitconfig", "[credential]\n\thelper = \"!credlatch helper git forge --host git.example\"\n");
    let cloned = scene.git(&["clone", "-q", &url(&server), "cloned"]);
    assert_ne!(cloned.status, 0);
    let told = format!("{} is not a host of forge", server.place());
    assert!(cloned.err.contains(&told) && !cloned.err.contains("tok-1"), "{}", cloned.err);
    assert!(!server.asked().is_empty() && server.credentials().is_empty(), "{:?}", server.asked());
}

#[test]
fn git_a_password_that_was_turned_away_does_not_touch_the_one_that_replaced_it() {
    let Some(scene) = Scene::new("tok-1") else { return };
    // Somebody stores a newer one between git's request and the answer to it.
    let world = Arc::clone(&scene.world);
    let old = basic("x-access-token", "tok-1");
    let server = scene.serve(basic("x-access-token", "tok-2"), move |header| {
        if header == old {
            world.set("tok-2");
        }
    });
    scene.configure(&server, "");
    assert_ne!(scene.git(&["clone", "-q", &url(&server), "cloned"]).status, 0);
    assert_eq!((scene.world.token().as_str(), scene.world.health().as_str()), ("tok-2", "ok"));
    scene.did(&["clone", "-q", &url(&server), "cloned"]);
}

#[test]
fn git_a_password_that_was_turned_away_rests_and_is_not_lost() {
    let Some(scene) = Scene::new("tok-1") else { return };
    let server = scene.serve("nobody".to_owned(), |_| {});
    scene.configure(&server, "");
    assert_ne!(scene.git(&["clone", "-q", &url(&server), "cloned"]).status, 0);
    assert_eq!(scene.world.health(), "resting");
    let said = scene.world.say(&["token", "forge"]);
    said.failed(5, "forge");
}

#[test]
fn git_tells_the_secret_to_no_helper_that_was_named_before() {
    let Some(scene) = Scene::new("tok-1") else { return };
    let server = scene.serve(basic("x-access-token", "tok-1"), |_| {});
    let told = scene.world.path("told");
    let before = format!("[credential]\n\thelper = \"!f() {{ cat >> {}; }}; f\"\n", told.display());
    scene.configure_below(&before, &server, "");
    scene.did(&["clone", "-q", &url(&server), "cloned"]);
    assert!(!told.exists(), "another helper was called");

    // Without the empty line it is told, and keeps it after a clear.
    let configured = std::fs::read_to_string(scene.world.path("gitconfig")).unwrap();
    scene.world.write("gitconfig", &configured.replace("\thelper =\n", ""));
    scene.did(&["clone", "-q", &url(&server), "again"]);
    assert!(std::fs::read_to_string(told).unwrap().contains("password=tok-1"));
}

#[test]
fn git_stores_nothing_here() {
    let Some(scene) = Scene::new("tok-1") else { return };
    let server = scene.serve(basic("ann", "typed"), |_| {});
    // A second helper, to see that git did ask for it.
    scene.configure(&server, "\thelper = \"!f() { cat > /dev/null; echo $1 >> operations; }; f\"\n");
    let with_password = url(&server).replace("://", "://ann:typed@");
    scene.did(&["clone", "-q", &with_password, "cloned"]);
    let operations = std::fs::read_to_string(scene.world.path("cloned/operations"))
        .or_else(|_| std::fs::read_to_string(scene.world.path("operations")));
    assert!(operations.unwrap().contains("store"));
    assert_eq!(scene.world.token(), "tok-1");
}

#[test]
fn git_a_logins_token_that_was_turned_away_is_renewed() {
    let world = World::new("unused");
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row("forge");
    world.write("providers.json", &serde_json::to_string(&TableFile { providers: vec![row] }).unwrap());
    let (access, refresh) = sandbox.grant();
    let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3600}}"#);
    assert_eq!(world.feed(&["set", "forge", "--kind", "oauth"], &login).status, 0);
    let about = "protocol=https\nhost=git.example\nusername=x-access-token\n";
    let helper = |operation| ["helper", "git", "forge", "--host", "git.example", operation];

    let got = world.feed(&helper("get"), &format!("{about}\n"));
    let lines: Vec<_> = got.out.lines().collect();
    assert_eq!(lines[..2], ["username=x-access-token".to_owned(), format!("password={access}")]);
    assert!(lines[2].starts_with("password_expiry_utc="), "{lines:?}");
    for _ in 0..2 {
        assert_eq!(world.feed(&helper("erase"), &format!("{about}password={access}\n")).status, 0);
        assert_ne!(world.token(), access);
    }
    assert_eq!(sandbox.stats().refresh_requests, 1, "the second report was about a token that is gone");
}
