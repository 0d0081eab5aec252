//! Docker's client and a registry, with credlatch behind `docker-credential-forge`.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::programs::copy_program;
use crate::server::{Reply, Server};
use crate::world::{World, basic, program, sha256};

const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// An image without layers: its manifest, its configuration, and that one's digest.
fn image() -> (String, &'static str, String) {
    let config = r#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let digest = format!("sha256:{}", sha256(config.as_bytes()));
    let about = json!({
        "mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(), "digest": digest,
    });
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": about, "layers": []});
    (manifest.to_string(), config, digest)
}

struct Scene {
    docker: PathBuf,
    world: World,
    server: Server,
}

impl Scene {
    fn new(secret: &'static str) -> Option<Self> {
        let docker = program("docker")?;
        let world = World::new(secret);
        let (manifest, config, digest) = image();
        let blob = format!("/v2/team/image/blobs/{digest}");
        let server = Server::start_tls(move |asked| {
            let reply = match asked.path.as_str() {
                _ if asked.authorization.as_ref() != Some(&basic("ann", secret)) => {
                    Reply::unauthorized("Basic realm=\"forge\"")
                }
                "/v2/" => Reply::ok("{}"),
                "/v2/team/image/manifests/1" => Reply::ok(manifest.clone()).with("Content-Type", MANIFEST),
                path if path == blob => Reply::ok(config),
                _ => Reply::not_found(),
            };
            // By this older clients know a registry.
            reply.with("Docker-Distribution-Api-Version", "registry/2.0")
        });
        Some(Self { docker, world, server })
    }

    /// The script and the configuration of the guide.
    fn configure(&self, host: &str) {
        let script = block(guide::DOCKER_SCRIPT).replace("YOU", "ann").replace("registry.example", host);
        self.world.write("bin/written", &script);
        let path = self.world.path("bin/docker-credential-forge");
        copy_program(&self.world.path("bin/written"), &path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let config = block(guide::DOCKER).replace("registry.example", &self.server.place());
        self.world.write("docker/config.json", &config);
    }

    /// The client, far from any daemon.
    fn docker(&self, args: &[&str]) -> Said {
        let mut docker = self.world.theirs(&self.docker, args);
        docker.env("DOCKER_CONFIG", self.world.path("docker")).env("DOCKER_HOST", "tcp://127.0.0.1:1");
        docker.env("DOCKER_CLI_EXPERIMENTAL", "enabled");
        said(&mut docker)
    }

    fn inspect(&self) -> Said {
        self.docker(&["manifest", "inspect", "--insecure", &format!("{}/team/image:1", self.server.place())])
    }
}

#[test]
fn docker_reads_a_registry_with_what_is_stored() {
    let Some(scene) = Scene::new("tok-1") else { return };
    scene.configure(&scene.server.place());
    let seen = scene.inspect();
    assert_eq!(seen.status, 0, "{} {:?}", seen.err, scene.server.asked());
    assert!(seen.out.contains("sha256:"), "{}", seen.out);
    assert_eq!(scene.server.credentials(), [basic("ann", "tok-1")]);
    assert!(!format!("{}{}", seen.out, seen.err).contains("tok-1"));
}

#[test]
fn docker_gets_nothing_for_another_host_and_asks_as_nobody() {
    let Some(scene) = Scene::new("tok-1") else { return };
    scene.configure("registry.example");
    let seen = scene.inspect();
    assert_ne!(seen.status, 0);
    assert!(seen.err.contains("is not a host of forge") && !seen.err.contains("tok-1"), "{}", seen.err);
    assert!(!scene.server.asked().is_empty() && scene.server.credentials().is_empty());
}

#[test]
fn docker_logout_clears_and_docker_then_finds_nothing() {
    let Some(scene) = Scene::new("tok-1") else { return };
    scene.configure(&scene.server.place());
    assert_eq!(scene.docker(&["logout", &scene.server.place()]).status, 0);
    assert_eq!(scene.world.say(&["token", "forge"]).status, 3);
    let seen = scene.inspect();
    assert!(seen.status != 0 && seen.err.contains("no forge credential is stored"), "{}", seen.err);
    assert!(scene.server.credentials().is_empty());
}

#[test]
fn docker_the_published_operations_are_answered() {
    let world = World::new("tok-1");
    let ask = |operation: &str, input: &str| {
        world
            .feed(&["helper", "docker", "forge", "--username", "david", "--host", "reg.example:5000", operation], input)
    };
    let found: Value = serde_json::from_str(&ask("get", "https://forge.example/v1/").out).unwrap();
    assert_eq!(found, json!({"ServerURL": "https://forge.example/v1/", "Username": "david", "Secret": "tok-1"}));
    assert_eq!(ask("list", "").json(), json!({"reg.example:5000": "david"}));
    assert!(ask("version", "").out.starts_with("credlatch v"));
    ask("frob", "").failed(2, "nothing that docker asks");

    let elsewhere = ask("get", "https://index.docker.io/v1/\n");
    assert_eq!((elsewhere.status, elsewhere.out.as_str()), (1, "credentials not found in native keychain\n"));

    let store = |secret: &str| {
        ask("store", &format!(r#"{{"ServerURL":"reg.example:5000","Username":"x","Secret":"{secret}"}}"#))
    };
    assert_eq!(store("tok-1").status, 0, "it is there already");
    store("tok-0").failed(2, "was not stored");
    assert_eq!(world.token(), "tok-1");

    assert_eq!(ask("erase", "https://index.docker.io/v1/").status, 0);
    assert_eq!(world.token(), "tok-1", "another registry's logout");
    assert_eq!(ask("erase", "reg.example:5000").status, 0);
    let gone = ask("get", "reg.example:5000");
    assert_eq!((gone.status, gone.out.as_str()), (3, "credentials not found in native keychain\n"));
    assert_eq!(ask("list", "").json(), json!({}));
}
