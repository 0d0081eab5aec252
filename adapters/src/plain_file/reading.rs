//! Reading with the calls of the standard library: provider files, and other tools' logins. What no harness crashes needs no seam.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::{MAX_FILE_BYTES, Unreadable, decoded, is_absent, unreadable};

/// Opens a plain file for reading; `None` if nothing is there.
pub(crate) fn open(path: &Path) -> Result<Option<(File, Metadata)>, Unreadable> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Opening a pipe would wait for a writer.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let meta = file.metadata().map_err(|error| unreadable(&error))?;
    match meta.file_type() {
        kind if kind.is_file() => Ok(Some((file, meta))),
        kind if kind.is_dir() => Err(Unreadable::Folder),
        _ => Err(Unreadable::NotAFile),
    }
}

/// The whole text of a file, for whoever edits another program's; `None` if nothing is there.
///
/// # Errors
/// It can't be read.
#[doc(hidden)]
pub fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Unreadable> {
    let Some((mut file, meta)) = open(path)? else { return Ok(None) };
    text(&mut file, &meta).map(Some)
}

/// The whole text of an open file.
pub(crate) fn text(file: &mut File, meta: &Metadata) -> Result<Zeroizing<String>, Unreadable> {
    if meta.len() > MAX_FILE_BYTES {
        return Err(Unreadable::TooLarge);
    }
    // Room for all of it at once: a buffer that grows leaves copies of secrets behind.
    let room = usize::try_from(meta.len()).unwrap_or(usize::MAX).saturating_add(64);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    let read = file.take(meta.len() + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if read as u64 > meta.len() {
        return Err(Unreadable::Growing);
    }
    decoded(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn read(path: &Path) -> Result<Option<String>, Unreadable> {
        super::read(path).map(|text| text.map(|text| text.to_string()))
    }

    #[test]
    fn a_file_is_read_whole_and_an_absent_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert_eq!(read(&path), Ok(None));
        for content in ["", "a", &"k=v\n".repeat(40_000)] {
            fs::write(&path, content).unwrap();
            assert_eq!(read(&path).unwrap().as_deref(), Some(content));
        }
    }

    #[test]
    fn what_is_no_text_file_is_an_error_and_nobody_waits() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("binary"), [0xff, 0, 1, 2]).unwrap();
        fs::write(at("wide"), [0xff, 0xfe, b'a', 0]).unwrap();
        File::create(at("huge")).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let _listener = UnixListener::bind(at("socket")).unwrap();
        for (name, why) in [
            ("binary", Unreadable::NotText),
            ("wide", Unreadable::Utf16),
            ("huge", Unreadable::TooLarge),
            ("pipe", Unreadable::NotAFile),
            ("socket", Unreadable::NotAFile),
            ("", Unreadable::Folder),
        ] {
            assert_eq!(read(&at(name)), Err(why), "{name}");
        }
        assert_eq!(read(&at("binary/x")), Err(Unreadable::Failed(io::ErrorKind::NotADirectory)));
    }
}
