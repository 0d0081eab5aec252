//! What a variable's name, or a glance at its value, tells.

use crate::provider::{Provider, Table, Url};

use super::shape::SHAPES;

/// Whether a variable of this name holds, redirects or bills some provider's credential. Case does not count: a program
/// that reads `anthropic_api_key` is as real as one that reads `ANTHROPIC_API_KEY`.
pub(super) fn is_a_providers(table: &Table, name: &str) -> bool {
    let of_rows = table.every_row().flat_map(Provider::all_names);
    let of_shapes = SHAPES.iter().flat_map(|shape| [shape.url, shape.key]);
    of_rows.chain(of_shapes).any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether a variable belongs to the credential chain of a cloud. The chains grow, so what is harmless is listed instead.
pub(super) fn is_cloud_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let in_chain = ["AWS_", "AZURE_", "IDENTITY_", "MSI_"].iter().any(|chain| name.starts_with(chain));
    let is_place = name.ends_with("REGION") || name.ends_with("LOCATION");
    in_chain && !is_place && !CLOUD_SETTINGS.contains(&name.as_str())
}

const CLOUD_SETTINGS: &[&str] = &[
    "AWS_CA_BUNDLE",
    "AWS_DEFAULT_OUTPUT",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EXECUTION_ENV",
    "AWS_MAX_ATTEMPTS",
    "AWS_PAGER",
    "AWS_RETRY_MODE",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
];

/// Whether a name merely looks like a credential's, or like a place where one would be sent.
pub(super) fn looks_like_a_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let ends = ["API_KEY", "APIKEY", "TOKEN", "ACCESS_KEY", "PRIVATE_KEY", "AUTH", "PAT", "BASE_URL", "API_BASE"];
    let holds = ["SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];
    let is_word = |end: &&str| name.strip_suffix(*end).is_some_and(|head| head.is_empty() || head.ends_with('_'));
    ends.iter().any(is_word) || holds.iter().any(|part| name.contains(part))
}

/// Whether a whole value is a URL on the host of a provider other than this one.
pub(super) fn is_a_strangers_url(table: &Table, provider: &Provider, value: &str) -> bool {
    let is_native_to_another = |url: &Url<'_>| table.every_row().any(|row| row.id != provider.id && row.is_native(url));
    Url::parse(value.trim()).is_some_and(|url| !provider.is_native(&url) && is_native_to_another(&url))
}

/// Whether a value is a URL with a user name or password in it, as a proxy's may be.
pub(super) fn has_userinfo(value: &str) -> bool {
    let authority = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = &authority[..authority.find(['/', '?', '#']).unwrap_or(authority.len())];
    authority.contains('@')
}

/// Whether a variable may pass where only harmless ones do.
pub(super) fn is_harmless(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let is_listed = HARMLESS.contains(&name.as_str());
    let is_locale = name.starts_with("LC_") || name.starts_with("XDG_");
    let is_proxy = PROXIES.contains(&name.as_str()) && !has_userinfo(value);
    is_listed || is_locale || is_proxy
}

pub(super) fn is_proxy(name: &str) -> bool {
    PROXIES.contains(&name.to_ascii_uppercase().as_str())
}

const PROXIES: &[&str] = &["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"];

#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    // Who, where, and how to find programs.
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "HOSTNAME", "SHLVL", "TMPDIR", "TMP", "TEMP",
    // How to talk to a person.
    "LANG", "LANGUAGE", "TZ", "TERM", "TERMINFO", "COLORTERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLUMNS", "LINES",
    "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "EDITOR", "VISUAL", "PAGER", "DISPLAY", "WAYLAND_DISPLAY",
    // Whom to trust on the network, and where one is.
    "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
    "AWS_REGION", "AWS_DEFAULT_REGION", "CI",
    // Without these, few programs start on Windows.
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "USERDOMAIN", "HOMEDRIVE",
    "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "OS",
    "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "COMPUTERNAME",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chains_of_the_clouds_are_credentials_and_regions_are_not() {
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AZURE_CLIENT_SECRET",
            "AZURE_OPENAI_API_KEY",
            "IDENTITY_ENDPOINT",
            "MSI_SECRET",
            "aws_secret_access_key",
        ] {
            assert!(is_cloud_credential(name), "{name}");
        }
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION", "AZURE_REGION", "AWS_PAGER", "PATH", "JAWS_X"] {
            assert!(!is_cloud_credential(name), "{name}");
        }
    }

    #[test]
    fn a_name_looks_like_a_credential_by_whole_words() {
        for name in ["ACME_API_KEY", "GITHUB_TOKEN", "TOKEN", "DB_PASSWORD", "MY_SECRET_1", "acme_apikey", "X_BASE_URL"]
        {
            assert!(looks_like_a_credential(name), "{name}");
        }
        for name in ["PATH", "MAX_TOKENS", "KEYBOARD", "SSH_AUTH_SOCK", "DISPAT", "MONKEY", "OAUTH_DEBUG"] {
            assert!(!looks_like_a_credential(name), "{name}");
        }
    }

    #[test]
    fn a_proxy_is_harmless_unless_it_has_a_password() {
        assert!(is_harmless("https_proxy", "http://proxy:3128"));
        assert!(is_harmless("HTTPS_PROXY", "proxy:3128"));
        assert!(!is_harmless("HTTPS_PROXY", "http://me:pw@proxy:3128"));
        assert!(!is_harmless("HTTPS_PROXY", "me:pw@proxy:3128"));
    }
}
