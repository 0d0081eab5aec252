//! The commands, one a file.

mod adopt;
pub(crate) mod allow;
mod at_work;
mod cancel;
mod clear;
pub(crate) mod complete;
mod completions;
mod demo;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod exchange;
pub(crate) mod flows;
mod fresh;
pub(crate) mod helper;
mod import;
mod login;
mod moving;
pub(crate) mod pool;
mod profiles;
mod providers;
mod purge;
mod recover;
mod remove;
mod rotate;
mod run;
mod seal;
mod set;
mod setup;
pub(crate) mod status;
mod token;
mod watch;

use crate::args::{Cli, Command};
use crate::end::Done;

/// Does what was asked.
pub(crate) fn dispatch(cli: &Cli) -> Done {
    let global = &cli.global;
    match &cli.command {
        Command::Set(args) => set::set(global, args),
        Command::Run(args) => run::run(global, args),
        Command::Env(args) => env::env(global, args),
        Command::Token(of) => token::token(global, of),
        Command::Helper { client } => helper::helper(global, client),
        Command::Setup { program } => setup::setup(global, program),
        Command::Login(args) => login::login(global, args),
        Command::Flows => flows::flows(global),
        Command::Cancel { flow } => cancel::cancel(global, flow),
        Command::Rotate(args) => rotate::rotate(global, args),
        Command::Adopt(args) => adopt::adopt(global, args),
        Command::Recover => recover::recover(global),
        Command::Allow(args) => allow::allow(global, args),
        Command::Import(args) => import::import(global, args),
        Command::Remove(args) => remove::remove(global, args),
        Command::Clear(args) => clear::clear(global, args),
        Command::Status => status::status(global),
        Command::Doctor => doctor::doctor(global),
        Command::Pool(args) => pool::pool(global, args),
        Command::Watch { from } => watch::watch(global, *from),
        Command::Providers(args) => providers::providers(global, args),
        Command::Profiles => profiles::profiles(global),
        Command::Move(args) => moving::move_store(global, args),
        Command::Purge => purge::purge(global),
        Command::Seal => seal::seal(global),
        Command::Unseal => seal::unseal(global),
        Command::Rekey(args) => seal::rekey(global, args),
        Command::Demo => demo::demo(global),
        Command::Completions { shell } => completions::completions(*shell),
        Command::Exchange { provider } => exchange::exchange(global, provider),
    }
}
