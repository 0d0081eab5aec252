//! A key in a file of its own: 32 random bytes as 64 hexadecimal digits, for this user alone to read.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::trusted::{self, Distrust};

/// The end of each draft's name.
const DRAFT_END: &str = ".tmp";
/// Random bytes in a draft's name.
const NONCE_BYTES: usize = 8;
/// How often a draft is written that is swept away before it is locked.
const TRIES: usize = 16;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// The key in a file; none if there is no such file. One that others may read, or could have written, is none. `lost` says what to do about
/// a file that holds none.
pub(crate) fn read(file: &Path, lost: &str) -> Result<Option<Zeroizing<[u8; KEY_BYTES]>>, Distrust> {
    let Some(text) = trusted::read(file)? else { return Ok(None) };
    let path = file.display();
    if fs::metadata(file).is_ok_and(|meta| meta.mode() & 0o077 != 0) {
        let what = format!("others may read {path}");
        return Err(Distrust { what, remedy: format!("close it: chmod 600 {}", trusted::quoted(file)) });
    }
    parse(&text).map(Some).ok_or_else(|| Distrust { what: format!("{path} holds no key"), remedy: lost.to_owned() })
}

/// The key that a text is; none if it is no key.
pub(crate) fn parse(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let digits = text.trim();
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != 2 * KEY_BYTES || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..digits.len()).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// A key that nobody has, as text with a line break at its end.
pub(crate) fn fresh() -> io::Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
    let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
    for byte in bytes.iter() {
        for digit in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    text.push('\n');
    Ok(text)
}

/// Makes a key under that name, as a whole or not at all; one that is there by now stays.
pub(crate) fn make(file: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    sweep(file);
    let text = fresh()?;
    for _ in 0..TRIES {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let draft = folder.join(format!("{}{:016x}{DRAFT_END}", draft_start(name), u64::from_be_bytes(nonce)));
        let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        // While it is locked, nobody takes it for one that was left.
        fs4::FileExt::lock(&new)?;
        let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
        // A link never replaces what is there, as a rename would.
        let named = written.and_then(|()| fs::hard_link(&draft, file));
        let _ = fs::remove_file(&draft);
        match named {
            // Somebody swept it away before it was locked.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => return File::open(folder)?.sync_all(),
        }
    }
    Err(io::Error::other("its drafts are taken away again and again"))
}

/// Removes the drafts of this key that the dead have left: each is a key, or another name of the key that was made.
pub(crate) fn sweep(file: &Path) {
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else { return };
    let start = draft_start(name);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_draft = entry.file_name().to_str().is_some_and(|name| {
            let nonce = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(DRAFT_END));
            nonce.is_some_and(|nonce| {
                nonce.len() == 2 * NONCE_BYTES && nonce.bytes().all(|digit| digit.is_ascii_hexdigit())
            })
        });
        let draft = entry.path();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_draft && is_file && File::open(&draft).is_ok_and(|left| fs4::FileExt::try_lock(&left).is_ok()) {
            let _ = fs::remove_file(draft);
        }
    }
}

/// How the name of each draft of this key begins.
fn draft_start(name: &OsStr) -> String {
    format!(".{}-", name.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_that_the_dead_left_are_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal.key");
        make(&file).unwrap();
        let key = fs::read(&file).unwrap();
        let left =
            [".seal.key-00112233445566aa.tmp", ".seal.key-ffffffffffffffff.tmp"].map(|name| folder.path().join(name));
        fs::hard_link(&file, &left[0]).unwrap();
        fs::write(&left[1], "half of a k").unwrap();
        let others = [".seal.key-1.tmp", ".other.key-00112233445566aa.tmp", "seal.key-00112233445566aa.tmp"];
        let others = others.map(|name| folder.path().join(name));
        for path in &others {
            fs::write(path, "mine").unwrap();
        }
        // One that is being written is its writer's.
        let at_work = folder.path().join(".seal.key-0000000000000001.tmp");
        let writer = File::create(&at_work).unwrap();
        fs4::FileExt::lock(&writer).unwrap();
        sweep(&file);
        assert!(left.iter().all(|path| !path.exists()));
        assert!(others.iter().all(|path| path.exists()) && at_work.exists());
        drop(writer);
        sweep(&file);
        assert!(!at_work.exists());
        assert_eq!(fs::read(&file).unwrap(), key);
        make(&file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), key, "a key that is there stays");
    }

    #[test]
    fn of_many_who_make_a_key_while_others_sweep_all_get_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seal.key");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    sweep(&file);
                    make(&file).unwrap();
                    assert!(read(&file, "").unwrap().is_some());
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
