//! Tables for people: plain text, no wider than the terminal nor 80 columns, whatever is in them.

use credlatch::plain;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::screen::{MOST_COLUMNS, columns};

const GAP: &str = "  ";

/// Lines of a table, each without white space at its end. Where it would be too wide, the widest column gives way; where the
/// terminal is narrower than that, each row becomes some lines of its own.
pub(crate) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    within(columns(), heads, rows)
}

fn within<const N: usize>(columns: usize, heads: [&str; N], rows: &[[String; N]]) -> String {
    // Widths are those of what is shown, and no cell makes a line of its own.
    let rows: Vec<[String; N]> =
        rows.iter().map(|row| row.each_ref().map(|cell| plain::line(cell).into_owned())).collect();
    let rows = &rows;
    let mut widths: [usize; N] = heads.map(UnicodeWidthStr::width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.width());
        }
    }
    let gaps = GAP.len() * N.saturating_sub(1);
    if columns < MOST_COLUMNS && widths.iter().sum::<usize>() + gaps > columns {
        return rows.iter().map(|row| one_below_the_other(columns, heads, row)).collect::<Vec<_>>().join("\n\n");
    }
    while widths.iter().sum::<usize>() + gaps > MOST_COLUMNS {
        if let Some(widest) = widths.iter_mut().max() {
            *widest -= 1;
        }
    }
    let heads = heads.map(str::to_owned);
    let lines = std::iter::once(&heads).chain(rows).map(|row| line(row, &widths));
    lines.collect::<Vec<_>>().join("\n")
}

/// A row as lines, one for each column.
fn one_below_the_other<const N: usize>(columns: usize, heads: [&str; N], row: &[String; N]) -> String {
    let widest = heads.iter().map(|head| head.width()).max().unwrap_or_default();
    let left = columns.saturating_sub(widest + GAP.len());
    let lines = heads.iter().zip(row).map(|(head, cell)| format!("{head:widest$}{GAP}{}", truncate(cell, left)));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn line<const N: usize>(row: &[String; N], widths: &[usize; N]) -> String {
    let pad = |cell: &str, width: usize| cell.to_owned() + &" ".repeat(width.saturating_sub(cell.width()));
    let cells = row.iter().zip(widths).map(|(cell, width)| pad(&truncate(cell, *width), *width));
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

/// A text of at most so many columns; what is left out is marked.
fn truncate(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let kept: String = text.chars().take_while(fits).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_have_no_blanks_at_their_end() {
        let rows = [["a".to_owned(), "long value".to_owned()], ["bcd".to_owned(), String::new()]];
        assert_eq!(within(80, ["ID", "VALUE"], &rows), "ID   VALUE\na    long value\nbcd");
    }

    #[test]
    fn no_line_is_wider_than_eighty_columns_whatever_is_in_it() {
        let rows = [["x".repeat(300), "寿".repeat(100), "ok".to_owned()]];
        for line in within(80, ["A", "B", "C"], &rows).lines() {
            assert!(line.width() <= 80, "{line}");
        }
        assert!(within(80, ["A", "B", "C"], &rows).contains("…  ok"));
    }

    #[test]
    fn what_is_too_wide_for_a_narrow_terminal_stands_one_below_the_other() {
        let rows = [["minimax".to_owned(), "x".repeat(60)], ["openai".to_owned(), String::new()]];
        let shown = within(40, ["PROVIDER", "LABEL"], &rows);
        let label = format!("LABEL     {}…", "x".repeat(29));
        assert_eq!(shown, format!("PROVIDER  minimax\n{label}\n\nPROVIDER  openai\nLABEL"));
        assert_eq!(within(40, ["A"], &[["short".to_owned()]]), "A\nshort", "what fits is a table");
    }
}
