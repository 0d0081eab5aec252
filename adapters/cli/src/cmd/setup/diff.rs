//! Which lines differ between two texts.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// Lines of the one text, in whose place those of the other stand.
pub(super) struct Differing {
    pub(super) before: Range<usize>,
    pub(super) after: Range<usize>,
}

/// All of them, in their order. Where a line could be called new in several places, it is the place that a person expects.
pub(super) fn differing(before: &str, after: &str) -> Vec<Differing> {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let lines = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Differing { before: lines(hunk.before), after: lines(hunk.after) }).collect()
}
