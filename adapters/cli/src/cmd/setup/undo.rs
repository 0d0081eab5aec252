//! `--undo`: put each file back as it was before, or take out of it what was put in, if it was changed since.

use std::fs;

use credlatch::core::provider::Table;
use credlatch::setups::{Program, Record, Setups, mentions};

use super::change::{Change, Seen};
use super::{Call, home, kept, write};
use crate::args::{Global, SetupOptions};
use crate::end::Done;
use crate::output;

pub(super) fn undo(global: &Global, table: &Table, program: Program, how: SetupOptions) -> Done {
    let home = home(global)?;
    let call = Call { global, table, program, how };
    let records = records_of(&Setups::read(&home)?, program);
    let changes: Vec<Change> = records.iter().map(change).collect::<Done<_>>()?;
    let needed: Vec<&Change> = changes.iter().filter(|change| change.is_needed()).collect();
    if records.is_empty() || (needed.is_empty() && how.dry_run) {
        let what = format!("nothing that was written for {program} is left to take back");
        return call.agreed(&[], &what).map(drop);
    }
    if !needed.is_empty() && !call.agreed(&changes, "")? {
        return Ok(());
    }
    let mut setups = Setups::lock(&home)?;
    for (record, change) in records.iter().zip(&changes) {
        if change.is_needed() {
            write::replace(change)?;
        }
        setups.forget(&record.file);
        setups.save()?;
        clean(global, record, change);
    }
    call.tell_written(&changes, "as it was before", |_| String::new())
}

/// What was written for one program, the latest first: a script stays as long as a configuration names it.
fn records_of(setups: &Setups, program: Program) -> Vec<Record> {
    setups.records.iter().rev().filter(|record| record.program == program).cloned().collect()
}

/// How a file gets back. One out of which somebody has taken credlatch already stays as it is.
fn change(record: &Record) -> Done<Change> {
    let seen = Seen::at(&record.file)?;
    let is_gone = seen.text.is_none() || mentions(seen.text()).is_empty() && !record.is_in(seen.text());
    let after = if is_gone { seen.text.clone() } else { kept::before(record, &seen)? };
    Ok(Change { seen, after, mode: 0o600, ours: Vec::new() })
}

/// Removes what is of no use any more: the backup, if the file has what is in it, and directories that were made.
fn clean(global: &Global, record: &Record, change: &Change) {
    if let Some(backup) = &record.backup {
        if change.is_needed() || write::holds(backup, change.seen.text.as_ref()) {
            let _ = fs::remove_file(backup);
        } else {
            let what = format!("{} was changed by hand; as it was before: {}", record.file.display(), backup.display());
            output::warn(global.json, &what, "remove that file when you don't need it any more");
        }
    }
    for folder in record.made.iter().rev() {
        // Only an empty one goes.
        let _ = fs::remove_dir(folder);
    }
}
