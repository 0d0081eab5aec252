//! Other programs' configuration, where it names credlatch: whether what it asks for is stored, and whether what
//! `credlatch setup` wrote there is still what it wrote.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use credlatch_core::name::ProfileName;
use credlatch_core::state::State;

use super::Case;
use super::finding::{About, Finding, Severity};
use super::surroundings::Surroundings;
use crate::file::FileStore;
use crate::plain_file;
use crate::setups::{Mention, Program, Setups, mentions};

pub(super) fn examine(case: &Case<'_>, surroundings: &Surroundings, home: Option<&Path>, findings: &mut Vec<Finding>) {
    let records = home.and_then(|home| Setups::read(home).ok()).map(|setups| setups.records).unwrap_or_default();
    let usual =
        Program::ALL.into_iter().filter_map(|program| Some((program, program.file(|name| surroundings.var(name))?)));
    let written = records.iter().map(|record| (record.program, record.file.clone()));
    let files: BTreeMap<PathBuf, Program> = usual.chain(written).map(|(program, file)| (file, program)).collect();
    for (file, program) in files {
        // What can't be read names nothing; whether it should be readable is the program's matter.
        let Some(text) = plain_file::read(&file).ok().flatten() else { continue };
        // What names another store is looked at with that store.
        let here = mentions(&text).into_iter().filter(|mention| !mention.is_elsewhere);
        findings.extend(here.filter_map(|mention| finding(case, home, program, &file, &mention)));
    }
    for record in records {
        let text = plain_file::read(&record.file).ok().flatten();
        if text.as_ref().is_some_and(|text| record.is_in(text)) {
            continue;
        }
        let (program, file) = (record.program.as_str(), record.file.display());
        findings.push(Finding::outside(
            Severity::Warning,
            format!("what `credlatch setup {program}` wrote into {file} isn't there any more, or was changed"),
            format!(
                "`credlatch setup {program}` with what it was called with writes it anew; with --undo it is forgotten"
            ),
        ));
    }
}

/// What is wrong with one command line in a configuration.
fn finding(case: &Case<'_>, home: Option<&Path>, program: Program, file: &Path, mention: &Mention) -> Option<Finding> {
    let Mention { provider, profile, .. } = mention;
    let asks = format!("{}, the configuration of {program}, asks credlatch for {provider}", file.display());
    let Ok(row) = case.latch.provider(provider) else {
        let remedy = format!(
            "`credlatch providers` shows those that are known; `credlatch setup {}` writes it anew",
            program.as_str()
        );
        return Some(Finding::outside(Severity::Warning, format!("{asks}, and no provider is called so here"), remedy));
    };
    let own = case.latch.profile();
    let name = match profile {
        Some(profile) => ProfileName::new(profile).ok(),
        // The program is told no profile, so its credlatch takes the usual one.
        None => Some(ProfileName::default()),
    };
    let has = |state: &State| state.slot(row.id.as_str()).is_some_and(|slot| !slot.entries.is_empty());
    let is_stored = match (&name, home) {
        (Some(name), _) if name == own => has(case.state),
        (Some(name), Some(home)) => match FileStore::new(home, name).inspect().state {
            Ok(state) => has(&state),
            Err(_) => return None,
        },
        // Hermes' file is one profile.
        (_, None) => has(case.state),
        (None, _) => false,
    };
    if is_stored || row.keyless {
        return None;
    }
    let place = name.as_ref().map_or_else(String::new, |name| format!(" in the profile {name}"));
    let option = profile.as_ref().map_or_else(String::new, |name| format!(" --profile {name}"));
    let set = format!("`credlatch set {}{option}` stores one", row.id);
    Some(Finding::new(
        About::Provider(row.id.clone()),
        Severity::Warning,
        format!("{asks}, and nothing is stored for it{place}"),
        format!("{set}; `credlatch setup {}` names another provider", program.as_str()),
    ))
}
