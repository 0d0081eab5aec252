//! The real programs, each where no network but loopback is: set up, used, taken back.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::desk::Desk;
use crate::helper::{Said, said};
use crate::needs::{self, found};
use crate::server::{Reply, Server};
use crate::world::{basic, program, sha256};

/// In which a test finds that it is alone.
const ALONE: &str = "CREDLATCH_TEST_ALONE";

/// Runs a test once more where there is nothing but loopback, which only root can make. Whether this is that place.
fn is_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let has = ["unshare", "ip"].iter().all(|name| program(name).is_some());
    if !has || !needs::is_root("makes network namespaces") {
        return false;
    }
    let mut inside = Command::new("unshare");
    inside.args(["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]).arg(std::env::current_exe().unwrap());
    let status = inside.args(["--exact", "--nocapture", test]).env(ALONE, "1").status().unwrap();
    assert!(status.success(), "{test}");
    false
}

impl Desk {
    /// Another program in this home, that believes the server.
    fn theirs(&self, program: &Path, args: &[&str], server: &Server) -> Command {
        let mut command = self.world.theirs(program, args);
        self.write("ca.pem", server.authority.as_deref().unwrap_or_default());
        command.env("HOME", self.home()).env("GIT_SSL_CAINFO", self.path("ca.pem")).env("GIT_CONFIG_NOSYSTEM", "1");
        let usual = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path).unwrap_or_default();
        let mut places = vec![self.path(".local/bin")];
        places.extend(std::env::split_paths(usual));
        let path = std::env::join_paths(places).unwrap();
        command.env("PATH", path);
        command
    }

    /// Uses a program set up, takes it back, and looks that it doesn't get in any more and the home is as it was.
    fn used(&self, args: &[&str], mut call: impl FnMut() -> Said, server: &Server, credential: &str) {
        let before = self.all();
        self.setup(args);
        let got = call();
        assert_eq!(got.status, 0, "{}{}", got.out, got.err);
        assert_eq!(server.credentials(), [credential]);
        assert!(!got.out.contains("tok-1") && !got.err.contains("tok-1"));
        self.setup(&[args[0], "--undo"]);
        let after = self.all();
        let changed: Vec<_> =
            before.iter().filter(|(path, was)| after.get(*path) != Some(was)).map(|(path, _)| path).collect();
        assert_eq!(changed, Vec::<&PathBuf>::new());
        assert!(after.keys().all(|path| !path.display().to_string().contains("credlatch")), "{:?}", after.keys());
        let asked = server.asked().len();
        assert_ne!(call().status, 0, "it gets in without credlatch");
        let later = server.asked().split_off(asked);
        assert!(later.iter().all(|asked| asked.authorization.is_none()), "{later:?}");
    }
}

#[test]
fn git_is_set_up_used_and_taken_back() {
    let Some(git) = program("git") else { return };
    if !is_alone("real::git_is_set_up_used_and_taken_back") {
        return;
    }
    let desk = Desk::new();
    let server = Server::start_tls(|asked| match asked.authorization.as_deref() {
        Some(header) if header == basic("x-access-token", "tok-1") => {
            Reply::ok("001e# service=git-upload-pack\n00000000")
                .with("Content-Type", "application/x-git-upload-pack-advertisement")
        }
        _ => Reply::unauthorized("Basic realm=\"forge\""),
    });
    desk.write(".gitconfig", "# mine\n[user]\n\tname = Ann\n[credential]\n\thelper = store");
    desk.write("ca.pem", server.authority.as_deref().unwrap());
    let url = format!("https://{}/repo.git", server.place());
    let call = || said(desk.theirs(&git, &["ls-remote", &url], &server).env("GIT_TERMINAL_PROMPT", "0"));
    desk.used(&["git", "forge", "--host", &server.place()], call, &server, &basic("x-access-token", "tok-1"));
    assert!(!desk.path(".git-credentials").exists(), "another helper was told the secret");
}

#[test]
fn docker_is_set_up_used_and_taken_back() {
    const MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    let Some(docker) = program("docker") else { return };
    if !is_alone("real::docker_is_set_up_used_and_taken_back") {
        return;
    }
    let desk = Desk::new();
    let config = r#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let digest = format!("sha256:{}", sha256(config.as_bytes()));
    let about = json!({
        "mediaType": "application/vnd.docker.container.image.v1+json", "size": config.len(), "digest": digest,
    });
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": about, "layers": []}).to_string();
    let blob = format!("/v2/team/image/blobs/{digest}");
    let server = Server::start_tls(move |asked| {
        let reply = match asked.path.as_str() {
            _ if asked.authorization.as_ref() != Some(&basic("ann", "tok-1")) => {
                Reply::unauthorized("Basic realm=\"forge\"")
            }
            "/v2/" => Reply::ok("{}"),
            "/v2/team/image/manifests/1" => Reply::ok(manifest.clone()).with("Content-Type", MANIFEST),
            path if path == blob => Reply::ok(config),
            _ => Reply::not_found(),
        };
        reply.with("Docker-Distribution-Api-Version", "registry/2.0")
    });
    desk.write(".docker/config.json", "{\n\t\"psFormat\": \"table\"\n}");
    desk.write("ca.pem", server.authority.as_deref().unwrap());
    let place = server.place();
    let image = format!("{place}/team/image:1");
    let call = || {
        let mut docker = desk.theirs(&docker, &["manifest", "inspect", "--insecure", &image], &server);
        said(docker.env("DOCKER_HOST", "tcp://127.0.0.1:1").env("DOCKER_CLI_EXPERIMENTAL", "enabled"))
    };
    let args = ["docker", "forge", "--registry", &place, "--username", "ann"];
    desk.used(&args, call, &server, &basic("ann", "tok-1"));
}

#[test]
fn cargo_is_set_up_used_and_taken_back() {
    let runs = Command::new(env!("CARGO")).arg("--version").output().is_ok();
    if found(runs.then_some(()), "a cargo that this user may run").is_none()
        || !is_alone("real::cargo_is_set_up_used_and_taken_back")
    {
        return;
    }
    let desk = Desk::new();
    // Cargo speaks http to this machine only.
    let server = Server::start(|asked| match (asked.authorization.as_deref(), asked.path.as_str()) {
        (Some("tok-1"), "/index/config.json") => {
            Reply::ok(r#"{"dl":"http://127.0.0.1:1","api":"API","auth-required":true}"#)
        }
        (Some("tok-1"), _) => Reply::not_found(),
        _ => Reply::unauthorized("Cargo"),
    });
    desk.write(".cargo/config.toml", "# mine\n[net]\nretry = 0 # at once\n");
    desk.write(
        "project/Cargo.toml",
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n\
         [dependencies]\ndemo = { version = \"1\", registry = \"local\" }\n",
    );
    desk.write("project/src/lib.rs", "");
    desk.write("ca.pem", "");
    let index = format!("sparse+http://{}/index/", server.place());
    let before = desk.all();
    let place = server.place();
    desk.setup(&["cargo", "forge", "--registry", "local", "--index", &index, "--host", &place]);
    let fetch = || {
        let mut cargo = desk.theirs(Path::new(env!("CARGO")), &["fetch"], &server);
        said(cargo.env("CARGO_HOME", desk.path(".cargo")).current_dir(desk.path("project")))
    };
    let got = fetch();
    assert!(got.err.contains("no matching package") || got.err.contains("demo"), "{}", got.err);
    assert_eq!(server.credentials(), ["tok-1"], "{}", got.err);
    desk.setup(&["cargo", "--undo"]);
    let after = desk.all();
    assert!(before.iter().all(|(path, was)| after.get(path) == Some(was)));
    assert!(fetch().err.contains("registry index was not found"), "cargo still knows the registry");
}

#[test]
fn kubectl_is_set_up_used_and_taken_back() {
    let Some(kubectl) = program("kubectl") else { return };
    if !is_alone("real::kubectl_is_set_up_used_and_taken_back") {
        return;
    }
    let desk = Desk::new();
    let server = Server::start_tls(|asked| match asked.authorization.as_deref() {
        Some("Bearer tok-1") => Reply::ok("all is well"),
        _ => Reply::unauthorized("Bearer"),
    });
    let ca = desk.path("ca.pem").display().to_string();
    let url = format!("https://{}", server.place());
    desk.write("ca.pem", server.authority.as_deref().unwrap());
    desk.write(".kube/config", "");
    std::fs::remove_file(desk.path(".kube/config")).unwrap();
    // As kubectl itself writes it.
    let make = |args: &[&str]| {
        let done = said(&mut desk.theirs(&kubectl, &[&["config"], args].concat(), &server));
        assert_eq!(done.status, 0, "{}", done.err);
    };
    make(&["set-cluster", "here", "--server", &url, "--certificate-authority", &ca]);
    make(&["set-credentials", "other", "--username", "x"]);
    make(&["set-context", "here", "--cluster", "here", "--user", "me"]);
    make(&["use-context", "here"]);
    // What kubectl remembers of a cluster is its own.
    let cache = desk.world.path("cache").display().to_string();
    let call = || said(&mut desk.theirs(&kubectl, &["--cache-dir", &cache, "get", "--raw", "/livez"], &server));
    desk.used(&["kubectl", "forge", "--host", &server.place()], call, &server, "Bearer tok-1");
}

#[test]
fn aws_clients_are_set_up_used_and_taken_back() {
    const KEYS: &str = "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    const SCRIPT: &str = "import botocore.session\nkeys = botocore.session.Session(profile='ours').get_credentials()\n\
                          print(keys and keys.get_frozen_credentials().access_key)\n";
    let named = std::env::var_os("CREDLATCH_AWS_VENV").map(PathBuf::from);
    let nearby = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/aws/.venv");
    let pythons = [named, Some(nearby)].into_iter().flatten().map(|venv| venv.join("bin/python"));
    let what = "a venv with tests/peers/aws/requirements.txt, named by CREDLATCH_AWS_VENV";
    let Some(python) = found(pythons.into_iter().find(|python| python.exists()), what) else { return };
    if !is_alone("real::aws_clients_are_set_up_used_and_taken_back") {
        return;
    }
    let desk = Desk::new();
    desk.world.set(KEYS);
    desk.write(
        ".aws/config",
        "# mine\n[default]\nregion = eu-central-1\n\n[profile ours]\nregion = eu-west-1\n[profile z]\n",
    );
    let before = desk.all();
    let call = || {
        let mut python = desk.world.theirs(&python, &["-c", SCRIPT]);
        said(python.env("HOME", desk.home()).env("AWS_EC2_METADATA_DISABLED", "true"))
    };
    desk.setup(&["aws", "forge", "--aws-profile", "ours"]);
    assert_eq!(call().out, "AKIAIOSFODNN7EXAMPLE\n");
    desk.setup(&["aws", "--undo"]);
    assert_eq!(desk.all(), before);
    assert_eq!(call().out, "None\n");
}
