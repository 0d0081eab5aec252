//! Time as the core sees it: a reading that somebody passes in, and ages between two readings.
//!
//! The wall clock may be set back or leap ahead; the clock that counts since boot can't. So an age is taken by boot time
//! when both readings come from one boot, and by the wall clock only across boots, where a negative age counts as zero.
//! There is no high-water mark: a clock that was wrong for an hour leaves nothing behind.

use serde::{Deserialize, Serialize};

/// One reading of both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
        if self.boot != 0 && self.boot == earlier.boot {
            self.up_ms.saturating_sub(earlier.up_ms)
        } else {
            self.wall_ms.saturating_sub(earlier.wall_ms)
        }
    }

    /// A deadline this many milliseconds from this reading.
    pub fn plus_ms(&self, after_ms: u64) -> Deadline {
        Deadline { from: *self, after_ms }
    }
}

/// A point in time given as an age to reach, so that a stumbling clock can't move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        assert_eq!(at(999 * HOUR, 3, 8).age_ms(&then), 0);
        assert_eq!(at(1_001 * HOUR, 3, 0).age_ms(&at(1_000 * HOUR, 9, 0)), HOUR, "no boot id: wall clock");
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
