//! kubectl's exec credentials (`client.authentication.k8s.io`): the request in a variable, one JSON object out.

use credlatch::rfc3339;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::args::{Global, Grant};
use crate::cmd::fresh::stored;
use crate::end::{Done, End};
use crate::output;

/// Where kubectl puts its request.
const VARIABLE: &str = "KUBERNETES_EXEC_INFO";

/// The versions whose answer is this one.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

pub(super) fn kubectl(global: &Global, grant: &Grant) -> Done {
    let request = Request::parse(&std::env::var(VARIABLE).unwrap_or_default())?;
    let latch = global.latch()?;
    if !super::may_go_to(global, &latch, grant, &request.spec.cluster.server)? {
        // The protocol has no word for nothing. A failure says it, and kubectl sends no request.
        return Err(End::Quiet(1));
    }
    let credential = stored(&latch, &grant.of.provider)?;
    let end = credential.expires_at().map(rfc3339);
    output::write(&[answer(&request.api_version, credential.expose_secret(), end).as_bytes(), b"\n"])
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    api_version: String,
    spec: Spec,
}

#[derive(Debug, Deserialize)]
struct Spec {
    cluster: Cluster,
}

#[derive(Debug, Deserialize)]
struct Cluster {
    server: String,
}

impl Request {
    /// Without the cluster nobody knows where the token would be sent, so a request must name it.
    fn parse(text: &str) -> Done<Self> {
        let request: Self = serde_json::from_str(text).map_err(|_| {
            End::usage(
                format!("{VARIABLE} doesn't say which cluster the token is for, so it was not handed out"),
                "add `provideClusterInfo: true` to the user's `exec` section in the kubeconfig; \
                 at a shell, use `credlatch token PROVIDER`",
            )
        })?;
        if VERSIONS.contains(&request.api_version.as_str()) {
            return Ok(request);
        }
        Err(End::usage(
            "kubectl asks in a version of its protocol that is not known here",
            format!("in the user's `exec` section of the kubeconfig, set apiVersion to {}", VERSIONS[0]),
        ))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    kind: &'static str,
    api_version: &'a str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_timestamp: Option<String>,
}

fn answer(api_version: &str, token: &str, expiration_timestamp: Option<String>) -> Zeroizing<String> {
    let answer = ExecCredential { kind: "ExecCredential", api_version, status: Status { token, expiration_timestamp } };
    Zeroizing::new(serde_json::to_string(&answer).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: &str) -> String {
        format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/{version}","kind":"ExecCredential","spec":{{"cluster":{{"server":"https://172.17.4.100:6443","certificate-authority-data":"LS0t","config":{{"arg":"x"}}}},"interactive":true}}}}"#
        )
    }

    #[test]
    fn the_published_request_is_read_in_both_versions() {
        for version in ["v1", "v1beta1"] {
            let read = Request::parse(&request(version)).unwrap();
            assert_eq!(read.spec.cluster.server, "https://172.17.4.100:6443");
            assert_eq!(read.api_version, format!("client.authentication.k8s.io/{version}"));
        }
        assert!(Request::parse(&request("v1alpha1")).is_err());
    }

    #[test]
    fn a_request_without_a_cluster_is_refused_with_what_to_add() {
        for text in ["", "{}", r#"{"apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}"#] {
            let said = format!("{:?}", Request::parse(text).unwrap_err());
            assert!(said.contains("provideClusterInfo"), "{said}");
        }
    }

    #[test]
    fn the_answer_has_the_published_form() {
        let version = "client.authentication.k8s.io/v1";
        assert_eq!(
            *answer(version, "my-bearer-token", None),
            r#"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"my-bearer-token"}}"#
        );
        let ending = answer(version, "my-bearer-token", Some("2018-03-05T17:30:20-08:00".to_owned()));
        assert!(ending.ends_with(r#""expirationTimestamp":"2018-03-05T17:30:20-08:00"}}"#));
    }
}
