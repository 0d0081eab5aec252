//! The issuers over HTTP, against the strict server of `credlatch_sandbox`, against bare sockets, and against npm
//! oidc-provider where it is installed.

mod exchange;
#[path = "../common/folders.rs"]
mod folders;
mod login;
#[path = "../common/needs.rs"]
mod needs;
mod peer;
mod report_3972;
mod rotation;
mod wire;
mod world;
