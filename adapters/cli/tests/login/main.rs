//! Logins and rotations as processes meet them: against the strict server of `credlatch_sandbox`, and against servers
//! that others wrote.
#![expect(clippy::print_stdout, reason = "what was counted, and what was skipped, belongs into the test's output")]

#[path = "../cli/helper.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod helper;

#[path = "../helpers/server.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod server;

mod authlib;
#[cfg(target_os = "linux")]
mod beside;
mod cancelled;
mod clearing;
mod clocks;
#[cfg(target_os = "linux")]
#[path = "../../../tests/etcd/cluster.rs"]
#[expect(dead_code, reason = "the library's tests use the rest")]
mod cluster;
#[cfg(target_os = "linux")]
mod containers;
mod crowds;
mod described;
mod doctor;
mod escaped;
#[cfg(target_os = "linux")]
mod exchanging;
#[cfg(target_os = "linux")]
mod in_etcd;
#[cfg(target_os = "linux")]
mod in_etcd_met;
mod key_store;
mod killed;
mod labels;
mod many;
mod moved;
#[cfg(target_os = "linux")]
#[path = "../../../tests/common/namespaces.rs"]
mod namespaces;
#[path = "../../../tests/common/needs.rs"]
mod needs;
mod oidc;
mod peer;
#[cfg(target_os = "linux")]
mod phases;
#[cfg(target_os = "linux")]
mod placed;
#[path = "../cli/pty.rs"]
#[expect(dead_code, reason = "the other tests use the rest")]
mod pty;
mod roots;
mod same_token;
mod saving;
#[cfg(target_os = "linux")]
mod sealed;
mod shown;
mod stopped;
#[cfg(target_os = "linux")]
mod systemd;
mod turned_away;
mod two_stores;
mod two_stores_adopted;
mod two_stores_behind;
mod two_stores_met;
mod unreached;
mod upgrade;
mod watching;
mod world;
