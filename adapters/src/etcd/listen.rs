//! Listening to a watch of a real cluster: lines of JSON that come for as long as somebody listens.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::gateway::{Failed, Gateway, READ};
use super::port::{Change, Trouble, Watching};
use super::{refusal, wire};

/// How long a quiet watch is listened to; etcd tells every ten minutes that one lives, and the store looks by itself.
const QUIET: Duration = Duration::from_secs(20);

impl Gateway {
    /// Listens to a watch at one member.
    pub(super) fn listen(
        &self,
        at: usize,
        body: &[u8],
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Failed> {
        let (member, began) = (&self.access.members[at], Instant::now());
        let token = self.authenticate(at, READ)?;
        let request = self
            .agent()
            .map_err(Failed::Refused)?
            .post(format!("{member}/v3/watch"))
            .header("content-type", "application/json");
        let request = token.iter().fold(request, |request, token| request.header("authorization", token.as_str()));
        let quiet = patience.min(QUIET).max(Duration::from_millis(1));
        let request = request.config().timeout_global(Some(patience.max(Duration::from_millis(1))));
        let request = request.timeout_connect(Some(READ)).timeout_per_read(Some(quiet)).build();
        let mut response = request.send(body).map_err(|error| self.unsent(at, &error))?;
        if response.status().as_u16() != 200 {
            return Err(Failed::Refused(refusal::no_gateway(member)));
        }
        let mut lines = BufReader::new(response.body_mut().with_config().limit(u64::MAX).reader());
        let mut line = Zeroizing::new(Vec::new());
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(0) => return Err(Failed::Unknown(refusal::watch_ended(member))),
                Ok(_) => {}
                Err(_) if began.elapsed() >= patience => return Ok(()),
                // It was quiet for long, or the connection is gone: whoever watches looks, and begins anew.
                Err(_) => return Err(Failed::Unknown(refusal::watch_ended(member))),
            }
            let told: wire::Line =
                serde_json::from_slice(&line).map_err(|_| Failed::Refused(refusal::no_etcd(member)))?;
            let Some(told) = told.result else { return Err(Failed::Unknown(refusal::watch_ended(member))) };
            self.note_cluster(at, told.header.cluster_id.0).map_err(Failed::Refused)?;
            if told.compact_revision.0 != 0 {
                return Err(Failed::Refused(Trouble::Compacted.into_error()));
            }
            if told.canceled {
                let is_about_user = told.cancel_reason.contains("auth") || told.cancel_reason.contains("permission");
                return Err(if is_about_user {
                    Failed::Unauthenticated
                } else {
                    Failed::Unknown(refusal::watch_ended(member))
                });
            }
            for change in told.into_changes() {
                if tell(change) == Watching::Enough {
                    return Ok(());
                }
            }
        }
    }
}
