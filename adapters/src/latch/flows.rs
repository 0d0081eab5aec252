//! What can be seen of logins. None of it is secret.

use std::fmt;
use std::time::{Duration, SystemTime};

use credlatch_core::engine::FlowView;
use credlatch_core::flow::{FlowEnd, Prompt};
use credlatch_core::name::ProviderId;
use credlatch_core::state::Slot;

use super::Status;
use crate::plain;
use crate::when::system_time;

/// A login, in progress or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlowStatus {
    /// The login's public name: 32 hexadecimal digits.
    pub id: String,
    /// Whose login it is.
    pub provider: ProviderId,
    /// How far it is.
    pub state: FlowState,
    /// The code to enter, once the issuer gave it.
    pub user_code: Option<String>,
    /// Where to enter it.
    pub verification_uri: Option<String>,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// When it ends by itself, by the wall clock; of an ended one, when it ended.
    pub expires_at: SystemTime,
    /// The time between two polls; zero where nothing is polled.
    pub interval: Duration,
}

/// How far a login is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FlowState {
    /// In progress.
    Pending,
    /// Its credential is stored.
    Succeeded,
    /// Nobody agreed in time.
    Expired,
    /// Somebody cancelled it, or cleared the provider.
    Cancelled,
    /// It failed, with this short code, such as `access_denied`.
    Failed(String),
}

impl FlowState {
    /// The name that JSON output uses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for FlowState {
    /// The name, and of a failure its code too, made plain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(code) => write!(f, "failed ({})", plain::line(code)),
            state => f.write_str(state.as_str()),
        }
    }
}

impl Status {
    /// The logins in progress, and those that ended less than 300 s ago.
    pub fn flows(&self) -> Vec<FlowStatus> {
        let of_slot = |(provider, slot): (&ProviderId, &Slot)| {
            let live = slot.flow.iter().map(|live| FlowView::Live(Box::new(live.clone())));
            let ended = slot.ended.iter().filter(|ended| ended.is_visible(&self.now));
            let views = live.chain(ended.map(|ended| FlowView::Ended(ended.clone())));
            views.filter_map(|view| describe(provider, &view)).collect::<Vec<_>>()
        };
        self.state.providers.iter().flat_map(of_slot).collect()
    }
}

pub(super) fn describe(provider: &ProviderId, view: &FlowView) -> Option<FlowStatus> {
    match view {
        FlowView::Live(live) => {
            let prompt = live.prompt();
            let text = |pick: fn(&Prompt) -> &String| prompt.map(pick).filter(|text| !text.is_empty()).cloned();
            Some(FlowStatus {
                id: live.id.to_string(),
                provider: provider.clone(),
                state: FlowState::Pending,
                user_code: text(|prompt| &prompt.user_code),
                verification_uri: text(|prompt| &prompt.verification_uri),
                verification_uri_complete: prompt.and_then(|prompt| prompt.verification_uri_complete.clone()),
                expires_at: system_time(live.ends.wall_ms()),
                interval: Duration::from_secs(prompt.map_or(0, |prompt| prompt.interval_secs)),
            })
        }
        FlowView::Ended(ended) => Some(FlowStatus {
            id: ended.id.to_string(),
            provider: provider.clone(),
            state: match &ended.end {
                FlowEnd::Succeeded => FlowState::Succeeded,
                FlowEnd::Expired => FlowState::Expired,
                FlowEnd::Cancelled => FlowState::Cancelled,
                FlowEnd::Failed(code) => FlowState::Failed(code.clone()),
            },
            user_code: ended.user_code.clone(),
            verification_uri: None,
            verification_uri_complete: None,
            expires_at: system_time(ended.at.wall_ms),
            interval: Duration::ZERO,
        }),
        FlowView::Unknown => None,
    }
}
