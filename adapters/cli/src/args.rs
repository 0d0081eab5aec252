//! The command line, described once: parsing, help and completions come from here.

mod helper;
mod incoming;
mod run;
mod setup;
mod stores;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueHint};
use clap_complete::Shell;
use credlatch::{Label, Profile, Strategy};

pub(crate) use helper::{Asked, Grant, Helper};
pub(crate) use incoming::{Import, ImportSource, Kind, Set};
pub(crate) use run::{Allow, Plan, Run, Shape};
pub(crate) use setup::{Chosen, Setup, SetupOptions};
pub(crate) use stores::{Adopt, Move, Rekey};

/// The place where your programs' model-provider credentials live.
///
/// Store a key once; every program you start through `credlatch run` gets that provider's credentials and nobody else's.
#[derive(Parser)]
#[command(name = "credlatch", version, arg_required_else_help = true, disable_help_subcommand = true)]
#[command(after_help = "Start here:  credlatch set minimax   then   credlatch run minimax -- your-program")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Clone)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// Directory of the store [default: credlatch in your data directory]
    #[arg(long, global = true, env = "CREDLATCH_HOME", value_name = "DIR", hide_env_values = true)]
    pub(crate) home: Option<PathBuf>,
    /// Profile to use [default: default]
    #[arg(long, global = true, env = "CREDLATCH_PROFILE", value_name = "NAME", hide_env_values = true)]
    pub(crate) profile: Option<Profile>,
    /// Where the store is: file:///DIR, which is the same as --home DIR, hermes:FILE for Hermes' auth.json, or
    /// etcd+https://HOST:2379/PREFIX
    #[arg(long, global = true, env = "CREDLATCH_STORE", value_name = "URL", hide_env_values = true)]
    pub(crate) store: Option<String>,
    /// JSON file with more providers, or other rows for known ones
    #[arg(long, global = true, env = "CREDLATCH_PROVIDERS", value_name = "FILE", hide_env_values = true)]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from), value_hint = ValueHint::FilePath)]
    pub(crate) providers: Option<PathBuf>,
    /// File with the key that the store is sealed with; nothing else is tried then
    #[arg(long, global = true, value_name = "FILE", conflicts_with_all = ["seal_key_command", "seal_key_store"])]
    #[arg(value_parser = OsStringValueParser::new().map(PathBuf::from), value_hint = ValueHint::FilePath)]
    pub(crate) seal_key: Option<PathBuf>,
    /// Command that prints that key; a shell runs it
    #[arg(long, global = true, value_name = "COMMAND", conflicts_with = "seal_key_store")]
    pub(crate) seal_key_command: Option<String>,
    /// Entry of the system's key store with that key
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) seal_key_store: Option<String>,
    /// Answer in JSON, errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Which of these came from the environment.
    #[arg(skip)]
    pub(crate) inherited: Inherited,
}

/// Which places came from a variable. A path in one is inherited by commands in every directory, so it must mean the same
/// in all of them; one that was typed means what it says where it was typed.
#[derive(Clone, Copy, Default)]
pub(crate) struct Inherited {
    pub(crate) home: bool,
    pub(crate) store: bool,
    pub(crate) providers: bool,
}

impl Cli {
    /// Reads a command line.
    pub(crate) fn from_words<T: Into<OsString> + Clone>(
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(words)?;
        let mut cli = Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        cli.global.inherited = Inherited::from_matches(&matches);
        cli.global.prefer_named_store();
        if cli.global.inherited.providers {
            // A variable that is empty names no file, as one that isn't set.
            cli.global.providers.take_if(|file| file.as_os_str().is_empty());
        }
        Ok(cli)
    }
}

impl Global {
    /// What was typed of where the store is goes before what a variable says of it, such as in a child of `run`. Only a store in etcd has a
    /// home beside it.
    fn prefer_named_store(&mut self) {
        let Inherited { home, store, .. } = self.inherited;
        if self.is_in_etcd() {
            return;
        }
        if home && !store && self.store.is_some() {
            self.home = None;
        } else if store && !home && self.home.is_some() {
            self.store = None;
        }
    }
}

impl Inherited {
    fn from_matches(matches: &ArgMatches) -> Self {
        let is_inherited = |name: &str| matches.value_source(name) == Some(ValueSource::EnvVariable);
        Self { home: is_inherited("home"), store: is_inherited("store"), providers: is_inherited("providers") }
    }
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Store a key or a token; it is read from standard input
    ///
    /// At a terminal you are asked for it, and it is not shown. In a script: printf %s "$KEY" | credlatch set minimax
    Set(Set),
    /// Run a program with one provider's credentials and nobody else's
    ///
    /// The program takes credlatch's place, so signals and the exit status are its own. Before it starts, credlatch may
    /// end with 3 (no credential), 126 (not executable), 127 (not found) or 125 (anything else).
    Run(Run),
    /// Show what `run` would set and drop; names only, no values
    Env(Plan),
    /// Print a token that is good now
    Token(Provider),
    /// Hand credentials to git, docker, cargo, AWS clients, kubectl and Claude Code, in the words of each
    ///
    /// A credential is handed out only for a host that is the provider's, or that --host names.
    Helper {
        /// Whose words.
        #[command(subcommand)]
        client: Helper,
    },
    /// Write into another program's own configuration that it asks credlatch: what the guide says for each
    ///
    /// Shows the difference and asks before it changes a file, keeps the file as it was beside it, and takes everything back
    /// with --undo. Comments and order stay; what isn't understood is refused.
    Setup {
        /// Whose configuration.
        #[command(subcommand)]
        program: Setup,
    },
    /// Sign in to a provider, or join the login that is in progress
    ///
    /// Shows a code and where to enter it, and waits. Whoever signs in to the same provider at the same time sees the same
    /// code. Ctrl-C cancels the login.
    Login(Login),
    /// Show the logins in progress, and those of the last minutes
    Flows,
    /// Cancel a login
    Cancel {
        /// The login, as `login` and `flows` name it
        flow: String,
    },
    /// Get a new access token now, whether the present one is due or not
    Rotate(Rotate),
    /// Say of a copied, restored or rolled back store that it is the one that is used from now on
    ///
    /// Its logins are rotated here again, which another copy of the store must not do beside it. Nothing is sent to anybody. A profile that
    /// was taken away from etcd begins anew, with nothing.
    Adopt(Adopt),
    /// Put the newest commit back where somebody else wrote something over the profile or took it away, in etcd
    ///
    /// etcd has it until it is compacted. What is older than the newest is never gone back to.
    Recover,
    /// Take in what another tool, a .env file or the environment holds
    ///
    /// Keys are copied. A login that another tool owns is linked: its file is read for each request, and only that tool
    /// rotates it. Nothing that is stored is replaced, and what you have cleared stays away unless you name it with
    /// --provider and --again.
    Import(Import),
    /// Forget one credential of a provider
    Remove(Remove),
    /// Forget all credentials of a provider, in one step
    Clear(Clear),
    /// Show what is stored
    Status,
    /// Look everything over: which credential is used and why, and what is unsafe
    ///
    /// Changes nothing, asks nobody over a network but a store in etcd, and works where the store can't be read. The exit status is 1 if
    /// anything should be put right.
    Doctor,
    /// Show or choose how a provider's credentials are used when there are several
    Pool(Pool),
    /// Print a line of JSON for each change, by whatever process
    ///
    /// Each line is an answer of `status --json`. Changes that come at once may be told in one line.
    Watch {
        /// Tell at once what is stored if that is newer than this generation
        #[arg(long, value_name = "GENERATION")]
        from: Option<u64>,
    },
    /// Show the providers that are known, or agree to where one of them may send credentials
    Providers(Providers),
    /// Show or change which variables this profile's programs inherit though they are, or look like, somebody's credential
    ///
    /// Each run says what it drops and what it passes on with a doubt; what is on this list it passes on without a word. It is
    /// for one profile, and never for what decides which credential a program uses.
    Allow(Allow),
    /// Show the profiles of this store
    Profiles,
    /// Seal the store: whoever gets the disk or a backup of it can't read it without the key
    ///
    /// The key is in the file that --seal-key names or in the entry of --seal-key-store, each of which is made if it isn't there, or is
    /// what --seal-key-command prints. Where it comes from is remembered for this user on this machine. Without the key nothing is read
    /// and nothing is changed, so keep a copy of it where the store's backups are not.
    Seal,
    /// Take the seal off: the store is plain text again
    Unseal,
    /// Seal the store with another key
    ///
    /// Backups stay as they are: destroy the old key, and nobody can open them any more.
    Rekey(Rekey),
    /// Move all that is stored to another store
    ///
    /// At no time would both stores use a login, and a move that was cut off is begun again by the same command, which goes on
    /// where it ended. The other store must have nothing under the names of these profiles. With --profile, or
    /// CREDLATCH_PROFILE, only that one is moved. What says where a seal's key is means the other store's; that of this one is where
    /// it always is, or where --from-seal-key says.
    Move(Move),
    /// Forget logins that have ended and entries that died
    Purge,
    /// Say where the demonstration is: the main promises, watched with real processes
    #[command(hide = true)]
    Demo,
    /// Print a script by which a shell completes command lines of credlatch
    ///
    /// It asks credlatch at each TAB, for commands, providers, profiles, labels, and the programs after `run … --`.
    Completions {
        /// The shell
        shell: Shell,
    },
    /// What a command has done by a process that outlives it.
    #[command(hide = true)]
    Exchange {
        /// Whose issuer is asked.
        provider: String,
    },
}

/// One provider.
#[derive(Args)]
pub(crate) struct Provider {
    /// The provider, such as anthropic; `credlatch providers` shows all
    pub(crate) provider: String,
}

#[derive(Args)]
pub(crate) struct Providers {
    /// Only those that have this in their id, name, variables or hosts, among all that are known
    #[arg(conflicts_with = "accept")]
    pub(crate) word: Option<String>,
    /// All, and not only the well-known and those of the provider file
    #[arg(long, conflicts_with = "accept")]
    pub(crate) all: bool,
    /// Agree to the hosts that this provider's row names now, in place of those that ship or that its logins came from
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) accept: Option<String>,
}

#[derive(Args)]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// Show no QR code
    #[arg(long)]
    pub(crate) no_qr: bool,
}

#[derive(Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// Which login; `credlatch status` shows the labels
    #[arg(long, default_value_t)]
    pub(crate) label: Label,
    /// Ask the issuer even while it wants to be left alone
    #[arg(long)]
    pub(crate) now: bool,
    /// This store was copied or restored, and from now on this copy is the one that is used
    #[arg(long)]
    pub(crate) this_copy: bool,
}

#[derive(Args)]
pub(crate) struct Pool {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// How one is chosen from now on
    #[arg(long, value_name = "STRATEGY", value_parser = strategies())]
    pub(crate) strategy: Option<Strategy>,
}

/// The strategies as commands write them, each with its rule for help and completions.
fn strategies() -> impl TypedValueParser<Value = Strategy> {
    let known = ["fill-first", "round-robin", "random", "least-used"].map(|word| {
        let rule = word.parse().map_or("", Strategy::rule);
        PossibleValue::new(word).help(rule)
    });
    PossibleValuesParser::new(known).try_map(|word| word.parse())
}

#[derive(Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    pub(crate) of: Provider,
    /// Which one; `credlatch status` shows the labels
    #[arg(long)]
    pub(crate) label: Label,
}

#[derive(Args)]
pub(crate) struct Clear {
    /// The provider, such as anthropic
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(crate) provider: Option<String>,
    /// All providers of this profile
    #[arg(long)]
    pub(crate) all: bool,
    /// Take the provider's variables out of this .env file too: both happen, or neither
    #[arg(long, value_name = "FILE")]
    pub(crate) dotenv: Option<PathBuf>,
}
