//! A credential that is good now: the one place where a command asks for one.

use std::sync::Once;
use std::time::{Duration, Instant, SystemTime};

use credlatch::{Credential, Error, ErrorKind, Kind, Latch, rfc3339};

use crate::defer::deferring_signals;
use crate::end::Done;
use crate::output;

/// How long tokens that could not be saved are held on to. Nobody else has them, so this is worth a wait.
const SAVING: Duration = Duration::from_secs(60);
/// Between two tries to save them.
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// A credential for somebody who asks for a secret: nothing stands in for one.
pub(crate) fn stored(latch: &Latch, provider: &str) -> Done<Credential> {
    let credential = fresh(latch, provider, Duration::ZERO)?;
    if credential.is_stand_in() {
        let id = credential.provider();
        let what = format!("nothing is stored for {id}, and its server wants no key");
        return Err(Error::new(ErrorKind::NoCredential, what, format!("`credlatch run {id}` needs none")).into());
    }
    Ok(credential)
}

/// The provider's credential, rotated if it is due, with at least so much time left; or what stands in for one where its
/// server wants none.
pub(crate) fn fresh(latch: &Latch, provider: &str, min_ttl: Duration) -> Done<Credential> {
    let credential = latch.current_or_stand_in(provider)?;
    // Most commands need no word with an issuer: no thread is started for them, and signals are left alone.
    if !is_due(latch, &credential, min_ttl)? {
        return Ok(credential);
    }
    let version = credential.version();
    drop(credential);
    let credential = deferring_signals(latch, provider, || good(latch, provider, min_ttl, version))??;
    if let Some(unsaved) = credential.unsaved() {
        complain_once(&unsaved);
    }
    match credential.expires_at() {
        Some(end) if !lasts(end, min_ttl) => Err(too_short(&credential, end, version).into()),
        _ => Ok(credential),
    }
}

/// Whether what ends then lasts for so long from now. What ends at this very moment has ended.
fn lasts(end: SystemTime, min_ttl: Duration) -> bool {
    let now = SystemTime::now();
    // Any length is an answer: what ends after every time that there is, nothing does.
    end > now && now.checked_add(min_ttl).is_some_and(|least| end >= least)
}

/// Whether it ends within so long from now.
fn ends_within(end: SystemTime, ahead: Duration) -> bool {
    SystemTime::now().checked_add(ahead).is_none_or(|then| end <= then)
}

/// Whether it may be rotated before it is used.
fn is_due(latch: &Latch, credential: &Credential, min_ttl: Duration) -> Done<bool> {
    let row = latch.provider(credential.provider().as_str())?;
    let skew = row.oauth.as_ref().map_or(Duration::ZERO, |oauth| Duration::from_secs(oauth.refresh_skew_secs));
    // A key has no end, and who rotates a link is its owner.
    let ahead = if credential.kind() == Kind::Oauth { skew.max(min_ttl) } else { min_ttl };
    Ok(credential.expires_at().is_some_and(|end| ends_within(end, ahead)))
}

/// A token that is good for a request; a new one if it would not last as long as asked for. One that is newer than
/// `version` was granted just now: another would last no longer, and cost a refresh token for nothing.
fn good(latch: &Latch, provider: &str, min_ttl: Duration, version: u64) -> Result<Credential, Error> {
    let credential = saved(latch, || latch.token(provider))?;
    let is_good = credential.expires_at().is_none_or(|end| lasts(end, min_ttl));
    if is_good
        || credential.version() > version
        || credential.kind() != Kind::Oauth
        || !has_refresh(latch, &credential)?
    {
        return Ok(credential);
    }
    saved(latch, || latch.rotate(credential.provider().as_str(), credential.label()))
}

fn has_refresh(latch: &Latch, credential: &Credential) -> Result<bool, Error> {
    let status = latch.status()?;
    let entry = status.state.entry(credential.provider().as_str(), credential.label().as_str());
    Ok(entry.and_then(|entry| entry.grant()).is_some_and(|grant| grant.refresh.is_some()))
}

/// Does what may bring new tokens. If they can't be saved, this process is the only one that has them: it says so, and
/// tries until they are saved or a minute is over.
pub(crate) fn saved<T>(latch: &Latch, renew: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    let renewed = renew();
    if let Some(trouble) = latch.take_exchange_trouble() {
        output::complain(&format!(
            "credlatch: {trouble}, so this command asks the issuer itself: killed while it does, it may cost the login"
        ));
    }
    let Err(unsaved) = latch.save_unsaved() else { return renewed };
    complain_once(&unsaved);
    let began = Instant::now();
    while latch.save_unsaved().is_err() {
        if began.elapsed() > SAVING {
            return renewed;
        }
        std::thread::sleep(BETWEEN_TRIES);
    }
    // What was granted is what was saved: it is not renewed once more.
    renewed.or_else(|_| renew())
}

/// Says that new tokens are not in the store yet, and why. The exchange's own process goes on trying.
fn complain_once(unsaved: &Error) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let (what, remedy) = (unsaved.message(), unsaved.remedy());
        output::complain(&format!("credlatch: new tokens could not be saved yet: {what}\n  {remedy}"));
    });
}

fn too_short(credential: &Credential, end: SystemTime, version: u64) -> Error {
    let how = if ends_within(end, Duration::ZERO) { "ended at" } else { "ends sooner than asked for, at" };
    let provider = credential.provider();
    let (since, remedy) = if credential.version() > version {
        (
            "was granted just now and ",
            "its issuer gives no longer lifetime (`expires_in`): ask for less time, or tell the issuer".to_owned(),
        )
    } else {
        ("", format!("store a new one with `credlatch set {provider} --kind oauth`, or ask for less time"))
    };
    let what = format!("the {provider} access token {since}{how} {}", rfc3339(end));
    Error::new(ErrorKind::SignIn, what, remedy)
}
