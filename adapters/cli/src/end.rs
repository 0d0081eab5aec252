//! How a command ends when it doesn't simply end well.

use credlatch::{Error, ErrorKind};

/// Why a command stops, and with which exit status.
#[derive(Debug)]
pub(crate) enum End {
    /// Something is to be told to the person, or the program, that called.
    Failed {
        /// What happened to what, and what to do.
        error: Error,
        /// The exit status.
        status: u8,
    },
    /// Everything was said.
    Quiet(u8),
}

/// What a command comes to.
pub(crate) type Done<T = ()> = Result<T, End>;

impl End {
    /// Arguments or input that don't fit.
    pub(crate) fn usage(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::new(ErrorKind::Usage, message, remedy).into()
    }

    /// What has no kind of its own.
    pub(crate) fn other(message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::new(ErrorKind::Other, message, remedy).into()
    }

    /// The same with another exit status.
    pub(crate) fn with_status(self, status: u8) -> Self {
        match self {
            Self::Failed { error, .. } => Self::Failed { error, status },
            Self::Quiet(_) => Self::Quiet(status),
        }
    }

    /// As `run` ends where its command never started. Its other statuses are the command's own, so these are few.
    pub(crate) fn before_the_command(self) -> Self {
        match self {
            Self::Failed { error, .. } if error.kind() == ErrorKind::NoCredential => Self::from(error),
            Self::Failed { error, .. } => Self::Failed { error, status: 125 },
            quiet @ Self::Quiet(_) => quiet,
        }
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed { status: error.kind().exit_status(), error }
    }
}
