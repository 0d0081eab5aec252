//! What is behind a link: another tool's login, read from that tool's file for each request.

use std::sync::Arc;

use credlatch_core::Event;
use credlatch_core::engine::Live;
use credlatch_core::put::SuspendLink;
use credlatch_core::state::{Entry, Link, Material};
use parking_lot::Mutex;

use super::Latch;
use super::credential::Borrowed;
use crate::error::{Error, ErrorKind, rfc3339};
use crate::foreign::{ForeignError, ForeignErrorKind, LinkReader, Tool};

/// More links than anybody uses at once; beyond it the readers' memory begins anew.
const MOST_READERS: usize = 64;

/// The readers of this latch's links: each remembers its file, and opens it only when it looks changed.
#[derive(Default)]
pub(super) struct Links(Mutex<Vec<Arc<LinkReader>>>);

impl Links {
    fn reader(&self, tool: Tool, link: &Link) -> Arc<LinkReader> {
        let mut readers = self.0.lock();
        if let Some(known) = readers.iter().find(|reader| reader.link() == link) {
            return Arc::clone(known);
        }
        if readers.len() >= MOST_READERS {
            readers.clear();
        }
        let reader = Arc::new(LinkReader::new(tool, link.clone()));
        readers.push(Arc::clone(&reader));
        reader
    }
}

impl Latch {
    /// The token behind a link, as it is now.
    pub(super) fn borrow(&self, live: &Live) -> Result<Borrowed, Error> {
        let status = self.status()?;
        let entry = status.state.entry(live.provider.as_str(), live.label.as_str());
        let row = self.provider(live.provider.as_str())?;
        let Some((tool, link)) = entry.filter(|entry| entry.version == live.version).and_then(behind) else {
            return Err(Error::missing(row));
        };
        let token =
            self.0.links.reader(tool, link).read(&status.now).map_err(|error| self.not_borrowed(live, error))?;
        if token.usable {
            return Ok(Borrowed { access: token.access, expires_at_ms: token.expires_at_ms });
        }
        let end = token.expires_at_ms.map_or_else(String::new, |end_ms| format!(" at {}", rfc3339(end_ms)));
        Err(Error::new(
            ErrorKind::SignIn,
            format!("the login of {tool} that {} is linked to ends{end}, and only {tool} renews it", row.id),
            format!("start {tool}, which renews its login; then try again"),
        ))
    }

    /// A link behind which another account appeared is suspended, so that nobody is billed by mistake.
    fn not_borrowed(&self, live: &Live, error: ForeignError) -> Error {
        if error.kind == ForeignErrorKind::OtherAccount {
            let (provider, label) = (live.provider.clone(), live.label.clone());
            // If it can't be written down now, the next read finds the same and tries again.
            let _ = self.transact(&[Event::SuspendLink(SuspendLink { provider, label, version: live.version })]);
        }
        error.into()
    }
}

/// The link that an entry is, and whose file it leads to.
fn behind(entry: &Entry) -> Option<(Tool, &Link)> {
    match &entry.material {
        Material::Link(link) => Some((Tool::of(&entry.source)?, link)),
        Material::ApiKey(_) | Material::Oauth(_) => None,
    }
}

impl From<ForeignError> for Error {
    fn from(error: ForeignError) -> Self {
        let kind = match error.kind {
            ForeignErrorKind::SignedOut | ForeignErrorKind::OtherAccount => ErrorKind::SignIn,
            _ => ErrorKind::Unreadable,
        };
        Self::new(kind, error.to_string(), error.remedy())
    }
}

#[cfg(test)]
mod tests {
    use credlatch_core::put::How;

    use super::*;

    const FAR_MS: u64 = 4_000_000_000_000;

    fn write(path: &std::path::Path, token: &str, account: &str, expires_at_ms: u64) {
        let login = format!(
            r#"{{"claudeAiOauth":{{"accessToken":"{token}","refreshToken":"{account}","expiresAt":{expires_at_ms},"scopes":["user:inference"]}}}}"#
        );
        std::fs::write(path, login).unwrap();
    }

    #[test]
    fn a_link_gives_what_the_other_tool_has_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".credentials.json");
        write(&path, "sk-ant-oat01-one", "sk-ant-ort01-one", FAR_MS);
        let latch = Latch::in_memory();
        let imported = crate::foreign::claude_code::read(&path).unwrap().unwrap();
        latch.import(imported.found, How::Bulk).unwrap();
        let credential = latch.current("anthropic").unwrap();
        assert_eq!(credential.kind(), crate::Kind::Link);
        assert_eq!(credential.expose_secret(), "sk-ant-oat01-one");
        assert_eq!(credential.expires_at_ms(), Some(FAR_MS));

        write(&path, "sk-ant-oat01-two", "sk-ant-ort01-one", 5);
        let error = latch.token("anthropic").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SignIn);
        assert!(error.remedy().contains("Claude Code"), "{error:?}");

        std::fs::remove_file(&path).unwrap();
        assert_eq!(latch.current("anthropic").unwrap_err().kind(), ErrorKind::SignIn);
    }
}
