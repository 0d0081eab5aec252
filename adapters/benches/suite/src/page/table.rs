//! Tables of rows, in Markdown that a terminal shows as well.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use credlatch::plain::line;

use crate::figures::{beside, figure, quantile, ratio};
use crate::part;
use crate::row::Row;

/// So many values that one in a thousand says something.
const MANY: usize = 1_000;

/// Everything that was measured.
pub fn all(rows: &[Row]) -> String {
    let parts = part::ALL.iter().map(|part| of_part(rows, part.name));
    let text: String = parts.filter(|text| !text.is_empty()).collect();
    format!("{text}\n{}", left_out(rows))
}

/// On what, and when.
pub fn machine(rows: &[Row]) -> String {
    let facts = rows.iter().filter(|row| row.part == "machine");
    facts.fold("| | |\n|---|---|\n".to_owned(), |mut text, row| {
        let _ = writeln!(text, "| {} | {} |", row.case, cell(&row.note));
        text
    })
}

/// What was not measured, and why.
pub fn left_out(rows: &[Row]) -> String {
    let without = rows.iter().filter(|row| row.part != "machine" && row.rounds.is_empty());
    let text = without.fold(String::new(), |mut text, row| {
        let _ = writeln!(text, "- {}: {}", row.case, cell(&row.note));
        text
    });
    if text.is_empty() { "Nothing was left out.".to_owned() } else { text }
}

/// The tables of a part, one for each of its groups.
pub fn of_part(rows: &[Row], part: &str) -> String {
    let of_part: Vec<&Row> = rows.iter().filter(|row| row.part == part && !row.rounds.is_empty()).collect();
    let mut groups: Vec<&str> = Vec::new();
    for row in &of_part {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    let mut text = String::new();
    for group in groups {
        let members: Vec<&Row> = of_part.iter().filter(|row| row.group == group).copied().collect();
        let _ = writeln!(text, "\n**{}**\n", group);
        text.push_str(&if members.iter().any(|row| row.size > 0) {
            by_size(rows, &members)
        } else {
            plainly(rows, &members)
        });
        if part == "crowds" {
            text.push_str(&waits(&members));
        }
    }
    text
}

/// A column for each size.
fn by_size(rows: &[Row], members: &[&Row]) -> String {
    let sizes: BTreeSet<usize> = members.iter().map(|row| row.size).collect();
    let mut cases: Vec<&str> = Vec::new();
    for row in members {
        if !cases.contains(&row.case.as_str()) {
            cases.push(&row.case);
        }
    }
    let heads: String = sizes.iter().map(|size| format!(" {size} |")).collect();
    let mut text = format!("| |{heads}\n|---|{}\n", "---:|".repeat(sizes.len()));
    for case in cases {
        let _ = write!(text, "| {case} |");
        for size in &sizes {
            let row = members.iter().find(|row| row.case == case && row.size == *size);
            let _ = write!(text, " {} |", row.map_or_else(String::new, |row| value(rows, row)));
        }
        text.push('\n');
    }
    text
}

/// The median, what one round in twenty exceeds, and the ratio. Of a crowd the rounds are few, and single waits say more.
fn value(rows: &[Row], row: &Row) -> String {
    let times = beside(rows, row).map(|other| format!(", **{:.2} ×**", ratio(row, other))).unwrap_or_default();
    let few = if row.part == "crowds" {
        String::new()
    } else {
        format!(" (p95 {})", amount(quantile(&row.sorted(), 0.95), &row.unit))
    };
    format!("{}{few}{times}", amount(figure(row), &row.unit))
}

/// A line for each case, with what one in twenty and one in a thousand exceed.
fn plainly(rows: &[Row], members: &[&Row]) -> String {
    if members.iter().all(|row| row.unit != "ns") {
        return counted(rows, members);
    }
    let mut text = "| | median | p95 | p99.9 | × | of |\n|---|---:|---:|---:|---:|---|\n".to_owned();
    for row in members {
        let values = row.sorted();
        let many = if values.len() >= MANY { amount(quantile(&values, 0.999), &row.unit) } else { String::new() };
        let other = beside(rows, row);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {many} | {} | {} |",
            row.case,
            amount(figure(row), &row.unit),
            amount(quantile(&values, 0.95), &row.unit),
            other.map(|other| format!("{:.2}", ratio(row, other))).unwrap_or_default(),
            row.beside,
        );
    }
    text
}

/// Counts are the same each time, and may say of what they are.
fn counted(rows: &[Row], members: &[&Row]) -> String {
    let mut text = "| | count | × | |\n|---|---:|---:|---|\n".to_owned();
    for row in members {
        let times = beside(rows, row).map(|other| format!("{:.1}", ratio(row, other))).unwrap_or_default();
        let _ = writeln!(text, "| {} | {:.0} | {times} | {} |", row.case, figure(row), cell(&row.note));
    }
    text
}

/// How long single processes of a crowd waited.
fn waits(members: &[&Row]) -> String {
    let mut text = "\n| one process waits | of | median | p99.9 | slowest |\n|---|---:|---:|---:|---:|\n".to_owned();
    for row in members {
        let values = row.sorted();
        let at = |share| amount(quantile(&values, share), &row.unit);
        let _ = writeln!(text, "| {} | {} | {} | {} | {} |", row.case, row.size, at(0.5), at(0.999), at(1.0));
    }
    text
}

/// A value with its unit, in digits that a person compares.
pub fn amount(value: f64, unit: &str) -> String {
    match (unit, value) {
        (_, value) if value.is_nan() => "?".to_owned(),
        ("ns", ns) if ns < 1e2 => format!("{ns:.1} ns"),
        ("ns", ns) if ns < 1e4 => format!("{ns:.0} ns"),
        ("ns", ns) if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ("ns", ns) if ns < 1e8 => format!("{:.2} ms", ns / 1e6),
        ("ns", ns) => format!("{:.0} ms", ns / 1e6),
        _ => format!("{value:.0}"),
    }
}

/// What others wrote, fit for a cell of a table.
fn cell(text: &str) -> String {
    line(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(case: &str, beside: &str, size: usize, values: &[f64]) -> Row {
        Row {
            part: "reads".into(),
            group: "reads, by threads".into(),
            case: case.into(),
            beside: beside.into(),
            size,
            unit: "ns".into(),
            rounds: values.iter().map(|value| vec![*value]).collect(),
            ..Row::default()
        }
    }

    #[test]
    fn a_group_with_sizes_has_a_column_for_each_and_ratios_beside_the_figures() {
        let rows = [row("floor", "", 1, &[10.0]), row("ours", "floor", 1, &[25.0]), row("floor", "", 2, &[20.0])];
        let text = of_part(&rows, "reads");
        assert!(text.contains("| | 1 | 2 |"), "{text}");
        assert!(text.contains("| ours | 25.0 ns (p95 25.0 ns), **2.50 ×** |  |"), "{text}");
    }

    #[test]
    fn what_was_left_out_is_said_with_its_reason_on_one_line() {
        let text = left_out(&[Row::left_out("peers", "reads", "keyring", "no | service\nhere")]);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with("- keyring: no \\| service"), "{text}");
    }

    #[test]
    fn one_in_a_thousand_is_shown_of_a_thousand_values_and_not_of_fewer() {
        let many: Vec<f64> = (1..=1_000).map(f64::from).collect();
        let few = [row("few", "", 0, &many[..999])];
        let enough = [row("enough", "", 0, &many)];
        assert!(of_part(&few, "reads").contains("| 950 ns |  |"), "{}", of_part(&few, "reads"));
        assert!(of_part(&enough, "reads").contains("| 951 ns | 1000 ns |"), "{}", of_part(&enough, "reads"));
    }
}
