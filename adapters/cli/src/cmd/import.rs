//! `import`: take in what lies outside the store. Keys are copied, other tools' logins are linked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use credlatch::core::put::PutMode;
use credlatch::core::state::Material;
use credlatch::env::{dotenv_file, import_env};
use credlatch::foreign::{Tool, claude_code, codex, hermes};
use credlatch::found::{Imported, Skipped, Why};
use credlatch::{Error, ErrorKind, Kind, Latch, ProviderId, Taken, Took};
use credlatch::{plain, rfc3339_ms};
use serde_json::{Value, json};

use super::{moving, set};
use crate::args::{Global, Import, ImportSource};
use crate::end::{Done, End};
use crate::output;

pub(crate) fn import(global: &Global, args: &Import) -> Done {
    let latch = global.latch()?;
    let only = match &args.provider {
        Some(name) => Some(latch.provider(name)?.id.clone()),
        None => None,
    };
    let Imported { mut found, skipped, trimmed, ending } = read(&latch, args, only.as_ref())?;
    found.retain(|found| only.as_ref().is_none_or(|only| found.provider == *only));
    if found.is_empty() {
        return Err(nothing(args, &skipped));
    }
    for one in &trimmed {
        let what = format!("{}: left off {} around the secret", one.what, set::list(&one.left_off));
        output::warn(
            global.json,
            &what,
            "if that is part of it: `credlatch set PROVIDER --verbatim` stores exactly what is given",
        );
    }
    for one in &ending {
        let (provider, end) = (&one.provider, rfc3339_ms(one.at_ms));
        let what = format!("the {provider} login ends at {end}, however often it is rotated");
        output::warn(global.json, &what, "sign in again in the tool that owns it before then");
    }
    for one in skipped.iter().filter(|one| is_shared(one)) {
        let (what, remedy) = (format!("passed over {}", one.what), one.why.to_string());
        output::warn(global.json, &what, &remedy);
    }
    let how = if args.again { PutMode::Again } else { PutMode::Bulk };
    let taken = if args.dry_run { latch.try_import(found, how)? } else { latch.import(found, how)? };
    let moved_to = latch.moved_to();
    if taken.iter().any(|taken| taken.took == Took::Stored) && !args.dry_run {
        moving::warn_of_moved(global, &latch);
    }
    let object = json!({
        "profile": latch.profile().as_str(),
        "moved_to": moved_to,
        "source": name(args.source),
        "dry_run": args.dry_run,
        "found": taken.iter().map(to_json).collect::<Vec<_>>(),
        "skipped": skipped.iter().map(|skipped| json!({"what": skipped.what, "why": skipped.why.to_string()})).collect::<Vec<_>>(),
    });
    output::answer(global.json, &object, || describe(args.dry_run, &taken, &skipped, moved_to.as_deref()))
}

/// Whether nobody can tell whose it is, which is told apart from what the source holds.
fn is_shared(skipped: &Skipped) -> bool {
    matches!(skipped.why, Why::Shared(_))
}

fn read(latch: &Latch, args: &Import, only: Option<&ProviderId>) -> Done<Imported> {
    let table = latch.providers();
    let tool = match args.source {
        ImportSource::ClaudeCode => Tool::ClaudeCode,
        ImportSource::Codex => Tool::Codex,
        ImportSource::Hermes => Tool::Hermes,
        ImportSource::Dotenv => {
            let path = args.path.clone().unwrap_or_else(|| PathBuf::from(".env"));
            let imported = dotenv_file::import(&path, table, only).map_err(Error::from)?;
            return imported
                .ok_or_else(|| absent("there is no such file", &std::path::absolute(&path).unwrap_or(path)));
        }
        ImportSource::Env if args.path.is_some() => {
            return Err(End::usage("the environment is no file", "leave out --path, or import dotenv"));
        }
        ImportSource::Env => return Ok(import_env(std::env::vars_os(), table, only)),
    };
    let path = args.path.clone().map_or_else(|| usual(tool), Ok)?;
    let imported = match tool {
        Tool::ClaudeCode => claude_code::read(&path),
        Tool::Codex => codex::read(&path),
        Tool::Hermes => hermes::read(&path, table),
    };
    imported.map_err(|error| Error::from(&error))?.ok_or_else(|| absent(&format!("{tool} has no file"), &path))
}

fn usual(tool: Tool) -> Done<PathBuf> {
    let variable = |name: &str| -> Option<OsString> { std::env::var_os(name) };
    tool.default_path(variable).ok_or_else(|| {
        End::usage(format!("there is no home directory to look for {tool}'s file in"), "name the file with --path")
    })
}

fn absent(what: &str, path: &Path) -> End {
    let what = format!("{what} at {}", path.display());
    Error::new(ErrorKind::NoCredential, what, "name another file with --path, or sign in there first").into()
}

fn nothing(args: &Import, skipped: &[Skipped]) -> End {
    let whose = args.provider.as_ref().map_or_else(String::new, |_| " of that provider".to_owned());
    let what = format!("{} holds no credential{whose} that can be taken in", name(args.source));
    let reasons: Vec<_> = skipped.iter().map(|skipped| format!("{}: {}", skipped.what, skipped.why)).collect();
    let remedy =
        if reasons.is_empty() { "store one with `credlatch set PROVIDER`".to_owned() } else { reasons.join("; ") };
    Error::new(ErrorKind::NoCredential, what, remedy).into()
}

fn name(source: ImportSource) -> &'static str {
    match source {
        ImportSource::ClaudeCode => "claude-code",
        ImportSource::Codex => "codex",
        ImportSource::Hermes => "hermes",
        ImportSource::Dotenv => "dotenv",
        ImportSource::Env => "env",
    }
}

fn to_json(taken: &Taken) -> Value {
    let Taken { found, took } = taken;
    json!({
        "provider": found.provider,
        "label": found.label,
        "kind": Kind::from(&found.material).as_str(),
        "source": found.source.to_string(),
        "took": took.as_str(),
    })
}

fn describe(is_dry: bool, taken: &[Taken], skipped: &[Skipped], moved_to: Option<&str>) -> String {
    let taken = taken.iter().map(|taken| {
        format!("{}, label {}: {}", taken.found.provider, taken.found.label, what(is_dry, taken, moved_to))
    });
    let skipped = skipped.iter().filter(|one| !is_shared(one));
    let skipped = skipped.map(|skipped| format!("passed over {}: {}", skipped.what, skipped.why));
    taken.chain(skipped).map(|text| plain::line(&text).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Of what went with a move the store has the same memory as of what was cleared.
fn left_out(moved_to: Option<&str>, provider: &ProviderId) -> String {
    match moved_to {
        Some(other) => format!(
            "left out, because it was moved to {other}, or cleared before that; to have it here as well: --provider {provider} --again"
        ),
        None => format!("left out, because it was cleared; to have it again: --provider {provider} --again"),
    }
}

fn what(is_dry: bool, taken: &Taken, moved_to: Option<&str>) -> String {
    let Taken { found, took } = taken;
    let is_link = matches!(found.material, Material::Link(_));
    match (took, is_dry, is_link) {
        (Took::Stored, true, true) => "would be linked".to_owned(),
        (Took::Stored, true, false) => "would be stored".to_owned(),
        (Took::Stored, false, true) => "linked; the tool that owns the login goes on rotating it".to_owned(),
        (Took::Stored, false, false) => "stored".to_owned(),
        (Took::Already, ..) => "is stored already".to_owned(),
        (Took::Cleared, ..) => left_out(moved_to, &found.provider),
        (Took::MayBeCleared, ..) => format!(
            "left out, because something from there was cleared, and the key that would tell whether it was this one is gone; \
             to have it: --provider {} --again",
            found.provider
        ),
        (Took::LabelTaken, ..) => {
            format!("left out, because its label is taken; to replace that: --provider {} --again", found.provider)
        }
        (Took::Spent, ..) => {
            "left out, because its issuer gave another refresh token for it; sign in again where it is from".to_owned()
        }
        (Took::Rejected, ..) => "left out, because its issuer has rejected it; sign in again".to_owned(),
        _ => "left out, because the pool is full; remove an entry first".to_owned(),
    }
}
