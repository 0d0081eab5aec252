//! Why etcd didn't do what it was asked, for people; and what of that is certain.

use credlatch_core::port::{StoreError, StoreErrorKind};

use super::wire::Refusal;

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

pub(super) fn unreached(member: &str, why: &ureq::Error) -> StoreError {
    let tls = match why {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        _ => None,
    };
    match (why, tls) {
        (_, Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)) => error(
            StoreErrorKind::Unreachable,
            format!("nobody who is trusted here vouches for {member}"),
            "name its authority: SSL_CERT_FILE, or CREDLATCH_ETCD_CACERT",
        ),
        (_, Some(_)) => error(
            StoreErrorKind::Unreachable,
            format!("{member} doesn't agree to a TLS connection"),
            "look whether it serves TLS there, and whether it wants a client's certificate (CREDLATCH_ETCD_CERT)",
        ),
        (ureq::Error::HostNotFound, _) => error(
            StoreErrorKind::Unreachable,
            format!("no address is known for {member}"),
            "look at the name, and at this machine's resolver",
        ),
        (ureq::Error::Timeout(_), _) => error(
            StoreErrorKind::Unreachable,
            format!("{member} doesn't answer in time"),
            "look whether it runs and has a leader, and try again",
        ),
        // A server that wants a certificate may just end the connection.
        _ if member.starts_with("https:") && !was_never_sent(why) => error(
            StoreErrorKind::Unreachable,
            format!("{member} ended the connection"),
            "look whether it wants a client's certificate (CREDLATCH_ETCD_CERT), and whether it runs; then try again",
        ),
        _ => error(
            StoreErrorKind::Unreachable,
            format!("{member} can't be reached"),
            "look whether it runs, and whether a proxy or a firewall is in between; then try again",
        ),
    }
}
