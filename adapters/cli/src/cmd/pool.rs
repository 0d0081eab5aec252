//! `pool`: how a provider's entries are used when there are several.

use credlatch::{Error, Latch, ProviderId};
use serde_json::json;
use zeroize::Zeroizing;

use crate::args::{Global, Pool};
use crate::end::Done;
use crate::output;
use crate::wrap::wrap;

pub(crate) fn pool(global: &Global, args: &Pool) -> Done {
    let latch = global.latch()?;
    let provider = latch.provider(&args.of.provider)?.id.clone();
    if let Some(strategy) = args.strategy {
        latch.set_strategy(provider.as_str(), strategy)?;
    }
    output::print(&tell(&latch, &provider, global.json)?)
}

/// What it says of a provider.
pub(crate) fn tell(latch: &Latch, provider: &ProviderId, json: bool) -> Result<Zeroizing<String>, Error> {
    let status = latch.status()?;
    let slot = status.state.slot(provider.as_str());
    let strategy = slot.map(|slot| slot.strategy).unwrap_or_default();
    let labels: Vec<&str> = slot.iter().flat_map(|slot| &slot.entries).map(|entry| entry.label.as_str()).collect();
    let object = json!({
        "profile": latch.profile().as_str(),
        "provider": provider,
        "strategy": strategy.as_str(),
        "rule": strategy.rule(),
        "entries": labels,
    });
    Ok(output::form(json, &object, || {
        let order = if labels.is_empty() {
            "none is stored yet".to_owned()
        } else {
            format!("in this order: {}", labels.join(", "))
        };
        wrap("", &format!("{provider}: {}, {} ({order})", strategy.as_str(), strategy.rule()))
    }))
}
