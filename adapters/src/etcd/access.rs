//! Where a cluster is, and as whom it is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use credlatch_core::port::{StoreError, StoreErrorKind};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::Agent;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind};
use crate::oauth::roots;

/// What a store's URL begins with.
const SCHEMES: [(&str, &str); 2] = [("etcd+https://", "https"), ("etcd+http://", "http")];
/// etcd's own port for clients.
const PORT: u16 = 2379;
/// Where a prefix is left out.
const PREFIX: &str = "credlatch";
/// As whom it is asked: a name, a colon and a password.
const USER: &str = "CREDLATCH_ETCD_USER";
/// The file with the authorities that are believed.
const AUTHORITIES: &str = "CREDLATCH_ETCD_CACERT";
/// The file with the client's certificate.
const CERTIFICATE: &str = "CREDLATCH_ETCD_CERT";
/// The file with that certificate's key.
const KEY: &str = "CREDLATCH_ETCD_KEY";
/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(2);

/// Where a cluster is, and as whom it is asked.
#[derive(Clone)]
pub(super) struct Access {
    /// Its members, as `https://host:port`.
    pub(super) members: Vec<String>,
    /// What the names of all keys of the store begin with, without a slash at either end.
    pub(super) prefix: String,
    /// The user and the password.
    pub(super) user: Option<(String, Zeroizing<String>)>,
    /// The file with the authorities that are believed, if they aren't the machine's.
    pub(super) authorities: Option<PathBuf>,
    /// The files with the client's certificate and its key.
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
}

fn usage(what: &str) -> Error {
    let remedy = "write it as etcd+https://HOST:2379,HOST:2379/PREFIX";
    Error::new(ErrorKind::Usage, format!("the store's URL can't be used: {what}"), remedy)
}

impl Access {
    /// By a store's URL. A URL may hold a password, so it is never repeated.
    pub(super) fn parse(url: &str) -> Result<Self, Error> {
        let of_scheme = SCHEMES.iter().find_map(|(begins, scheme)| Some((url.strip_prefix(begins)?, *scheme)));
        let (rest, scheme) = of_scheme.ok_or_else(|| usage("it is none of an etcd"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A URL is shown, and given as an argument; a password must not be.
        if authority.contains('@') {
            return Err(Error::new(
                ErrorKind::Usage,
                "the store's URL can't be used: it names a user",
                "say who asks by CREDLATCH_ETCD_USER=NAME:PASSWORD, and leave that out of the URL",
            ));
        }
        let members = authority.split(',').map(|host| member(scheme, host)).collect::<Result<Vec<_>, _>>()?;
        let prefix = path.trim_matches('/');
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
        if !prefix.chars().all(is_plain) || prefix.split('/').any(|part| part.is_empty() && !prefix.is_empty()) {
            return Err(usage("its prefix is not of letters, digits, and - _ . /"));
        }
        let prefix = if prefix.is_empty() { PREFIX } else { prefix }.to_owned();
        Ok(Self { members, prefix, user: None, authorities: None, certificate: None })
    }

    /// As `name:password` says.
    pub(super) fn with_user(mut self, text: &str) -> Result<Self, Error> {
        let split = text.split_once(':').filter(|(name, _)| !name.is_empty());
        let (name, password) = split.ok_or_else(|| {
            Error::new(ErrorKind::Usage, "the user of the etcd can't be used", format!("write {USER}=NAME:PASSWORD"))
        })?;
        self.user = Some((name.to_owned(), password.to_owned().into()));
        Ok(self)
    }

    /// The same, with what variables say.
    pub(super) fn with_variables(self) -> Result<Self, Error> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let file = |name: &'static str| named(name).map(PathBuf::from).map(|file| absolute(name, file)).transpose();
        let access = match named(USER) {
            Some(user) => self.with_user(user.to_str().unwrap_or_default())?,
            None => self,
        };
        let certificate = match (file(CERTIFICATE)?, file(KEY)?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => access.certificate,
            _ => {
                let what = format!("only one of {CERTIFICATE} and {KEY} is set");
                return Err(Error::new(ErrorKind::Usage, what, "a certificate goes with its key: set both"));
            }
        };
        Ok(Self { authorities: file(AUTHORITIES)?.or(access.authorities), certificate, user: access.user, ..access })
    }

    /// The same as variables.
    pub(super) fn context(&self) -> Vec<(&'static str, String)> {
        let text = |path: &PathBuf| std::path::absolute(path).ok()?.into_os_string().into_string().ok();
        let user = self.user.as_ref().map(|(name, password)| (USER, format!("{name}:{}", password.as_str())));
        let authorities = self.authorities.as_ref().and_then(text).map(|file| (AUTHORITIES, file));
        let certificate =
            self.certificate.as_ref().and_then(|(certificate, _)| Some((CERTIFICATE, text(certificate)?)));
        let key = self.certificate.as_ref().and_then(|(_, key)| Some((KEY, text(key)?)));
        [user, authorities, certificate, key].into_iter().flatten().collect()
    }

    /// A password goes to another machine only where nobody can read it on the way.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_open = |member: &String| member.starts_with("http://") && !is_loopback(member);
        if self.user.is_some() && self.members.iter().any(is_open) {
            let what = "a password would be sent to an etcd in the clear";
            return Err(Error::new(ErrorKind::Usage, what, "use etcd+https, or leave the user out"));
        }
        Ok(())
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        format!("etcd at {}", self.members.join(", "))
    }

    /// The same with whom it is asked as.
    pub(super) fn identity(&self) -> String {
        let user = self.user.as_ref().map(|(name, _)| name);
        format!("{} {user:?} {:?} {:?}", self.name(), self.authorities, self.certificate)
    }

    /// A client for its members.
    pub(super) fn agent(&self) -> Result<Agent, StoreError> {
        let is_tls = self.members.iter().any(|member| member.starts_with("https://"));
        let roots = match &self.authorities {
            Some(file) => RootCerts::from(certificates(file)?),
            None if is_tls => roots::trusted(),
            None => RootCerts::WebPki,
        };
        let certificate = self.certificate.as_ref().map(|(chain, key)| {
            let certificates = certificates(chain)?;
            must_match(&certificates, chain, key)?;
            Ok::<_, StoreError>(ClientCert::new_with_certs(&certificates, private_key(key)?))
        });
        let tls = TlsConfig::builder().root_certs(roots).client_cert(certificate.transpose()?).build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT))
            .tls_config(tls)
            .user_agent(concat!("credlatch/", env!("CARGO_PKG_VERSION")));
        Ok(config.build().into())
    }
}

fn member(scheme: &str, host: &str) -> Result<String, Error> {
    let url = format!("{scheme}://{host}");
    let uri: http::Uri = url.parse().map_err(|_| usage("one of its members is no host and port"))?;
    let name = uri.host().filter(|name| !name.is_empty()).unwrap_or_default();
    // What stands behind the name is a port, and nothing else.
    let port = if name == host { Some(PORT) } else { uri.port_u16() };
    let is_whole = uri.authority().is_some_and(|authority| authority.as_str() == host) && !name.is_empty();
    let port = port.filter(|_| is_whole).ok_or_else(|| usage("one of its members is no host and port"))?;
    Ok(format!("{scheme}://{name}:{port}"))
}

/// A relative path in a variable would name another file in each directory that a program is started in.
fn absolute(name: &str, file: PathBuf) -> Result<PathBuf, Error> {
    if file.is_absolute() {
        return Ok(file);
    }
    let what = format!("{name} is not an absolute path, so it would mean another file in each directory");
    Err(Error::new(ErrorKind::Usage, what, "write the whole path, beginning with /"))
}

fn is_loopback(member: &str) -> bool {
    let uri: Option<http::Uri> = member.parse().ok();
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    fs::read(file).map(Zeroizing::new).map_err(|error| useless(file, &format!("it can't be read ({error})")))
}

fn useless(file: &Path, why: &str) -> StoreError {
    let what = format!("{} can't be used for etcd: {why}", file.display());
    StoreError::new(StoreErrorKind::Denied, what, "name a file in PEM form")
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, StoreError> {
    let bytes = read(file)?;
    let found = parse_pem(&bytes).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(useless(file, "there is no certificate in it")) } else { Ok(found) }
}

/// Refuses a certificate and a key that don't belong together: the client would not survive them.
fn must_match(chain: &[Certificate<'static>], certificate: &Path, key: &Path) -> Result<(), StoreError> {
    let own = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| useless(key, "there is no private key in it"))?;
    let signs = any_supported_type(&own).map_err(|_| useless(key, "it is no key that is known here"))?;
    let chain = chain.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect();
    match CertifiedKey::new(chain, signs).keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(()),
        Err(_) => Err(useless(certificate, &format!("its key is not the one in {}", key.display()))),
    }
}

fn private_key(file: &Path) -> Result<PrivateKey<'static>, StoreError> {
    PrivateKey::from_pem(&read(file)?).map_err(|_| useless(file, "there is no private key in it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_members_a_prefix_and_a_user() {
        let access = Access::parse("etcd+https://a.example:1,b.example,[::1]:3/team/one/").unwrap();
        let access = access.with_user("me:p@s:s").unwrap();
        assert_eq!(access.members, ["https://a.example:1", "https://b.example:2379", "https://[::1]:3"]);
        assert_eq!(access.prefix, "team/one");
        let (name, password) = access.user.clone().unwrap();
        assert_eq!((name.as_str(), password.as_str()), ("me", "p@s:s"));
        assert!(!access.name().contains("me"), "{}", access.name());
        assert_eq!(Access::parse("etcd+http://127.0.0.1").unwrap().prefix, "credlatch");
    }

    #[test]
    fn what_is_no_such_url_is_refused_and_never_repeated() {
        let wrong = [
            "etcd://a",
            "etcd+https://",
            "etcd+https:///x",
            "etcd+https://a,,b",
            "etcd+https://a b",
            "etcd+https://sesame@a",
            "etcd+https://me:sesame@a",
            "etcd+https://a:99999",
            "etcd+https://a/sesame?x",
            "etcd+https://a//b//c",
            "etcd+https://a:sesame",
            "etcd+https://a/x#sesame",
        ];
        for url in wrong {
            let error = Access::parse(url).err().unwrap_or_else(|| panic!("{url} was taken"));
            assert!(!error.to_string().contains("sesame"), "{error}");
        }
    }

    #[test]
    fn a_password_goes_in_the_clear_to_this_machine_alone() {
        for (url, is_fine) in [
            ("etcd+http://127.0.0.1", true),
            ("etcd+http://[::1]:1", true),
            ("etcd+http://localhost", true),
            ("etcd+http://10.0.0.1", false),
            ("etcd+http://localhost,etcd.example", false),
            ("etcd+https://10.0.0.1", true),
        ] {
            let access = Access::parse(url).unwrap();
            assert!(access.check().is_ok(), "{url}");
            assert_eq!(access.with_user("a:b").unwrap().check().is_ok(), is_fine, "{url}");
        }
    }
}
