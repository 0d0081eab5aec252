//! Codex: of OpenAI it knows its own login and `CODEX_API_KEY`, and neither `OPENAI_API_KEY` nor `OPENAI_BASE_URL`. A provider
//! of the user's own, in its configuration or on the command line, says where the credential comes from.
//!
//! What counts is what its configuration comes to: the file, the profile over it that `--profile` names, and over both what
//! stands after `-c`. Tried with 0.171.

use std::borrow::Cow;

use super::said::Said;
use super::{EnvPlan, FileLocation, LoginClash};
use crate::state::name::ProviderId;

const CONFIG: FileLocation<'_> =
    FileLocation { variable: Some("CODEX_HOME"), in_variable: "config.toml", in_home: ".codex/config.toml" };

/// Without these words Codex shows its interface, which talks to a server that stays.
const WITHOUT_SERVER: &[&str] = &["exec", "e", "--no-daemon", "--help", "-h", "--version", "-V"];

/// Each has another server asked, whatever is configured: a local model's, or Codex on another machine.
const ELSEWHERE: &[&str] = &["--oss", "--remote"];

/// Where Codex sends what is asked of the provider that it has built in.
const HOME: &str = "https://api.openai.com/v1";

const OWN_LOGIN: &str = "its own login (auth.json in CODEX_HOME, else in ~/.codex, or the keyring)";

/// The provider that it has built in, by its name for it.
const BUILT_IN: &str = "openai";

/// What is planned for a program that speaks OpenAI's dialect: in which variable, whose it is, and where it belongs.
struct Planned<'a> {
    variable: &'static str,
    owner: &'a ProviderId,
    url: &'a str,
}

pub(super) fn clash(
    plan: &EnvPlan,
    args: &[Cow<'_, str>],
    read_file: impl Fn(&FileLocation<'_>) -> Option<String>,
    toml: impl Fn(&str) -> Option<Said>,
) -> Option<LoginClash> {
    let clash = |instead, remedy| Some(LoginClash { program: "Codex", instead, remedy });
    let is_option = |arg: &str, options: &[&str]| options.contains(&arg.split_once('=').map_or(arg, |(name, _)| name));
    if let Some(option) = args.iter().find(|arg| is_option(arg, ELSEWHERE)) {
        let option = option.split('=').next().unwrap_or_default();
        return clash("what another server has", format!("leave out `{option}`"));
    }
    if args.first().is_some_and(|arg| arg == "cloud") {
        return clash(OWN_LOGIN, "start it without `credlatch run`".to_owned());
    }
    let Some(said) = configuration(args, read_file, toml) else {
        let remedy =
            "mend config.toml in CODEX_HOME, else in ~/.codex, or the file of the profile beside it".to_owned();
        return clash("what its configuration says, which can't be read as TOML,", remedy);
    };
    let planned = planned(plan);
    let is_built_in = said.text("model_provider").is_none_or(|name| name == BUILT_IN);
    let has_key = plan.sets("CODEX_API_KEY");
    let is_planned = if is_built_in {
        has_key && said.get("openai_base_url").is_none_or(|url| is_at(url, HOME))
    } else {
        is_planned(&planned, &said)
    };
    match is_planned {
        false if has_key => {
            let remedy = format!("add `-c model_provider={BUILT_IN} -c openai_base_url={HOME}` after `codex`");
            clash("the provider or the address that its configuration names", remedy)
        }
        false => clash(OWN_LOGIN, recipe(&planned)),
        true if args.iter().any(|arg| WITHOUT_SERVER.contains(&&**arg)) => None,
        true => {
            let remedy = "add `--no-daemon` after `codex`".to_owned();
            clash("the credential of the run that started its background server", remedy)
        }
    }
}

/// What its configuration comes to; `None` if a file of it is no TOML.
fn configuration(
    args: &[Cow<'_, str>],
    read_file: impl Fn(&FileLocation<'_>) -> Option<String>,
    toml: impl Fn(&str) -> Option<Said>,
) -> Option<Said> {
    let read = |location: &FileLocation<'_>| read_file(location).map_or(Some(Said::default()), |text| toml(&text));
    let mut said = Said::default();
    if !args.iter().any(|arg| arg == "--ignore-user-config") {
        said = read(&CONFIG)?;
        if let Some(name) = options(args, 'p', "--profile").last() {
            let (file, in_home) = (format!("{name}.config.toml"), format!(".codex/{name}.config.toml"));
            said.lay(read(&FileLocation { in_variable: &file, in_home: &in_home, ..CONFIG })?);
        }
    }
    for given in options(args, 'c', "--config") {
        let Some((path, text)) = given.split_once('=') else { continue };
        let value = toml(&format!("value = {text}")).and_then(|said| said.get("value").cloned());
        said.put(path.trim(), value.unwrap_or_else(|| Said::Text(text.trim().trim_matches(['"', '\'']).to_owned())));
    }
    Some(said)
}

/// The values of an option, whichever way it is written.
fn options<'a>(args: &'a [Cow<'_, str>], letter: char, name: &str) -> Vec<&'a str> {
    let short = format!("-{letter}");
    let mut args = args.iter().take_while(|arg| *arg != "--");
    let mut found = Vec::new();
    while let Some(arg) = args.next() {
        let long = arg.strip_prefix(name).map(|rest| rest.strip_prefix('=').or(rest.is_empty().then_some("")));
        let joined = || arg.strip_prefix(&short).map(|rest| Some(rest.strip_prefix('=').unwrap_or(rest)));
        match long.or_else(joined).flatten() {
            Some("") => found.extend(args.next().map(|next| &**next)),
            Some(value) => found.push(value),
            None => {}
        }
    }
    found
}

/// Whether the provider that was chosen takes what is planned, sends it to where that belongs, and nothing beside it.
fn is_planned(planned: &[Planned<'_>], said: &Said) -> bool {
    let chosen = || said.get("model_providers")?.get(said.text("model_provider")?);
    let Some(chosen) = chosen() else { return false };
    let asks = |owner: &ProviderId| {
        chosen.get("auth").is_some_and(|auth| {
            let is_ours = auth.text("command").is_some_and(|command| command.rsplit('/').next() == Some("credlatch"));
            // No other provider, profile or store: these words and no more.
            is_ours && auth.texts("args").is_some_and(|args| args == ["token", owner.as_str()])
        })
    };
    let has_headers = ["http_headers", "env_http_headers"].iter().any(|name| chosen.get(name).is_some());
    let takes = |own: &Planned<'_>| {
        let is_home = chosen.get("base_url").is_some_and(|url| is_at(url, own.url));
        is_home && (chosen.text("env_key") == Some(own.variable) || asks(own.owner))
    };
    !has_headers && planned.iter().any(takes)
}

fn is_at(said: &Said, url: &str) -> bool {
    matches!(said, Said::Text(text) if text.trim_end_matches('/') == url.trim_end_matches('/'))
}

/// What is planned for OpenAI's dialect, each with where it belongs.
fn planned(plan: &EnvPlan) -> Vec<Planned<'_>> {
    let url = plan.set().iter().find(|(name, _)| name == "OPENAI_BASE_URL").map(|(_, value)| value.expose());
    let all = [("OPENAI_API_KEY", url.unwrap_or(HOME)), ("CODEX_API_KEY", HOME), ("CODEX_ACCESS_TOKEN", HOME)];
    let planned = |(variable, url)| Some(Planned { variable, owner: plan.owner(variable)?, url });
    all.into_iter().filter_map(planned).collect()
}

/// What to write into Codex's configuration, so that it asks credlatch for each request.
fn recipe(planned: &[Planned<'_>]) -> String {
    let Some(Planned { owner, url, .. }) = planned.first() else { return "add `--as openai`".to_owned() };
    format!(
        "put these lines into config.toml in CODEX_HOME, else in ~/.codex, and start it with `--no-daemon`\n\
         model_provider = \"credlatch\"\n\
         [model_providers.credlatch]\n\
         name = \"credlatch\"\n\
         base_url = \"{url}\"\n\
         wire_api = \"responses\"\n\
         [model_providers.credlatch.auth]\n\
         command = \"credlatch\"\n\
         args = [\"token\", \"{owner}\"]"
    )
}
