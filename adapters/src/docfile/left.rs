//! What an actor leaves in the file that is its sign of life: a note that the first byte of its request is about to leave,
//! and what the issuer granted. Each has blocks of its own, which were set aside before anything was claimed.
//!
//! A note is not synced: within one boot the kernel has it whatever becomes of the process, and across boots its absence
//! proves nothing. Each record carries its length and a digest, so a torn one is none.

use std::io;
use std::path::Path;

use credlatch_core::port::{Answer, Left, StoreError};
use credlatch_core::state::{Claim, Nonce};
use credlatch_core::time::Stamp;
use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::disk::Disk;
use super::errors::io_error;
use crate::seal::Sealing;

/// Where each record begins, in bytes: a block of its own.
pub(super) const NOTE_AT: u64 = 0;
pub(super) const ANSWER_AT: u64 = 4096;
/// What is set aside in all, in bytes: two tokens, of which the longest seen are under 8 KiB, as JSON.
const RESERVED_BYTES: u64 = 32 * 1024;
/// The longest record, in bytes.
const MAX_BYTES: usize = 28 * 1024 - HEAD;

pub(super) const NOTE: [u8; 8] = *b"clnote1\n";
pub(super) const ANSWER: [u8; 8] = *b"clansw1\n";
/// The kind, the length and the digest.
const HEAD: usize = 8 + 4 + 32;

/// What is noted.
#[derive(Serialize, Deserialize)]
struct Note {
    attempt: Nonce,
    at: Stamp,
}

/// Sets the blocks aside, where the file system can.
pub(super) fn reserve<D: Disk>(disk: &D, file: &D::File) -> io::Result<()> {
    match disk.allocate(file, RESERVED_BYTES) {
        Err(error) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        other => other,
    }
}

/// Notes that the first byte of this attempt is about to leave.
pub(super) fn note<D: Disk>(disk: &D, file: &D::File, attempt: Nonce) -> io::Result<()> {
    put(disk, file, NOTE, NOTE_AT, &serde_json::to_vec(&Note { attempt, at: disk.now() })?)
}

/// Writes down what was granted.
pub(super) fn write_down<D: Disk>(
    disk: &D,
    file: &D::File,
    answer: &Answer,
    sealing: Option<&Sealing>,
) -> io::Result<()> {
    let body = Zeroizing::new(serde_json::to_vec(answer)?);
    let body = match sealing {
        Some(sealing) => sealing.write_answer(answer.attempt, body)?,
        None => body,
    };
    put(disk, file, ANSWER, ANSWER_AT, &body)
}

/// Overwrites what was granted, if any of it was written down: a power cut may have kept a part without its beginning.
pub(super) fn wipe<D: Disk>(disk: &D, file: &D::File) -> io::Result<()> {
    let mut bytes = Zeroizing::new(vec![0; HEAD + MAX_BYTES]);
    let count = disk.read_at(file, &mut bytes, ANSWER_AT)?;
    match bytes[..count].iter().rposition(|byte| *byte != 0) {
        Some(last) => disk.write_at(file, &vec![0; last + 1], ANSWER_AT),
        None => Ok(()),
    }
}

/// A sign of life of another process, open.
pub(super) struct Sign<'a, D: Disk> {
    pub(super) disk: &'a D,
    pub(super) file: &'a D::File,
    pub(super) path: &'a Path,
}

impl<D: Disk> Sign<'_, D> {
    fn get(&self, kind: [u8; 8], at: u64) -> Result<ReadBack, StoreError> {
        get(self.disk, self.file, kind, at).map_err(|error| io_error("look at", self.path, &error))
    }
}

/// The whole answer to this claim, if it is there.
///
/// # Errors
/// It can't be read; or it is sealed, and the key is not at hand.
pub(super) fn answer<D: Disk>(
    sign: &Sign<'_, D>,
    claim: &Claim,
    sealing: Option<&Sealing>,
) -> Result<Option<Answer>, StoreError> {
    let ReadBack::Whole(bytes) = sign.get(ANSWER, ANSWER_AT)? else { return Ok(None) };
    let answer = match sealing {
        Some(sealing) => sealing.read_answer(claim.attempt, &bytes)?,
        None => Some(bytes),
    };
    let answer = answer.and_then(|answer| serde_json::from_slice::<Answer>(&answer).ok());
    Ok(answer.filter(|answer| answer.attempt == claim.attempt))
}

/// What a dead actor has left. The caller has its lock.
pub(super) fn of_the_dead<D: Disk>(
    sign: &Sign<'_, D>,
    claim: &Claim,
    sealing: Option<&Sealing>,
) -> Result<Left, StoreError> {
    if let Some(answer) = answer(sign, claim, sealing)? {
        return Ok(Left::Answer(Box::new(answer)));
    }
    Ok(match sign.get(NOTE, NOTE_AT)? {
        ReadBack::Nothing => Left::NoNote,
        ReadBack::Whole(note) => {
            let note = serde_json::from_slice::<Note>(&note).ok().filter(|note| note.attempt == claim.attempt);
            Left::MaybeSent { noted: note.map(|note| note.at) }
        }
        ReadBack::Torn => Left::MaybeSent { noted: None },
    })
}

/// What is found where a record may be.
pub(super) enum ReadBack {
    /// Nobody began to write it.
    Nothing,
    /// It is whole.
    Whole(Zeroizing<Vec<u8>>),
    /// Somebody began to write it.
    Torn,
}

/// Writes a record there.
pub(super) fn put<D: Disk>(disk: &D, file: &D::File, kind: [u8; 8], at: u64, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= MAX_BYTES);
    let length = length.ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it has no space for so much"))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(HEAD + body.len()));
    bytes.extend_from_slice(&kind);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&Hash::hash(body));
    bytes.extend_from_slice(body);
    disk.write_at(file, &bytes, at)
}

/// Reads the record that may be there.
pub(super) fn get<D: Disk>(disk: &D, file: &D::File, kind: [u8; 8], at: u64) -> io::Result<ReadBack> {
    let mut head = [0; HEAD];
    let count = disk.read_at(file, &mut head, at)?;
    if head[..count].iter().all(|byte| *byte == 0) {
        return Ok(ReadBack::Nothing);
    }
    let length = length_in(&head);
    if count < HEAD || !head.starts_with(&kind) || length > MAX_BYTES {
        return Ok(ReadBack::Torn);
    }
    let mut body = Zeroizing::new(vec![0; length]);
    let is_whole = disk.read_at(file, &mut body, at + HEAD as u64)? == length && Hash::hash(&body)[..] == head[12..];
    Ok(if is_whole { ReadBack::Whole(body) } else { ReadBack::Torn })
}

fn length_in(head: &[u8; HEAD]) -> usize {
    u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize
}
