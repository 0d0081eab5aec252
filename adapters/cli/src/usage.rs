//! Arguments that don't fit, explained. What was typed is repeated only where it can't be a secret.

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use credlatch::BadName;

use crate::end::{Done, End};
use crate::output;

/// Options that would hold a secret, if a secret could be given as an argument.
const SECRET_OPTIONS: [&str; 9] = [
    "--key",
    "--secret",
    "--token",
    "--api-key",
    "--apikey",
    "--password",
    "--access-token",
    "--refresh-token",
    "--credential",
];

/// What can be told of arguments that can't be parsed.
pub(crate) struct Glance {
    /// Whether to answer in JSON.
    pub(crate) json: bool,
    command: Option<String>,
}

impl Glance {
    /// Looks at the words before a lone `--`.
    pub(crate) fn at(words: &[OsString]) -> Self {
        let mut glance = Self { json: false, command: None };
        let mut words = words.iter().skip(1).map(|word| word.to_string_lossy()).take_while(|word| word != "--");
        let with_values = options_with_values();
        while let Some(word) = words.next() {
            match &*word {
                "--json" => glance.json = true,
                option if with_values.iter().any(|known| known == option) => drop(words.next()),
                option if option.starts_with('-') => {}
                first if glance.command.is_none() => glance.command = Some(first.to_owned()),
                _ => {}
            }
        }
        glance
    }

    fn is_for(&self, command: &str) -> bool {
        self.command.as_deref() == Some(command)
    }

    fn help(&self) -> String {
        use clap::CommandFactory;
        let known = crate::args::Cli::command();
        let command = self.command.as_deref().and_then(|name| known.find_subcommand(name));
        command.map_or_else(
            || "see `credlatch --help`".to_owned(),
            |command| format!("see `credlatch {} --help`", command.get_name()),
        )
    }
}

/// The options for every command that are followed by a value.
fn options_with_values() -> Vec<String> {
    use clap::CommandFactory;
    let known = crate::args::Cli::command();
    let takes_value = |option: &&clap::Arg| option.is_global_set() && option.get_action().takes_values();
    known.get_arguments().filter(takes_value).filter_map(|option| Some(format!("--{}", option.get_long()?))).collect()
}

/// Prints the help that was asked for, or says what doesn't fit.
pub(crate) fn explain(error: &clap::Error, glance: &Glance) -> Done {
    let end = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            return error.print().or(Err(End::Quiet(0)));
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !glance.json => {
            output::complain(&error.render().to_string());
            return Err(End::Quiet(2));
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            End::usage("a command is missing", glance.help())
        }
        ErrorKind::UnknownArgument => unknown(error, glance),
        ErrorKind::InvalidSubcommand => no_command(error),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => bad_value(error, glance),
        ErrorKind::MissingRequiredArgument => {
            End::usage(format!("something is missing: {}", all(error, ContextKind::InvalidArg)), glance.help())
        }
        ErrorKind::ArgumentConflict => {
            let (one, other) = (all(error, ContextKind::InvalidArg), all(error, ContextKind::PriorArg));
            End::usage(format!("{one} and {other} don't go together"), "leave one of them out, or its variable")
        }
        ErrorKind::InvalidUtf8 => End::usage("an argument is not text in UTF-8", glance.help()),
        _ => End::usage("the arguments don't fit", glance.help()),
    };
    Err(if glance.is_for("run") { end.before_the_command() } else { end })
}

fn unknown(error: &clap::Error, glance: &Glance) -> End {
    let given = all(error, ContextKind::InvalidArg);
    let name = given.split('=').next().unwrap_or_default();
    let is_option = name.starts_with('-');
    if SECRET_OPTIONS.contains(&name) || (!is_option && glance.is_for("set")) {
        return secret_in_arguments();
    }
    if !is_option && glance.is_for("run") {
        return End::usage(
            "the program to run comes after `--`",
            "as in: credlatch run minimax -- your-program --its-options",
        );
    }
    if !is_option {
        return End::usage("there is an argument too many", glance.help());
    }
    let suggested = nearest(error, ContextKind::SuggestedArg);
    let remedy = if suggested.is_empty() { glance.help() } else { format!("did you mean `{suggested}`?") };
    // A secret that begins with a dash is not repeated.
    let is_name = name.len() <= 24 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let what = if is_name { format!("there is no option `{name}` here") } else { "there is no such option".to_owned() };
    End::usage(what, remedy)
}

/// Why a secret is taken from standard input only.
pub(crate) fn secret_in_arguments() -> End {
    End::usage(
        "a secret can't be given as an argument: every user of this machine can read arguments while the command runs, \
         and your shell keeps them in its history",
        "give it on standard input: printf %s \"$KEY\" | credlatch set PROVIDER; if it was real, replace it at its issuer",
    )
}

/// Of several that resemble what was given, the one that does so most: clap has it last.
fn nearest(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::Strings(names)) => names.last().cloned().unwrap_or_default(),
        _ => all(error, kind),
    }
}

fn no_command(error: &clap::Error) -> End {
    let given = all(error, ContextKind::InvalidSubcommand);
    let is_word = given.len() <= 16 && given.bytes().all(|byte| byte.is_ascii_lowercase());
    let what = if is_word { format!("there is no command `{given}`") } else { "there is no such command".to_owned() };
    let suggested = nearest(error, ContextKind::SuggestedSubcommand);
    let remedy = if suggested.is_empty() {
        "`credlatch --help` shows all commands".to_owned()
    } else {
        format!("did you mean `{suggested}`? `credlatch --help` shows all commands")
    };
    End::usage(what, remedy)
}

fn bad_value(error: &clap::Error, glance: &Glance) -> End {
    let option = all(error, ContextKind::InvalidArg);
    let takes = all(error, ContextKind::ValidValue);
    if let Some(bad) = error.source().and_then(|why| why.downcast_ref::<BadName>()) {
        return End::usage(bad.to_string(), example(&option));
    }
    if all(error, ContextKind::InvalidValue).is_empty() {
        return End::usage(format!("{option} has no value"), "give it one, or leave it out, and its variable too");
    }
    let remedy = if takes.is_empty() { glance.help() } else { format!("it takes one of: {takes}") };
    End::usage(format!("that is not a value for {option}"), remedy)
}

/// A value that an option for a name takes.
fn example(option: &str) -> &'static str {
    if option.starts_with("--profile") {
        "as in: --profile work, or CREDLATCH_PROFILE=work"
    } else {
        "as in: --label work; `credlatch status` shows the labels that there are"
    }
}

/// What the parser says about one thing, as text; empty if it says nothing.
fn all(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(many)) => many.join(", "),
        _ => String::new(),
    }
}
