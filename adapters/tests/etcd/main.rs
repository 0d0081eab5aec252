//! The store in etcd, over real clusters and over a model of one.
#![expect(clippy::print_stdout, reason = "what was counted, and what a process saw, belongs into the test's output")]

mod cluster;
mod clusters;
mod cost;
mod crowd;
mod history;
mod latches;
mod looked_over;
mod machine;
mod model;
mod modelled;
#[path = "../common/needs.rs"]
mod needs;
mod proxy;
mod recovered;
mod replayed;
mod shipped;
mod tls;
mod troubles;
