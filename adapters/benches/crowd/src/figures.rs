//! What rows say together: medians, what one in a thousand waits, and how a cost grows.

use std::fmt::Write as _;

use super::{Row, Work, Writer};

/// One line for each place and writer: milliseconds a commit at each size, how that grows, and how long single processes
/// waited in the largest crowd.
pub(super) fn table(rows: &[Row], places: &[&str], writers: &[Writer], sizes: &[usize]) -> String {
    let mut text = String::new();
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size:>6}")).collect();
    let largest = sizes.last().copied().unwrap_or(0);
    let _ = writeln!(text, "ms a commit (median of rounds; × naive of the same round)");
    let _ = writeln!(
        text,
        "{:<10}{:<11}{}  exponent  one of {largest}: median / p99.9 / slowest ms",
        "place",
        "writer",
        heads.join("        ")
    );
    for place in places {
        for writer in writers {
            let cost = |size: &usize| {
                median(per_round(rows, place, *writer, Work::Set, *size).iter().map(|ns| ns / *size as f64).collect())
            };
            let costs: Vec<f64> = sizes.iter().map(cost).collect();
            let cells: Vec<String> = sizes
                .iter()
                .zip(&costs)
                .map(|(size, ns)| format!("{:>6.2} {:>5.2}×", ns / 1e6, ratio(rows, place, *writer, Work::Set, *size)))
                .collect();
            let mut one: Vec<f64> =
                of(rows, place, *writer, Work::Set, largest).map(|row| row.ns as f64 / 1e6).collect();
            one.sort_by(f64::total_cmp);
            let _ = writeln!(
                text,
                "{place:<10}{:<11}{}  {:>8.2}  {:.0} / {:.0} / {:.0}",
                writer.name(),
                cells.join(" "),
                exponent(sizes, &costs),
                quantile(&one, 0.5),
                quantile(&one, 0.999),
                quantile(&one, 1.0),
            );
        }
    }
    text
}

/// One line for each place and writer: when the last of a herd had its token.
pub(super) fn herd(rows: &[Row], places: &[&str], writers: &[Writer], size: usize) -> String {
    let mut text =
        format!("{size} processes at expiry, issuer 200 ms: the last is served after (ms, median of rounds)\n");
    for place in places {
        for writer in writers {
            let ms = median(per_round(rows, place, *writer, Work::Refresh, size)) / 1e6;
            let _ = writeln!(text, "{place:<10}{:<11}{ms:.0}", writer.name());
        }
    }
    text
}

/// How long each round took as a whole, in nanoseconds.
fn per_round(rows: &[Row], place: &str, writer: Writer, work: Work, size: usize) -> Vec<f64> {
    let mut rounds = std::collections::BTreeMap::new();
    for row in of(rows, place, writer, work, size) {
        let slowest = rounds.entry(row.round).or_insert(0);
        *slowest = row.ns.max(*slowest);
    }
    rounds.into_values().map(|ns| ns as f64).collect()
}

/// The median of the rounds' ratios to the naive writer.
fn ratio(rows: &[Row], place: &str, writer: Writer, work: Work, size: usize) -> f64 {
    let naive = per_round(rows, place, Writer::Naive, work, size);
    median(per_round(rows, place, writer, work, size).iter().zip(naive).map(|(own, naive)| own / naive).collect())
}

fn of<'a>(rows: &'a [Row], place: &'a str, writer: Writer, work: Work, size: usize) -> impl Iterator<Item = &'a Row> {
    rows.iter().filter(move |row| row.place == place && row.writer == writer && row.work == work && row.size == size)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    quantile(&values, 0.5)
}

/// The value at or above which the rest lies.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// The slope of cost over size where both are logarithms: 0 does not grow, 1 grows as the crowd does.
fn exponent(sizes: &[usize], costs: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> =
        sizes.iter().zip(costs).map(|(size, cost)| ((*size as f64).ln(), cost.ln())).collect();
    let count = points.len() as f64;
    let (x, y) =
        (points.iter().map(|(x, _)| x).sum::<f64>() / count, points.iter().map(|(_, y)| y).sum::<f64>() / count);
    let above: f64 = points.iter().map(|(at, cost)| (at - x) * (cost - y)).sum();
    above / points.iter().map(|(at, _)| (at - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_doubles_with_the_crowd_grows_by_one_and_what_stays_by_nothing() {
        assert!((exponent(&[50, 100, 200], &[1.0, 2.0, 4.0]) - 1.0).abs() < 1e-9);
        assert!(exponent(&[50, 100, 200], &[3.0, 3.0, 3.0]).abs() < 1e-9);
    }

    #[test]
    fn one_in_a_thousand_is_the_slowest_of_a_small_crowd_and_the_median_is_in_the_middle() {
        let values: Vec<f64> = (1..=401).map(f64::from).collect();
        assert_eq!((quantile(&values, 0.5), quantile(&values, 0.999), quantile(&values, 1.0)), (201.0, 401.0, 401.0));
    }
}
