//! What etcd's JSON gateway answers: keys and values in base64, 64-bit numbers as strings, and no field whose value is zero.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::port::{Change, Done, KeyValue, Lease, MemberState};

/// An answer, which says which cluster gives it.
pub(super) trait Answer: DeserializeOwned {
    fn header(&self) -> &Header;
}

/// A 64-bit number, which may be left out or written either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Text(String),
            Number(i64),
        }
        let number = match Either::deserialize(deserializer)? {
            Either::Text(text) => text.parse::<u64>().or_else(|_| text.parse::<i64>().map(i64::cast_unsigned)).ok(),
            Either::Number(number) => Some(number.cast_unsigned()),
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom("it is no number"))
    }
}

/// Bytes in base64.
#[derive(Clone, Default)]
pub(super) struct Bytes(pub(super) Zeroizing<Vec<u8>>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(|bytes| Self(bytes.into())).map_err(|_| serde::de::Error::custom("it is no base64"))
    }
}

#[derive(Deserialize)]
#[serde(default)]
pub(super) struct Kv {
    key: Bytes,
    value: Bytes,
    version: Number,
    create_revision: Number,
    mod_revision: Number,
    lease: Number,
}

impl Default for Kv {
    fn default() -> Self {
        let (version, create_revision, mod_revision, lease) = Default::default();
        Self { key: Bytes::default(), value: Bytes::default(), version, create_revision, mod_revision, lease }
    }
}

impl From<Kv> for KeyValue {
    fn from(kv: Kv) -> Self {
        Self {
            key: String::from_utf8_lossy(&kv.key.0).into_owned(),
            value: kv.value.0.into(),
            version: kv.version.0,
            created: kv.create_revision.0,
            modified: kv.mod_revision.0,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Header {
    pub(super) cluster_id: Number,
    pub(super) revision: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Ranged {
    header: Header,
    kvs: Vec<Kv>,
}

impl Answer for Ranged {
    fn header(&self) -> &Header {
        &self.header
    }
}

impl Ranged {
    /// The lease that the first key goes with.
    pub(super) fn lease(&self) -> Option<Lease> {
        self.kvs.first().map(|kv| kv.lease.0.cast_signed()).filter(|lease| *lease != 0).map(Lease)
    }

    pub(super) fn into_keys(self) -> Vec<KeyValue> {
        self.kvs.into_iter().map(Into::into).collect()
    }
}

#[derive(Deserialize)]
pub(super) struct Transacted {
    header: Header,
    #[serde(default)]
    succeeded: bool,
    #[serde(default)]
    responses: Vec<Response>,
}

impl Answer for Transacted {
    fn header(&self) -> &Header {
        &self.header
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Response {
    response_range: Option<Ranged>,
}

impl From<Transacted> for Done {
    fn from(done: Transacted) -> Self {
        let ranges = done.responses.into_iter().filter_map(|response| response.response_range);
        Self {
            succeeded: done.succeeded,
            revision: done.header.revision.0,
            cluster: done.header.cluster_id.0,
            read: ranges.map(|range| range.kvs.into_iter().next().map(Into::into)).collect(),
        }
    }
}

/// A line of a watch.
#[derive(Deserialize)]
pub(super) struct Line {
    /// None where it says why it ended.
    #[serde(default)]
    pub(super) result: Option<WatchResult>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct WatchResult {
    pub(super) header: Header,
    pub(super) canceled: bool,
    pub(super) compact_revision: Number,
    pub(super) cancel_reason: String,
    events: Vec<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    r#type: String,
    kv: Kv,
}

impl WatchResult {
    /// What it tells; that the watch lives, if nothing else. Only one without events may be a progress notification.
    pub(super) fn into_changes(self) -> Vec<Change> {
        if self.events.is_empty() {
            return vec![Change::Alive(Some(self.header.revision.0))];
        }
        let changes = self.events.into_iter().map(|event| match &*event.r#type {
            "DELETE" => Change::Deleted(event.kv.mod_revision.0),
            _ => Change::Put(event.kv.into()),
        });
        changes.collect()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Granted {
    header: Header,
    #[serde(rename = "ID")]
    pub(super) id: Number,
    #[serde(rename = "TTL")]
    pub(super) ttl: Number,
    pub(super) error: String,
}

impl Answer for Granted {
    fn header(&self) -> &Header {
        &self.header
    }
}

#[derive(Deserialize)]
pub(super) struct KeptAlive {
    pub(super) result: Granted,
}

impl Answer for KeptAlive {
    fn header(&self) -> &Header {
        &self.result.header
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Revoked {
    header: Header,
}

impl Answer for Revoked {
    fn header(&self) -> &Header {
        &self.header
    }
}

/// How a member says that it is.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    header: Header,
    leader: Number,
    /// Alarms, and that there is no leader, in its own words.
    errors: Vec<String>,
}

impl From<Status> for MemberState {
    fn from(status: Status) -> Self {
        let says = |word: &str| status.errors.iter().any(|error| error.contains(word));
        Self {
            cluster: status.header.cluster_id.0,
            has_leader: status.leader.0 != 0,
            is_full: says("alarm:NOSPACE"),
            is_corrupt: says("alarm:CORRUPT"),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Authenticated {
    pub(super) token: String,
}

/// Why a request was refused.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Refusal {
    pub(super) error: String,
    pub(super) message: String,
    pub(super) code: u64,
}
