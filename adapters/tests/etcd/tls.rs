//! etcd over TLS: whom it shows, whom it believes, and what people are told where that doesn't fit.

use std::path::Path;

use credlatch::ErrorKind;
use credlatch::etcd::Etcd;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose as Usage, IsCa, KeyPair};

use crate::cluster::Cluster;
use crate::machine::Machine;
use crate::troubles::{assert_refused, set};

/// An authority of the test's own, and what it vouches for.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(folder: &Path) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
        Self(authority)
    }

    /// Writes a certificate for these hosts, and its key.
    fn vouches(&self, folder: &Path, name: &str, hosts: &[&str], is_over: bool) {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let mut params = CertificateParams::new(hosts).unwrap();
        params.extended_key_usages = vec![Usage::ServerAuth, Usage::ClientAuth];
        if is_over {
            params.not_before = rcgen::date_time_ymd(2019, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        std::fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// What the files of a test are: an authority, and a server and clients that it vouches for.
fn certificates(folder: &Path) -> Authority {
    let authority = Authority::new(folder);
    for name in ["server", "client"] {
        authority.vouches(folder, name, &["127.0.0.1"], false);
    }
    authority
}

/// A member that shows this server's certificate.
fn cluster(folder: &Path, server: &str) -> Option<Cluster> {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (certificate, key, authority) =
        (path(&format!("{server}.pem")), path(&format!("{server}.key")), path("ca.pem"));
    let options =
        ["--cert-file", &certificate, "--key-file", &key, "--trusted-ca-file", &authority, "--client-cert-auth"];
    Cluster::over_tls(&options, folder)
}

#[test]
fn over_tls_an_authority_is_named_and_a_client_shows_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let at = |name: &str| folder.path().join(name);
    let Some(cluster) = cluster(folder.path(), "server") else { return };
    let url = cluster.url("tls").replace("etcd+http://", "etcd+https://");
    let etcd = || Etcd::new(&url).unwrap();
    assert_refused(&Machine::at(cluster.machine("stranger"), etcd()), ErrorKind::Unreachable, "CREDLATCH_ETCD_CACERT");
    let believing = || etcd().authorities(at("ca.pem"));
    assert_refused(&Machine::at(cluster.machine("bare"), believing()), ErrorKind::Unreachable, "certificate");
    let shown = believing().certificate(at("client.pem"), at("client.key"));
    let machine = Machine::at(cluster.machine("known"), shown);
    set(&machine).unwrap();
    assert_eq!(machine.open().current("minimax").unwrap().expose_secret(), "mm-1");
    let foreign = believing().certificate(at("client.pem"), at("server.key"));
    let error = Machine::at(cluster.machine("foreign"), foreign).builder().open().unwrap_err();
    assert!(error.to_string().contains("client.pem") && error.to_string().contains("server.key"), "{error}");
    let missing = believing().certificate(at("nowhere.pem"), at("client.key"));
    let error = Machine::at(cluster.machine("missing"), missing).builder().open().unwrap_err();
    assert!(error.to_string().contains("nowhere.pem"), "{error}");
}

#[test]
fn a_certificate_that_has_expired_and_one_for_another_name_are_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let (at, authority) = (|name: &str| folder.path().join(name), certificates(folder.path()));
    authority.vouches(folder.path(), "over", &["127.0.0.1"], true);
    let Some(cluster) = cluster(folder.path(), "server") else { return };
    let url = cluster.url("tls").replace("etcd+http://", "etcd+https://");
    let believing = |url: &str| Etcd::new(url).unwrap().authorities(at("ca.pem"));
    let over = believing(&url).certificate(at("over.pem"), at("over.key"));
    let error = set(&Machine::at(cluster.machine("over"), over)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    let said = format!("{error}: {}", error.remedy());
    assert!(said.contains("over.pem") && said.contains("-enddate") && said.contains("expired"), "{said}");
    let named = believing(&url.replace("127.0.0.1", "localhost"));
    let named = named.certificate(at("client.pem"), at("client.key"));
    let machine = Machine::at(cluster.machine("named"), named);
    assert_refused(&machine, ErrorKind::Unreachable, "subjectAltName");
}
