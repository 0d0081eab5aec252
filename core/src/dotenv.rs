//! The text of a `.env` file: read what is plain, change only what is named, leave every other byte as it was.

mod error;
mod line;
mod parsed;
mod rewrite;
mod unread;
mod value;

pub use error::DotenvError;
pub use parsed::{Assignment, Parsed, Unread, parse};
pub use rewrite::rewrite;
pub use unread::{NotRead, UnreadReason};

#[cfg(test)]
mod tests;
