//! What etcd's JSON gateway is asked: keys and values in base64, 64-bit numbers as strings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::port::{Compare, Keys, Op, Txn};

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
