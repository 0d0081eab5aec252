//! What rows say: medians, ratios, what few wait, and how a cost grows.

use std::collections::BTreeMap;

use crate::row::Row;

/// The middle value; NaN of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.get(middle) {
        None => f64::NAN,
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => f64::midpoint(values[middle - 1], *upper),
    }
}

/// The value that so large a share of the others do not exceed.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// What each round says as a whole: the median of its values, or of a crowd what a commit cost, until the last was done.
pub fn of_rounds(row: &Row) -> Vec<f64> {
    let is_crowd = row.part == "crowds";
    let whole = |round: &Vec<f64>| {
        if round.is_empty() {
            f64::NAN
        } else if is_crowd {
            round.iter().copied().fold(0.0, f64::max) / if row.case.starts_with("herd") { 1.0 } else { row.size as f64 }
        } else {
            median(round.clone())
        }
    };
    row.rounds.iter().map(whole).collect()
}

/// The figure of a row: the median of its rounds.
pub fn figure(row: &Row) -> f64 {
    median(of_rounds(row).into_iter().filter(|value| value.is_finite()).collect())
}

/// The median of the rounds' ratios: what disturbed a round disturbed both.
pub fn ratio(own: &Row, other: &Row) -> f64 {
    let pairs = of_rounds(own).into_iter().zip(of_rounds(other));
    median(pairs.map(|(own, other)| own / other).filter(|ratio| ratio.is_finite()).collect())
}

/// The row that another one is compared with.
pub fn beside<'a>(rows: &'a [Row], row: &Row) -> Option<&'a Row> {
    rows.iter().find(|other| {
        other.part == row.part && other.group == row.group && other.case == row.beside && other.size == row.size
    })
}

/// The figures of one case at every size.
pub fn points(rows: &[Row], group: &str, case: &str) -> Vec<(f64, f64)> {
    let of_case = rows.iter().filter(|row| row.group == group && row.case == case);
    let points: BTreeMap<usize, f64> = of_case.map(|row| (row.size, figure(row))).collect();
    points.into_iter().filter(|(_, cost)| cost.is_finite()).map(|(size, cost)| (size as f64, cost)).collect()
}

/// The slope of cost over size by least squares where both are logarithms: 0 does not grow, 1 grows as the size does.
pub fn exponent(points: &[(f64, f64)]) -> f64 {
    let logs: Vec<(f64, f64)> = points.iter().map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let (x, y) = (logs.iter().map(|at| at.0).sum::<f64>() / count, logs.iter().map(|at| at.1).sum::<f64>() / count);
    let above: f64 = logs.iter().map(|(size, cost)| (size - x) * (cost - y)).sum();
    above / logs.iter().map(|(size, _)| (size - x).powi(2)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_doubles_with_the_size_grows_by_one_and_what_stays_by_nothing() {
        assert!((exponent(&[(50.0, 1.0), (100.0, 2.0), (200.0, 4.0)]) - 1.0).abs() < 1e-9);
        assert!(exponent(&[(50.0, 3.0), (100.0, 3.0), (200.0, 3.0)]).abs() < 1e-9);
    }

    #[test]
    fn one_in_a_thousand_is_the_slowest_of_a_few_and_the_median_is_in_the_middle() {
        let values: Vec<f64> = (1..=401).map(f64::from).collect();
        assert_eq!((median(values.clone()), quantile(&values, 0.999), quantile(&values, 1.0)), (201.0, 401.0, 401.0));
    }

    #[test]
    fn a_ratio_is_that_of_the_rounds_and_leaves_out_a_round_that_could_not_be_measured() {
        let row =
            |rounds: &[&[f64]]| Row { rounds: rounds.iter().map(|round| round.to_vec()).collect(), ..Row::default() };
        let (own, other) = (row(&[&[2.0], &[40.0], &[]]), row(&[&[1.0], &[20.0], &[5.0]]));
        assert!((ratio(&own, &other) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_crowd_costs_what_it_took_until_the_last_was_done() {
        let row = |case: &str| Row {
            part: "crowds".into(),
            case: case.into(),
            size: 2,
            rounds: vec![vec![1.0, 6.0]],
            ..Row::default()
        };
        assert!((figure(&row("naive")) - 3.0).abs() < 1e-9 && (figure(&row("herd, naive")) - 6.0).abs() < 1e-9);
    }
}
