//! A real cluster, by the JSON gateway that each of its members has.
//!
//! A request goes to the member that answered last, and to another one where that is certain to do no harm: what only reads may be
//! asked again, and what writes only if no byte of it has left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::port::StoreError;
use parking_lot::Mutex;
use serde_json::json;
use ureq::Agent;
use zeroize::Zeroizing;

use super::access::Access;
use super::clusters::Clusters;
use super::port::{Change, Cluster, Done, KeyValue, Keys, Lease, Member, MemberState, Trouble, Txn, Watching};
use super::wire::{self, Answer, Refusal};
use super::{refusal, request};

/// The longest answer that is read, in bytes: a document at its largest, in base64.
const MAX_ANSWER: u64 = 32 * 1024 * 1024;
/// How long one member may take to answer what only reads, before another one is asked.
pub(super) const READ: Duration = Duration::from_secs(2);
/// A member without a leader answers after seven seconds, so nobody waits for that.
const WRITE: Duration = Duration::from_secs(5);
/// How long an etcd is asked in all that doesn't answer, whatever patience its caller has with others: a member that starts anew is back
/// by then.
const MOST: Duration = Duration::from_secs(10);
/// Between two rounds over all members.
const PAUSE: Duration = Duration::from_millis(100);

/// A cluster.
pub(super) struct Gateway {
    pub(super) access: Access,
    /// The client of this process, by its number: a forked child must not go on with its parent's connections.
    client: Mutex<(u32, Agent)>,
    /// The member that answered last, by its place.
    member: AtomicUsize,
    /// What this user is known by, once it was asked for.
    token: Mutex<Option<Zeroizing<String>>>,
    /// Which cluster the members are of.
    pub(super) clusters: Clusters,
}

/// What may be done again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Reads,
    Writes,
}

/// Why one member didn't do it.
pub(super) enum Failed {
    /// No byte of the request left.
    NotSent(StoreError),
    /// Nobody knows whether it was done.
    Unknown(StoreError),
    /// It answered that this was not done.
    Refused(StoreError),
    /// It doesn't know this user any more.
    Unauthenticated,
}

impl Gateway {
    pub(super) fn new(access: Access) -> Result<Self, StoreError> {
        let client = Mutex::new((std::process::id(), access.agent()?));
        Ok(Self { access, client, member: AtomicUsize::new(0), token: Mutex::default(), clusters: Clusters::default() })
    }

    /// The client of this process. That of the process which was forked stays open: its end would be told to the members.
    pub(super) fn agent(&self) -> Result<Agent, StoreError> {
        let (mut client, pid) = (self.client.lock(), std::process::id());
        if client.0 != pid {
            let inherited = std::mem::replace(&mut *client, (pid, self.access.agent()?));
            Box::leak(Box::new(inherited));
        }
        Ok(client.1.clone())
    }

    /// Asks the members in turn, from the one that answered last, as often as the patience allows.
    fn ask<T: Answer>(&self, path: &str, body: &[u8], kind: Kind, patience: Duration) -> Result<T, Trouble> {
        let (began, members, patience) = (Instant::now(), self.access.members.len(), patience.min(MOST));
        loop {
            let first = self.member.load(Ordering::Relaxed);
            let mut last = None;
            for at in (first..first + members).map(|at| at % members) {
                let left = patience.saturating_sub(began.elapsed());
                let most = left.min(if kind == Kind::Reads { READ } else { WRITE }).max(Duration::from_millis(50));
                match self.ask_member(at, path, body, kind, most) {
                    Ok(answer) => {
                        self.member.store(at, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Err(Failed::Refused(error)) => return Err(Trouble::Refused(error)),
                    Err(Failed::Unknown(error)) if kind == Kind::Writes => {
                        self.member.store((at + 1) % members, Ordering::Relaxed);
                        return Err(Trouble::Unknown(error));
                    }
                    Err(Failed::Unknown(error) | Failed::NotSent(error)) => last = Some(error),
                    Err(Failed::Unauthenticated) => {
                        return Err(Trouble::Refused(refusal::user(&self.access.name())));
                    }
                }
                if began.elapsed() >= patience {
                    break;
                }
            }
            if began.elapsed() + PAUSE >= patience {
                let error = last.unwrap_or_else(|| refusal::nobody(&self.access.name()));
                // What only reads, and what never left, was certainly not done.
                return Err(Trouble::Refused(error));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Asks one member, and once more if it has forgotten who this is.
    fn ask_member<T: Answer>(
        &self,
        at: usize,
        path: &str,
        body: &[u8],
        kind: Kind,
        most: Duration,
    ) -> Result<T, Failed> {
        match self.ask_as(at, path, body, kind, most) {
            Err(Failed::Unauthenticated) if self.access.user.is_some() => {
                *self.token.lock() = None;
                self.ask_as(at, path, body, kind, most)
            }
            other => other,
        }
    }

    fn ask_as<T: Answer>(&self, at: usize, path: &str, body: &[u8], kind: Kind, most: Duration) -> Result<T, Failed> {
        if kind == Kind::Writes {
            self.make_sure_of_cluster(at, most)?;
        }
        let token = self.authenticate(at, most)?;
        let text = self.post(at, path, body, token.as_deref().map(String::as_str), most)?;
        let answer: T =
            serde_json::from_slice(&text).map_err(|_| Failed::Unknown(refusal::no_etcd(&self.access.members[at])))?;
        match self.note_cluster(at, answer.header().cluster_id.0) {
            Err(error) if kind == Kind::Writes => Err(Failed::Unknown(error)),
            Err(error) => Err(Failed::Refused(error)),
            Ok(()) => Ok(answer),
        }
    }

    /// How a member says that it is. It tells everybody.
    pub(super) fn state_of(&self, at: usize, most: Duration) -> Result<MemberState, Failed> {
        let text = self.post(at, "maintenance/status", b"{}", None, most)?;
        let status: wire::Status =
            serde_json::from_slice(&text).map_err(|_| Failed::Refused(refusal::no_etcd(&self.access.members[at])))?;
        Ok(status.into())
    }

    /// What is known of a request that came to nothing.
    pub(super) fn unsent(&self, at: usize, error: &ureq::Error) -> Failed {
        let certificate = self.access.certificate.as_ref().map(|(certificate, _)| certificate.as_path());
        let said = refusal::unreached(&self.access.members[at], certificate, error);
        if refusal::was_never_sent(error) { Failed::NotSent(said) } else { Failed::Unknown(said) }
    }

    /// What people are told of it.
    pub(super) fn said(&self, failed: Failed) -> StoreError {
        match failed {
            Failed::NotSent(error) | Failed::Unknown(error) | Failed::Refused(error) => error,
            Failed::Unauthenticated => refusal::user(&self.access.name()),
        }
    }

    /// What this user is known by; none if nobody is named.
    pub(super) fn authenticate(&self, at: usize, most: Duration) -> Result<Option<Zeroizing<String>>, Failed> {
        let Some((name, password)) = &self.access.user else { return Ok(None) };
        if let Some(token) = &*self.token.lock() {
            return Ok(Some(token.clone()));
        }
        let body = Zeroizing::new(json!({"name": name, "password": password.as_str()}).to_string());
        let text = self.post(at, "auth/authenticate", body.as_bytes(), None, most)?;
        let answer: wire::Authenticated =
            serde_json::from_slice(&text).map_err(|_| Failed::Refused(refusal::no_etcd(&self.access.members[at])))?;
        let token = Zeroizing::new(answer.token);
        *self.token.lock() = Some(token.clone());
        Ok(Some(token))
    }

    fn post(
        &self,
        at: usize,
        path: &str,
        body: &[u8],
        token: Option<&str>,
        most: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, Failed> {
        let member = &self.access.members[at];
        let request = self
            .agent()
            .map_err(Failed::Refused)?
            .post(format!("{member}/v3/{path}"))
            .header("content-type", "application/json");
        let request = token.into_iter().fold(request, |request, token| request.header("authorization", token));
        let request = request.config().timeout_global(Some(most)).build();
        let mut response = request.send(body).map_err(|error| self.unsent(at, &error))?;
        let status = response.status().as_u16();
        let text = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map(Zeroizing::new);
        let text = text.map_err(|error| Failed::Unknown(refusal::unanswered(member, &error)))?;
        if status == 200 {
            return Ok(text);
        }
        Err(match serde_json::from_slice::<Refusal>(&text) {
            Ok(refused) if refusal::is_unauthenticated(&refused) => Failed::Unauthenticated,
            Ok(refused) if refusal::is_certain(&refused) => {
                Failed::Refused(refusal::refused(&self.access.name(), &refused))
            }
            Ok(refused) => Failed::Unknown(refusal::refused(&self.access.name(), &refused)),
            Err(_) if status == 404 => Failed::Refused(refusal::no_gateway(member)),
            // Whatever stands in between may have passed it on.
            Err(_) if status >= 500 => Failed::Unknown(refusal::in_between(member, status)),
            Err(_) if String::from_utf8_lossy(&text).contains("CommonName") => {
                Failed::Refused(refusal::common_name(member))
            }
            Err(_) => Failed::Refused(refusal::no_etcd(member)),
        })
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let (pid, agent) = self.client.get_mut();
        if *pid != std::process::id() {
            Box::leak(Box::new(std::mem::replace(agent, Agent::new_with_defaults())));
        }
    }
}

impl Cluster for Gateway {
    fn name(&self) -> String {
        self.access.name()
    }

    fn identity(&self) -> String {
        self.access.identity()
    }

    fn members(&self, patience: Duration) -> Vec<Member> {
        self.ask_all(patience.min(READ))
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        let body = request::txn(txn).map_err(|_| Trouble::Refused(refusal::nobody(&self.access.name())))?;
        let reads_only = txn.then.iter().all(|op| matches!(op, super::port::Op::Get(_)));
        let kind = if reads_only { Kind::Reads } else { Kind::Writes };
        self.ask::<wire::Transacted>("kv/txn", &body, kind, patience).map(Into::into)
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        let body = request::range(keys).to_string();
        self.ask::<wire::Ranged>("kv/range", body.as_bytes(), Kind::Reads, patience).map(wire::Ranged::into_keys)
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        let body = json!({"key": request::key(key), "serializable": true}).to_string();
        let read = self.ask::<wire::Ranged>("kv/range", body.as_bytes(), Kind::Reads, patience)?;
        Ok(read.into_keys().into_iter().next())
    }

    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        let body = json!({"key": request::key(key), "revision": revision.to_string()}).to_string();
        let read = self.ask::<wire::Ranged>("kv/range", body.as_bytes(), Kind::Reads, patience).map_err(compacted)?;
        Ok(read.into_keys().into_iter().next())
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        let body = json!({"TTL": ttl.as_secs().max(1).to_string()}).to_string();
        // One that nobody knows of ends by itself.
        let granted: wire::Granted = self.ask("lease/grant", body.as_bytes(), Kind::Reads, patience)?;
        if granted.error.is_empty() && granted.id.0 != 0 {
            return Ok(Lease(granted.id.0.cast_signed()));
        }
        Err(Trouble::Refused(refusal::nobody(&self.access.name())))
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        let body = lease_body(lease);
        let kept: wire::KeptAlive = self.ask("lease/keepalive", body.as_bytes(), Kind::Reads, patience)?;
        Ok(kept.result.ttl.0 > 0)
    }

    fn lasts(&self, key: &str, patience: Duration) -> Result<Option<Duration>, Trouble> {
        let body = json!({"key": request::key(key)}).to_string();
        let read = self.ask::<wire::Ranged>("kv/range", body.as_bytes(), Kind::Reads, patience)?;
        let Some(lease) = read.lease() else { return Ok(None) };
        let left: wire::Granted = self.ask("lease/timetolive", lease_body(lease).as_bytes(), Kind::Reads, patience)?;
        // Of one that has ended it is a negative number.
        Ok(u64::try_from(left.ttl.0.cast_signed()).ok().map(Duration::from_secs))
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        let body = lease_body(lease);
        self.ask::<wire::Revoked>("lease/revoke", body.as_bytes(), Kind::Reads, patience).map(drop)
    }

    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        let request =
            json!({"key": request::key(key), "start_revision": (after + 1).to_string(), "progress_notify": true});
        let body = json!({ "create_request": request }).to_string();
        let at = self.member.load(Ordering::Relaxed);
        let listened = self.listen(at, body.as_bytes(), patience, tell);
        listened.map_err(|failed| {
            self.member.store((at + 1) % self.access.members.len(), Ordering::Relaxed);
            match failed {
                Failed::Unauthenticated => {
                    *self.token.lock() = None;
                    Trouble::Refused(refusal::user(&self.access.name()))
                }
                Failed::Refused(error) => compacted(Trouble::Refused(error)),
                Failed::Unknown(error) | Failed::NotSent(error) => Trouble::Unknown(error),
            }
        })
    }
}

/// What is forgotten is told as that.
fn compacted(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Refused(error) if error == Trouble::Compacted.into_error() => Trouble::Compacted,
        other => other,
    }
}

fn lease_body(lease: Lease) -> String {
    json!({"ID": lease.0.to_string()}).to_string()
}
