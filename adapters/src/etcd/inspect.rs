//! A look at a store in etcd that changes nothing: how its members are, and with which key each profile is sealed.

use std::time::{Duration, Instant};

use credlatch_core::name::ProfileName;
use credlatch_core::port::{StoreError, StoreErrorKind};

use super::document::Document;
use super::port::{Member, Op, Trouble, Txn};
use super::store::seal_of;
use super::{EtcdHome, refusal};
use crate::codec::KeyId;
use crate::seal;
use crate::store::StoreHome;

/// How long the members have to say how they are.
const MEMBERS: Duration = Duration::from_secs(2);
/// How long profiles are looked at in all.
const PROFILES: Duration = Duration::from_secs(5);
/// So many profiles are looked at. A store may have a million.
const MOST: usize = 500;

/// What was seen.
pub(crate) struct Inspection {
    /// What people call the store.
    pub(crate) called: String,
    pub(crate) members: Vec<Member>,
    /// That two members are of two clusters.
    pub(crate) mixed: Option<StoreError>,
    /// Whether most members agree on what is read.
    pub(crate) decides: Result<(), StoreError>,
    /// The key of new profiles.
    pub(crate) mark: Option<KeyId>,
    /// Each profile that was looked at, with its key, or with why it can't be read.
    pub(crate) profiles: Vec<(ProfileName, Result<Option<KeyId>, StoreError>)>,
    /// How many were not looked at.
    pub(crate) unseen: usize,
}

impl Inspection {
    /// The profiles that are sealed with another key than new ones are.
    pub(crate) fn otherwise_sealed(&self) -> impl Iterator<Item = (&ProfileName, KeyId)> {
        self.profiles.iter().filter_map(|(name, key)| {
            let key = key.as_ref().ok().copied().flatten()?;
            (self.mark? != key).then_some((name, key))
        })
    }
}

impl EtcdHome {
    /// Looks at the store, as seen from this profile.
    pub(crate) fn inspect(&self, profile: &ProfileName) -> Inspection {
        let members = self.cluster.members(MEMBERS);
        let mut seen = Inspection {
            called: format!("{}, prefix {}", self.cluster.name(), self.prefix),
            mixed: mixed(&members),
            members,
            decides: Ok(()),
            mark: None,
            profiles: Vec::new(),
            unseen: 0,
        };
        match seal_of(&self.document(profile)) {
            Ok(mark) => seen.mark = mark,
            Err(error) => seen.decides = Err(error),
        }
        if seen.decides.is_ok() {
            seen.decides = self.look_at_profiles(&mut seen);
        }
        seen
    }

    fn look_at_profiles(&self, seen: &mut Inspection) -> Result<(), StoreError> {
        let (began, mut names) = (Instant::now(), self.profiles()?.unwrap_or_default());
        seen.unseen = names.len().saturating_sub(MOST);
        names.truncate(MOST);
        for (at, name) in names.iter().enumerate() {
            if began.elapsed() > PROFILES {
                seen.unseen += names.len() - at;
                break;
            }
            let key = key_of(&self.document(name));
            if let Err(error) = &key
                && error.kind == StoreErrorKind::Unreachable
            {
                return Err(error.clone());
            }
            seen.profiles.push((name.clone(), key));
        }
        Ok(())
    }
}

/// The key that a profile is sealed with; none of one that has no commit yet.
fn key_of(document: &Document) -> Result<Option<KeyId>, StoreError> {
    let get = Txn { when: Vec::new(), then: vec![Op::Get(document.names.document.clone())] };
    let done = document.cluster.transact(&get, PROFILES).map_err(Trouble::into_error)?;
    let value = document.value(done.read.first().and_then(Option::as_ref))?;
    Ok(value.and_then(|value| seal::key_of(&value.stored.document)))
}

/// Two members that are of two clusters.
fn mixed(members: &[Member]) -> Option<StoreError> {
    let mut said = members.iter().filter_map(|member| Some((&member.name, member.state.as_ref().ok()?.cluster)));
    let (first, cluster) = said.next()?;
    let (other, _) = said.find(|(_, other)| *other != cluster)?;
    Some(refusal::two_clusters(first, other))
}
