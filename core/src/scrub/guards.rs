//! What is set beside the credentials: against others that programs find elsewhere, and so that the child's own calls of
//! credlatch mean the same profile.

mod opencode;

pub use opencode::names as names_for_opencode;

use super::dialect::{Dialect, SHAPES, Setting};
use super::{EnvPlan, Value, Wanted};

/// Where Anthropic's SDKs look for profiles, whatever else they are told. In an empty directory they find none.
pub(super) const PROFILES: &str = "ANTHROPIC_CONFIG_DIR";

/// The whole of opencode's login file, which otherwise wins over the variables of each provider. Empty, it has no login.
const OPENCODE_LOGINS: &str = "OPENCODE_AUTH_CONTENT";

/// What goes before the configurations that opencode finds in the home and in the repository in which it runs.
const OPENCODE_CONFIG: &str = "OPENCODE_CONFIG_CONTENT";

/// Claude Code's view of its agents hands work to a server that stays, with the credential of the run that started it. Set,
/// there is no such view, and `--bg` is refused.
const AGENT_VIEW: &str = "CLAUDE_CODE_DISABLE_AGENT_VIEW";

/// Where gemini-cli sends the key; a `.env` file of a repository may name another host, and doesn't win over this.
const GEMINI_URL: (&str, &str) = ("GOOGLE_GEMINI_BASE_URL", "https://generativelanguage.googleapis.com");

/// By these our own commands learn which store, profile and provider file are meant, where the store's key is, and for whom a
/// program was started.
pub const CONTEXT: [&str; 8] = [
    "CREDLATCH_HOME",
    "CREDLATCH_PROFILE",
    "CREDLATCH_PROVIDERS",
    "CREDLATCH_RUN",
    "CREDLATCH_SEAL_KEY_COMMAND",
    "CREDLATCH_SEAL_KEY_FILE",
    "CREDLATCH_SEAL_KEY_STORE",
    "CREDLATCH_STORE",
];

/// What is set besides, unless somebody wants that very variable.
pub(super) fn guards(wanted: &Wanted<'_>, set: &[Setting]) -> Vec<Setting> {
    let inheritance = wanted.inheritance;
    let is_allowed = |name: &str| inheritance.allow.iter().chain(&inheritance.expected).any(|allowed| allowed == name);
    let is_set = |name: &str| set.iter().any(|(own, _)| own == name);
    let is_managed = SHAPES.iter().flat_map(|dialect| dialect.switches).any(|switch| is_set(switch));
    let guards = [
        (PROFILES, wanted.empty_folder.map(str::to_owned)),
        (OPENCODE_LOGINS, Some("{}".to_owned())),
        (OPENCODE_CONFIG, Some(opencode::configuration(wanted, set))),
        (AGENT_VIEW, is_managed.then(|| "1".to_owned())),
        (GEMINI_URL.0, is_set("GEMINI_API_KEY").then(|| GEMINI_URL.1.to_owned())),
    ];
    let set = guards.into_iter().filter(|(name, _)| !is_allowed(name) && !is_set(name));
    set.filter_map(|(name, value)| Some((name.to_owned(), Value::Plain(value?)))).collect()
}

/// What the child's own calls of credlatch find, and whom it was started for.
pub(super) fn context(wanted: &Wanted<'_>) -> Vec<Setting> {
    if wanted.context.is_empty() {
        return Vec::new();
    }
    let told = wanted.context.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let whom: Vec<&str> = wanted.targets.iter().map(|target| target.provider.id.as_str()).collect();
    let all = told.chain([("CREDLATCH_RUN".to_owned(), whom.join(","))]);
    all.map(|(name, value)| (name, Value::Plain(value))).collect()
}

/// Whether a variable is set only against what programs find elsewhere.
pub(super) fn is_guard(name: &str) -> bool {
    let of_dialect =
        |dialect: &Dialect| dialect.switches.contains(&name) || dialect.login.iter().any(|(own, _)| *own == name);
    [PROFILES, OPENCODE_LOGINS, OPENCODE_CONFIG, AGENT_VIEW, GEMINI_URL.0].contains(&name)
        || CONTEXT.contains(&name)
        || SHAPES.iter().any(of_dialect)
}

/// Whether opencode would find no provider: none of those that are planned can be told to it.
pub fn is_untold_to_opencode(plan: &EnvPlan) -> bool {
    plan.set().iter().any(|(name, value)| name == OPENCODE_CONFIG && opencode::is_empty(value.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{BadTable, EnvNames, Provider, Table};
    use crate::state::name::ProviderId;

    #[test]
    fn no_row_can_have_its_key_where_a_guard_stands() {
        let of_dialects = SHAPES
            .iter()
            .flat_map(|dialect| dialect.switches.iter().copied().chain(dialect.login.iter().map(|(name, _)| *name)));
        let guards =
            [PROFILES, OPENCODE_LOGINS, OPENCODE_CONFIG, AGENT_VIEW].into_iter().chain(CONTEXT).chain(of_dialects);
        for name in guards {
            assert!(is_guard(name), "{name}");
            let env = EnvNames { api_key: vec![name.to_owned()], ..EnvNames::default() };
            let row = Provider { env, ..Provider::named(ProviderId::new("acme").unwrap()) };
            assert!(matches!(Table::new(vec![row]), Err(BadTable::ReservedVariable { .. })), "{name}");
        }
    }
}
