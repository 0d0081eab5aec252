//! How an entry is chosen from a pool.

use serde::{Deserialize, Serialize};

/// How an entry is chosen from a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The first that can be used.
    #[default]
    FillFirst,
    /// Each in turn.
    RoundRobin,
    /// Any.
    Random,
    /// The one that was used least often.
    LeastUsed,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::FillFirst, Self::RoundRobin, Self::Random, Self::LeastUsed];

    /// Its name, as documents and commands write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FillFirst => "fill_first",
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::LeastUsed => "least_used",
        }
    }

    /// What it takes, in words for people.
    pub fn rule(self) -> &'static str {
        match self {
            Self::FillFirst => "the first that may be used",
            Self::RoundRobin => "each that may be used, in turn",
            Self::Random => "any that may be used, by chance",
            Self::LeastUsed => "the one that was used least often, and of equals the first",
        }
    }

    /// Whether it takes one entry again and again, as long as nothing happens to it.
    pub fn is_steady(self) -> bool {
        matches!(self, Self::FillFirst | Self::LeastUsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_is_told_in_words() {
        for (strategy, word) in Strategy::ALL.into_iter().zip(["first", "in turn", "by chance", "least often"]) {
            assert!(strategy.rule().contains(word), "{strategy:?}: {}", strategy.rule());
        }
    }
}
