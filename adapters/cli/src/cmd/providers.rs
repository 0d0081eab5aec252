//! `providers`: who is known, and what each offers.

use credlatch::Latch;
use credlatch::core::provider::{Provider, TableFile};
use serde_json::json;

use crate::args::{Global, Providers};
use crate::end::Done;
use crate::{output, table};

pub(crate) fn providers(global: &Global, args: &Providers) -> Done {
    let latch = global.latch()?;
    if let Some(name) = &args.accept {
        return accept(global, &latch, name);
    }
    let file = TableFile { providers: latch.providers().providers().cloned().collect() };
    output::answer(global.json, &file, || {
        let rows: Vec<_> = file.providers.iter().map(row).collect();
        table::table(["PROVIDER", "ALSO", "KEY IN", "RUN --as", "LOGIN"], &rows)
    })
}

fn accept(global: &Global, latch: &Latch, name: &str) -> Done {
    let hosts = latch.accept_hosts(name)?;
    let row = latch.provider(name)?;
    output::answer(global.json, &json!({"accepted": row.id, "hosts": hosts}), || {
        let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
        let hosts = if hosts.is_empty() { "no host".to_owned() } else { hosts.join(", ") };
        format!("accepted: the credentials of {} may go to {hosts}", row.id)
    })
}

fn row(row: &Provider) -> [String; 5] {
    let aliases: Vec<_> = row.aliases.iter().map(ToString::to_string).collect();
    let dialects = [("anthropic", &row.base_urls.anthropic), ("openai", &row.base_urls.openai)];
    let shapes: Vec<_> = dialects.iter().filter(|(_, url)| url.is_some()).map(|(name, _)| *name).collect();
    let has_login = row.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some());
    let login = if has_login { "yes" } else { "-" };
    [
        row.id.to_string(),
        or_dash(&aliases.join(", ")),
        or_dash(&row.env.api_key.join(", ")),
        or_dash(&shapes.join(", ")),
        login.to_owned(),
    ]
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
