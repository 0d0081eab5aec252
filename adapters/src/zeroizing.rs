//! Bytes that hold secrets, in an allocation that is wiped.

use std::io::{self, Write};

use zeroize::Zeroizing;

/// Enough for the documents of most people.
const FIRST_BYTES: usize = 8 * 1024;
/// What is added to twice the room: so that it can be told from a vector that grew by itself, and left a copy behind.
const MORE_BYTES: usize = 4 * 1024;

/// What `write` writes, in an allocation that is wiped. None if there would be as many bytes as `most`, or more.
///
/// # Errors
/// `write` failed.
pub fn written(most: u64, write: impl FnOnce(&mut Wiping) -> io::Result<()>) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut to = Wiping::new(FIRST_BYTES, most);
    write(&mut to)?;
    Ok((!to.is_full).then_some(to.bytes))
}

/// Wipes what isn't used any more. What a vector holds is wiped byte by byte when it goes, and its spare room at once: so it holds
/// nothing then.
pub(crate) fn wipe(mut bytes: Zeroizing<Vec<u8>>) {
    bytes.clear();
}

/// A buffer that leaves no copy behind when it grows.
pub struct Wiping {
    bytes: Zeroizing<Vec<u8>>,
    /// How many bytes there may be before anything has to be decided.
    room: usize,
    most: u64,
    is_full: bool,
}

impl Wiping {
    fn new(first: usize, most: u64) -> Self {
        let mut to = Self { bytes: Zeroizing::new(Vec::with_capacity(first)), room: 0, most, is_full: false };
        to.measure();
        to
    }

    fn measure(&mut self) {
        let below = usize::try_from(self.most.saturating_sub(1)).unwrap_or(usize::MAX);
        self.room = self.bytes.capacity().min(below);
    }

    /// Writes what doesn't just fit, unless it is too much.
    #[cold]
    fn grow_by(&mut self, bytes: &[u8]) {
        let wanted = self.bytes.len() + bytes.len();
        self.is_full |= wanted as u64 >= self.most;
        if self.is_full {
            self.room = 0;
            return;
        }
        self.make_room(wanted);
        self.measure();
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves to a larger allocation; the one that it leaves is wiped.
    fn make_room(&mut self, wanted: usize) {
        let mut larger = Zeroizing::new(Vec::with_capacity(wanted.max(2 * self.bytes.capacity() + MORE_BYTES)));
        larger.extend_from_slice(&self.bytes);
        wipe(std::mem::replace(&mut self.bytes, larger));
    }
}

impl Write for Wiping {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// A document is written in very many small parts.
    #[inline]
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.bytes.len() + bytes.len() <= self.room {
            self.bytes.extend_from_slice(bytes);
        } else {
            self.grow_by(bytes);
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_past_its_room_is_whole_and_was_never_moved_by_the_vector_itself() {
        let mut to = Wiping::new(4, 10_000);
        let all: Vec<u8> = (0..=250).cycle().take(8000).collect();
        for byte in &all {
            let room = to.bytes.capacity();
            to.write_all(&[*byte]).unwrap();
            assert!(to.bytes.capacity() == room || to.bytes.capacity() == 2 * room + MORE_BYTES);
        }
        assert_eq!(*to.bytes, all);
    }

    #[test]
    fn as_many_bytes_as_the_most_are_too_many() {
        let write = |size: usize| written(10, |to| to.write_all(&vec![1; size])).unwrap().map(|bytes| bytes.len());
        assert_eq!((write(9), write(10), write(11)), (Some(9), None, None));
    }
}
