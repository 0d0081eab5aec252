//! Where a person meets a message, by the file that makes it.

/// A part of the page: its title, when a person meets what is in it, and the beginnings of the paths of its files.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    paths: &'static [&'static str],
}

/// The parts, in order. A path belongs to the part with its longest beginning.
pub(super) const GROUPS: [Group; 17] = [
    Group {
        title: "Giving arguments and naming a store",
        about: "Before anything is read: an argument, a variable, a home or a profile is not what it must be.",
        paths: &[
            "adapters/cli/src/",
            "adapters/src/latch/builder",
            "adapters/src/latch/profiles.rs",
            "adapters/src/outside.rs",
            "core/src/state/",
        ],
    },
    Group {
        title: "Providers and their rows",
        about: "A name is no provider's, or a provider file can't be used or trusted.",
        paths: &[
            "core/src/provider",
            "adapters/src/table",
            "adapters/src/trusted.rs",
            "adapters/src/accepted.rs",
            "adapters/src/noted.rs",
            "adapters/src/latch/guard.rs",
            "adapters/src/latch/allowlist.rs",
            "adapters/src/error/below.rs",
            "adapters/cli/src/cmd/providers.rs",
        ],
    },
    Group {
        title: "Storing and removing",
        about: "`set`, `import env`, `remove`, `clear`, and their calls in a program.",
        paths: &[
            "adapters/cli/src/input.rs",
            "adapters/cli/src/prompt.rs",
            "adapters/cli/src/cmd/set.rs",
            "adapters/cli/src/cmd/remove.rs",
            "adapters/cli/src/cmd/clear.rs",
            "adapters/src/latch/change",
            "adapters/src/error/not_stored.rs",
            "adapters/src/latch/cleared.rs",
            "adapters/src/latch/given.rs",
            "core/src/state/secret.rs",
            "core/src/provider/pasted",
        ],
    },
    Group {
        title: "Signing in",
        about: "`login`, and a login in a program.",
        paths: &[
            "adapters/cli/src/cmd/login/",
            "adapters/src/latch/login.rs",
            "adapters/src/latch/flows.rs",
            "adapters/src/error/not_signed_in.rs",
        ],
    },
    Group {
        title: "Getting a credential",
        about: "`token`, `run`, a helper or a program asks for a credential, and there is none to hand out.",
        paths: &[
            "adapters/src/error/no_token.rs",
            "adapters/src/latch/passed_over.rs",
            "adapters/src/latch/read.rs",
            "adapters/src/error/suspension.rs",
            "adapters/cli/src/cmd/token.rs",
            "adapters/cli/src/cmd/fresh.rs",
        ],
    },
    Group {
        title: "Renewing",
        about: "`rotate`, or a token that has ended: the issuer is asked for a new one.",
        paths: &[
            "adapters/src/latch/",
            "adapters/src/error/issuer.rs",
            "adapters/src/error/not_rotated.rs",
            "adapters/src/exchanger/",
            "adapters/src/oauth/",
            "adapters/cli/src/cmd/rotate.rs",
            "adapters/cli/src/cmd/exchange.rs",
            "adapters/cli/src/defer.rs",
        ],
    },
    Group {
        title: "Sending a request",
        about: "A program puts a credential into a request.",
        paths: &[
            "adapters/src/latch/credential.rs",
            "adapters/src/latch/request.rs",
            "adapters/src/latch/scope.rs",
            "adapters/src/latch/expand.rs",
            "adapters/src/tower.rs",
        ],
    },
    Group {
        title: "Running a program",
        about: "`run` and `env`, and a plan of a child's environment.",
        paths: &[
            "adapters/cli/src/cmd/run.rs",
            "adapters/cli/src/cmd/env.rs",
            "adapters/src/latch/plan.rs",
            "adapters/src/latch/nothing_in.rs",
            "core/src/scrub",
        ],
    },
    Group {
        title: "Answering other programs",
        about: "`helper`: git, docker, cargo, AWS clients, kubectl or Claude Code asks.",
        paths: &["adapters/cli/src/cmd/helper/"],
    },
    Group {
        title: "Setting another program up",
        about: "`setup`: a program's own configuration is written, or taken back.",
        paths: &["adapters/cli/src/cmd/setup/", "adapters/src/setups/"],
    },
    Group {
        title: "Files of other tools",
        about: "`import` and links: a login that Claude Code, Codex or Hermes keeps.",
        paths: &[
            "adapters/src/foreign/",
            "adapters/src/found.rs",
            "adapters/src/latch/import.rs",
            "adapters/src/latch/link.rs",
            "adapters/src/latch/link_disabled.rs",
            "adapters/src/plain_file",
            "adapters/cli/src/cmd/import.rs",
        ],
    },
    Group {
        title: "A `.env` file",
        about: "A file that is read, or rewritten by `clear`.",
        paths: &["core/src/dotenv", "adapters/src/env/", "adapters/src/latch/dotenv.rs"],
    },
    Group {
        title: "The store",
        about: "What holds the credentials can't be locked, read, trusted or written.",
        paths: &[
            "adapters/src/docfile/",
            "adapters/src/file/",
            "adapters/src/memory",
            "adapters/src/store/",
            "adapters/hermes/src/",
            "adapters/src/any_store.rs",
            "adapters/src/codec.rs",
            "adapters/src/private_file.rs",
            "adapters/src/system/",
            "core/src/engine/",
            "core/src/port",
        ],
    },
    Group {
        title: "A sealed store",
        about: "`seal`, `unseal` and `rekey`, and whatever meets a store whose key isn't at hand.",
        paths: &[
            "adapters/src/seal",
            "adapters/src/key_file.rs",
            "adapters/src/latch/builder/seal",
            "adapters/src/file/reseal.rs",
            "adapters/cli/src/cmd/seal.rs",
            "adapters/cli/src/cmd/at_work.rs",
        ],
    },
    Group {
        title: "A store in etcd",
        about: "An address that is none, a cluster that is away or refuses, and values that others put there.",
        paths: &["adapters/src/etcd/"],
    },
    Group {
        title: "A server's sign-in page",
        about: "What the routes of `credlatch::web` answer; a server's log has the cause.",
        paths: &["adapters/src/web/", "adapters/src/http1.rs"],
    },
    Group {
        title: FINDINGS,
        about: "`doctor`: each thing it finds, and how grave it is. Exit status 1 if one is a warning or an error.",
        paths: &["adapters/src/doctor/", "adapters/cli/src/cmd/doctor.rs"],
    },
];

/// The title of the part with what doctor finds.
pub(super) const FINDINGS: &str = "What doctor finds";

/// The title of the part to which a file belongs, if it belongs to one.
pub(super) fn title(path: &str) -> Option<&'static str> {
    let fits = |group: &'static Group| {
        let lengths = group.paths.iter().filter(|start| path.starts_with(**start)).map(|start| start.len());
        lengths.max().map(|length| (length, group.title))
    };
    GROUPS.iter().filter_map(fits).max_by_key(|(length, _)| *length).map(|(_, title)| title)
}
