//! Calls that fail.

use rustix::io::Errno;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// It changes nothing.
    Look,
    Write,
    Rename,
    /// It changes something else.
    Change,
}

/// Which calls fail, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The first call that fails.
    pub(crate) at: usize,
    /// Whether every later call that changes something fails too.
    pub(crate) lasts: bool,
    pub(crate) how: How,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With nothing done.
    With(Errno),
    /// A write stops half way because the disk is full; anything else fails with nothing done.
    Short,
    /// A write stops half way, and a renaming is done, though an error is reported.
    Muddled,
}

impl Fault {
    /// The error of the call of that number, if it is to fail.
    pub(crate) fn strikes(&self, at: usize, call: Call) -> Option<Errno> {
        let is_struck = at == self.at || (self.lasts && at > self.at && call != Call::Look);
        is_struck.then_some(self.errno())
    }

    pub(crate) fn errno(&self) -> Errno {
        match self.how {
            How::With(errno) => errno,
            How::Short => Errno::NOSPC,
            How::Muddled => Errno::IO,
        }
    }

    pub(crate) fn leaves_traces(&self) -> bool {
        self.how != How::With(self.errno())
    }
}

/// Every fault that is tried on the call of that number.
pub(crate) fn all(at: usize, call: Call) -> Vec<Fault> {
    let mut ways: Vec<How> =
        [Errno::NOSPC, Errno::IO, Errno::DQUOT, Errno::ROFS, Errno::ACCESS].into_iter().map(How::With).collect();
    match call {
        Call::Write => ways.extend([How::Short, How::Muddled]),
        Call::Rename => ways.push(How::Muddled),
        Call::Look | Call::Change => {}
    }
    let lasting: &[bool] = if call == Call::Look { &[false] } else { &[false, true] };
    ways.iter().flat_map(|how| lasting.iter().map(move |lasts| Fault { at, lasts: *lasts, how: *how })).collect()
}
