//! kubectl and a cluster's API server, with credlatch as the user's exec credential.

use std::path::PathBuf;

use serde_json::json;

use crate::guide::{self, block};
use crate::helper::{Said, said};
use crate::server::{Reply, Server};
use crate::world::{World, program};

struct Scene {
    kubectl: PathBuf,
    world: World,
    server: Server,
}

impl Scene {
    fn new() -> Option<Self> {
        let kubectl = program("kubectl")?;
        let server = Server::start_tls(|asked| match asked.authorization.as_deref() {
            Some("Bearer tok-1") => Reply::ok("all is well"),
            _ => Reply::unauthorized("Bearer"),
        });
        Some(Self { kubectl, world: World::new("tok-1"), server })
    }

    /// Asks with what the user's part of the configuration says.
    fn get(&self, users: &str) -> Said {
        self.world.write("ca.pem", self.server.authority.as_deref().unwrap());
        let cluster = json!({
            "server": format!("https://{}", self.server.place()),
            "certificate-authority": self.world.path("ca.pem"),
        });
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": cluster}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "YOU"}}],
        });
        // A field a line, of which each value is JSON, is YAML.
        let fields = config.as_object().unwrap().iter().map(|(name, value)| format!("{name}: {value}\n"));
        self.world.write("kubeconfig", &format!("{}{users}", fields.collect::<String>()));
        let mut kubectl = self.world.theirs(&self.kubectl, &["--kubeconfig", "kubeconfig", "get", "--raw", "/livez"]);
        said(&mut kubectl)
    }
}

/// The user's part of the guide.
fn users(place: &str) -> String {
    block(guide::KUBECTL).replace("cluster.example:6443", place)
}

#[test]
fn kubectl_asks_a_cluster_with_what_is_stored() {
    let Some(scene) = Scene::new() else { return };
    let got = scene.get(&users(&scene.server.place()));
    assert_eq!((got.status, got.out.as_str()), (0, "all is well"), "{}", got.err);
    assert_eq!(scene.server.credentials(), ["Bearer tok-1"]);
}

#[test]
fn kubectl_gets_nothing_for_another_cluster_or_one_that_it_does_not_name() {
    let Some(scene) = Scene::new() else { return };
    let silent = users(&scene.server.place()).replace("provideClusterInfo: true", "provideClusterInfo: false");
    let elsewhere = users("cluster.example");
    for (users, told) in [(elsewhere, "is not a host of forge"), (silent, "provideClusterInfo: true")] {
        let got = scene.get(&users);
        assert!(got.status != 0 && got.err.contains(told) && !got.err.contains("tok-1"), "{}", got.err);
    }
    assert!(scene.server.credentials().is_empty());
}

#[test]
fn kubectl_the_published_request_is_answered_in_its_own_version() {
    let world = World::new("tok-1");
    for version in ["v1", "v1beta1"] {
        let api = format!("client.authentication.k8s.io/{version}");
        let spec = json!({"cluster": {"server": "https://172.17.4.100:6443"}, "interactive": false});
        let request = json!({"apiVersion": api, "kind": "ExecCredential", "spec": spec});
        let mut helper = world.ours(&["helper", "kubectl", "forge", "--host", "172.17.4.100:6443"]);
        let answer = said(helper.env("KUBERNETES_EXEC_INFO", request.to_string())).json();
        assert_eq!(answer, json!({"apiVersion": api, "kind": "ExecCredential", "status": {"token": "tok-1"}}));
    }
    world.say(&["helper", "kubectl", "forge"]).failed(2, "provideClusterInfo");
}
