//! From what everybody said to operations with a begin and an end.
//!
//! A rotation is two operations: the claim, which was over when the worker said that it presents the token, and the
//! settlement, which had not begun before the worker said what it heard. What a killed worker left open may have happened
//! at any time before it was reaped, and not later.

use std::collections::BTreeMap;

use credlatch_core::Event;
use credlatch_core::clear::{Clear, Remove};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::{Exchanged, Fresh, Settle};
use credlatch_core::state::{Material, Source};
use credlatch_core::time::Stamp;

use crate::line::{Call, Heard, Held, Line, Reply, What};
use crate::search::Operation;
use crate::spec::{Op, Product, act};
use crate::told::{Sight, Told};
use crate::worker::{answer, named, secret, tokens};

/// What one worker has begun and not ended.
struct Open {
    begin: usize,
    call: Call,
    /// Where it said that it presents this token.
    presenting: Option<(usize, String)>,
    answered: Option<(usize, Heard)>,
}

/// The operations of a history, and who died in it.
pub(crate) fn operations(lines: &[Line]) -> (Product, Vec<Operation<Op>>) {
    let mut product = Product::default();
    let mut killing = BTreeMap::new();
    let mut open: BTreeMap<u32, Open> = BTreeMap::new();
    let mut ops = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let current = open.get_mut(&line.who);
        match (&line.what, current) {
            (What::Began(call), _) => {
                let begun = Open { begin: at, call: call.clone(), presenting: None, answered: None };
                open.insert(line.who, begun);
            }
            (What::Presenting(token), Some(open)) => {
                product.noted.insert(act(line.who, open.begin).attempt);
                open.presenting = Some((at, token.clone()));
            }
            (What::Answered(heard), Some(open)) => {
                if matches!(heard, Heard::Granted { .. }) {
                    product.granted.insert(act(line.who, open.begin).attempt, (at, answer(heard).into()));
                }
                open.answered = Some((at, heard.clone()));
            }
            (What::Ended(reply), Some(_)) => {
                product.versions.extend(versions(reply));
                let done = open.remove(&line.who).unwrap();
                done.operations(line.who, at, Some(reply), &mut ops);
            }
            (What::Killing, _) => drop(killing.insert(line.who, at)),
            (What::Reaped, _) => {
                product.deaths.insert(line.who, (killing.get(&line.who).copied().unwrap_or(at), at));
                if let Some(cut) = open.remove(&line.who) {
                    cut.operations(line.who, at, None, &mut ops);
                }
            }
            _ => {}
        }
    }
    for (who, cut) in open {
        cut.operations(who, lines.len(), None, &mut ops);
    }
    (product, ops)
}

/// The versions that a reply tells.
fn versions(reply: &Reply) -> Vec<(String, u64)> {
    match reply {
        Reply::Picked { value, version, .. } | Reply::Rotated { value, version, .. } => {
            vec![(value.clone(), *version)]
        }
        Reply::Seen(view) => view.entries.iter().map(|seen| (seen.value.clone(), seen.version)).collect(),
        Reply::Stored | Reply::Cleared { .. } | Reply::Failed { .. } => Vec::new(),
    }
}

impl Open {
    fn operations(self, who: u32, end: usize, reply: Option<&Reply>, ops: &mut Vec<Operation<Op>>) {
        let mut push = |begin, end, must, what| ops.push(Operation { begin, end, must, what });
        let must = reply.is_some();
        let Call::Rotate { provider } = &self.call else {
            match reply {
                Some(reply) => push(self.begin, end, true, whole(&self.call, reply)),
                None => {
                    if let Some(event) = event(&self.call) {
                        push(self.begin, end, false, Op::Change { event, told: Told::Nothing });
                    }
                }
            }
            return;
        };
        let act = act(who, self.begin);
        let claim = |refresh| Op::Claim { provider: provider.clone(), refresh, act: act.clone() };
        match (self.presenting, self.answered, reply) {
            (Some((presenting, token)), answered, _) => {
                push(self.begin, presenting, true, claim(Some(token)));
                if let Some((answered, heard)) = answered {
                    let settle = Event::Settle(Settle {
                        provider: provider_id(provider),
                        label: Label::default(),
                        attempt: act.attempt,
                        outcome: Exchanged::from(answer(&heard)),
                    });
                    let what = match settled(provider, &heard, reply) {
                        Some(told) => Op::Change { event: settle, told },
                        None => Op::Look(Sight::Never),
                    };
                    push(answered, end, must, what);
                }
            }
            (None, _, Some(reply)) => push(self.begin, end, true, Op::Look(refused(provider, reply))),
            (None, _, None) => push(self.begin, end, false, claim(None)),
        }
    }
}

/// An operation that is one transaction or one look.
fn whole(call: &Call, reply: &Reply) -> Op {
    let told = match (call, reply) {
        (Call::Set { .. } | Call::Login { .. }, Reply::Stored) => Told::Stored,
        (Call::Remove { provider, .. } | Call::Clear { provider }, Reply::Cleared { generation, labels }) => {
            Told::Cleared { provider: provider.clone(), labels: labels.clone(), generation: *generation }
        }
        (Call::Remove { .. }, Reply::Failed { kind, .. }) if kind == "no_credential" => Told::NoEntry,
        _ => return Op::Look(sight(call, reply)),
    };
    event(call).map_or(Op::Look(Sight::Never), |event| Op::Change { event, told })
}

fn sight(call: &Call, reply: &Reply) -> Sight {
    match (call, reply) {
        (Call::Status, Reply::Seen(view)) => Sight::All(view.clone()),
        (Call::Current { provider }, Reply::Picked { label, version, value, generation }) => Sight::Picked {
            provider: provider.clone(),
            label: label.clone(),
            version: *version,
            value: value.clone(),
            generation: *generation,
        },
        (Call::Current { provider }, Reply::Failed { kind, .. }) if kind == "no_credential" => {
            Sight::NothingToPick { provider: provider.clone() }
        }
        (Call::Current { provider }, Reply::Failed { kind, .. }) if kind == "sign_in" => {
            Sight::OnlyLost { provider: provider.clone() }
        }
        _ => Sight::Never,
    }
}

/// What a rotation that presented nothing says of the state.
fn refused(provider: &str, reply: &Reply) -> Sight {
    let provider = provider.to_owned();
    let held = |any_of| Sight::Held { provider: provider.clone(), any_of };
    match reply {
        Reply::Rotated { version, value, .. } => {
            Sight::Entry { version: *version, value: value.clone(), provider: provider.clone() }
        }
        Reply::Failed { kind, .. } => match kind.as_str() {
            "no_credential" => Sight::NoEntry { provider },
            "usage" => held(&[Held::Key]),
            "sign_in" => held(&[Held::Lost]),
            "busy" => held(&[Held::InDoubt]),
            // The last try got no answer: the entry backs off.
            "unreachable" => held(&[Held::Settled, Held::InDoubt]),
            _ => Sight::Never,
        },
        _ => Sight::Never,
    }
}

/// What a rotation was told at its end; none if nothing explains it. A failure says nothing of the state unless the
/// issuer had granted tokens.
fn settled(provider: &str, heard: &Heard, reply: Option<&Reply>) -> Option<Told> {
    let provider = provider.to_owned();
    match (heard, reply) {
        (_, None) => Some(Told::Nothing),
        (Heard::Granted { .. }, Some(Reply::Rotated { version, value, .. })) => {
            Some(Told::Rotated { provider, version: *version, value: value.clone() })
        }
        (Heard::Granted { .. }, Some(Reply::Failed { kind, .. })) if kind == "no_credential" => {
            Some(Told::Gone { provider })
        }
        (Heard::Rejected, Some(Reply::Failed { kind, .. })) if kind == "sign_in" => Some(Told::Nothing),
        (Heard::Later | Heard::Unknown, Some(Reply::Failed { kind, .. })) if kind == "unreachable" => {
            Some(Told::Nothing)
        }
        _ => None,
    }
}

pub(crate) fn event(call: &Call) -> Option<Event> {
    match call {
        Call::Set { provider, label, value } => Some(put(provider, named(label), Material::ApiKey(secret(value)))),
        Call::Login { provider, access, refresh } => {
            let fresh = Fresh::from(tokens(access, refresh));
            let grant = fresh.grant(&Stamp::default());
            Some(put(provider, Label::default(), Material::Oauth(Box::new(grant))))
        }
        Call::Remove { provider, label } => {
            Some(Event::Remove(Remove { provider: provider_id(provider), label: named(label) }))
        }
        Call::Clear { provider } => Some(Event::Clear(Clear::Provider(provider_id(provider)))),
        Call::Current { .. } | Call::Status | Call::Rotate { .. } => None,
    }
}

fn put(provider: &str, label: Label, material: Material) -> Event {
    let provider = provider_id(provider);
    Event::Put(Put { provider, label, material, source: Source::Manual, how: PutMode::Named })
}

fn provider_id(name: &str) -> ProviderId {
    ProviderId::new(name).unwrap()
}
