//! Which certificate authorities are believed when an issuer shows its certificate.
//!
//! Those of this machine, where a company puts its own, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name. A machine
//! without any, such as a small container, gets the list that is built in.

use std::env;
use std::path::{Path, PathBuf};

use rustls_native_certs::{CertificateResult, ErrorKind, load_certs_from_paths};
use ureq::tls::{Certificate, RootCerts};

/// The authorities that are believed now.
pub(crate) fn trusted() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    choose(found.iter().map(AsRef::as_ref), named().next().is_some())
}

/// What is wrong with a file or directory of authorities that the environment names.
pub(crate) fn problem() -> Option<String> {
    named().find_map(|(name, path)| {
        let (file, folder) = if name == FILE { (Some(&*path), None) } else { (None, Some(&*path)) };
        let why = why_useless(load_certs_from_paths(file, folder))?;
        Some(format!("{name} names {}, {why}", Path::new(&path).display()))
    })
}

const FILE: &str = "SSL_CERT_FILE";
const FOLDERS: &str = "SSL_CERT_DIR";

/// The variables that are set, with each path that they name.
fn named() -> impl Iterator<Item = (&'static str, PathBuf)> {
    let file = env::var_os(FILE).map(|path| (FILE, path.into()));
    let folders: Vec<_> = env::var_os(FOLDERS).iter().flat_map(env::split_paths).collect();
    let all = file.into_iter().chain(folders.into_iter().map(|path| (FOLDERS, path)));
    all.filter(|(_, path): &(_, PathBuf)| !path.as_os_str().is_empty())
}

fn why_useless(loaded: CertificateResult) -> Option<String> {
    match loaded.errors.into_iter().next().map(|error| error.kind) {
        Some(ErrorKind::Io { inner, .. }) => Some(format!("which can't be read ({inner})")),
        Some(_) => Some("which holds what is no certificate in PEM form".to_owned()),
        None if loaded.certs.is_empty() => Some("which holds no certificate in PEM form".to_owned()),
        None => None,
    }
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
