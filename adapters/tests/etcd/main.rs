//! The store in etcd, over real clusters and over a model of one.

mod cluster;
mod crowd;
mod latches;
mod machine;
mod model;
mod modelled;
#[path = "../common/needs.rs"]
mod needs;
mod shipped;
mod troubles;
