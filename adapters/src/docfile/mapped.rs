//! The word of a lock file in the memory that every process shares which maps it: looking at it is a load, and no system call.
//!
//! No safe call gives memory that others write to, so this is the one file with `unsafe` in it. What it leans on: the kernel
//! keeps a shared mapping and what is written to the file the same (on local file systems: mmap(2), `MAP_SHARED`); the word
//! lies at the beginning of a page, so a load takes all of it or, in the middle of a write, bytes of both words, which equal
//! no id that a reader knows; and nobody cuts the file down to less than it. If somebody does, the process that loads gets SIGBUS.
#![expect(unsafe_code, reason = "memory that other processes write to")]

use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU64, Ordering, fence};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

/// A word, mapped as long as this lives. Its file may be closed, and its name go to another file meanwhile.
#[derive(Debug)]
pub struct MappedWord(NonNull<u64>);

// SAFETY: it is nothing but the address of memory that stays mapped until it is dropped and that is only loaded from, atomically.
unsafe impl Send for MappedWord {}
// SAFETY: as above.
unsafe impl Sync for MappedWord {}

impl MappedWord {
    /// So many bytes must be in the file.
    pub const BYTES: u64 = 8;
    const LENGTH: usize = 8;

    /// Maps the first bytes of a file.
    ///
    /// # Errors
    /// As the operating system has it.
    pub fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the kernel chooses where, so nothing that is there is replaced.
        let start = unsafe { mmap(ptr::null_mut(), Self::LENGTH, ProtFlags::READ, MapFlags::SHARED, file, 0) }?;
        NonNull::new(start.cast()).map(Self).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// The word as it is now. What was written before it was, by whoever wrote it, is seen by what follows.
    pub fn load(&self) -> u64 {
        // SAFETY: the memory is mapped, begins a page, and is changed by the kernel alone. Relaxed loads of eight bytes are
        // allowed on memory that can only be read (std::sync::atomic, "Atomic accesses to read-only memory").
        let word = unsafe { AtomicU64::from_ptr(self.0.as_ptr()) }.load(Ordering::Relaxed);
        fence(Ordering::Acquire);
        u64::from_le(word)
    }
}

impl Drop for MappedWord {
    fn drop(&mut self) {
        // SAFETY: this is what was mapped, and nobody has the address any more. If it fails the mapping stays, and that is all.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), Self::LENGTH) };
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    #[test]
    fn a_load_sees_what_was_written_last_whatever_becomes_of_the_file_and_of_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |word: u64| file.as_file().write_all_at(&word.to_le_bytes(), 0).unwrap();
        write(7);
        let mapped = MappedWord::new(file.as_file()).unwrap();
        assert_eq!(mapped.load(), 7);
        for word in [u64::MAX, 0x0102_0304_0506_0708] {
            write(word);
            assert_eq!(std::thread::scope(|scope| scope.spawn(|| mapped.load()).join().unwrap()), word);
        }
        drop(file);
        assert_eq!(mapped.load(), 0x0102_0304_0506_0708);
    }

    #[test]
    fn what_cannot_be_mapped_is_an_error() {
        assert!(MappedWord::new(&File::open("/proc/self/status").unwrap()).is_err());
    }
}
