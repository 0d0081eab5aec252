//! What was measured: a row is one case with every value of every round, and the file of rows is all that the page is made of.

use std::io::{Read, Write};

use crate::Failure;

/// One case: what was measured, beside what, and what came out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The part of the suite that measured it.
    pub part: String,
    /// The cases that were measured in turn, and may be compared.
    pub group: String,
    /// What was done.
    pub case: String,
    /// The case of the same group and size that it is compared with, if any.
    pub beside: String,
    /// Threads, processes, entries or bytes, as the group has it.
    pub size: usize,
    /// What the values count: `ns`, `instructions` or `calls`.
    pub unit: String,
    /// What stands in the place of values: a fact, or why there are none.
    pub note: String,
    /// The values of each round; none for a round that could not be measured.
    pub rounds: Vec<Vec<f64>>,
}

impl Row {
    /// A row without values that says why.
    pub fn left_out(part: &str, group: &str, case: &str, why: impl Into<String>) -> Self {
        Self { part: part.into(), group: group.into(), case: case.into(), note: why.into(), ..Self::default() }
    }

    /// All values, in order.
    pub fn sorted(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.rounds.iter().flatten().copied().collect();
        values.sort_by(f64::total_cmp);
        values
    }
}

const HEAD: [&str; 8] = ["part", "group", "case", "beside", "size", "unit", "note", "rounds"];

/// Writes rows as CSV; the last column has a round's values with blanks between them, and `;` between rounds.
pub fn write(rows: &[Row], to: impl Write) -> Result<(), Failure> {
    let mut file = csv::Writer::from_writer(to);
    file.write_record(HEAD)?;
    for row in rows {
        let Row { part, group, case, beside, size, unit, note, rounds } = row;
        let rounds: Vec<String> = rounds.iter().map(|round| words(round)).collect();
        file.write_record([part, group, case, beside, &size.to_string(), unit, note, &rounds.join(";")])?;
    }
    Ok(file.flush()?)
}

/// Reads what [`write`] wrote.
pub fn read(from: impl Read) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for record in csv::Reader::from_reader(from).records() {
        let record = record?;
        let at = |column: usize| record.get(column).unwrap_or_default().to_owned();
        rows.push(Row {
            part: at(0),
            group: at(1),
            case: at(2),
            beside: at(3),
            size: at(4).parse()?,
            unit: at(5),
            note: at(6),
            rounds: values(&at(7))?,
        });
    }
    Ok(rows)
}

fn words(round: &[f64]) -> String {
    // Four digits: no clock here is better than that, and the file stays small enough to be kept.
    let words: Vec<String> = round.iter().map(|value| short(*value)).collect();
    words.join(" ")
}

fn short(value: f64) -> String {
    if value < 1000.0 { format!("{}", (value * 10.0).round() / 10.0) } else { format!("{value:.0}") }
}

fn values(text: &str) -> Result<Vec<Vec<f64>>, Failure> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let round = |round: &str| round.split_whitespace().map(|value| Ok(value.parse()?)).collect();
    text.split(';').map(round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_written_are_read_as_they_were() {
        let measured = Row {
            part: "reads".into(),
            group: "in memory, \"one\"".into(),
            case: "current".into(),
            beside: "pread".into(),
            size: 2,
            unit: "ns".into(),
            note: String::new(),
            rounds: vec![vec![1.5, 2.0], vec![], vec![12_345.0]],
        };
        let rows = vec![measured, Row::left_out("peers", "read", "keyring", "no service,\nhere")];
        let mut file = Vec::new();
        write(&rows, &mut file).unwrap();
        assert_eq!(read(&*file).unwrap(), rows);
    }
}
