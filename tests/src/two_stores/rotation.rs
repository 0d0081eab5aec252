//! Somebody who rotates the login in one of the stores: it claims, presents and settles.

use credlatch_core::custody::Nonce;
use credlatch_core::law::{Broken, Who};
use credlatch_core::machine::Act;
use credlatch_core::name::Label;
use credlatch_core::rotation::{Cause, ClaimRotation, Exchanged, Fresh, Settle, Times};
use credlatch_core::{Effect, Event};

use super::given::{acme, actor, secret};
use super::world::{OTHER, SOURCE, TARGET, World};

/// Where it is.
#[derive(Clone, Debug)]
pub(super) enum Rotation {
    Claims,
    Presents(String),
    Settles(Option<String>),
}

impl Rotation {
    /// Makes its next step, and says what comes after it, if anything does.
    pub(super) fn step(&self, who: Who, store: usize, world: &mut World) -> Result<Option<Self>, Broken> {
        let attempt = Nonce(u128::from(who));
        Ok(match self {
            Self::Claims => {
                let Some(version) = world.store(store).entry("acme", "default").map(|entry| entry.version) else {
                    return Ok(None);
                };
                world.living.insert(who);
                let (provider, label, act) = (acme(), Label::default(), Act { attempt, actor: actor(who) });
                let times = Times { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 };
                let (cause, reach, watched) = (Cause::Asked, None, None);
                let claim = ClaimRotation { provider, label, version, cause, act, times, reach, watched };
                let (_, effects) = world.transact(who, store, Some(&Event::ClaimRotation(claim)))?;
                if let Some(Effect::Refresh { refresh, .. }) = effects.into_iter().next() {
                    return Ok(Some(Self::Presents(refresh.expose_secret().to_owned())));
                }
                world.living.remove(&who);
                None
            }
            Self::Presents(token) => Some(Self::Settles(world.presents(who, token))),
            Self::Settles(given) => {
                let granted = |token: &String| {
                    let (access, refresh) = (secret(&format!("at-{token}")), Some(secret(token)));
                    Exchanged::Granted(Fresh { access, refresh, expires_in_ms: Some(3_600_000), scopes: None })
                };
                let outcome = given.as_ref().map_or(Exchanged::Rejected { code: "invalid_grant".to_owned() }, granted);
                let settle = Settle { provider: acme(), label: Label::default(), attempt, outcome };
                world.transact(who, store, Some(&Event::Settle(settle)))?;
                world.living.remove(&who);
                None
            }
        })
    }
}

/// Each store that there is rotates what it holds; a target that was lost is found again.
pub(super) fn everywhere(world: &mut World) -> Result<(), Broken> {
    world.finds_the_target();
    for (who, store) in [(91, SOURCE), (92, TARGET), (93, OTHER)] {
        let mut next = Some(Rotation::Claims);
        while let Some(rotation) = next {
            next = rotation.step(who, store, world)?;
        }
    }
    Ok(())
}
