//! Calls that fail.

use rustix::io::Errno;

/// A call to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Read,
    Metadata,
    MetadataAt,
    Link,
    Resolve,
    List,
    Lock,
    Unlock,
    FileSystem,
    /// An opening that may make the file.
    Make,
    Write,
    Length,
    Access,
    Sync,
    SyncFolder,
    Rename,
    Remove,
    MakeFolder,
}

impl Call {
    /// Whether it may change something that outlives its process.
    pub(crate) fn changes(self) -> bool {
        !matches!(
            self,
            Self::Open
                | Self::Read
                | Self::Metadata
                | Self::MetadataAt
                | Self::Link
                | Self::Resolve
                | Self::List
                | Self::Lock
                | Self::Unlock
                | Self::FileSystem
        )
    }
}

/// Which calls fail, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The first call that fails.
    pub(crate) at: usize,
    /// Which of the later calls fail too.
    pub(crate) lasts: Lasts,
    pub(crate) how: FailureMode,
}

/// Which calls after the first fail too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// None.
    No,
    /// Those that change something, as where the disk is full.
    ForChanges,
    /// All of them.
    ForAll,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureMode {
    /// With nothing done.
    With(Errno),
    /// A write stops half way because the disk is full; anything else fails with nothing done.
    Short,
    /// A write stops half way, and a renaming is done, though this error is reported.
    Muddled(Errno),
}

impl Fault {
    /// The error of the call of that number, if it is to fail.
    pub(crate) fn strikes(&self, at: usize, call: Call) -> Option<Errno> {
        let is_later = match self.lasts {
            Lasts::No => false,
            Lasts::ForChanges => call.changes(),
            Lasts::ForAll => true,
        };
        let is_struck = at == self.at || (at > self.at && is_later);
        is_struck.then_some(self.errno())
    }

    pub(crate) fn errno(&self) -> Errno {
        match self.how {
            FailureMode::With(errno) | FailureMode::Muddled(errno) => errno,
            FailureMode::Short => Errno::NOSPC,
        }
    }

    pub(crate) fn leaves_traces(&self) -> bool {
        self.how != FailureMode::With(self.errno())
    }
}

/// Every fault that is tried on the call of that number.
pub(crate) fn all(at: usize, call: Call) -> Vec<Fault> {
    let mut ways: Vec<FailureMode> = [Errno::NOSPC, Errno::IO, Errno::DQUOT, Errno::ROFS, Errno::ACCESS]
        .into_iter()
        .map(FailureMode::With)
        .collect();
    match call {
        Call::Write => ways.extend([FailureMode::Short, FailureMode::Muddled(Errno::IO)]),
        Call::Rename => ways.push(FailureMode::Muddled(Errno::IO)),
        _ => {}
    }
    let lasting: &[Lasts] = if call.changes() { &[Lasts::No, Lasts::ForChanges] } else { &[Lasts::No] };
    ways.iter().flat_map(|how| lasting.iter().map(move |lasts| Fault { at, lasts: *lasts, how: *how })).collect()
}
