//! Why etcd didn't do what it was asked, for people; and what of that is certain.

use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use rustls::AlertDescription;

use super::port::Trouble;
use super::wire::Refusal;
use crate::docfile::errors::quoted;

// The codes that its gateway passes on (gRPC's).
const INVALID: u64 = 3;
const NOT_FOUND: u64 = 5;
const DENIED: u64 = 7;
const EXHAUSTED: u64 = 8;
const FAILED_PRECONDITION: u64 = 9;
const OUT_OF_RANGE: u64 = 11;
const UNAUTHENTICATED: u64 = 16;

/// Whether it certainly wasn't done. Anything else may be said by a member that passed it on.
pub(super) fn is_certain(refusal: &Refusal) -> bool {
    matches!(refusal.code, INVALID | NOT_FOUND | DENIED | EXHAUSTED | FAILED_PRECONDITION | OUT_OF_RANGE)
}

/// Whether it doesn't know this user any more.
pub(super) fn is_unauthenticated(refusal: &Refusal) -> bool {
    refusal.code == UNAUTHENTICATED || text(refusal).contains("revision of auth store is old")
}

/// Whether no byte of the request left.
pub(super) fn was_never_sent(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
            true
        }
        ureq::Error::Timeout(timeout) => {
            matches!(timeout, ureq::Timeout::Connect | ureq::Timeout::Resolve)
        }
        ureq::Error::Io(error) => {
            let is_tls = error.get_ref().is_some_and(|inner| inner.downcast_ref::<rustls::Error>().is_some());
            is_tls || error.kind() == std::io::ErrorKind::ConnectionRefused
        }
        _ => false,
    }
}

fn text(refusal: &Refusal) -> &str {
    if refusal.message.is_empty() { &refusal.error } else { &refusal.message }
}

fn error(kind: StoreErrorKind, what: String, remedy: &str) -> StoreError {
    StoreError::new(kind, what, remedy)
}

/// What a member that answers has against a request. Its own words are its own: they are recognised, and not repeated.
pub(super) fn refused(cluster: &str, refusal: &Refusal) -> StoreError {
    use StoreErrorKind::{Denied, Failed, Full, Unreachable};
    let said = text(refusal);
    match refusal.code {
        EXHAUSTED => error(
            Full,
            format!("{cluster} has no space left: its quota is used up"),
            "compact and defragment it, disarm its alarm (etcdctl alarm disarm), or raise its quota",
        ),
        INVALID if said.contains("too large") => error(
            Full,
            format!("{cluster} takes no request as large as this profile would be"),
            "remove entries, spread them over several profiles, or raise its --max-request-bytes",
        ),
        INVALID if said.contains("authentication failed") => error(
            Denied,
            format!("{cluster} doesn't know this user by this password"),
            "look at the name and the password",
        ),
        INVALID if said.contains("user name is empty") => user(cluster),
        DENIED => error(
            Denied,
            format!("{cluster} doesn't let this user at these keys"),
            "look at the prefix, and grant the user's role read and write below it",
        ),
        FAILED_PRECONDITION if said.contains("authentication is not enabled") => error(
            Denied,
            format!("{cluster} knows no users, and one was named"),
            "leave the user out, or enable authentication there",
        ),
        OUT_OF_RANGE if said.contains("compacted") => Trouble::Compacted.into_error(),
        OUT_OF_RANGE | NOT_FOUND => {
            error(Failed, format!("{cluster} doesn't have what it was asked for any more"), "try again")
        }
        _ => error(
            Unreachable,
            format!("{cluster} can't decide anything now: it has no leader, or too few of its members answer"),
            "wait until most of its members are up, and try again",
        ),
    }
}

pub(super) fn user(cluster: &str) -> StoreError {
    error(
        StoreErrorKind::Denied,
        format!("{cluster} wants to know who asks"),
        "name a user: CREDLATCH_ETCD_USER=NAME:PASSWORD",
    )
}

pub(super) fn no_gateway(member: &str) -> StoreError {
    error(
        StoreErrorKind::Failed,
        format!("{member} has no JSON gateway of version 3"),
        "start that etcd with --enable-grpc-gateway; it must be 3.4 or newer",
    )
}

pub(super) fn no_etcd(member: &str) -> StoreError {
    error(
        StoreErrorKind::Failed,
        format!("what answers at {member} is no etcd, or none that is known here"),
        "look at the address of the store; etcd must be 3.4 or newer",
    )
}

pub(super) fn two_clusters(one: &str, other: &str) -> StoreError {
    error(
        StoreErrorKind::Failed,
        format!("{one} and {other} are members of two clusters, so a change could go to either"),
        "name the members of one cluster in the store's URL: those of the one that has your profiles (etcdctl member list)",
    )
}

pub(super) fn in_between(member: &str, status: u16) -> StoreError {
    error(
        StoreErrorKind::Unreachable,
        format!("what is between this machine and {member} answered with the status {status}"),
        "look at the proxy or load balancer there, and try again",
    )
}

pub(super) fn common_name(member: &str) -> StoreError {
    error(
        StoreErrorKind::Denied,
        format!("{member} takes no client's certificate with a common name over its gateway while it has users"),
        "use a certificate without a common name, and name the user: CREDLATCH_ETCD_USER=NAME:PASSWORD",
    )
}

pub(super) fn nobody(cluster: &str) -> StoreError {
    error(StoreErrorKind::Unreachable, format!("{cluster} doesn't answer"), "look whether it runs, and try again")
}

pub(super) fn watch_ended(member: &str) -> StoreError {
    error(StoreErrorKind::Unreachable, format!("{member} ended a watch"), "it is begun anew")
}

pub(super) fn unanswered(member: &str, _error: &ureq::Error) -> StoreError {
    error(StoreErrorKind::Unreachable, format!("{member} broke off in its answer"), "try again")
}

/// Why a member isn't reached. `certificate` is the file of the one that this client shows.
pub(super) fn unreached(member: &str, certificate: Option<&Path>, why: &ureq::Error) -> StoreError {
    let tls = match why {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    let unreachable =
        |what: &str, remedy: String| error(StoreErrorKind::Unreachable, format!("{member} {what}"), &remedy);
    if let Some(tls) = tls {
        return no_tls(member, certificate, tls);
    }
    match why {
        ureq::Error::HostNotFound => error(
            StoreErrorKind::Unreachable,
            format!("no address is known for {member}"),
            "look at the name, and at this machine's resolver",
        ),
        ureq::Error::Timeout(_) => {
            unreachable("doesn't answer in time", "look whether it runs and has a leader, and try again".to_owned())
        }
        // A server that doesn't like a certificate may just end the connection.
        _ if member.starts_with("https:") && !was_never_sent(why) => unreachable(
            "ended the connection",
            format!("look {}, and whether it runs; then try again", of_certificate(certificate)),
        ),
        _ => unreachable(
            "can't be reached",
            "look whether it runs, and whether a proxy or a firewall is in between; then try again".to_owned(),
        ),
    }
}

/// Why there is no TLS connection.
fn no_tls(member: &str, certificate: Option<&Path>, why: &rustls::Error) -> StoreError {
    use rustls::{CertificateError as Bad, Error};
    let unreachable = |what: String, remedy: &str| error(StoreErrorKind::Unreachable, what, remedy);
    match why {
        Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => unreachable(
            format!("the certificate that {member} shows is for another name"),
            "name the member in the store's URL as its certificate does, or give it a certificate for this name (a subjectAltName)",
        ),
        Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => unreachable(
            format!("the certificate that {member} shows has expired"),
            "renew it there; or set this machine's clock, if that is wrong",
        ),
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => unreachable(
            format!("nobody who is trusted here vouches for {member}"),
            "name its authority: SSL_CERT_FILE, or CREDLATCH_ETCD_CACERT",
        ),
        Error::AlertReceived(alert) if is_of_certificate(*alert) => match certificate {
            Some(file) => unreachable(
                format!("{member} doesn't take the client's certificate in {}", file.display()),
                &format!("look {}, and renew it", of_shown(file)),
            ),
            None => unreachable(
                format!("{member} wants a client's certificate"),
                "name it and its key: CREDLATCH_ETCD_CERT and CREDLATCH_ETCD_KEY",
            ),
        },
        _ => unreachable(
            format!("{member} doesn't agree to a TLS connection"),
            &format!("look whether it serves TLS there, and {}", of_certificate(certificate)),
        ),
    }
}

/// Whether a member says with it that it doesn't like a client's certificate, or misses one.
fn is_of_certificate(alert: AlertDescription) -> bool {
    use AlertDescription as Alert;
    matches!(
        alert,
        Alert::CertificateRequired
            | Alert::CertificateExpired
            | Alert::CertificateRevoked
            | Alert::CertificateUnknown
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::UnknownCA
    )
}

/// What to look at where a member may want a client's certificate, or doesn't like the one that it is shown.
fn of_certificate(certificate: Option<&Path>) -> String {
    match certificate {
        None => "whether it wants a client's certificate (CREDLATCH_ETCD_CERT)".to_owned(),
        Some(file) => format!("at the client's certificate: {}", of_shown(file)),
    }
}

fn of_shown(file: &Path) -> String {
    format!(
        "whether it has expired, and whether that member knows its authority (openssl x509 -noout -enddate -issuer -in {})",
        quoted(file)
    )
}
