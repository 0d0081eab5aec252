//! Each program, with what its file may hold before.

use crate::guide;

pub(crate) struct Case {
    /// The command line after `setup` that writes what the guide's block has.
    pub(crate) args: &'static [&'static str],
    /// The file, in the home.
    pub(crate) file: &'static str,
    /// What only the guide's block of this program holds.
    pub(crate) block: &'static str,
    /// A file with comments and an order of its own, and nothing about credlatch.
    pub(crate) filled: &'static str,
    /// The same with something else in the place of what is written.
    pub(crate) foreign: &'static str,
    /// What of that goes.
    pub(crate) gone: &'static str,
    /// What isn't understood. The word `hush` in it is secret.
    pub(crate) odd: &'static [&'static str],
}

impl Case {
    /// The word for the program.
    pub(crate) fn program(&self) -> &'static str {
        self.args[0]
    }
}

pub(crate) const CASES: [Case; 8] = [
    Case {
        args: &["git", "forge", "--host", "git.example"],
        file: ".gitconfig",
        block: guide::GIT,
        filled: "# mine\n[user]\n\tname = Ann # me\n[credential]\n\thelper = store\n[alias]\n\tco = checkout",
        foreign: "[credential \"https://git.example\"]\n\tusername = ann ; me\n\thelper = cache\n# end\n",
        gone: "helper = cache",
        odd: &["[user\n", "[credential] helper = hush\n", "[credential]\n\thelper = hush \\\n more\n"],
    },
    Case {
        args: &["docker", "forge", "--registry", "registry.example"],
        file: ".docker/config.json",
        block: guide::DOCKER,
        filled: "{\n\t\"psFormat\": \"table\",\n\t\"auths\": {\n\t\t\"other.example\": {\"auth\": \"hush\"}\n\t},\n\t\"credHelpers\": {\n\t\t\"b.example\": \"b\"\n\t}\n}\n",
        foreign: "{\n  \"credHelpers\": {\n    \"registry.example\": \"pass\"\n  },\n  \"z\": 1\n}\n",
        gone: "\"registry.example\": \"pass\"",
        odd: &["{\"credHelpers\": \"hush\"}", "{\"credHelpers\": hush}", "[]"],
    },
    Case {
        args: &[
            "cargo",
            "forge",
            "--registry",
            "NAME",
            "--index",
            "sparse+https://crates.example/index/",
            "--host",
            "crates.example",
        ],
        file: ".cargo/config.toml",
        block: guide::CARGO,
        filled: "# mine\n[build]\njobs = 2 # few\n\n[registries.other]\nindex = \"sparse+https://other.example/\"\n\n[net]\nretry = 3\n",
        foreign: "[registries.NAME]\nindex = \"sparse+https://crates.example/index/\" # ours\ncredential-provider = [\"cargo:libsecret\"] # old\n\n[net]\nretry = 3\n",
        gone: "\"cargo:libsecret\"",
        odd: &["[registries", "registries = \"hush\"\n", "[registries]\nNAME = { index = \"hush\" }\n"],
    },
    Case {
        args: &["aws", "forge", "--aws-profile", "NAME"],
        file: ".aws/config",
        block: guide::AWS,
        filled: "# mine\n[default]\nregion = eu-central-1\ns3 =\n  max_queue_size = 1000\n\n[profile other]\nrole_arn = x ; why\n",
        foreign: "[profile NAME]\ncredential_process = /opt/other --for me\nregion = eu-central-1\n",
        gone: "credential_process = /opt/other --for me",
        odd: &["[profile NAME]\naws_secret_access_key = hush\n", "[profile NAME\n", "[profile NAME]\n[profile NAME]\n"],
    },
    Case {
        args: &["kubectl", "forge", "--user", "YOU", "--host", "cluster.example:6443"],
        file: ".kube/config",
        block: guide::KUBECTL,
        filled: "# mine\napiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    server: https://cluster.example:6443\n  name: here # near\nusers:\n- name: other\n  user:\n    token: hush\ncontexts: []\n",
        foreign: "apiVersion: v1\nusers:\n- name: YOU\n  user:\n    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: other # old\nkind: Config\n",
        gone: "command: other",
        odd: &[
            "users:\n- name: YOU\n  user:\n    token: hush\n",
            "users: [{name: YOU, user: {}}]\n",
            "a: [hush",
            "- hush\n",
        ],
    },
    Case {
        args: &["claude-code", "anthropic"],
        file: ".claude/settings.json",
        block: guide::CLAUDE_CODE,
        filled: "{\n    \"model\": \"opus\",\n\n    \"env\": {\"FOO_TOKEN\": \"hush\"},\n    \"permissions\": {\"allow\": []}\n}\n",
        foreign: "{\"apiKeyHelper\": \"/opt/other\", \"model\": \"opus\"}",
        gone: "/opt/other",
        odd: &[
            "{\"env\": {\"ANTHROPIC_API_KEY\": \"hush\"}}",
            "{\"a\": hush}",
            "[]",
            "{\"apiKeyHelper\": \"a\", \"apiKeyHelper\": \"b\"}",
        ],
    },
    Case {
        args: &["codex", "openai"],
        file: ".codex/config.toml",
        block: guide::CODEX,
        filled: "# mine\nmodel = \"gpt\" # dear\n\n[projects.\"/x\"]\ntrust_level = \"trusted\"\n\n[mcp_servers.a]\nbearer_token = \"hush\"\n",
        foreign: "model_provider = \"other\" # old\n\n[model_providers.latched]\nname = \"mine\"\nbase_url = \"https://other.example\" # where\n",
        gone: "model_provider = \"other\"",
        odd: &[
            "[model_providers.latched]\nexperimental_bearer_token = \"hush\"\n",
            "model_providers = { latched = { name = \"hush\" } }\n",
            "model = \"hush",
        ],
    },
    Case {
        args: &["opencode", "anthropic"],
        file: ".config/opencode/plugins/credlatch.js",
        block: guide::OPENCODE,
        filled: "",
        foreign: "",
        gone: "",
        odd: &["export const Mine = \"hush\"\n", "const providers = [\n  hush\n]\n\n", ""],
    },
];
