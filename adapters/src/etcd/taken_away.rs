//! What stood last under a key that was taken away, as long as etcd hasn't compacted it away.

use std::time::Duration;

use super::port::{Change, Cluster, KeyValue, Trouble, Watching};

/// How long it may take to read what stood there at one time.
const READ: Duration = Duration::from_secs(5);
/// How long it is listened whether it was put again later. What etcd remembers it tells at once.
const LISTEN: Duration = Duration::from_secs(2);
/// So often a key may have been taken away and put again.
const MOST: usize = 100;

/// The last value of a key that isn't there at this revision; none if it never had one.
///
/// # Errors
/// [`Trouble::Compacted`] if what it had is forgotten, or whether it had anything; etcd doesn't answer, or refuses.
pub(super) fn last(cluster: &dyn Cluster, key: &str, revision: u64) -> Result<Option<KeyValue>, Trouble> {
    let (mut there, mut found) = (0, Ok(None));
    for _ in 0..MOST {
        let gone = taken_away_after(cluster, key, there, revision)?;
        // What is read at revision 0 is what stands now.
        if gone > 1 {
            found = cluster.read_at(key, gone - 1, READ);
        }
        match put_after(cluster, key, gone, revision)? {
            Some(again) => there = again,
            None => return found,
        }
    }
    Err(Trouble::Compacted)
}

/// A revision at which the key wasn't there and before which it was, or nobody knows, of those after `there`.
fn taken_away_after(cluster: &dyn Cluster, key: &str, mut there: u64, mut gone: u64) -> Result<u64, Trouble> {
    while gone - there > 1 {
        let middle = there + (gone - there) / 2;
        match cluster.read_at(key, middle, READ) {
            Ok(None) => gone = middle,
            Ok(Some(_)) | Err(Trouble::Compacted) => there = middle,
            Err(other) => return Err(other),
        }
    }
    Ok(gone)
}

/// The revision that put the key next after this one, and not later than `until`.
fn put_after(cluster: &dyn Cluster, key: &str, after: u64, until: u64) -> Result<Option<u64>, Trouble> {
    let mut put = None;
    if after < until {
        cluster.watch(key, after, LISTEN, &mut |change| match change {
            Change::Put(kv) => {
                put = Some(kv.modified).filter(|modified| *modified <= until);
                Watching::Enough
            }
            Change::Deleted(at) if at > until => Watching::Enough,
            Change::Alive(_) | Change::Deleted(_) => Watching::GoOn,
        })?;
    }
    Ok(put)
}
