//! The forms of etcd's JSON gateway: keys and values in base64, 64-bit numbers as strings, and no field whose value is zero.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::port::{Change, Compare, Done, KeyValue, Keys, Op, Txn};

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

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&*self.0))
    }
}

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
}

impl Default for Kv {
    fn default() -> Self {
        let (version, create_revision, mod_revision) = Default::default();
        Self { key: Bytes::default(), value: Bytes::default(), version, create_revision, mod_revision }
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
    kvs: Vec<Kv>,
}

impl Ranged {
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
    header: Header,
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
    #[serde(rename = "ID")]
    pub(super) id: Number,
    #[serde(rename = "TTL")]
    pub(super) ttl: Number,
    pub(super) error: String,
}

#[derive(Deserialize)]
pub(super) struct KeptAlive {
    pub(super) result: Granted,
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

pub(super) fn key(key: &str) -> String {
    STANDARD.encode(key)
}

/// The first key after all that begin so.
fn end_of(prefix: &str) -> String {
    let mut end = prefix.as_bytes().to_vec();
    if let Some(last) = end.last_mut() {
        // Our prefixes end in a slash.
        *last += 1;
    }
    STANDARD.encode(end)
}

pub(super) fn range(keys: &Keys) -> Value {
    match keys {
        Keys::NamesUnder(prefix) => json!({"key": key(prefix), "range_end": end_of(prefix), "keys_only": true}),
        Keys::LastCreatedBefore(prefix, revision) => json!({
            "key": key(prefix), "range_end": end_of(prefix), "limit": "1", "sort_order": "DESCEND",
            "sort_target": "CREATE", "max_create_revision": revision.saturating_sub(1).to_string(),
        }),
    }
}

/// A transaction as a request. It is wiped when it is dropped, as what it holds is.
pub(super) fn txn(txn: &Txn) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let when = txn.when.iter().map(compare).collect();
    let then = txn.then.iter().map(op).collect();
    serde_json::to_vec(&TxnRequest { compare: when, success: then }).map(Zeroizing::new)
}

#[derive(Serialize)]
struct TxnRequest<'a> {
    compare: Vec<Value>,
    success: Vec<OpRequest<'a>>,
}

#[derive(Serialize)]
enum OpRequest<'a> {
    #[serde(rename = "request_put")]
    Put(Put<'a>),
    #[serde(rename = "request_delete_range")]
    Delete(Value),
    #[serde(rename = "request_range")]
    Range(Value),
}

#[derive(Serialize)]
struct Put<'a> {
    key: String,
    #[serde(serialize_with = "in_base64")]
    value: &'a [u8],
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<String>,
}

fn in_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&base64::display::Base64Display::new(bytes, &STANDARD))
}

fn op(op: &Op) -> OpRequest<'_> {
    match op {
        Op::Put(name, value, lease) => {
            OpRequest::Put(Put { key: key(name), value, lease: lease.map(|lease| lease.0.to_string()) })
        }
        Op::Delete(name) => OpRequest::Delete(json!({"key": key(name)})),
        Op::Get(name) => OpRequest::Range(json!({"key": key(name)})),
    }
}

fn compare(compare: &Compare) -> Value {
    match compare {
        Compare::Modified(name, revision) => {
            json!({"key": key(name), "target": "MOD", "result": "EQUAL", "mod_revision": revision.to_string()})
        }
        Compare::Created(name, revision) => {
            json!({"key": key(name), "target": "CREATE", "result": "EQUAL", "create_revision": revision.to_string()})
        }
        Compare::Is(name, value) => {
            json!({"key": key(name), "target": "VALUE", "result": "EQUAL", "value": STANDARD.encode(value)})
        }
    }
}
