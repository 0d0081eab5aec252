//! `flows`: the logins in progress, and those of the last minutes.

use credlatch::{Error, Latch, ProviderId};
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::status::{self, Login};
use crate::args::Global;
use crate::end::Done;
use crate::{output, table};

/// A login, with whose it is.
#[derive(Serialize)]
struct Shown<'a> {
    provider: &'a ProviderId,
    #[serde(flatten)]
    login: Login,
}

pub(crate) fn flows(global: &Global) -> Done {
    output::print(&tell(&global.latch()?, global.json)?)
}

/// What it says of a profile.
pub(crate) fn tell(latch: &Latch, json: bool) -> Result<Zeroizing<String>, Error> {
    let flows = latch.flows()?;
    let shown: Vec<_> =
        flows.iter().map(|flow| Shown { provider: &flow.provider, login: status::login(flow) }).collect();
    Ok(output::form(json, &json!({"profile": latch.profile().as_str(), "flows": shown}), || {
        if shown.is_empty() {
            return "No login is in progress, and none ended in the last minutes.".to_owned();
        }
        let rows: Vec<_> = shown.iter().map(row).collect();
        table::table(["PROVIDER", "FLOW", "STATUS", "CODE", "ENDS OR ENDED"], &rows)
    }))
}

fn row(shown: &Shown<'_>) -> [String; 5] {
    let Login { flow_id, status, user_code, expires_at, .. } = &shown.login;
    let code = user_code.clone().unwrap_or_else(|| "-".to_owned());
    [shown.provider.to_string(), flow_id.clone(), (*status).to_owned(), code, expires_at.clone()]
}
