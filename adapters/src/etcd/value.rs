//! What stands under a profile's key: a line of ours, and the document.

use std::fmt;

use credlatch_core::port::{StoreError, StoreErrorKind};

use super::port::KeyValue;
use crate::store::{CommitId, SecretBytes, Stored};

/// What every value of ours begins with; a newer form has another number.
const BEGINS: &str = "credlatch-etcd ";
const VERSION: &str = "1";
/// The longest first line, in bytes.
const MAX_LINE: usize = 100;
/// What a key says that has no commit yet.
const RESERVED: &str = "reserved";

/// What to do about a value that somebody else put there. None that is put there with etcdctl is taken: each is bound to its version.
pub(crate) const RECOVER: &str =
    "find out who did that; then `credlatch recover` puts the newest commit back that stood there before";

/// A value, taken apart.
pub(super) struct Value {
    pub(super) stored: Stored,
    /// The cluster that it was written to.
    pub(super) cluster: u64,
}

/// What stands under a key that was made for its first commit: no commit yet. By then it is known when the key was made, which the
/// first commit is bound to.
pub(super) fn reserved() -> SecretBytes {
    format!("{BEGINS}{VERSION} {RESERVED}\n").into_bytes().into()
}

pub(super) fn write(id: CommitId, cluster: u64, document: &[u8]) -> SecretBytes {
    let line = format!("{BEGINS}{VERSION} {} {cluster:016x}\n", id.get());
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(line.len() + document.len()));
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(document);
    bytes.into()
}

/// Takes a value apart; none if no commit was made there yet. `called` is what people call the store.
pub(super) fn read(kv: &KeyValue, called: &dyn fmt::Display) -> Result<Option<Value>, StoreError> {
    let unreadable = |why: &str| {
        let what = format!("{called} can't be read as a profile: {why}");
        StoreError::new(StoreErrorKind::Unreadable, what, RECOVER)
    };
    let strange = || unreadable("somebody else has put something there");
    let end = kv.value.iter().take(MAX_LINE).position(|byte| *byte == b'\n').ok_or_else(strange)?;
    let line = std::str::from_utf8(&kv.value[..end]).map_err(|_| strange())?;
    let (version, rest) = line.strip_prefix(BEGINS).and_then(|rest| rest.split_once(' ')).ok_or_else(strange)?;
    if version != VERSION {
        let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        let what = format!("{called} was written by a newer version");
        return Err(if is_number {
            StoreError::new(StoreErrorKind::Newer, what, "use a newer credlatch")
        } else {
            strange()
        });
    }
    if rest == RESERVED {
        // A key is made so, and never put so again.
        return if kv.version == 1 { Ok(None) } else { Err(strange()) };
    }
    let (id, cluster) = rest.split_once(' ').ok_or_else(strange)?;
    let id = id.parse().ok().and_then(CommitId::new).ok_or_else(strange)?;
    let cluster = u64::from_str_radix(cluster, 16).map_err(|_| strange())?;
    let document = kv.value[end + 1..].to_vec().into();
    Ok(Some(Value { stored: Stored { id, document }, cluster }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kv(value: &[u8]) -> KeyValue {
        KeyValue { key: "k".to_owned(), value: value.to_vec().into(), version: 1, created: 1, modified: 1 }
    }

    #[test]
    fn a_value_is_read_back_as_it_was_written() {
        let written = write(CommitId::new(8).unwrap(), 0xabc, b"one\ntwo\n");
        let value = read(&kv(&written), &"it").unwrap().unwrap();
        assert_eq!((&value.stored.document[..], value.cluster), (&b"one\ntwo\n"[..], 0xabc));
        assert_eq!(value.stored.id.get(), 8);
        assert!(read(&kv(&reserved()), &"it").unwrap().is_none());
        let over = KeyValue { version: 2, ..kv(&reserved()) };
        assert_eq!(read(&over, &"it").err().unwrap().kind, StoreErrorKind::Unreadable);
    }

    #[test]
    fn what_others_put_there_is_unreadable_and_what_is_newer_is_told_as_that() {
        for strange in [
            "",
            "x",
            "{}\n",
            "credlatch-etcd \n",
            "credlatch-etcd 1 x y\n",
            "credlatch-etcd 1 0 1\n",
            "credlatch-etcd z 2 1\n",
        ] {
            let error = read(&kv(strange.as_bytes()), &"it").err().unwrap();
            assert_eq!(error.kind, StoreErrorKind::Unreadable, "{strange}");
        }
        let newer = read(&kv(b"credlatch-etcd 2 whatever\n"), &"it").err().unwrap();
        assert_eq!(newer.kind, StoreErrorKind::Newer);
    }
}
