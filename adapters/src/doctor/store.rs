//! The profile's files: what an inspection found, as findings.

use std::path::PathBuf;

use credlatch_core::port::StoreErrorKind;
use credlatch_core::state::State;

use super::finding::{Finding, Severity};
use super::remembered;
use crate::docfile::errors::quoted as shell_quoted;
use crate::file::{Exposure, FileStore, Harm, Inspection, Leftover, LockSeen, Provenance};
use crate::latch::Latch;
use crate::states;
use crate::system::{lockers, process};

/// A store on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreReport {
    /// The profile's document.
    pub document: PathBuf,
    /// Whether it is there.
    pub is_there: bool,
    /// The file system it is on, if that is known.
    pub file_system: Option<&'static str>,
}

/// What is stored, where the store is not on disk.
pub(super) fn readable(latch: &Latch, findings: &mut Vec<Finding>) -> Option<State> {
    match latch.engine().snapshot() {
        Ok(snapshot) => {
            findings.push(Finding::of_store(Severity::Ok, "the store can be read", ""));
            Some(State::clone(&snapshot.state))
        }
        Err(error) => {
            findings.push(error.into());
            None
        }
    }
}

/// Looks a store on disk over. Returns what is stored there, if it can be read.
pub(super) fn examine(store: &FileStore, findings: &mut Vec<Finding>) -> (Option<StoreReport>, Option<State>) {
    let seen = store.inspect();
    let mut all = vec![document(&seen)];
    all.extend(seal(store, &seen));
    all.extend(link(&seen));
    all.extend(seen.exposures.iter().map(exposure));
    all.push(file_system(&seen));
    all.extend(space(&seen));
    all.extend(provenance(&seen));
    if let Ok(state) = &seen.state {
        all.extend(remembered::claims(state, store.forgets(), store.may_be_made_to_forget()));
    }
    all.extend(other_machine(store, &seen));
    all.extend(remembered::marks(store, &seen));
    all.extend(lock(&seen));
    all.extend(seen.leftovers.iter().filter_map(leftover));
    for finding in all {
        // One trouble is often seen from several sides.
        if !findings.iter().any(|known: &Finding| known.what == finding.what) {
            findings.push(finding);
        }
    }
    let report = StoreReport { document: seen.document, is_there: seen.is_there, file_system: seen.file_system };
    (Some(report), seen.state.ok())
}

fn document(seen: &Inspection) -> Finding {
    let path = seen.document.display();
    match &seen.state {
        Err(error) => error.clone().into(),
        Ok(_) if !seen.is_there => {
            let what = format!("nothing is stored in this profile yet; {path} will hold it");
            Finding::of_store(Severity::Ok, what, "")
        }
        Ok(state) => Finding::of_store(Severity::Ok, format!("{path} is read: generation {}", state.generation), ""),
    }
}

fn seal(store: &FileStore, seen: &Inspection) -> Option<Finding> {
    if seen.state.is_err() || !seen.is_there {
        return None;
    }
    match store.seal() {
        Ok((Some(key), _)) => Some(Finding::of_store(Severity::Ok, format!("it is sealed with the key {key}"), "")),
        Ok((None, Some(_))) => {
            let what = format!("{} is plain text, and is sealed with its next change", seen.document.display());
            Some(Finding::of_store(Severity::Note, what, ""))
        }
        Ok((None, None)) => None,
        Err(error) => Some(error.into()),
    }
}

fn link(seen: &Inspection) -> Option<Finding> {
    let link = seen.link.as_ref()?;
    let what = format!("{} is a link; the profile's files are beside {}", link.display(), seen.document.display());
    Some(Finding::of_store(Severity::Note, what, ""))
}

fn exposure(exposure: &Exposure) -> Finding {
    let severity = match exposure.harm {
        Harm::Refused => Severity::Error,
        Harm::Replaceable => Severity::Warning,
        Harm::Visible => Severity::Note,
    };
    Finding { severity, ..exposure.error.clone().into() }
}

fn file_system(seen: &Inspection) -> Finding {
    let path = seen.document.display();
    match seen.file_system {
        Some(name) if seen.is_untrusted && seen.is_trusted_by_hand => {
            let what = format!("{path} is on {name}, and CREDLATCH_TRUST_FILE_SYSTEM says that its locks hold");
            Finding::of_store(Severity::Note, what, "make sure that no other machine uses this store")
        }
        Some(name) if seen.is_untrusted => Finding::of_store(
            Severity::Warning,
            format!(
                "{path} is on {name}, where a lock may not keep other machines out: keys work, logins are not rotated"
            ),
            "move the store to a local disk; or set CREDLATCH_TRUST_FILE_SYSTEM=1 if no other machine uses it",
        ),
        Some(name @ ("tmpfs" | "ramfs")) => {
            let what = format!("{path} is on {name}: it is gone when the machine restarts");
            Finding::of_store(Severity::Note, what, "if it is to last, use a home on a disk")
        }
        Some(name) => Finding::of_store(Severity::Ok, format!("the file system is {name}"), ""),
        None => Finding::of_store(Severity::Ok, "the file system is none that is known to be shared", ""),
    }
}

fn space(seen: &Inspection) -> Option<Finding> {
    let space = seen.space?;
    if space.is_read_only {
        let what =
            format!("{} is on a file system that is mounted read-only: nothing can be stored", seen.document.display());
        return Some(Finding::of_store(Severity::Warning, what, "mount it for writing, or use another home"));
    }
    let what = format!("{} bytes are free, and the next change needs {}", space.free, seen.needed);
    let is_short = space.free < seen.needed;
    is_short.then(|| Finding::of_store(Severity::Warning, what, "free some space on that file system"))
}

/// A document that is a store of states: where it comes from, and what would not be noticed.
pub(super) fn examine_document(seen: states::Inspection, state: &State, findings: &mut Vec<Finding>) {
    let path = seen.path.display().to_string();
    findings.extend(match seen.provenance {
        Ok(from) => origin(&path, from, state.has_refresh_tokens(), false),
        Err(error) => Some(error.into()),
    });
    findings.extend(remembered::claims(state, seen.forgets, seen.may_be_made_to_forget));
}

fn provenance(seen: &Inspection) -> Option<Finding> {
    let holds_logins = seen.state.as_ref().is_ok_and(State::has_refresh_tokens);
    match &seen.provenance {
        Ok(from) => {
            let is_lock_gone = matches!(seen.lock, LockSeen::Absent);
            origin(&seen.document.display().to_string(), *from, holds_logins, is_lock_gone)
        }
        // Where the document can't be read, that is told, and why.
        Err(error) => seen.state.is_ok().then(|| error.clone().into()),
    }
}

/// A copy of keys does no harm; one of refresh tokens does, as soon as both present them.
fn origin(path: &str, from: Provenance, holds_logins: bool, is_lock_gone: bool) -> Option<Finding> {
    let how = match from {
        Provenance::Own => return None,
        Provenance::RolledBack => "rolled back to before its newest claim",
        Provenance::Copied if is_lock_gone => "copied or restored, or its lock file was deleted",
        Provenance::Copied => "copied or restored",
    };
    if !holds_logins {
        let what = format!("{path} was {how}; it holds no login to rotate, so that does no harm");
        return Some(Finding::of_store(Severity::Note, what, ""));
    }
    Some(Finding::of_store(
        Severity::Warning,
        format!("{path} was {how}; its original may hold the same refresh tokens, so no login is rotated"),
        "sign in again; or, if this copy is the one to live on, `credlatch adopt`",
    ))
}

/// A cloned disk looks like its original in everything else.
fn other_machine(store: &FileStore, seen: &Inspection) -> Option<Finding> {
    let holds_logins = seen.state.as_ref().is_ok_and(State::has_refresh_tokens);
    (holds_logins && store.is_of_another_machine().is_ok_and(|is_of_another| is_of_another)).then(|| {
        let what = format!(
            "{} was last written on a machine of another id (/etc/machine-id); that alone decides nothing",
            seen.document.display()
        );
        let remedy = "if this disk was cloned, and the original is used too: sign in again on one of the two";
        Finding::of_store(Severity::Note, what, remedy)
    })
}

fn lock(seen: &Inspection) -> Option<Finding> {
    let what = |text: String| format!("the lock of {} {text}", seen.document.display());
    Some(match &seen.lock {
        LockSeen::Absent if seen.is_there => Finding::of_store(
            Severity::Note,
            what("has no file".to_owned()),
            "the next change makes it; never delete it",
        ),
        LockSeen::Absent | LockSeen::Free { is_unconfirmed: false } => {
            Finding::of_store(Severity::Ok, "nobody holds the lock", "")
        }
        LockSeen::Free { is_unconfirmed: true } => Finding::of_store(
            Severity::Note,
            what("is free, and the last commit was not confirmed: its writer died, or the disk failed it".to_owned()),
            "nothing: the next change confirms it before anything else",
        ),
        LockSeen::Held { pid, for_ms } => held(seen, *pid, *for_ms),
        // What keeps the document from being read, or its origin from being known, keeps the lock from it, too, and is told once.
        LockSeen::Unknown(error) if is_told(seen, error.kind) => return None,
        LockSeen::Unknown(error) => error.clone().into(),
    })
}

fn is_told(seen: &Inspection, kind: StoreErrorKind) -> bool {
    let told = [seen.state.as_ref().err(), seen.provenance.as_ref().err()];
    told.into_iter().flatten().any(|known| known.kind == kind)
}

fn held(seen: &Inspection, signed: Option<u32>, for_ms: u64) -> Finding {
    let what = |text: String| format!("the lock of {} {text}", seen.document.display());
    // Whoever signed may have ended since, and left the lock to a child.
    let lockers = lockers::pids(&seen.document.with_extension("lock"));
    let signed = signed.filter(|pid| lockers.is_empty() || lockers.contains(pid));
    let Some(pid) = signed.or_else(|| lockers.first().copied()) else {
        let text = what(format!("has been held by another process for {for_ms} ms, longer than a change takes"));
        return Finding::of_store(Severity::Warning, text, "look again");
    };
    if process::is_stopped_pid(pid) {
        return Finding::of_store(
            Severity::Error,
            what(format!("is held by process {pid}, which is stopped: nobody can change anything")),
            format!("resume it (`kill -CONT {pid}`), or end it (`kill {pid}; kill -CONT {pid}`)"),
        );
    }
    let text = what(format!("has been held by process {pid} for {for_ms} ms, longer than a change takes"));
    Finding::of_store(Severity::Warning, text, format!("look again; if it stays so, look at process {pid}"))
}

fn leftover(leftover: &Leftover) -> Option<Finding> {
    Some(match leftover {
        // Every act leaves one until the next change: there is nothing to tell.
        Leftover::Sign(_) => return None,
        Leftover::Draft(path) => Finding::of_store(
            Severity::Note,
            format!("{} was left by an act that has ended", path.display()),
            "nothing: a later change removes it",
        ),
        Leftover::Copy { path, is_open } => {
            let who = if *is_open { ", and other users may read it" } else { "" };
            Finding::of_store(
                Severity::Warning,
                format!(
                    "{} lies beside the profile and may hold its secrets{who}; no `clear` reaches it",
                    path.display()
                ),
                format!("when it is no longer needed: rm -- {}", shell_quoted(path)),
            )
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An inspection of an empty home, said to be on another machine's disk.
    fn on_nfs(is_trusted_by_hand: bool) -> Inspection {
        let home = tempfile::tempdir().unwrap();
        let store = FileStore::new(home.path(), &credlatch_core::name::ProfileName::default());
        Inspection { file_system: Some("NFS"), is_untrusted: true, is_trusted_by_hand, ..store.inspect() }
    }

    #[test]
    fn failure_17_a_network_file_system_is_named_with_what_does_not_work_there() {
        let finding = file_system(&on_nfs(false));
        assert_eq!(finding.severity, Severity::Warning);
        assert!(finding.what.contains("is on NFS") && finding.remedy.contains("CREDLATCH_TRUST_FILE_SYSTEM=1"));
        let finding = file_system(&on_nfs(true));
        assert_eq!(finding.severity, Severity::Note);
        assert!(finding.what.contains("NFS") && finding.remedy.contains("no other machine"));
    }
}
