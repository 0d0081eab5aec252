//! A user's provider file: a table that nothing unsafe gets into, or an error that quotes nothing.

use credlatch::merge_file;
use credlatch_core::provider::{Provider, Table, TableFile, endpoint};

/// A text that stands for a password or a key in the wrong place.
const MARK: &str = "sk-live-0123456789";

/// Any bytes as a provider file.
///
/// # Panics
/// If a promise is broken.
pub fn provider_table(bytes: &[u8]) {
    match merge_file(bytes) {
        Ok(table) => {
            for row in table.providers() {
                is_found(&table, row);
                is_safe(row);
            }
            let file = TableFile { providers: table.providers().cloned().collect() };
            let text = serde_json::to_vec(&file).expect("rows are data");
            let again: TableFile = serde_json::from_slice(&text).expect("what was written is read back");
            assert!(again == file, "a row does not survive being written");
            assert!(Table::new(again.providers).is_ok_and(|again| again.providers().eq(table.providers())));
        }
        // An id is a name, and names are shown.
        Err(why) => assert!(!why.contains(MARK) || is_a_name(bytes), "an error quotes what stands in the file: {why}"),
    }
}

fn is_a_name(bytes: &[u8]) -> bool {
    serde_json::from_slice::<TableFile>(bytes).is_ok_and(|file| {
        let names =
            |row: &Provider| std::iter::once(&row.id).chain(&row.aliases).any(|name| name.as_str().contains(MARK));
        file.providers.iter().any(names)
    })
}

fn is_found(table: &Table, row: &Provider) {
    for name in std::iter::once(&row.id).chain(&row.aliases) {
        for spelled in [name.to_string(), format!(" {} ", name.as_str().to_uppercase())] {
            assert!(table.resolve(&spelled).is_ok_and(|found| found.id == row.id), "{spelled} is not {}", row.id);
        }
    }
}

fn is_safe(row: &Provider) {
    let urls = &row.base_urls;
    let of_oauth = row.oauth.iter().flat_map(|oauth| {
        [
            &oauth.device_authorization_endpoint,
            &oauth.authorization_endpoint,
            &oauth.token_endpoint,
            &oauth.revocation_endpoint,
        ]
    });
    for url in [&urls.own, &urls.anthropic, &urls.openai, &row.key_url].into_iter().chain(of_oauth).flatten() {
        let url = endpoint(url).expect("a row was checked");
        assert!(
            (url.https || url.is_loopback()) && !url.has_userinfo,
            "{} would send a secret to {}",
            row.id,
            url.host
        );
    }
    if let Some(oauth) = &row.oauth {
        let _ =
            (oauth.times(), oauth.codex_poll_endpoint(), oauth.codex_redirect_uri(), oauth.codex_verification_uri());
    }
}
