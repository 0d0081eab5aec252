//! Reading somebody else's file: whole, bounded, and into memory that is wiped.

#[cfg(feature = "foreign")]
mod change_stamp;
#[cfg(any(feature = "foreign", all(feature = "file", unix)))]
mod reading;

use std::io;

use credlatch_core::provider::is_utf16;
use zeroize::{Zeroize, Zeroizing};

#[cfg(feature = "foreign")]
pub(crate) use change_stamp::ChangeStamp;
#[cfg(any(feature = "foreign", all(feature = "file", unix)))]
#[doc(hidden)]
pub use reading::read;
#[cfg(any(feature = "foreign", all(feature = "file", unix)))]
pub(crate) use reading::{open, text};

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

/// Whether an error says that there is nothing at the path.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

/// What was read, as text.
pub(crate) fn decoded(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Unreadable> {
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
