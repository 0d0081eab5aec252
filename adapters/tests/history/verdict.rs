//! All checks of one history, and what is shown when one of them fails.

use credlatch_core::state::State;
use serde::Serialize;

use crate::line::{Line, View};
use crate::operations::operations;
use crate::search::search;
use crate::{acts, generations};

/// How many lines before the last are shown of a breach that isn't about an order.
const CONTEXT: usize = 40;

/// A history that must not be.
#[derive(Debug, Serialize)]
pub(crate) struct Wrongdoing {
    /// Which check found it.
    pub(crate) rule: String,
    /// What it says.
    pub(crate) what: String,
    /// The number of the first line that is shown.
    from: usize,
    /// What the store held there, if that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<View>,
    /// The shortest part of the history that can't be.
    lines: Vec<Line>,
}

/// For people and programs.
pub(crate) fn json(found: &[Wrongdoing]) -> String {
    serde_json::to_string_pretty(found).unwrap()
}

/// Judges a history by every check; returns the most possibilities that the search had to keep at a time, or everything
/// that was found.
pub(crate) fn judge(lines: &[Line]) -> Result<usize, Vec<Wrongdoing>> {
    let of_acts = |breach: acts::Breach| shown(lines, breach.rule, breach.what, breach.at, None);
    let mut found: Vec<_> = acts::check(lines).into_iter().map(of_acts).collect();
    if let Err((at, what)) = generations::check(lines) {
        found.push(shown(lines, "generations", what, at, None));
    }
    let (product, ops) = operations(lines);
    match search(&product, State::default(), &ops) {
        Ok(most) if found.is_empty() => Ok(most),
        Ok(_) => Err(found),
        Err(stuck) => {
            let what = format!("no order explains this operation: {:?}", ops[stuck.op]);
            found.push(shown(lines, "linearizable", what, stuck.at, Some(&stuck.certain)));
            Err(found)
        }
    }
}

fn shown(lines: &[Line], rule: &str, what: String, at: usize, certain: Option<&(usize, State)>) -> Wrongdoing {
    let from = certain.map_or(at.saturating_sub(CONTEXT), |(line, _)| *line);
    let end = (at + 1).min(lines.len());
    Wrongdoing {
        rule: rule.to_owned(),
        what,
        from,
        view: certain.map(|(_, state)| View::of(state)),
        lines: lines[from.min(end)..end].to_vec(),
    }
}
