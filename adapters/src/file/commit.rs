//! The order of a commit: draft, sync, word odd, rename, sync of the directory, word even. What a crash leaves between
//! any two of these is either the old document or the new one, and the word never vouches for what isn't durable.

use credlatch_core::port::{CommitError, Locked, StoreError};
use credlatch_core::state::State;

use super::document::{self, Head};
use super::lock::{BaseCommit, FileLocked};
use crate::docfile::disk::{Disk, Metadata};
use crate::docfile::draft::Draft;
use crate::docfile::errors::io_error;
use crate::docfile::held::{Held, metadata_under_lock, replaced, too_large};
use crate::zeroizing;

pub(super) fn commit<D: Disk>(
    locked: &mut FileLocked<'_, D>,
    state: &State,
    reservation: Option<Draft<D>>,
) -> Result<u64, CommitError> {
    let (mut draft, claims, id) = prepare(locked, state, reservation).map_err(CommitError::NotSaved)?;
    publish(locked, &mut draft, id)?;
    let document = &locked.paths.document;
    if let Err(error) = locked.store.disk.sync_folder(&locked.paths.folder) {
        // The word stays odd: whoever locks next confirms the commit before saying anything about it.
        locked.base = None;
        return Err(CommitError::Unknown(io_error("make sure of the commit to", document, &error)));
    }
    // The commit is durable. If this fails the word stays odd, which costs readers time and the next writer a look.
    let metadata = draft.standing(document);
    if locked.set_word(id).is_ok() {
        match metadata {
            Some(_) => locked.store.reader.saw(&locked.paths, metadata),
            None => locked.store.reader.doubt(),
        }
    }
    if let Some(base) = &mut locked.base {
        let version = document::form(base.head.version, state);
        // Nothing is committed on top of what somebody else has put there by now.
        let metadata = metadata.or(draft.filled());
        *base = BaseCommit { head: Head { version, ..base.head.clone() }, id: Some(id), metadata };
    }
    if !draft.is_signed() {
        locked.forget_draft();
    }
    draft.end();
    locked.sweep(state, claims);
    Ok(id)
}

/// Everything that may fail without a trace: the draft is written and durable. With it comes what the directory of the signs of
/// life was then.
fn prepare<D: Disk>(
    locked: &mut FileLocked<'_, D>,
    state: &State,
    reservation: Option<Draft<D>>,
) -> Result<(Draft<D>, Option<Metadata>, u64), StoreError> {
    if locked.base.is_none() {
        locked.load()?;
    }
    let Some(BaseCommit { head, id: base, .. }) = &locked.base else { return Err(replaced(&locked.paths)) };
    let disk = &locked.store.disk;
    if base.is_none() {
        locked.paths.settle_folder(&**disk)?;
    }
    let id = fresh_id(&**disk, *base);
    let head = Head { machine: disk.machine(&head.store.to_string()), ..head.clone() };
    let bytes = document::write(&head, id, state, &locked.paths.document, &locked.store.sealing)?
        .ok_or_else(|| too_large(&locked.paths))?;
    let claims = locked.paths.check_claims(&**disk);
    let (mut draft, claims) = if let Some(draft) = reservation.filter(|draft| draft.is_for(&locked.paths)) {
        // An act that has begun is settled, whatever became of that directory; nothing is swept there then.
        (draft, claims.ok().flatten())
    } else {
        let claims = claims?;
        (locked.draft()?, claims)
    };
    draft.fill(&bytes).map_err(|error| io_error("write", &draft.path(), &error))?;
    zeroizing::wipe(bytes);
    Ok((draft, claims, id))
}

/// Puts the draft in the document's place. The word is odd from before until after, so no reader trusts what it has.
fn publish<D: Disk>(locked: &mut FileLocked<'_, D>, draft: &mut Draft<D>, id: u64) -> Result<(), CommitError> {
    let before = locked.word.word;
    recheck(locked).map_err(CommitError::NotSaved)?;
    let made_odd = locked.set_word(id | 1);
    let document = locked.paths.document.clone();
    let published = made_odd.and_then(|()| draft.publish(&document));
    let Err(error) = published else { return Ok(()) };
    let error = io_error("replace", &document, &error);
    if draft.became(&document) {
        locked.base = None;
        return Err(CommitError::Unknown(error));
    }
    // The old document stands, and the word says so again; if even that fails the next lock puts it right.
    let _ = locked.set_word(before);
    Err(CommitError::NotSaved(error))
}

/// Looks whether the lock still guards the store, and the document is still the one that was loaded.
fn recheck<D: Disk>(locked: &mut FileLocked<'_, D>) -> Result<(), StoreError> {
    let metadata = match metadata_under_lock(&*locked.store.disk, locked.here.file_id, &locked.paths)? {
        Held::Guarding(metadata) => metadata,
        Held::Superseded => return Err(replaced(&locked.paths)),
    };
    if locked.base.as_ref().is_some_and(|base| base.metadata != metadata) {
        locked.base = None;
        return Err(replaced(&locked.paths));
    }
    Ok(())
}

/// A random even number that no commit had: not 0, and not the one that stands.
fn fresh_id<D: Disk>(disk: &D, base: Option<u64>) -> u64 {
    loop {
        let id = u64::try_from(disk.nonce().0 >> 64).unwrap_or(0) & !1;
        if id != 0 && Some(id) != base {
            return id;
        }
    }
}
