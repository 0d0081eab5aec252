//! `providers`: who is known, and what each offers.

use credlatch::Latch;
use credlatch::core::name::ProviderId;
use credlatch::core::provider::{Provider, Table, TableFile};
use serde_json::json;

use crate::args::{Global, Providers};
use crate::end::{Done, End};
use crate::{output, place, table};

pub(crate) fn providers(global: &Global, args: &Providers) -> Done {
    let latch = global.latch()?;
    if let Some(name) = &args.accept {
        return accept(global, &latch, name);
    }
    let file = TableFile { providers: chosen(latch.providers(), args).cloned().collect() };
    if let (true, Some(word)) = (file.providers.is_empty(), &args.word) {
        // The word might be a secret in the wrong place.
        place::keep_out_secrets(latch.providers(), word)?;
        let what = "no provider has that in its id, name, variables or hosts";
        return Err(End::usage(
            what,
            "`credlatch providers --all` shows all; others can be added with a provider file",
        ));
    }
    output::answer(global.json, &file, || {
        if args.all || args.word.is_some() {
            // Ids are long, and what is typed must not be cut.
            let rows: Vec<_> =
                file.providers.iter().map(|row| [row.id.to_string(), key_in(row), dialects(row)]).collect();
            return table::table(["PROVIDER", "KEY IN", "RUN --as"], &rows);
        }
        let rows: Vec<_> = file.providers.iter().map(row).collect();
        let shown = table::table(["PROVIDER", "ALSO", "KEY IN", "RUN --as", "LOGIN"], &rows);
        format!("{shown}\n{}", more(latch.providers()))
    })
}

/// The rows to show, the well-known and a file's first: without a word or `--all` only those.
fn chosen<'a>(table: &'a Table, args: &'a Providers) -> impl Iterator<Item = &'a Provider> {
    let of_field = (args.all || args.word.is_some()).then(|| table.field());
    let word = args.word.as_deref().map(|word| word.trim().to_ascii_lowercase());
    let has = move |row: &&Provider| word.as_deref().is_none_or(|word| mentions(row, word));
    table.providers().chain(of_field.into_iter().flatten()).filter(has)
}

/// Whether a row has this word, in lower case, in what names it or belongs to it.
fn mentions(row: &Provider, word: &str) -> bool {
    let names = std::iter::once(&row.id).chain(&row.aliases).map(ProviderId::as_str);
    let all =
        names.chain(row.name.as_deref()).chain(row.all_names()).chain(row.native_hosts.iter().map(String::as_str));
    all.into_iter().any(|text| text.to_ascii_lowercase().contains(word))
}

fn more(table: &Table) -> String {
    format!("{} more: `credlatch providers --all`, or `credlatch providers WORD`.", table.field().count())
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
    let has_login = row.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some());
    let login = if has_login { "yes" } else { "-" };
    [row.id.to_string(), or_dash(&aliases.join(", ")), key_in(row), dialects(row), login.to_owned()]
}

fn key_in(row: &Provider) -> String {
    let names = or_dash(&row.env.api_key.join(", "));
    if row.keyless { format!("{names} (none wanted)") } else { names }
}

fn dialects(row: &Provider) -> String {
    let dialects = [("anthropic", &row.base_urls.anthropic), ("openai", &row.base_urls.openai)];
    let spoken: Vec<_> = dialects.iter().filter(|(_, url)| url.is_some()).map(|(name, _)| *name).collect();
    or_dash(&spoken.join(", "))
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}
