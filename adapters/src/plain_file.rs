//! Reading somebody else's file: whole, bounded, and into memory that is wiped.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use credlatch_core::provider::is_utf16;
use zeroize::{Zeroize, Zeroizing};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 16 * 1024 * 1024;

/// Why a file that is there can't be read. None of these is ever taken for an absent or an empty file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// A folder is in its place.
    #[error("is a folder")]
    Folder,
    /// A pipe, a socket or a device is in its place.
    #[error("is not a plain file")]
    NotAFile,
    /// This user may not.
    #[error("may not be read by this user")]
    Denied,
    /// Larger than [`MAX_FILE_BYTES`].
    #[error("is larger than 16 MiB")]
    TooLarge,
    /// It grew while it was read.
    #[error("grew while it was read")]
    Growing,
    /// Not UTF-8.
    #[error("is not text")]
    NotText,
    /// Text of two bytes a character, as some programs of other systems write it.
    #[error("is UTF-16 text, and not UTF-8")]
    Utf16,
    /// Anything else.
    #[error("can't be read: {0}")]
    Failed(io::ErrorKind),
}

impl Unreadable {
    /// What to do.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Folder | Self::NotAFile => "name the file itself",
            Self::Denied => {
                "make its owner this user (`chown`), as when a container ran as root, and let the owner read it"
            }
            Self::TooLarge => "name another file; a file of credentials is never as large as that",
            Self::Growing => "try again when the program that writes it is done",
            Self::Utf16 => "save it as UTF-8, as in `iconv -f UTF-16 -t UTF-8`, or in PowerShell with `-Encoding utf8`",
            Self::NotText => "name another file, or restore this one",
            Self::Failed(_) => "try again; if it stays so, look at the file and the disk",
        }
    }
}

/// What tells one content of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) size: u64,
    pub(crate) modified: Option<SystemTime>,
    /// Unlike the time of modification this can't be set by a program.
    pub(crate) changed: Option<SystemTime>,
    /// Device and inode, where the platform has them.
    pub(crate) identity: (u64, u64),
}

impl Facts {
    #[cfg(unix)]
    pub(crate) fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let since = |secs: i64, nanos: i64| Some(Duration::new(secs.try_into().ok()?, nanos.try_into().ok()?));
        Self {
            size: meta.len(),
            modified: meta.modified().ok(),
            changed: since(meta.ctime(), meta.ctime_nsec()).and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
            identity: (meta.dev(), meta.ino()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(meta: &Metadata) -> Self {
        let modified = meta.modified().ok();
        Self { size: meta.len(), modified, changed: modified, identity: (0, 0) }
    }

    /// The facts of what is at this path now, symbolic links followed.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|meta| Self::of(&meta))
    }

    /// Whether both are of one file, whatever is in it. Where the platform can't say, they count as one.
    #[cfg(feature = "env")]
    pub(crate) fn is_same_file(&self, other: &Self) -> bool {
        self.identity == other.identity
    }

    /// Whether the last change is at least so long ago. File systems count time in ticks, so of two changes within one
    /// tick the second looks like the first.
    #[cfg(feature = "foreign")]
    pub(crate) fn is_older_than(&self, age: Duration, now: SystemTime) -> bool {
        let is_old =
            |at: Option<SystemTime>| at.is_some_and(|at| now.duration_since(at).is_ok_and(|passed| passed >= age));
        is_old(self.modified) && is_old(self.changed)
    }
}

/// Whether an error says that there is nothing at the path.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

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
    if is_utf16(&bytes) {
        return Err(Unreadable::Utf16);
    }
    match String::from_utf8(std::mem::take(&mut *bytes)) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(Unreadable::NotText)
        }
    }
}

pub(crate) fn unreadable(error: &io::Error) -> Unreadable {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Unreadable::Denied,
        io::ErrorKind::IsADirectory => Unreadable::Folder,
        // A socket can't be opened.
        _ if error.raw_os_error() == Some(NO_SUCH_DEVICE) => Unreadable::NotAFile,
        kind => Unreadable::Failed(kind),
    }
}

/// ENXIO, the same on every Unix.
const NO_SUCH_DEVICE: i32 = 6;

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn read(path: &Path) -> Result<Option<String>, Unreadable> {
        let Some((mut file, meta)) = open(path)? else { return Ok(None) };
        text(&mut file, &meta).map(|text| Some(text.to_string()))
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
