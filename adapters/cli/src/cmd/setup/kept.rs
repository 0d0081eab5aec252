//! What is remembered of a change, in which order it is written down, and what a file was like before all of them.
//!
//! The backup comes first, then the record, then the file. After a crash in between, the record tells by its digests which of
//! the two texts the file holds, and each step can be made again.

use std::path::Path;

use credlatch::core::fingerprint::digest;
use credlatch::plain_file;
use credlatch::setups::{Hunk, Program, Record, Setups, lines};
use zeroize::Zeroizing;

use super::change::{Change, Seen};
use super::diff::{Differing, differing};
use super::write;
use crate::end::Done;

/// Writes one change, so that it can be taken back whatever happens after.
pub(super) fn write(setups: &mut Setups, program: Program, change: &Change) -> Done {
    let seen = &change.seen;
    let Some(after) = &change.after else { return write::replace(change) };
    if seen.path.to_str().is_none() {
        return Err(seen.refused("has a name that is not text", "rename it"));
    }
    let record = setups.records.iter().find(|record| record.file == seen.path);
    // Whoever sets up once more wants to get back, one day, to what was there before the first time.
    let base = match record {
        Some(record) => before(record, seen)?,
        None => seen.text.clone(),
    };
    let made = match record {
        Some(record) => record.made.clone(),
        None => write::make_folders(&seen.path)?,
    };
    let is_known = record.is_some_and(|record| record.backup.is_some());
    let backup = base.as_ref().map(|text| (text, write::backup_of(&seen.path)));
    if let Some((text, backup)) = &backup {
        write::keep(seen, text, backup, is_known)?;
    }
    let text = base.as_ref().map_or("", |text| text.as_str());
    setups.put(Record {
        program,
        file: seen.path.clone(),
        made,
        backup: backup.map(|(_, backup)| backup),
        before: base.as_ref().map(|text| digest(&[text.as_str()])),
        after: digest(&[after.as_str()]),
        hunks: hunks(text, after),
    });
    setups.save()?;
    write::replace(change)
}

/// What a file would hold if nothing had been written into it: the text from before, or the text of now without what was
/// put in, if somebody else changed it since.
pub(super) fn before(record: &Record, seen: &Seen) -> Done<Option<Zeroizing<String>>> {
    let now = seen.text.as_ref().map(|text| digest(&[text.as_str()]));
    // As it was: a crash came before the write, or after the undo of it.
    if now == record.before {
        return Ok(seen.text.clone());
    }
    let backup = match &record.backup {
        Some(path) => {
            let kept = plain_file::read(path).ok().flatten();
            let is_it = |text: &Zeroizing<String>| Some(digest(&[text.as_str()])) == record.before;
            Some(kept.filter(is_it).ok_or_else(|| seen.refused(&without(path), by_hand(record)))?)
        }
        None => None,
    };
    if now == Some(record.after) {
        return Ok(backup);
    }
    let text = backup.as_ref().map_or("", |text| text.as_str());
    let left = taken_out(record, text, seen.text());
    let left = left.ok_or_else(|| seen.refused("was changed since credlatch wrote into it", by_hand(record)))?;
    Ok(Some(left).filter(|left| backup.is_some() || !left.trim().is_empty()))
}

fn without(backup: &Path) -> String {
    format!("can't be put back: {}, in which it was kept, is gone or was changed", backup.display())
}

fn by_hand(record: &Record) -> String {
    let kept = record.backup.as_ref().map_or_else(String::new, |path| format!("; as it was: {}", path.display()));
    let program = record.program.as_str();
    format!("take out by hand what names credlatch, then `credlatch setup {program} --undo`{kept}")
}

/// What changed from one text to the other, by lines.
fn hunks(before: &str, after: &str) -> Vec<Hunk> {
    let new = lines(after);
    let hunk = |Differing { before, after }: Differing| Hunk {
        at: before.start,
        removed: before.len(),
        added: after.len(),
        digest: digest(&[&new[after].concat()]),
    };
    differing(before, after).into_iter().map(hunk).collect()
}

/// The text of now without what was put in, and with what was taken out: only if each part stands there once, in order.
fn taken_out(record: &Record, before: &str, now: &str) -> Option<Zeroizing<String>> {
    let (old, lines) = (lines(before), lines(now));
    let mut left = Zeroizing::new(String::with_capacity(before.len() + now.len()));
    let mut from = 0;
    for hunk in &record.hunks {
        let at = hunk.place(&lines).filter(|at| *at >= from)?;
        left.push_str(&lines[from..at].concat());
        left.push_str(&old.get(hunk.at..hunk.at + hunk.removed)?.concat());
        from = at + hunk.added;
    }
    left.push_str(&lines[from..].concat());
    Some(left)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn record(before: &str, after: &str) -> Record {
        Record {
            program: Program::Git,
            file: PathBuf::from("/x"),
            made: Vec::new(),
            backup: None,
            before: Some(digest(&[before])),
            after: digest(&[after]),
            hunks: hunks(before, after),
        }
    }

    #[test]
    fn what_was_put_in_is_taken_out_of_a_file_that_was_changed_elsewhere() {
        for (before, after, now, left) in [
            ("a\nb\n", "a\nx\nb\n", "0\na\nx\nb\nc\n", "0\na\nb\nc\n"),
            ("a\nold\n", "a\nx\ny\n", "a\n#\nx\ny\n", "a\n#\nold\n"),
            ("a", "a\nx\n", "0\na\nx\n", "0\na"),
            ("", "x\ny\n", "x\ny\nmine\n", "mine\n"),
            ("a\nb\nc\nd\n", "x\nb\nc\ny\n", "x\nb\nnew\nc\ny\n", "a\nb\nnew\nc\nd\n"),
        ] {
            let record = record(before, after);
            assert!(record.is_in(now));
            assert_eq!(taken_out(&record, before, now).unwrap().as_str(), left);
            assert_eq!(taken_out(&record, before, after).unwrap().as_str(), before);
        }
    }

    #[test]
    fn what_is_there_twice_or_was_changed_itself_or_only_went_is_left_alone() {
        for (before, after, now) in [
            ("a\n", "a\nx\n", "a\nx\nx\n"),
            ("a\n", "a\nx\ny\n", "a\nx\nz\ny\n"),
            ("a\n", "a\nx\n", "a\n"),
            ("a\nold\n", "a\n", "a\nnew\n"),
        ] {
            assert!(taken_out(&record(before, after), before, now).is_none(), "{after:?} in {now:?}");
        }
    }
}
