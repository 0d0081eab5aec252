//! Laws of the field: each line is a row that can be used, and no two rows clash unknowingly.

use std::collections::{BTreeMap, BTreeSet};

use super::super::tests::built_in;
use super::super::{Table, TableFile, endpoint};
use super::*;

/// The variables that several providers read as a key, and on purpose: one vendor's hosts and plans, or one tool's key.
const COMMON: &[(&str, &[&str])] = &[
    ("ALIBABA_CODING_PLAN_API_KEY", &["alibaba-coding-plan", "alibaba-coding-plan-cn"]),
    ("ALIBABA_TOKEN_PLAN_API_KEY", &["alibaba-token-plan", "alibaba-token-plan-cn"]),
    ("DASHSCOPE_API_KEY", &["alibaba", "alibaba-cn"]),
    ("KIMI_API_KEY", &["kimi-code-plan-cn", "kimi-code-plan-global", "moonshot"]),
    ("MINIMAX_API_KEY", &["minimax", "minimax-cn", "minimax-cn-coding-plan"]),
    ("MOONSHOT_API_KEY", &["moonshot", "moonshotai-cn"]),
    ("OLLAMA_API_KEY", &["ollama", "ollama-cloud"]),
    ("OPENCODE_API_KEY", &["opencode", "opencode-go"]),
    ("STEPFUN_API_KEY", &["stepfun", "stepfun-ai", "stepfun-ai-step-plan", "stepfun-step-plan"]),
    ("XIAOMI_API_KEY", &["xiaomi", "xiaomi-token-plan-ams", "xiaomi-token-plan-cn", "xiaomi-token-plan-sgp"]),
    ("ZHIPU_API_KEY", &["zai", "zai-coding-plan", "zhipuai", "zhipuai-coding-plan"]),
];

/// All rows that ship, well-known ones first.
fn all() -> Vec<Provider> {
    let table = built_in();
    table.providers().chain(table.field()).cloned().collect()
}

fn user(json: &str) -> Vec<Provider> {
    serde_json::from_str::<TableFile>(json).unwrap().providers
}

fn read_by(table: &Table, name: &str) -> Vec<(String, Role, bool)> {
    let readings = table.of_variable(name);
    readings.iter().map(|reading| (reading.provider.id.to_string(), reading.role, reading.is_shared)).collect()
}

fn hosted(table: &Table, host: &str) -> Vec<String> {
    table.of_host(host).iter().map(|row| row.id.to_string()).collect()
}

#[test]
fn every_row_that_ships_goes_together_with_all_others() {
    assert!(built_in().field().count() > 200);
    Table::new(all()).unwrap();
}

#[test]
fn every_row_of_the_field_is_found_by_each_of_its_names() {
    let table = built_in();
    for row in table.field() {
        for name in std::iter::once(&row.id).chain(&row.aliases) {
            let spelled = format!(" {} ", name.as_str().to_uppercase());
            assert_eq!(table.resolve(&spelled).unwrap().id, row.id, "{name}");
        }
        assert_eq!(table.get(&row.id), Some(row));
        assert!(std::ptr::eq(table.in_field(&row.id).unwrap(), row), "it is made once");
    }
    let ids: Vec<_> = table.field().map(|row| row.id.clone()).collect();
    assert!(ids.is_sorted(), "a line has one place");
}

#[test]
fn an_addition_belongs_to_a_well_known_row() {
    let table = built_in();
    for line in TEXT.lines().filter(|line| line.starts_with('&')) {
        let row = table.providers().find(|known| known.id.as_str() == row::id(line)).expect(line);
        for name in row::names(line) {
            assert_eq!(table.resolve(name).unwrap(), row, "{name}");
        }
    }
    assert_eq!(table.resolve("moonshotai").unwrap().id.as_str(), "moonshot");
}

#[test]
fn no_row_is_without_a_use() {
    for row in all() {
        assert!(!row.env.api_key.is_empty(), "{}: a program could not be given its key", row.id);
        assert!(row.name.is_some(), "{}", row.id);
    }
}

#[test]
fn two_providers_read_one_variable_only_where_it_is_meant() {
    let table = built_in();
    let rows = all();
    let names: BTreeSet<&str> = rows.iter().flat_map(Provider::all_names).collect();
    let mut common = BTreeMap::new();
    for name in names {
        let readings = table.of_variable(name);
        let ids: BTreeSet<_> = readings.iter().map(|reading| reading.provider.id.to_string()).collect();
        if ids.len() > 1 {
            common.insert(name.to_owned(), ids);
        }
    }
    let listed = |ids: &[&str]| ids.iter().map(ToString::to_string).collect();
    let expected: BTreeMap<String, BTreeSet<String>> =
        COMMON.iter().map(|(name, ids)| ((*name).to_owned(), listed(ids))).collect();
    assert_eq!(common, expected);
}

#[test]
fn a_row_names_a_variable_once() {
    for row in all() {
        let names: Vec<_> = row.all_names().chain(row.env.account.iter().map(String::as_str)).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{}", row.id);
        assert!(row.env.shared.iter().all(|shared| names.contains(&shared.as_str())), "{}", row.id);
    }
}

#[test]
fn no_prefix_begins_with_one_of_another_provider() {
    let table = built_in();
    let prefixes: BTreeSet<&str> = table.prefixes().map(|(prefix, _)| prefix).collect();
    let owners = |prefix: &str| table.owners(prefix).cloned().collect::<BTreeSet<_>>();
    for (longer, shorter) in prefixes.iter().flat_map(|a| prefixes.iter().map(move |b| (a, b))) {
        assert!(
            longer == shorter || !longer.starts_with(shorter) || owners(longer) == owners(shorter),
            "{longer} and {shorter}"
        );
    }
    for (prefix, ids) in PREFIXES {
        assert_eq!(owners(prefix).iter().filter(|id| get(id.as_str()).is_some()).count(), ids.len(), "{prefix}");
    }
}

#[test]
fn the_field_goes_only_to_its_own_hosts_and_without_a_key_only_to_this_machine() {
    for row in built_in().field() {
        let urls = [&row.base_urls.own, &row.base_urls.anthropic, &row.base_urls.openai];
        for text in urls.into_iter().flatten() {
            let url = endpoint(text).unwrap();
            assert!(url.is_loopback() || (url.https && row.is_native(&url)), "{text}");
            assert!(url.is_loopback() || !row.keyless, "{}", row.id);
            assert!(!text.ends_with('/'), "{text}");
        }
    }
}

#[test]
fn a_variable_is_told_with_who_reads_it_and_as_what() {
    let table = built_in();
    let is = |name: &str, expected: &[(&str, Role, bool)]| {
        let expected: Vec<_> = expected.iter().map(|(id, role, shared)| ((*id).to_owned(), *role, *shared)).collect();
        assert_eq!(read_by(&table, name), expected, "{name}");
    };
    is("TOGETHER_API_KEY", &[("together", Role::ApiKey, false)]);
    is("together_api_key", &[("together", Role::ApiKey, false)]);
    is("302AI_API_KEY", &[("302ai", Role::ApiKey, false)]);
    is("HF_TOKEN", &[("huggingface", Role::ApiKey, true)]);
    is("GITHUB_TOKEN", &[("github-models", Role::ApiKey, true)]);
    is("CLOUDFLARE_ACCOUNT_ID", &[("cloudflare-workers-ai", Role::Account, true)]);
    is("DATABRICKS_HOST", &[("databricks", Role::BaseUrl, true)]);
    is("OPENAI_CUSTOM_HEADERS", &[("openai", Role::Headers, false)]);
    is("GROQ_API_BASE", &[("groq", Role::BaseUrl, false)]);
    is("ANTHROPIC_AUTH_TOKEN", &[("anthropic", Role::Either, false)]);
    is("CLAUDE_CODE_OAUTH_TOKEN", &[("anthropic", Role::OauthToken, false)]);
    is("GOOGLE_APPLICATION_CREDENTIALS", &[("gemini", Role::Steering, true)]);
    is("DASHSCOPE_API_KEY", &[("alibaba", Role::ApiKey, false), ("alibaba-cn", Role::ApiKey, false)]);
    for nobodys in
        ["", "PATH", "KEY", "OPENAI", "CLOUD", "(CHINA)", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "TOGETHER"]
    {
        is(nobodys, &[]);
    }
    for row in all() {
        for role in Role::ALL {
            for name in row.env.names(role) {
                let told = read_by(&table, name);
                assert!(told.iter().any(|(id, told, _)| *id == row.id.as_str() && *told == role), "{name}");
            }
        }
    }
}

#[test]
fn a_host_is_told_with_whose_it_is() {
    let table = built_in();
    assert_eq!(hosted(&table, "API.together.xyz"), ["together"]);
    assert_eq!(hosted(&table, "api.together.ai"), ["together"]);
    assert_eq!(hosted(&table, "api.openai.com"), ["openai", "openai-codex"]);
    assert_eq!(hosted(&table, "api.z.ai"), ["zai", "zai-coding-plan"]);
    for nobodys in ["", "together.xyz", "api.together", "127.0.0.1", "localhost", "evil-api.together.xyz", "ai"] {
        assert_eq!(hosted(&table, nobodys), [""; 0], "{nobodys}");
    }
    for row in all() {
        for host in &row.native_hosts {
            assert!(hosted(&table, host).contains(&row.id.to_string()), "{host}");
        }
    }
}

#[test]
fn a_users_ids_and_aliases_go_before_the_field() {
    let file = r#"{"providers":[
        {"id":"together","aliases":["cerebras"],"env":{"api_key":["MY_KEY"]},"base_urls":{"openai":"https://gate.example"}},
        {"id":"fireworks-ai"}]}"#;
    let table = built_in().merge(user(file)).unwrap();
    let resolved = |name: &str| table.resolve(name).unwrap();
    assert_eq!(resolved("together").env.api_key, ["MY_KEY"]);
    assert_eq!(resolved("togetherai").env.api_key, ["MY_KEY"], "the alias of the row whose place it took");
    assert_eq!(resolved("cerebras").id.as_str(), "together", "an alias goes before an id of the field");
    assert_eq!(resolved("fireworks-ai").name, None, "an id goes before an alias of the field");
    assert_eq!(resolved("fireworks").display_name(), "Fireworks AI");
    assert!(!table.field().any(|row| row.id.as_str() == "together"));
    assert!(table.in_field(&resolved("together").id).is_none());

    assert_eq!(
        read_by(&table, "TOGETHER_API_KEY"),
        [("together".to_owned(), Role::ApiKey, false)],
        "it still marks one"
    );
    assert_eq!(table.replacements().count(), 0, "what is no well-known row is not loudly replaced");
    let taken: Vec<_> = table.taken_places().collect();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].new_origins().iter().map(ToString::to_string).collect::<Vec<_>>(), ["https://gate.example"]);
}

#[test]
fn a_table_without_the_field_knows_nothing_of_it() {
    let table = Table::new(user(r#"{"providers":[{"id":"acme"}]}"#)).unwrap();
    let error = table.resolve("together").unwrap_err();
    assert_eq!((error.nearest, error.more), (None, 0));
    assert!(read_by(&table, "TOGETHER_API_KEY").is_empty() && hosted(&table, "api.together.xyz").is_empty());
    assert_eq!((table.field().count(), table.taken_places().count()), (0, 0));
}

#[test]
fn keys_that_several_rows_of_a_vendor_take_belong_to_each_of_them() {
    let table = built_in();
    let owners = |text| super::super::sniff::whole(&table, text).unwrap().owners;
    let ids = |text| owners(text).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ids("sk-cp-x"), ["minimax", "minimax-cn", "minimax-cn-coding-plan"]);
    assert_eq!(ids("nvapi-x"), ["nvidia"]);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_of_the_field_too() {
    let error = built_in().resolve("togehter").unwrap_err();
    assert_eq!(error.nearest.as_ref().unwrap().as_str(), "together");
    assert!(error.more > 200 && !error.known.iter().any(|id| id.as_str() == "together"));
    assert!(error.to_string().len() < 300, "{error}");
}

#[test]
fn a_word_is_found_in_a_few_steps() {
    let words = TEXT.split([' ', ';', '*', '\n']).filter(|word| word.len() > 1);
    for word in words {
        assert!(index::steps(word) < 64, "{word}");
    }
}
