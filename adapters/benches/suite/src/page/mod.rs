//! `docs/benchmarks.md`: a template whose gaps are filled from the rows that are kept beside it.

mod bars;
mod growth;
mod plot;
pub mod table;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::part;
use crate::row::{self, Row};

/// The prose, with a gap for each table.
const TEMPLATE: &str = include_str!("template.md");

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs")
}

fn rows_file() -> PathBuf {
    docs().join("benchmarks/rows.csv")
}

/// The rows that the page is made of.
pub fn kept() -> Result<Vec<Row>, Failure> {
    row::read(File::open(rows_file())?)
}

/// Keeps the rows of a run, and writes the page of them.
pub fn keep(rows: Vec<Row>) -> Result<(), Failure> {
    // A page compares figures, and figures of two runs may not be compared.
    if let Some(part) = part::ALL.iter().find(|part| !rows.iter().any(|row| row.part == part.name)) {
        return Err(
            format!("the page is left as it was: {} was not measured, and a page is one whole run", part.name).into()
        );
    }
    fs::create_dir_all(docs().join("benchmarks"))?;
    row::write(&rows, File::create(rows_file())?)?;
    // As they are read again: the file has fewer digits.
    write(&kept()?)
}

/// Writes the page and its pictures of these rows.
pub fn write(rows: &[Row]) -> Result<(), Failure> {
    for (name, content) in made_of(rows)? {
        fs::write(docs().join(name), content)?;
    }
    Ok(())
}

/// Fails if the page or a picture isn't what the kept rows say.
pub fn check() -> Result<(), Failure> {
    for (name, content) in made_of(&kept()?)? {
        if fs::read_to_string(docs().join(&name)).ok() != Some(content) {
            return Err(format!("docs/{name} isn't what its rows say: write it anew with --rewrite").into());
        }
    }
    Ok(())
}

/// The page and its pictures, by their names below `docs`.
fn made_of(rows: &[Row]) -> Result<Vec<(String, String)>, Failure> {
    let mut files = vec![("benchmarks.md".to_owned(), filled(rows)?)];
    for curve in growth::CURVES {
        if let Some(picture) = plot::picture(rows, curve)? {
            files.push((format!("benchmarks/{}.svg", curve.name), picture));
        }
    }
    Ok(files)
}

/// The template with its gaps filled. A gap that nobody fills, or that has no end, is a mistake in the template.
fn filled(rows: &[Row]) -> Result<String, Failure> {
    let mut text = String::new();
    let mut rest = TEMPLATE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (gap, after) = after.split_once("}}").ok_or("a gap of the template has no end")?;
        text.push_str(before);
        text.push_str(content(rows, gap)?.trim_end());
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn content(rows: &[Row], gap: &str) -> Result<String, Failure> {
    Ok(match gap {
        "machine" => table::machine(rows),
        "bars" => bars::table(rows),
        "missed" => bars::missed(rows),
        "how it grows" => growth::table(rows),
        "left out" => table::left_out(rows),
        name if part::ALL.iter().any(|part| part.name == name) => table::of_part(rows, name),
        other => return Err(format!("nothing fills the gap {other} of the template").into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_its_pictures_are_what_the_kept_rows_say() {
        check().unwrap();
    }

    #[test]
    fn every_part_has_its_place_in_the_page() {
        for part in part::ALL {
            assert!(TEMPLATE.contains(&format!("{{{{{}}}}}", part.name)), "{}", part.name);
        }
    }

    #[test]
    fn rows_of_which_a_part_is_missing_make_no_page() {
        let before = fs::read_to_string(rows_file()).unwrap();
        assert!(keep(vec![Row::left_out("reads", "group", "case", "why")]).is_err());
        assert_eq!(fs::read_to_string(rows_file()).unwrap(), before);
    }
}
