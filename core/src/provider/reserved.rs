//! Variables that no row may name: what they hold decides how programs are found, loaded and started, or how a plan is kept.
//!
//! `run` sets a row's variables for a child and drops them for others, `clear` takes them out of files, and `import` reads keys
//! in them. A row that names `LD_PRELOAD` or `PATH` there would have a key loaded as a library, or break every other program.

/// Why a variable can't be a provider's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reserved {
    /// The dynamic loader and the C library read it.
    #[error("the system's loader reads it in every program")]
    Loader,
    /// Shells read it, or each program learns from it who and where it is.
    #[error("shells and most programs read it to learn who and where they are")]
    Shell,
    /// An interpreter or a build tool reads it, and may run what it names.
    #[error("an interpreter or a tool that starts programs reads it")]
    Interpreter,
    /// It decides how each program reaches the network and whom it trusts there.
    #[error("it says how every program reaches the network, and whom it trusts there")]
    Network,
    /// By it credlatch itself is told.
    #[error("credlatch reads it itself")]
    Ours,
    /// `run` sets it so that programs keep to the plan.
    #[error("`run` sets it itself, so that programs keep to what is planned")]
    Guard,
}

/// Whether every program, or credlatch itself, reads a variable of this name; case does not count, because on some systems it
/// doesn't.
pub(super) fn of_system(name: &str) -> Option<Reserved> {
    let name = name.to_ascii_uppercase();
    let kinds = [
        (Reserved::Ours, &["CREDLATCH_"][..], &[][..]),
        (Reserved::Loader, LOADER_BEGINS, LOADER),
        (Reserved::Shell, SHELL_BEGINS, SHELL),
        (Reserved::Interpreter, INTERPRETER_BEGINS, INTERPRETER),
        (Reserved::Network, NETWORK_BEGINS, NETWORK),
    ];
    let is_of = |begins: &[&str], names: &[&str]| {
        begins.iter().any(|begin| name.starts_with(begin)) || names.contains(&name.as_str())
    };
    kinds.into_iter().find(|(_, begins, names)| is_of(begins, names)).map(|(why, ..)| why)
}

/// Whether a plan sets a variable of this name against what programs find elsewhere: then no key and no address can be there.
pub(super) fn of_plan(name: &str) -> Option<Reserved> {
    GUARDS.iter().any(|guard| guard.eq_ignore_ascii_case(name)).then_some(Reserved::Guard)
}

/// Those of `scrub`, but for what is a provider's own address or header besides; a test there holds the two together.
const GUARDS: &[&str] = &[
    "ANTHROPIC_BETAS",
    "ANTHROPIC_CONFIG_DIR",
    "ANTHROPIC_CUSTOM_HEADERS",
    "CLAUDE_CODE_DISABLE_AGENT_VIEW",
    "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST",
    "OPENCODE_AUTH_CONTENT",
    "OPENCODE_CONFIG_CONTENT",
];

const LOADER_BEGINS: &[&str] = &["LD_", "DYLD_", "_RLD", "LIBPATH", "SHLIB_PATH", "MALLOC_", "GLIBC_", "GCONV_"];

#[rustfmt::skip]
const LOADER: &[&str] = &["GETCONF_DIR", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH", "RES_OPTIONS", "RESOLV_HOST_CONF", "TZDIR"];

const SHELL_BEGINS: &[&str] = &["BASH_", "DBUS_", "LC_", "SUDO_", "TERM_", "XDG_"];

#[rustfmt::skip]
const SHELL: &[&str] = &[
    "APPDATA", "BASHOPTS", "CDPATH", "COLORTERM", "COLUMNS", "COMSPEC", "DISPLAY", "EDITOR", "ENV", "FCEDIT", "FPATH", "GLOBIGNORE", "HISTFILE",
    "HOME", "HOMEDRIVE", "HOMEPATH", "HOSTNAME", "IFS", "KSH_ENV", "LANG", "LANGUAGE", "LINES", "LOCALAPPDATA", "LOGNAME", "MAIL",
    "OLDPWD", "OPTARG", "OPTIND", "PAGER", "PATH", "PATHEXT", "PPID", "PROGRAMDATA", "PROGRAMFILES", "PROMPT_COMMAND", "PS0", "PS1",
    "PS2", "PS3", "PS4", "PWD", "SHELL", "SHELLOPTS", "SHLVL", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TERM", "TERMINFO", "TMP", "TMPDIR", "TZ", "UID",
    "USER", "USERNAME", "USERPROFILE", "VISUAL", "WAYLAND_DISPLAY", "WINDIR", "ZDOTDIR", "_",
];

#[rustfmt::skip]
const INTERPRETER_BEGINS: &[&str] = &[
    "CARGO_BUILD_", "CARGO_TARGET_", "COMPLUS_", "CORECLR_", "COR_", "DOTNET_", "GIT_CONFIG", "GIT_EXTERNAL_", "GIT_SSH", "JDK_JAVA_",
    "LUA_", "NODE_REPL_", "NPM_CONFIG_", "PERL5", "PHP_INI_", "PYTHON", "RUSTC", "SSH_ASKPASS", "SSH_AUTH_", "_JAVA_",
];

// Their tokens are keys like others: NODE_AUTH_TOKEN, CARGO_REGISTRY_TOKEN, GEM_HOST_API_KEY.
#[rustfmt::skip]
const INTERPRETER: &[&str] = &[
    "BROWSER", "BUNDLE_GEMFILE", "CARGO_HOME", "CLASSPATH", "ELECTRON_RUN_AS_NODE", "GEM_HOME", "GEM_PATH", "GIT_ASKPASS", "GIT_DIR",
    "GIT_EDITOR", "GIT_EXEC_PATH", "GIT_PAGER", "GIT_PROXY_COMMAND", "GIT_TEMPLATE_DIR", "GIT_WORK_TREE", "GOFLAGS", "GRADLE_OPTS",
    "GUILE_LOAD_PATH", "JAVA_HOME", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "LESSCLOSE", "LESSOPEN", "MAKEFLAGS", "MAVEN_OPTS", "NODE_DEBUG",
    "NODE_ENV", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_PATH", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_V8_COVERAGE", "PERLLIB", "PHPRC",
    "PIP_CONFIG_FILE", "RUBYLIB", "RUBYOPT", "RUBYSHELL", "VIRTUAL_ENV",
];

const NETWORK_BEGINS: &[&str] = &["OPENSSL_", "SSL_CERT_", "SSLKEYLOGFILE"];

#[rustfmt::skip]
const NETWORK: &[&str] = &[
    "ALL_PROXY", "CURL_CA_BUNDLE", "FTP_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Provider;
    use super::super::tests::built_in;
    use super::*;

    fn begins() -> Vec<&'static str> {
        [&["CREDLATCH_"][..], LOADER_BEGINS, SHELL_BEGINS, INTERPRETER_BEGINS, NETWORK_BEGINS].concat()
    }

    #[test]
    fn what_makes_a_program_run_something_else_is_reserved() {
        for (name, why) in [
            ("LD_PRELOAD", Reserved::Loader),
            ("DYLD_INSERT_LIBRARIES", Reserved::Loader),
            ("PATH", Reserved::Shell),
            ("Path", Reserved::Shell),
            ("HOME", Reserved::Shell),
            ("IFS", Reserved::Shell),
            ("BASH_ENV", Reserved::Shell),
            ("ENV", Reserved::Shell),
            ("NODE_OPTIONS", Reserved::Interpreter),
            ("PYTHONPATH", Reserved::Interpreter),
            ("PYTHONSTARTUP", Reserved::Interpreter),
            ("PERL5OPT", Reserved::Interpreter),
            ("GIT_SSH_COMMAND", Reserved::Interpreter),
            ("https_proxy", Reserved::Network),
            ("CREDLATCH_HOME", Reserved::Ours),
            ("credlatch_providers", Reserved::Ours),
        ] {
            assert_eq!(of_system(name), Some(why), "{name}");
        }
        assert_eq!(of_plan("ANTHROPIC_CONFIG_DIR"), Some(Reserved::Guard));
        assert_eq!(of_plan("ANTHROPIC_API_KEY"), None);
    }

    #[test]
    fn no_row_that_ships_names_what_is_reserved() {
        let table = built_in();
        for row in table.providers().chain(table.field()) {
            for name in row.all_names().chain(row.env.account.iter().map(String::as_str)) {
                assert_eq!(of_system(name), None, "{}: {name}", row.id);
            }
            for name in row.credential_names().chain(row.env.base_url.iter().map(String::as_str)) {
                assert_eq!(of_plan(name), None, "{}: {name}", row.id);
            }
        }
        assert!(table.providers().flat_map(Provider::all_names).count() > 20);
    }

    proptest! {
        #[test]
        fn whatever_begins_like_a_reserved_name_is_reserved_in_any_case(
            begin in proptest::sample::select(begins()), rest in "[A-Za-z0-9_]{0,8}", lower in any::<bool>(),
        ) {
            let name = format!("{begin}{rest}");
            let name = if lower { name.to_lowercase() } else { name };
            prop_assert!(of_system(&name).is_some(), "{}", name);
        }

        #[test]
        fn a_vendors_own_name_for_its_key_is_free(
            vendor in "[A-Z]{3,10}", end in proptest::sample::select(vec!["_API_KEY", "_TOKEN", "_BASE_URL"]),
        ) {
            let name = format!("{vendor}{end}");
            prop_assume!(!begins().iter().any(|begin| name.starts_with(begin)));
            prop_assert_eq!(of_system(&name).or(of_plan(&name)), None);
        }
    }
}
