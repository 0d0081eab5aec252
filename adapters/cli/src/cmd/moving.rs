//! `move`: all that is stored, or one profile, to another store.

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use credlatch::core::moving::Stage;
use credlatch::core::state::Material;
use credlatch::{Error, ErrorKind, Latch, Moved, Profile, Status};
use serde::Serialize;
use serde_json::json;

use super::at_work::saying_whom;
use super::setup;
use crate::args::{Global, Move};
use crate::defer::telling_what_was_reached;
use crate::end::{Done, End};
use crate::output;
use crate::place::Route;

/// How long whoever interrupts a move waits to hear how far it is.
const LOOK: Duration = Duration::from_secs(1);

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

/// Tells whoever stores something in a profile that was moved away where the store is that is in use.
pub(super) fn warn_of_moved(global: &Global, latch: &Latch) {
    let Some(other) = latch.moved_to() else { return };
    output::warn(
        global.json,
        &format!("profile {} was moved to {other}; what is stored here now is used only here", latch.profile()),
        &format!("to have it there: `--store {other}`, or CREDLATCH_STORE={other}"),
    );
}

pub(crate) fn move_store(global: &Global, args: &Move) -> Done {
    let route = global.route(args.from.as_deref(), &args.to, args.from_seal_key.as_ref())?;
    refuse_to_unseal(&route, args)?;
    let reached = Reached::default();
    let moved =
        telling_what_was_reached(|| reached.tell(global, args, &route), || each(global, args, &route, &reached))??;
    if moved.iter().all(|shown| shown.entries.is_empty()) {
        return Err(nothing_to_move(&route).into());
    }
    said(global, args, &route, &moved)
}

/// Moves each of the profiles that are meant.
fn each(global: &Global, args: &Move, route: &Route, reached: &Reached) -> Done<Vec<Shown>> {
    let is_one = global.profile.is_some();
    let profiles = if is_one { vec![global.profile()] } else { route.from.profiles()?.list()? };
    let (mut moved, mut failed) = (Vec::new(), None);
    for profile in &profiles {
        let (source, target) = (route.from.of(profile).latch()?, route.to.of(profile).latch()?);
        reached.begins(&source);
        warn_of_links(global, &source, args.copy_keys);
        let done = if args.copy_keys {
            source.copy_keys_to(&target)
        } else {
            saying_whom(&route.from.of(profile), || {
                Ok(source.move_to(&target, &route.from_address, &route.to_address))
            })?
        };
        match done {
            Ok(entries) => moved.push(shown(profile, &entries)),
            // A profile in which nothing is left is no obstacle for the others.
            Err(error) if !is_one && error.kind() == ErrorKind::NoCredential => {}
            Err(error) if is_one => return Err(error.into()),
            // The others go all the same; the first to fail is what the command ends with.
            Err(error) if failed.is_none() => failed = Some(error),
            Err(error) if failed.as_ref().is_some_and(|first: &Error| first.to_string() == error.to_string()) => {}
            Err(error) => output::warn(global.json, &error.to_string(), error.remedy()),
        }
    }
    if let Some(error) = failed {
        if !moved.is_empty() {
            let names: Vec<_> = moved.iter().map(|shown| shown.profile.as_str()).collect();
            output::warn(
                global.json,
                &format!("only these profiles are in {} now: {}", route.to_address, names.join(", ")),
                "the same command goes on with the others",
            );
        }
        return Err(error.into());
    }
    Ok(moved)
}

fn nothing_to_move(route: &Route) -> Error {
    let (from, to) = (&route.from_address, &route.to_address);
    let waits = |there: Latch| {
        let moving = status(there)?.state.moving.clone()?;
        let is_waiting = matches!(moving.stage, Stage::Arrived | Stage::Active) && moving.other == *from;
        is_waiting.then_some(())
    };
    if route.to.latch().ok().and_then(waits).is_some() {
        let what = format!(
            "there is nothing to move in {from}, and {to} waits for the rest of a move from there: it isn't the store that it was"
        );
        let remedy = "if it is only away, run the same command when it is back; if it is gone for good, `credlatch adopt` in the other uses what that one has";
        return Error::new(ErrorKind::NoCredential, what, remedy);
    }
    let gone = route.from.latch().ok().and_then(|latch| latch.moved_to());
    let what = match gone {
        Some(other) => format!("all of {from} was moved to {other} already, and nothing is stored here since"),
        None => format!("there is nothing to move in {from}"),
    };
    Error::new(ErrorKind::NoCredential, what, "name the store that has something: `--from URL`")
}

/// The profile that is being moved, as its source has it.
#[derive(Default)]
struct Reached(Mutex<Option<Latch>>);

impl Reached {
    fn begins(&self, source: &Latch) {
        if let Ok(mut now) = self.0.lock() {
            *now = Some(source.clone());
        }
    }

    /// Says how far it is, where a signal ends it.
    fn tell(&self, global: &Global, args: &Move, route: &Route) {
        let Some(source) = self.0.lock().ok().and_then(|now| now.clone()) else { return };
        let (profile, from, to) = (source.profile().clone(), &route.from_address, &route.to_address);
        if args.copy_keys {
            let what = format!("interrupted while the keys of profile {profile} were copied to {to}");
            return output::warn(global.json, &what, "the same command copies what is missing there");
        }
        let (go_on, ends) =
            ("the same `credlatch move` goes on from there", "if it is not to go on, `credlatch adopt` keeps it here");
        let (what, remedy) = match status(source).map(|status| status.state.moving.as_ref().map(|moving| moving.stage))
        {
            Some(Some(Stage::SetAside)) => (
                format!("interrupted: profile {profile} is set aside in {from}, and on its way to {to}"),
                format!("{go_on}; {ends}"),
            ),
            Some(Some(Stage::HandedOver)) => (
                format!("interrupted: profile {profile} was handed over to {to}, and {from} still holds it"),
                go_on.to_owned(),
            ),
            Some(Some(Stage::Gone)) => (format!("interrupted: profile {profile} is in {to} by now"), go_on.to_owned()),
            Some(_) => (format!("interrupted: nothing of profile {profile} was moved yet"), go_on.to_owned()),
            None => (format!("interrupted while profile {profile} was moved from {from} to {to}"), go_on.to_owned()),
        };
        output::warn(global.json, &what, &remedy);
    }
}

/// What the source says, if it answers in time.
fn status(source: Latch) -> Option<Status> {
    let (tell, told) = channel();
    std::thread::Builder::new().spawn(move || tell.send(source.status().ok())).ok()?;
    told.recv_timeout(LOOK).ok().flatten()
}

/// What is sealed stays so, unless a person says otherwise.
fn refuse_to_unseal(route: &Route, args: &Move) -> Done {
    let is_sealed = route.from.builder_here()?.is_sealed()?;
    let stays_sealed = route.to.builder_here()?.is_sealed()?;
    if stays_sealed || args.plain_text {
        return Ok(());
    }
    let to = &route.to_address;
    let seal = format!("seal it first: `credlatch seal --store {to} --seal-key FILE`");
    if is_sealed {
        return Err(End::usage(
            format!("{} is sealed and {to} is not, so all would lie there in plain text", route.from_address),
            format!("{seal}; or, if that is meant, --plain-text"),
        ));
    }
    if route.to.seal_key()?.is_some() {
        let what = format!("{to} is not sealed, and a key for its seal is given");
        return Err(End::usage(what, format!("{seal}; or leave the key out")));
    }
    Ok(())
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
        let lines = moved.iter().filter(|shown| !shown.entries.is_empty()).map(line);
        // Commands that name no store would still look in the old one.
        let hint = (!args.copy_keys && args.from.is_none()).then(|| hint(route));
        lines.chain(hint).collect::<Vec<_>>().join("\n")
    })
}

/// How commands use the store that all is in now: what was said of it here has to be said again.
fn hint(route: &Route) -> String {
    let to = &route.to_address;
    let home = route.to.home.as_ref().filter(|_| !route.to.inherited.home);
    let home = home.map_or_else(String::new, |home| format!("--home {} ", quoted(home)));
    let key = route.to.seal_key.as_ref().map_or_else(String::new, |key| format!(" --seal-key {}", quoted(key)));
    let also = if home.is_empty() && key.is_empty() { format!(", or CREDLATCH_STORE={to}") } else { String::new() };
    format!("commands use it with `{home}--store {to}{key}`{also}")
}

/// A path as a shell takes it, whole.
fn quoted(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    setup::quoted(&whole.display().to_string())
}
