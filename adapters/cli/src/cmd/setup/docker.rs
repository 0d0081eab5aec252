//! docker: an entry in its configuration for one registry, and the script that it calls by name.

use std::path::PathBuf;

use credlatch::setups::Program;
use zeroize::Zeroizing;

use super::change::{Change, Seen};
use super::recipe::{Recipe, found, quoted};
use super::{Plan, file, json};
use crate::cmd::helper::Host;
use crate::end::{Done, End};

/// How a script of this command begins.
const HEAD: &str = "#!/bin/sh\n";
/// Where a user's own programs are.
const PLACE: &str = ".local/bin";

pub(super) fn plan(recipe: &Recipe<'_>, registry: &Host, username: Option<&str>) -> Done<Plan> {
    let name = match &recipe.profile {
        Some(profile) => format!("{}-{profile}", recipe.row.id),
        None => recipe.row.id.to_string(),
    };
    let registry_name = registry.text();
    let config = file(Program::Docker)?;
    let script = script(recipe, &name, registry, username)?;
    let by_hand = format!("write this into it by hand: \"credHelpers\": {{\"{registry_name}\": \"{name}\"}}");
    let refused = |why: String| config.refused(&why, &by_hand);
    let text = json::set(config.text(), &["credHelpers", &registry_name], &name).map_err(refused)?;
    let has_login = json::get(&text, &["auths", &registry_name, "auth"]).is_some();
    let place = config.path.display().to_string();
    let backup = super::write::backup_of(&config.path).display().to_string();
    let ours = vec![name.clone(), registry_name.clone()];
    let config = Change { seen: config, after: Some(Zeroizing::new(text)), mode: 0o600, ours };
    let folder = script.seen.path.parent().map(|folder| folder.display().to_string()).unwrap_or_default();
    let path = script.seen.path.clone();
    // The script first, so that docker never looks for one that isn't there yet.
    let mut plan = Plan::new(vec![script, config]);
    let program = format!("docker-credential-{name}");
    let on_path = found(&program, &std::env::var_os("PATH").unwrap_or_default());
    let is_in_path =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|at| path.parent() == Some(&at));
    if !is_in_path {
        plan = plan.advise(
            format!("docker looks for {program} on your PATH, and {folder} isn't on it"),
            format!("add it where your shell sets PATH: export PATH=\"{folder}:$PATH\""),
        );
    } else if let Some(other) = on_path.filter(|other| *other != path) {
        plan = plan.advise(
            format!("docker finds another {program} first: {}", other.display()),
            "remove that one, or take its directory off your PATH",
        );
    }
    if has_login {
        plan = plan.advise(
            format!("a login for {registry_name} stands in plain text in {place}, and docker doesn't use it any more"),
            format!("take its part of `auths` out, and out of {backup}"),
        );
    }
    Ok(plan)
}

/// The script, which answers for each registry that it was set up for.
fn script(recipe: &Recipe<'_>, name: &str, registry: &Host, username: Option<&str>) -> Done<Change> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    let home = home.ok_or_else(|| End::usage("there is no home directory to write the script to", "set HOME"))?;
    let seen = Seen::at(&home.join(PLACE).join(format!("docker-credential-{name}")))?;
    let mut hosts = hosts(&seen)?;
    if !hosts.contains(registry) {
        hosts.push(registry.clone());
    }
    let line = recipe.line(&recipe.helper("docker", username, &hosts));
    let text = format!("{HEAD}exec {line} \"$@\"\n");
    let ours = vec![text.clone(), quoted(&registry.text())];
    Ok(Change { seen, after: Some(Zeroizing::new(text)), mode: 0o755, ours })
}

/// The registries of a script that is there already, if it is one of ours.
fn hosts(seen: &Seen) -> Done<Vec<Host>> {
    let text = seen.text();
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let line = text.strip_prefix(HEAD).and_then(|rest| rest.strip_prefix("exec ")?.strip_suffix(" \"$@\"\n"));
    let line =
        line.filter(|line| !line.contains('\n') && line.contains("credlatch") && line.contains(" helper docker "));
    let Some(line) = line else {
        return Err(seen.refused("is there, and is no script of this command", "move it away, then try again"));
    };
    let words: Vec<&str> = line.split(' ').collect();
    let named = words.windows(2).filter(|pair| pair[0] == "--host");
    Ok(named.filter_map(|pair| Host::named(pair[1].trim_matches('\'')).ok()).collect())
}
