//! kubectl and a cluster's API server, with credlatch as the user's exec credential.

use std::path::PathBuf;

use serde_json::json;

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

    fn get(&self, exec: &serde_json::Value) -> Said {
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
            "users": [{"name": "me", "user": {"exec": exec}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        });
        self.world.write("kubeconfig", &config.to_string());
        let mut kubectl = self.world.theirs(&self.kubectl, &["--kubeconfig", "kubeconfig", "get", "--raw", "/livez"]);
        said(&mut kubectl)
    }
}

/// The user's section of the guide, in the version that every kubectl since 1.20 speaks.
fn exec(host: &str) -> serde_json::Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "credlatch",
        "args": ["helper", "kubectl", "forge", "--host", host],
        "provideClusterInfo": true,
        "interactiveMode": "Never",
    })
}

#[test]
fn kubectl_asks_a_cluster_with_what_is_stored() {
    let Some(scene) = Scene::new() else { return };
    let got = scene.get(&exec(&scene.server.place()));
    assert_eq!((got.status, got.out.as_str()), (0, "all is well"), "{}", got.err);
    assert_eq!(scene.server.credentials(), ["Bearer tok-1"]);
}

#[test]
fn kubectl_gets_nothing_for_another_cluster_or_one_that_it_does_not_name() {
    let Some(scene) = Scene::new() else { return };
    let mut silent = exec(&scene.server.place());
    silent["provideClusterInfo"] = json!(false);
    let elsewhere = exec("cluster.example");
    for (exec, told) in [(elsewhere, "is not a host of forge"), (silent, "provideClusterInfo: true")] {
        let got = scene.get(&exec);
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
