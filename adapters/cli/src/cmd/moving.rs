//! `move`: all that is stored, or one profile, to another store.

use credlatch::core::state::Material;
use credlatch::{Error, ErrorKind, Latch, Moved, Profile};
use serde::Serialize;
use serde_json::json;

use crate::args::{Global, Move};
use crate::end::{Done, End};
use crate::output;
use crate::place::Route;

/// A profile that is in the other store now.
#[derive(Serialize)]
struct Shown {
    profile: String,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    provider: String,
    label: String,
}

pub(crate) fn move_store(global: &Global, args: &Move) -> Done {
    let route = global.route(args.from.as_deref(), &args.to)?;
    let is_one = global.profile.is_some();
    let profiles = if is_one { vec![global.profile()] } else { route.from.profiles()?.list()? };
    let mut moved = Vec::new();
    for profile in &profiles {
        let (source, target) = (route.from.of(profile).latch()?, route.to.of(profile).latch()?);
        warn_of_links(global, &source, args.copy_keys);
        let done = if args.copy_keys {
            source.copy_keys_to(&target)
        } else {
            source.move_to(&target, &route.from_address, &route.to_address)
        };
        match done {
            Ok(entries) => moved.push(shown(profile, &entries)),
            // A profile in which nothing is left is no obstacle for the others.
            Err(error) if !is_one && error.kind() == ErrorKind::NoCredential => {}
            Err(error) => return Err(after(error.into(), &moved, global)),
        }
    }
    if moved.iter().all(|shown| shown.entries.is_empty()) {
        let what = format!("there is nothing to move in {}", route.from_address);
        let remedy = "name the store that has something: `--from URL`";
        return Err(Error::new(ErrorKind::NoCredential, what, remedy).into());
    }
    said(global, args, &route, &moved)
}

/// What was moved before something failed is moved: a person must know.
fn after(end: End, moved: &[Shown], global: &Global) -> End {
    if !moved.is_empty() {
        let names: Vec<_> = moved.iter().map(|shown| shown.profile.as_str()).collect();
        output::warn(
            global.json,
            &format!("moved before that: {}", names.join(", ")),
            "the same command goes on with the others",
        );
    }
    end
}

/// A link is a path on this machine, whatever store names it.
fn warn_of_links(global: &Global, source: &Latch, copies: bool) {
    let Ok(status) = source.status() else { return };
    for (provider, slot) in status.state.providers.iter().filter(|_| !copies) {
        for entry in &slot.entries {
            if let Material::Link(link) = &entry.material {
                output::warn(
                    global.json,
                    &format!("{provider}/{} stays a link to {}", entry.label, link.path),
                    "it is of use where that file is: another machine has its own, or none",
                );
            }
        }
    }
}

fn shown(profile: &Profile, entries: &Moved) -> Shown {
    let entry = |(provider, label): &(credlatch::ProviderId, credlatch::Label)| Entry {
        provider: provider.to_string(),
        label: label.to_string(),
    };
    Shown { profile: profile.to_string(), entries: entries.iter().map(entry).collect() }
}

fn said(global: &Global, args: &Move, route: &Route, moved: &[Shown]) -> Done {
    let word = if args.copy_keys { "copied" } else { "moved" };
    output::answer(global.json, &json!({ word: moved, "from": route.from_address, "to": route.to_address }), || {
        let line = |shown: &Shown| {
            let entries = shown.entries.iter().map(|entry| format!("{}/{}", entry.provider, entry.label));
            format!(
                "{word} profile {} to {}: {}",
                shown.profile,
                route.to_address,
                entries.collect::<Vec<_>>().join(", ")
            )
        };
        moved.iter().filter(|shown| !shown.entries.is_empty()).map(line).collect::<Vec<_>>().join("\n")
    })
}
