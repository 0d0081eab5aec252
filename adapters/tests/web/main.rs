//! Sign-in over HTTP: real sockets, the strict authorization server of `credlatch::sandbox`, and real browsers.

#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod browsers;
mod flows;
mod profiles;
mod webdriver;
mod world;
