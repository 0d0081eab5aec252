//! What a request carries.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use credlatch_core::engine::{Chosen, Live, LiveKind};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::{self, Misdirected, Provider};
use credlatch_core::secret::Secret;
use credlatch_core::state::Material;
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use super::Latch;
use super::counters::Counter;
use crate::error::{Error, ErrorKind};
use crate::when::system_time;

/// A credential as it was current when it was asked for. Use it for one request and drop it: a clear can wait until nobody
/// holds the old one. The last owner of the secret wipes it.
///
/// ```
/// use credlatch::{ErrorKind, Kind, Latch, Secret};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let latch = Latch::in_memory();
/// latch.set("anthropic", Secret::try_from("sk-ant-example")?)?;
/// let credential = latch.token("anthropic")?;
/// assert_eq!((credential.kind(), credential.expires_at()), (Kind::ApiKey, None));
///
/// let mut request = http::Request::post("https://api.anthropic.com/v1/messages").body(()).unwrap();
/// credential.authorize_request(&mut request)?;
/// assert!(request.headers()["x-api-key"].is_sensitive());
///
/// let mut elsewhere = http::Request::post("https://api.example.com/v1/messages").body(()).unwrap();
/// assert_eq!(credential.authorize_request(&mut elsewhere).unwrap_err().kind(), ErrorKind::WrongHost);
/// assert!(!format!("{credential:?}").contains("sk-ant"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Credential {
    live: Arc<Live>,
    generation: u64,
    /// What a link's file held; our own secrets are in the shared record.
    borrowed: Option<Box<Borrowed>>,
    /// Keeps the latch open.
    latch: Arc<Counter>,
    stands_in: bool,
}

#[derive(Clone)]
pub(super) struct Borrowed {
    pub(super) access: Secret,
    pub(super) expires_at_ms: Option<u64>,
}

/// What a look behind a link found; nothing for an entry of our own.
pub(super) type Read = Result<Option<Borrowed>, Unread>;

/// Why nothing could be borrowed.
#[derive(Clone)]
pub(super) struct Unread {
    pub(super) error: Error,
    /// Whether another account appeared behind the link, so that it is to be set aside in the store.
    pub(super) is_anothers: bool,
}

impl From<Error> for Unread {
    fn from(error: Error) -> Self {
        Self { error, is_anothers: false }
    }
}

/// What kind of credential it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A key that doesn't change by itself.
    ApiKey,
    /// An OAuth access token of a login of ours.
    Oauth,
    /// An OAuth access token of another tool's login.
    Link,
}

impl From<&Material> for Kind {
    fn from(material: &Material) -> Self {
        match material {
            Material::ApiKey(_) => Self::ApiKey,
            Material::Oauth(_) => Self::Oauth,
            Material::Link(_) => Self::Link,
        }
    }
}

impl Kind {
    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Oauth => "oauth",
            Self::Link => "link",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Credential {
    pub(super) fn new(latch: &Latch, chosen: Chosen, borrowed: Option<Borrowed>) -> Self {
        let borrowed = borrowed.map(Box::new);
        Self { live: chosen.live, generation: chosen.generation, borrowed, latch: latch.counter(), stands_in: false }
    }

    /// What is given to programs that insist on a key where the server wants none.
    pub(super) fn standing_in(latch: &Latch, live: Arc<Live>, generation: u64) -> Self {
        Self { live, generation, borrowed: None, latch: latch.counter(), stands_in: true }
    }

    /// Whether it is nobody's secret, but what stands in for one where the provider's server wants none: see
    /// [`Latch::current_or_stand_in`].
    pub fn is_stand_in(&self) -> bool {
        self.stands_in
    }

    /// Whose credential it is.
    pub fn provider(&self) -> &ProviderId {
        &self.live.provider
    }

    /// Which of the provider's entries it is.
    pub fn label(&self) -> &Label {
        &self.live.label
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self.live.kind {
            LiveKind::ApiKey => Kind::ApiKey,
            LiveKind::Oauth => Kind::Oauth,
            LiveKind::Link { .. } => Kind::Link,
        }
    }

    /// The version of the entry: it changes when its secret does, and only then.
    pub fn version(&self) -> u64 {
        self.live.version
    }

    /// The generation of the profile it was read from.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When it ends, if it does, by the wall clock.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let ends_ms = match &self.borrowed {
            Some(borrowed) => borrowed.expires_at_ms,
            None => self.live.expiry.wall_ms(),
        };
        ends_ms.map(system_time)
    }

    /// Why it could not be saved when it was granted, if so: this process has it alone, and saves it when it can. It is as
    /// good as others, and gone if the process ends before that; [`Latch::save_unsaved`] tries again at once.
    pub fn unsaved(&self) -> Option<Error> {
        self.live.unsaved().cloned().map(Error::from)
    }

    /// Whether it is still what the store holds, in this and every other process.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn is_current(&self) -> Result<bool, Error> {
        Ok(self.latch.is_current(&self.live)?)
    }

    /// The secret's text, for code that builds its own request.
    pub fn expose_secret(&self) -> &str {
        self.secret().expose_secret()
    }

    /// Puts it into a request's headers, in the header that the provider expects, marked as sensitive. What other header
    /// of that name was there is replaced. A stand-in is put nowhere.
    ///
    /// Where the request goes is up to the caller: [`Credential::authorize_request`] looks.
    pub fn authorize(&self, headers: &mut HeaderMap) {
        if self.stands_in {
            return;
        }
        let row = self.latch.table.get(self.provider());
        let style = row.map(|row| row.auth).unwrap_or_default();
        let (name, lead) = style.header(self.wire_kind());
        let text = zeroize::Zeroizing::new(format!("{lead}{}", self.expose_secret()));
        // A secret is printable ASCII, which every header takes; it is checked where it comes in.
        if let (Ok(name), Ok(mut value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text)) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }

    /// [`Credential::authorize`] for a request whose URL is known, which must be the provider's: on one of the hosts of its
    /// row at the usual port, or where one of its base URLs is. A row that names no host refuses none, plain http included:
    /// give the row of a provider of your own its `base_urls` or `native_hosts`.
    ///
    /// # Errors
    /// The request goes elsewhere, or in the clear to another machine ([`ErrorKind::WrongHost`]). Its headers are as they
    /// were.
    pub fn authorize_request<B>(&self, request: &mut Request<B>) -> Result<(), Error> {
        let url = request.uri().to_string();
        self.authorize_for(&url, request.headers_mut())
    }

    /// The same for clients that have requests of their own: these headers go to this URL.
    ///
    /// # Errors
    /// As [`Credential::authorize_request`].
    pub fn authorize_for(&self, url: &str, headers: &mut HeaderMap) -> Result<(), Error> {
        // What stands in for a key is put into no header, and may go anywhere.
        if let Some(row) = self.latch.table.get(self.provider()).filter(|_| !self.is_stand_in()) {
            row.admits(url).map_err(|why| misdirected(row, &why))?;
        }
        self.authorize(headers);
        Ok(())
    }

    pub(crate) fn secret(&self) -> &Secret {
        match (&self.borrowed, self.live.secret()) {
            (Some(borrowed), _) => &borrowed.access,
            (None, Some(secret)) => secret,
            (None, None) => unreachable!("a credential is made of an owned secret or of a borrowed one"),
        }
    }

    pub(crate) fn wire_kind(&self) -> provider::WireKind {
        match self.kind() {
            Kind::ApiKey => provider::WireKind::ApiKey,
            Kind::Oauth | Kind::Link => provider::WireKind::OauthToken,
        }
    }

    /// Whether it came from a latch on this one's profile and document.
    pub(super) fn is_of(&self, latch: &Latch) -> bool {
        self.latch.is_on_document_of(&latch.0)
    }

    pub(super) fn live(&self) -> &Arc<Live> {
        &self.live
    }
}

/// Why a request got no credential. Of its URL only scheme, host and port are told: a query may hold a secret.
fn misdirected(row: &Provider, why: &Misdirected) -> Error {
    let id = &row.id;
    let (what, remedy) = match why {
        Misdirected::Elsewhere(origin) => (
            format!("{origin} is not a host of {id}, so the request got no credential"),
            format!(
                "send it to a host of {id}; or, if this is one, name it in `base_urls` or `native_hosts` of its row"
            ),
        ),
        Misdirected::Unfit(why) => (
            format!("the request to {id} got no credential: {why}"),
            "mend the address that the request is sent to".to_owned(),
        ),
    };
    Error::new(ErrorKind::WrongHost, what, remedy)
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("provider", self.provider())
            .field("label", self.label())
            .field("kind", &self.kind())
            .field("version", &self.version())
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
