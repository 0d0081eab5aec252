//! Logins of other tools: read live from their files, never spent, and set aside when another account appears.

use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::engine::{Chosen, Live, LiveKind};
use credlatch_core::port::Clock as _;
use credlatch_core::time::Stamp;
use parking_lot::Mutex;

use super::Inner;
use super::credential::{Borrowed, Read, Unread};
use crate::error::{Error, ErrorKind};
use crate::foreign::{ForeignErrorKind, LinkReader, LinkedToken, Tool};
use crate::when::rfc3339_ms;

/// Links that one latch keeps a reader for; more are read without one.
const READERS_MAX: usize = 256;

/// The readers of links, by the version of their entry.
#[derive(Default)]
pub(super) struct Links(Mutex<BTreeMap<u64, Arc<LinkReader>>>);

impl Links {
    fn reader(&self, live: &Live) -> Option<Arc<LinkReader>> {
        let LiveKind::Link { source, link } = &live.kind else { return None };
        let mut readers = self.0.lock();
        if let Some(reader) = readers.get(&live.version).filter(|reader| *reader.link() == **link) {
            return Some(Arc::clone(reader));
        }
        let reader = Arc::new(LinkReader::new(Tool::from_source(source)?, Clone::clone(link)));
        if readers.len() >= READERS_MAX {
            readers.clear();
        }
        readers.insert(live.version, Arc::clone(&reader));
        Some(reader)
    }
}

impl Inner {
    /// What is behind a link now; nothing for an entry of our own.
    pub(super) fn read_link(&self, chosen: &Chosen) -> Read {
        let live = &chosen.live;
        if live.secret().is_some() {
            return Ok(None);
        }
        let reader = self.links.reader(live).ok_or_else(|| unreadable_link(live))?;
        match reader.read(&self.engine.clock().now()) {
            Ok(token) if token.usable => {
                Ok(Some(Borrowed { access: token.access, expires_at_ms: token.expires_at_ms }))
            }
            Ok(token) => Err(ended(live, &token, &self.engine.clock().now()).into()),
            Err(error) => {
                Err(Unread { is_anothers: error.kind == ForeignErrorKind::OtherAccount, error: (&error).into() })
            }
        }
    }
}

/// A token that has ended is renewed by the tool that owns the login, unless the login itself has ended.
fn ended(live: &Live, token: &LinkedToken, now: &Stamp) -> Error {
    let LiveKind::Link { source, .. } = &live.kind else { return unreadable_link(live) };
    let Some(tool) = Tool::from_source(source) else { return unreadable_link(live) };
    let (provider, label) = (&live.provider, &live.label);
    if token.is_over(now) {
        let end_ms = token.login_ends_at_ms.or(token.expires_at_ms).unwrap_or(now.wall_ms);
        let what = format!("{tool}'s {provider} login, to which {label} is linked, ended at {}", rfc3339_ms(end_ms));
        return Error::new(ErrorKind::SignIn, what, tool.sign_in());
    }
    let end = token.expires_at_ms.map_or_else(String::new, |end_ms| {
        let tense = if end_ms <= now.wall_ms { "ended" } else { "ends" };
        format!(" {tense} at {}, and", rfc3339_ms(end_ms))
    });
    Error::new(
        ErrorKind::SignIn,
        format!("the access token of {tool}'s {provider} login, to which {label} is linked,{end} is not rotated yet"),
        format!("use {tool} once, and it rotates its login; or sign in here to have a login of your own"),
    )
}

fn unreadable_link(live: &Live) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!("the {} entry {} is linked to a tool that this version can't read", live.provider, live.label),
        format!("remove it: `credlatch remove {} --label {}`", live.provider, live.label),
    )
}
