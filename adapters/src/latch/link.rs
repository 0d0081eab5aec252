//! Logins of other tools: read live from their files, never spent, and set aside when another account appears.

use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::Event;
use credlatch_core::engine::{Live, LiveKind, Picked};
use credlatch_core::put::SuspendLink;
use parking_lot::Mutex;

use super::Latch;
use super::credential::Borrowed;
use crate::error::{Error, ErrorKind};
use crate::foreign::{ForeignError, ForeignErrorKind, LinkReader, Tool};

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
        let reader = Arc::new(LinkReader::new(Tool::of(source)?, Clone::clone(link)));
        if readers.len() >= READERS_MAX {
            readers.clear();
        }
        readers.insert(live.version, Arc::clone(&reader));
        Some(reader)
    }
}

impl Latch {
    /// What is behind a link now; nothing for an entry of our own.
    pub(super) fn borrow(&self, picked: &Picked) -> Result<Option<Borrowed>, Error> {
        let live = &picked.live;
        if live.secret().is_some() {
            return Ok(None);
        }
        let reader = self.0.links.reader(live).ok_or_else(|| unreadable_link(live))?;
        match reader.read(&self.0.backend.now()) {
            Ok(token) if token.usable => {
                Ok(Some(Borrowed { access: token.access, expires_at_ms: token.expires_at_ms }))
            }
            Ok(_) => Err(Error::new(
                ErrorKind::SignIn,
                format!(
                    "the {} login that {} is linked to has ended, and the tool that owns it has not renewed it",
                    live.provider, live.label
                ),
                "use that tool once, so that it renews its login; or sign in here to have a login of your own",
            )),
            Err(error) => Err(self.set_aside(live, &error)),
        }
    }

    /// A link behind which another account appeared is suspended in the store, so that every process stops using it.
    fn set_aside(&self, live: &Live, error: &ForeignError) -> Error {
        if error.kind == ForeignErrorKind::OtherAccount {
            let suspend =
                SuspendLink { provider: live.provider.clone(), label: live.label.clone(), version: live.version };
            // If it can't be written, the next read finds the same and tries again.
            let _ = self.transact(&[Event::SuspendLink(suspend)]);
        }
        error.into()
    }
}

fn unreadable_link(live: &Live) -> Error {
    Error::new(
        ErrorKind::Unreadable,
        format!("the {} entry {} is linked to a tool that this version can't read", live.provider, live.label),
        format!("remove it: `credlatch remove {} --label {}`", live.provider, live.label),
    )
}
