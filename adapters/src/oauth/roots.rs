//! Which certificate authorities are believed when an issuer shows its certificate.
//!
//! Those of this machine, where a company puts its own, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. A machine
//! without any, such as a small container, gets the list that is built in.

use std::env;

use ureq::tls::{Certificate, RootCerts};

/// The authorities that are believed now.
pub(super) fn trusted() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let are_named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().any(is_set);
    choose(found.iter().map(AsRef::as_ref), are_named)
}

/// Whoever names authorities believes no others: then a file that is missing is no reason to believe the built-in list.
fn choose<'a>(found: impl Iterator<Item = &'a [u8]>, are_named: bool) -> RootCerts {
    let found: Vec<_> = found.map(|der| Certificate::from_der(der).to_owned()).collect();
    if found.is_empty() && !are_named { RootCerts::WebPki } else { RootCerts::from(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(roots: &RootCerts) -> Option<usize> {
        match roots {
            RootCerts::Specific(roots) => Some(roots.len()),
            _ => None,
        }
    }

    #[test]
    fn the_built_in_list_stands_in_only_where_nothing_is_found_or_named() {
        let some: [&[u8]; 2] = [b"one", b"two"];
        assert_eq!(count(&choose(some.into_iter(), false)), Some(2));
        assert_eq!(count(&choose(some.into_iter(), true)), Some(2));
        assert_eq!(count(&choose([].into_iter(), true)), Some(0));
        assert_eq!(count(&choose([].into_iter(), false)), None);
    }
}
