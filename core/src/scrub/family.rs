//! Names that belong to a known tool or provider by how they begin.
//!
//! Each release of a tool brings new logins and switches, so belonging is a rule. What begins like the names of a tool that
//! holds logins of its own is kept back unless it is known to be harmless: by a word in it, or by name. What begins like the
//! key variable of any provider is kept back if a word in it tells of a credential, of where one is sent, or of who pays.

use super::harmless;
use crate::provider::Table;

/// Whether a name, in capitals, belongs to a family and isn't known to be harmless there.
pub(super) fn is_kept_back(table: &Table, name: &str) -> bool {
    let name = name.trim_start_matches('_');
    if SWITCHES.contains(&name) {
        return true;
    }
    if is_run_together(name) {
        return true;
    }
    let is_suspicious = if LOGINS.iter().any(|begin| name.starts_with(begin)) {
        is_telling(name) || !is_harmless(name)
    } else {
        is_telling(name) && (TOOLS.iter().any(|begin| name.starts_with(begin)) || is_of_a_row(table, name))
    };
    is_suspicious && !harmless::is_a_familys(name)
}

/// `OPENAIKEY`: a tool's name and what it is, and no word between them.
fn is_run_together(name: &str) -> bool {
    let rest = LOGINS.iter().find_map(|begin| name.strip_prefix(begin.trim_end_matches('_')));
    rest.is_some_and(|rest| ["KEY", "TOKEN", "APIKEY"].contains(&rest))
}

/// Whether the end of a name is worth a look by itself: it begins with somebody's name, and a word in it tells.
pub(super) fn is_telling_end(end: &str) -> bool {
    is_telling(end)
        && end.split_once('_').is_some_and(|(stem, _)| is_telling_stem(stem) && !AMONG_OTHERS.contains(&stem))
}

/// Whether it begins like the variable in which some provider's key is.
fn is_of_a_row(table: &Table, name: &str) -> bool {
    let stems = name.match_indices('_').map(|(at, _)| &name[..at]).filter(|stem| is_telling_stem(stem));
    let has_key = |stem: &str| {
        let keys = KEYS.iter().flat_map(|end| table.of_variable(&format!("{stem}{end}")));
        keys.into_iter().any(|reading| reading.role.is_credential() && !reading.is_shared)
    };
    stems.into_iter().any(has_key)
}

/// What follows the stem in the name of a key's variable.
const KEYS: &[&str] = &["_API_KEY", "_API_TOKEN", "_ACCESS_TOKEN", "_AUTH_TOKEN", "_KEY", "_TOKEN"];

/// One that is too short or too general begins many a stranger's name.
fn is_telling_stem(stem: &str) -> bool {
    stem.len() >= 3 && !GENERAL.contains(&stem)
}

/// Whether a word in the name tells of a credential, of where one is sent, or of who pays.
pub(super) fn is_telling(name: &str) -> bool {
    let mut words = name.split('_');
    words.any(|word| TELLING.contains(&word)) && !begins_harmlessly(name)
}

fn is_harmless(name: &str) -> bool {
    begins_harmlessly(name) || name.split('_').any(|word| HARMLESS.contains(&word))
}

/// Turning something off, and a bound, bring no credential, whatever they are about.
fn begins_harmlessly(name: &str) -> bool {
    let rest = LOGINS.iter().chain(TOOLS).find_map(|begin| name.strip_prefix(begin)).unwrap_or(name);
    let rest = rest.strip_prefix("CODE_").unwrap_or(rest);
    ["DISABLE_", "MAX_", "NO_"].iter().any(|begin| rest.starts_with(begin))
}

/// Tools that keep logins of their own and know several ways to be billed.
#[rustfmt::skip]
const LOGINS: &[&str] = &[
    "ANTHROPIC_", "CLAUDE_", "CODEX_", "OPENAI_", "OPENCODE_",
];

/// Tools and libraries that take credentials, and a great many harmless settings besides.
#[rustfmt::skip]
const TOOLS: &[&str] = &[
    "AIDER_", "AMP_", "CCR_", "CHATGPT_", "CLINE_", "CODE_ASSIST_", "CONTINUE_", "COPILOT_", "CRUSH_", "CURSOR_", "GEMINI_",
    "GITHUB_COPILOT_", "GOOGLE_GENAI_", "GOOSE_", "HF_", "HUGGINGFACE", "HUGGING_FACE_", "KIMI_", "LITELLM_", "OLLAMA_",
    "QWEN_", "SELF_HOSTED_AGENT_", "SELF_HOSTED_RUNNER_", "VERTEX_", "VERTEXAI_",
];

/// Switches and logins of tools that begin like nothing else, or in which no word tells.
#[rustfmt::skip]
const SWITCHES: &[&str] = &[
    "AIDER_OPENAI_API_TYPE", "AIDER_SET_ENV", "ALL_INPUTS", "CLAUDE_BG_DISPATCHER_RATE_LIMIT_TIER", "CLAUDE_CODE_RATE_LIMIT_TIER",
    "CLINE_PROVIDER_SETTINGS_PATH", "COPILOT_PROVIDERS_CONFIG", "COPILOT_PROVIDER_TYPE", "ENVIRONMENT_SERVICE_KEY",
    "GEMINI_CLI_USE_COMPUTE_ADC", "GITHUB_ACTION_INPUTS", "GOOGLE_GENAI_CLIENT_MODE", "GOOGLE_GENAI_USE_ENTERPRISE",
    "HF_OIDC_RESOURCE", "HF_STORED_TOKENS_PATH", "HUGGINGFACE_CO_STAGING", "LANGSMITH_GATEWAY", "LANGSMITH_GATEWAY_API_KEY",
    "OLLAMA_REMOTES", "SESSION_INGRESS_URL", "USE_LITELLM_PROXY", "USE_LOCAL_OAUTH", "USE_STAGING_OAUTH",
    "VOICE_STREAM_BASE_URL",
];

/// Stems that are words of the language, or the names of houses that sell much besides models.
#[rustfmt::skip]
const GENERAL: &[&str] = &[
    "ACCESS", "API", "AUTH", "AWS", "AZURE", "CLOUDFLARE", "DATABRICKS", "DIGITALOCEAN", "GITHUB", "GITLAB", "GOOGLE",
    "HEROKU", "KEY", "MODEL", "NETLIFY", "SECRET", "SNOWFLAKE", "TOKEN", "VERCEL",
];

/// Providers' names that stand for other things after another word: `ANY_CUSTOM_KEY`, `XTERM_CURSOR_HOST`.
const AMONG_OTHERS: &[&str] = &["CODE", "CONTINUE", "CURSOR", "CUSTOM", "DOCKER", "HOSTED", "INFERENCE"];

#[rustfmt::skip]
const TELLING: &[&str] = &[
    "ACCOUNT", "ADDR", "AGENT", "APIKEY", "AUTH", "AUTHORIZATION", "BASE", "BEARER", "BEDROCK", "BILLING", "CERT",
    "COOKIE", "CREDENTIAL", "CREDENTIALS", "DESCRIPTOR", "ENDPOINT", "FD", "FEDERATION", "FOUNDRY", "GATEWAY", "HEADER",
    "HEADERS", "HOST", "IDENTITY", "JWT", "KEY", "KEYS", "LOGIN", "MANTLE", "OAUTH", "ORG", "ORGANIZATION", "ORIGIN",
    "PASSPHRASE", "PASSWORD", "PAT", "PROFILE", "PROJECT", "PROXY", "REFRESH", "SECRET", "SOCKET", "TENANT", "TOKEN",
    "URI", "URL", "VERTEX", "WORKSPACE",
];

#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "BUDGET", "CACHE", "COLOR", "COUNT", "DEBUG", "DISABLE", "DISABLED", "EDITOR", "EFFORT", "ENABLE", "ENABLED", "HOME",
    "INTERVAL", "LANG", "LANGUAGE", "LEVEL", "LIMIT", "LOG", "LOGGING", "LOGS", "MAX", "MIN", "MODEL", "MODELS", "MS",
    "RETRIES", "RETRY", "SANDBOX", "SECONDS", "SHELL", "SIZE", "TELEMETRY", "TEMPERATURE", "TERMINAL", "THEME",
    "THINKING", "TIMEOUT", "TOKENS", "TRACE", "VERBOSE",
];
