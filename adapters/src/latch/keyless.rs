//! What is given to programs for a server that wants no key: they insist on one all the same.

use std::sync::Arc;

use credlatch_core::engine::Live;
use credlatch_core::provider::Provider;
use credlatch_core::scrub::NO_KEY;
use credlatch_core::secret::Secret;

use super::{Credential, Latch};
use crate::error::Error;

impl Latch {
    /// A credential that is of no entry.
    pub(super) fn stand_in(&self, row: &Provider) -> Result<Credential, Error> {
        let live = Live::standing_in(row.id.clone(), Secret::try_from(NO_KEY)?);
        Ok(Credential::standing_in(self, Arc::new(live), self.status()?.state.generation))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Request};

    use super::*;
    use crate::{ErrorKind, Next, Outcome};

    #[test]
    fn a_server_that_wants_no_key_is_used_without_one_and_no_header_is_sent() {
        let latch = Latch::in_memory();
        assert_eq!(latch.current("ollama").unwrap_err().kind(), ErrorKind::NoCredential);
        let stand_in = latch.current_or_stand_in("ollama").unwrap();
        assert!(stand_in.is_stand_in() && stand_in.provider().as_str() == "ollama");
        assert_eq!(stand_in.expose_secret(), NO_KEY);
        for server in ["http://127.0.0.1:11434", "http://192.168.1.5:11434"] {
            let mut request = Request::get(format!("{server}/v1/models")).body(()).unwrap();
            stand_in.authorize_request(&mut request).unwrap();
            assert_eq!(*request.headers(), HeaderMap::new());
        }
        assert!(!stand_in.is_current().unwrap());
        let told = latch.report(&stand_in, &Outcome::unauthorized()).unwrap();
        assert!(matches!(told, Next::SignIn(error) if error.kind() == ErrorKind::NoCredential), "so it wants one");
        assert!(latch.status().unwrap().state.providers.is_empty(), "nothing was stored");
    }

    #[test]
    fn a_key_that_is_stored_goes_before_what_stands_in() {
        let latch = Latch::in_memory();
        latch.set("ollama", Secret::try_from("ol-key-1").unwrap()).unwrap();
        let credential = latch.current_or_stand_in("ollama").unwrap();
        assert!(!credential.is_stand_in() && credential.expose_secret() == "ol-key-1");
        let mut request = Request::get("http://192.168.1.5:11434/v1/models").body(()).unwrap();
        assert_eq!(credential.authorize_request(&mut request).unwrap_err().kind(), ErrorKind::WrongHost);
    }

    #[test]
    fn nothing_stands_in_where_the_server_wants_a_key() {
        let latch = Latch::in_memory();
        assert_eq!(latch.current_or_stand_in("together").unwrap_err().kind(), ErrorKind::NoCredential);
        assert_eq!(latch.current_or_stand_in("nobody").unwrap_err().kind(), ErrorKind::Usage);
    }
}
