//! `providers`: who is known, and what each offers.

use credlatch::core::provider::{Provider, TableFile};

use crate::args::Global;
use crate::end::Done;
use crate::{output, table};

pub(crate) fn providers(global: &Global) -> Done {
    let latch = global.latch()?;
    let file = TableFile { providers: latch.providers().providers().cloned().collect() };
    output::answer(global.json, &file, || {
        let rows: Vec<_> = file.providers.iter().map(row).collect();
        table::table(["PROVIDER", "ALSO", "KEY IN", "RUN --as", "LOGIN"], &rows)
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
