//! Looking names up: on a thread of its own, so that it ends in time; on the caller's where no thread can be had.

use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::Duration;

/// The client's own resolver, which panics where it gets no thread; and the name that nobody knew.
#[derive(Debug, Default)]
pub(super) struct Names {
    resolver: DefaultResolver,
    unknown: Unknown,
}

/// The name for which no address was found.
pub(super) type Unknown = Arc<OnceLock<String>>;

impl Names {
    pub(super) fn noting(unknown: Unknown) -> Self {
        Self { resolver: DefaultResolver::default(), unknown }
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let has_thread = thread::Builder::new().spawn(|| ()).map(JoinHandle::join).is_ok();
        // Without an end to it the resolver asks on this thread; the request's own time goes on meanwhile.
        let timeout = if has_thread { timeout } else { NextTimeout { after: Duration::NotHappening, ..timeout } };
        let resolved = self.resolver.resolve(uri, config, timeout);
        if resolved.is_err() {
            let _ = self.unknown.set(uri.host().unwrap_or_default().to_owned());
        }
        resolved
    }
}
