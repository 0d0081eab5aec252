//! How an entry is chosen from a pool.

use serde::{Deserialize, Serialize};

/// How an entry is chosen from a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// No strategy is called so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a strategy is one of fill_first, round_robin, random and least_used")]
pub struct BadStrategy;

impl std::str::FromStr for Strategy {
    type Err = BadStrategy;
    /// As documents write it, or with hyphens, as commands do.
    fn from_str(text: &str) -> Result<Self, BadStrategy> {
        Self::ALL.into_iter().find(|one| one.as_str() == text.replace('-', "_")).ok_or(BadStrategy)
    }
}

impl std::fmt::Display for Strategy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_is_parsed_as_it_is_written() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.to_string().parse(), Ok(strategy));
            assert_eq!(strategy.to_string().replace('_', "-").parse(), Ok(strategy));
        }
        assert_eq!("first".parse::<Strategy>(), Err(BadStrategy));
    }

    #[test]
    fn each_strategy_is_told_in_words() {
        for (strategy, word) in Strategy::ALL.into_iter().zip(["first", "in turn", "by chance", "least often"]) {
            assert!(strategy.rule().contains(word), "{strategy:?}: {}", strategy.rule());
        }
    }
}
