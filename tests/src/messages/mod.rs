//! `docs/messages.md`: every error, finding and warning of the product with its remedy, read out of the source.
//!
//! `source` reads the crates and knows each function, `value` says what an expression may be as text, `walk` finds
//! where a message is made and with what, `sentence` collects the sentences of error types, and `page` writes them down
//! by where a person meets them.

mod call;
mod format;
mod group;
mod page;
mod scope;
mod sentence;
mod source;
mod uses;
mod value;
mod walk;

pub use page::{messages_document, without_remedy};
pub use sentence::ELSEWHERE;
pub use source::Sources;
