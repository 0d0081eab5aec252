//! What clients did, in numbers and in order, without secrets.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// Lines that are kept.
const MAX_LINES: usize = 65_536;

/// What clients did so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Device codes that were asked for.
    pub device_requests: u64,
    /// The most pollers that one device code had at a time.
    pub pollers: u64,
    /// Codes that were exchanged for tokens.
    pub logins: u64,
    /// Refresh tokens that were exchanged for new tokens.
    pub exchanges: u64,
    /// Presentations of a refresh token that had been replaced, or whose family had been revoked.
    pub replays: u64,
    /// Polls with a device code that had been redeemed.
    pub late_polls: u64,
    /// Families that were revoked because something of theirs was used twice.
    pub punished: u64,
    /// Tokens that their holder revoked.
    pub revocations: u64,
    /// Requests of any kind to the token endpoint that presented a refresh token.
    pub refresh_requests: u64,
    /// Each device code's share.
    pub flows: Vec<FlowStats>,
}

/// What was done with one device code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowStats {
    /// The code that the person enters.
    pub user_code: String,
    /// How often it was polled.
    pub polls: u64,
    /// How many polled it at a time: the most polls within four fifths of the interval, of which an obedient poller makes
    /// one. One that takes over from another is not a second.
    pub pollers: u64,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Milliseconds since the server started.
    pub at_ms: u64,
    /// What.
    pub event: LogEvent,
    /// Which device code or family of tokens it was about, counted from zero.
    pub number: Option<usize>,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// A device code was given out.
    DeviceRequest,
    /// A device code was polled.
    Poll,
    /// A device code was polled too soon.
    HastyPoll,
    /// A person agreed.
    Approved,
    /// A person refused.
    Denied,
    /// A code was exchanged for tokens.
    Login,
    /// A refresh token was exchanged for new tokens.
    Exchange,
    /// A spent refresh token was presented.
    Replay,
    /// A redeemed device code was polled.
    LatePoll,
    /// A family was revoked because of that.
    Punished,
    /// A token was revoked by its holder.
    Revoked,
    /// A refresh was made to fail.
    Fault,
    /// A request was refused.
    Refused,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8} ms  {:?}", self.at_ms, self.event)?;
        self.number.map_or(Ok(()), |number| write!(f, " #{number}"))
    }
}

/// The lines.
pub(super) struct Log {
    started: Instant,
    lines: VecDeque<LogLine>,
}

impl Default for Log {
    fn default() -> Self {
        Self { started: Instant::now(), lines: VecDeque::new() }
    }
}

impl Log {
    pub(super) fn note(&mut self, event: LogEvent, number: Option<usize>) {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        let at_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.lines.push_back(LogLine { at_ms, event, number });
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter()
    }
}

/// The most of these moments that lie within one span: how many obedient pollers there must have been.
pub(super) fn most_within(moments: &[Instant], span: Duration) -> u64 {
    let within = |at: usize| moments[at..].iter().take_while(|later| later.duration_since(moments[at]) <= span).count();
    (0..moments.len()).map(within).max().unwrap_or(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pollers_are_counted_by_what_they_do() {
        let start = Instant::now();
        let at = |secs: &[u64]| secs.iter().map(|secs| start + Duration::from_secs(*secs)).collect::<Vec<_>>();
        let span = Duration::from_secs(4);
        assert_eq!(most_within(&[], span), 0);
        assert_eq!(most_within(&at(&[0, 5, 10, 15]), span), 1);
        assert_eq!(most_within(&at(&[0, 2, 5, 7, 10, 12]), span), 2);
    }
}
