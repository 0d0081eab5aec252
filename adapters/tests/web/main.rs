//! Sign-in over HTTP: real sockets, the strict authorization server of `credlatch_sandbox`, and real browsers.

mod browsers;
mod flows;
#[path = "../common/folders.rs"]
mod folders;
#[path = "../common/needs.rs"]
mod needs;
mod profiles;
mod webdriver;
mod world;
