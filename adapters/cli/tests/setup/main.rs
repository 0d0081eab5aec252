//! `credlatch setup`: other programs' configuration is written as the guide says, comes back byte for byte, and works for the
//! real programs where they are installed.

#[path = "../cli/helper.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod helper;

mod cases;
mod crash;
mod desk;
mod doctor;
mod edited;
mod fresh;
#[path = "../helpers/guide.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod guide;
#[path = "../../../tests/common/needs.rs"]
mod needs;
#[path = "../cli/pty.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod pty;
mod real;
mod refused;
#[path = "../helpers/server.rs"]
mod server;
mod terminal;
#[path = "../helpers/world.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod world;
