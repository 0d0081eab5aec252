//! Time as the core sees it: a reading that somebody passes in, and ages between two readings.
//!
//! The wall clock may be set back or leap ahead; the clock that counts since boot can't. So an age is taken by boot time
//! when both readings come from one boot, and by the wall clock only across boots, where it is never below the time since
//! the later one began. There is no high-water mark: a clock that was wrong for an hour leaves nothing behind.
//!
//! Three questions have three answers. How old something *seems* ([`Stamp::age_ms`]) is enough for what may be early or late
//! without harm: rests, ends, what is shown. How old it is *at least*, whatever the wall clock was set to
//! ([`Stamp::proven_age_ms`]), is what a second presentation of a refresh token waits for. And how long a process has waited
//! ([`Stamp::since_ms`], [`Patience`]) is never a matter of the wall clock, nor of which boot it is.

use serde::{Deserialize, Serialize};

/// One reading of both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Milliseconds since the Unix epoch.
    pub wall_ms: u64,
    /// Milliseconds since boot, sleep included.
    pub up_ms: u64,
    /// Which boot `up_ms` counts from; 0 where the platform can't say.
    pub boot: u64,
}

impl Stamp {
    /// How old `earlier` is at this reading, in milliseconds; zero if it seems to lie ahead.
    pub fn age_ms(&self, earlier: &Self) -> u64 {
        let wall_ms = self.wall_ms.saturating_sub(earlier.wall_ms);
        match self.clocks(earlier) {
            Clocks::One => self.up_ms.saturating_sub(earlier.up_ms),
            Clocks::TwoBoots => wall_ms.max(self.up_ms),
            Clocks::Unknown => wall_ms,
        }
    }

    /// How old `earlier` certainly is at this reading, in milliseconds: nothing that somebody set a wall clock to makes this
    /// too much.
    ///
    /// Since an earlier boot of this machine at least the time since this boot has passed. The wall clock must agree,
    /// because the earlier reading may be another machine's after all. Where no boot is known, nothing is certain.
    pub fn proven_age_ms(&self, earlier: &Self) -> u64 {
        match self.clocks(earlier) {
            Clocks::One => self.up_ms.saturating_sub(earlier.up_ms),
            Clocks::TwoBoots => self.wall_ms.saturating_sub(earlier.wall_ms).min(self.up_ms),
            Clocks::Unknown => 0,
        }
    }

    /// Whether the clock that can't be set tells how old `earlier` is, to the millisecond.
    pub fn is_comparable(&self, earlier: &Self) -> bool {
        self.clocks(earlier) == Clocks::One
    }

    /// How long after `earlier` this is, if this process took both readings, in milliseconds: its own clock counts on
    /// whether a boot is known or not, and whatever the wall clock is set to.
    pub fn since_ms(&self, earlier: &Self) -> u64 {
        self.up_ms.saturating_sub(earlier.up_ms)
    }

    /// The patience of this process from this reading on.
    pub fn patience(&self, for_ms: u64) -> Patience {
        Patience { from: *self, for_ms }
    }

    fn clocks(&self, earlier: &Self) -> Clocks {
        match (self.boot, earlier.boot) {
            (0, _) | (_, 0) => Clocks::Unknown,
            (now, then) if now == then => Clocks::One,
            _ => Clocks::TwoBoots,
        }
    }

    /// A deadline this many milliseconds from this reading.
    pub fn plus_ms(&self, after_ms: u64) -> Deadline {
        Deadline { from: *self, after_ms }
    }
}

/// How the clocks of two readings stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clocks {
    /// One boot: they are one clock.
    One,
    /// Two boots, of which the earlier is over.
    TwoBoots,
    /// A platform couldn't say which boot it was.
    Unknown,
}

/// How long one process goes on waiting. It is no [`Deadline`]: it means nothing in another process, is never stored, and
/// the wall clock has no say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    from: Stamp,
    for_ms: u64,
}

impl Patience {
    /// Milliseconds that are left of it; zero when it is over.
    pub fn left_ms(&self, now: &Stamp) -> u64 {
        self.for_ms.saturating_sub(now.since_ms(&self.from))
    }

    /// Whether it is over.
    pub fn is_over(&self, now: &Stamp) -> bool {
        self.left_ms(now) == 0
    }
}

/// A point in time given as an age to reach, so that a stumbling clock can't move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Deadline {
    /// The reading it counts from.
    pub from: Stamp,
    /// Milliseconds after that reading.
    pub after_ms: u64,
}

impl Deadline {
    /// Whether it is reached. A deadline is reached exactly at its age, not one millisecond later.
    pub fn is_reached(&self, now: &Stamp) -> bool {
        now.age_ms(&self.from) >= self.after_ms
    }

    /// Milliseconds until it is reached; zero afterwards.
    pub fn left_ms(&self, now: &Stamp) -> u64 {
        self.after_ms.saturating_sub(now.age_ms(&self.from))
    }

    /// The wall clock time it stands for, for display.
    pub fn wall_ms(&self) -> u64 {
        self.from.wall_ms.saturating_add(self.after_ms)
    }
}

/// When an access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// The issuer gave no end.
    Never,
    /// The issuer gave a lifetime, counted from the answer.
    After(Deadline),
    /// Another tool's file gave an absolute time: milliseconds since the epoch.
    At(u64),
}

impl Expiry {
    /// Milliseconds left; `u64::MAX` if it never ends.
    pub fn left_ms(&self, now: &Stamp) -> u64 {
        match self {
            Self::Never => u64::MAX,
            Self::After(deadline) => deadline.left_ms(now),
            Self::At(wall_ms) => wall_ms.saturating_sub(now.wall_ms),
        }
    }

    /// The wall clock time of the end, for display.
    pub fn wall_ms(&self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::After(deadline) => Some(deadline.wall_ms()),
            Self::At(wall_ms) => Some(*wall_ms),
        }
    }
}

/// A deadline of the future, for the answers that say when something will be.
pub(crate) fn later(a: Option<Deadline>, b: Option<Deadline>, now: &Stamp) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a.left_ms(now) >= b.left_ms(now) { a } else { b }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    fn at(wall_ms: u64, up_ms: u64, boot: u64) -> Stamp {
        Stamp { wall_ms, up_ms, boot }
    }

    #[test]
    fn a_wall_clock_that_leaps_changes_no_age_within_a_boot() {
        let then = at(1_000 * HOUR, HOUR, 7);
        assert_eq!(at(90_000 * HOUR, HOUR + 5, 7).age_ms(&then), 5);
        assert_eq!(at(0, HOUR + 5, 7).age_ms(&then), 5);
    }

    #[test]
    fn across_boots_the_wall_clock_counts_and_never_below_zero() {
        let then = at(1_000 * HOUR, HOUR, 7);
        assert_eq!(at(1_001 * HOUR, 3, 8).age_ms(&then), HOUR);
        assert_eq!(at(999 * HOUR, 3, 8).age_ms(&then), 3, "as old as this boot is, it is");
        assert_eq!(at(1_001 * HOUR, 3, 0).age_ms(&at(1_000 * HOUR, 9, 0)), HOUR, "no boot id: wall clock");
    }

    #[test]
    fn what_is_certain_about_an_age_no_wall_clock_makes_more() {
        let then = at(1_000 * HOUR, HOUR, 7);
        assert_eq!(at(0, HOUR + 5, 7).proven_age_ms(&then), 5);
        // After a reboot: the time since it, if the wall clock says no less.
        assert_eq!(at(9_000 * HOUR, 40, 8).proven_age_ms(&then), 40);
        assert_eq!(at(1_000 * HOUR + 30, 40, 8).proven_age_ms(&then), 30);
        assert_eq!(at(999 * HOUR, 40, 8).proven_age_ms(&then), 0);
        for (now, earlier) in [(0, 0), (0, 7), (7, 0)] {
            let earlier = Stamp { boot: earlier, ..then };
            assert_eq!(at(9_000 * HOUR, 9 * HOUR, now).proven_age_ms(&earlier), 0, "boots {now} and {earlier:?}");
            assert!(!at(0, 0, now).is_comparable(&earlier));
        }
        assert!(at(0, 0, 7).is_comparable(&then) && !at(0, 0, 8).is_comparable(&then));
    }

    #[test]
    fn the_patience_of_a_process_knows_no_wall_clock_and_no_boot() {
        for (began, now) in [(0, 0), (0, 7), (7, 7)] {
            let patience = at(1_000 * HOUR, 5, began).patience(30);
            for wall_ms in [0, 1_000 * HOUR, 9_000 * HOUR] {
                assert_eq!(patience.left_ms(&at(wall_ms, 34, now)), 1);
                assert!(!patience.is_over(&at(wall_ms, 34, now)));
                assert!(patience.is_over(&at(wall_ms, 35, now)));
            }
        }
    }

    #[test]
    fn a_deadline_is_reached_exactly_on_its_edge() {
        let deadline = at(0, 0, 1).plus_ms(300_000);
        assert!(!deadline.is_reached(&at(0, 299_999, 1)));
        assert!(deadline.is_reached(&at(0, 300_000, 1)));
    }

    #[test]
    fn an_end_is_shown_by_the_wall_clock() {
        let deadline = at(1_000 * HOUR, 7, 1).plus_ms(HOUR);
        assert_eq!(deadline.wall_ms(), 1_001 * HOUR);
        assert_eq!(at(9, 7, 1).plus_ms(u64::MAX).wall_ms(), u64::MAX);
        let shown = [Expiry::Never, Expiry::After(deadline), Expiry::At(5)].map(|expiry| expiry.wall_ms());
        assert_eq!(shown, [None, Some(1_001 * HOUR), Some(5)]);
    }
}
