//! A key in a file of its own: 32 random bytes as 64 hexadecimal digits, for this user alone to read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use zeroize::Zeroizing;

use crate::trusted::{self, Distrust};

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
    let (text, mut nonce) = (fresh()?, [0; 8]);
    getrandom::fill(&mut nonce).map_err(io::Error::other)?;
    let draft = folder.join(format!(".{}-{:016x}.tmp", name.display(), u64::from_be_bytes(nonce)));
    let mut new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    // A link never replaces what is there, as a rename would.
    let named = written.and_then(|()| fs::hard_link(&draft, file));
    let _ = fs::remove_file(&draft);
    match named {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}
