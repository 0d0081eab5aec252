"""The variables that programs take credentials, hosts and billing from, each with a value that tells its name wherever it arrives.

They were read in the releases that package.json and requirements.txt name, in documentation and in the programs themselves. What
credlatch's own table of providers names is added to them, so a new row needs no line here.
"""

import json
import re

CREDENTIALS = """
ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_IDENTITY_TOKEN ANTHROPIC_ENVIRONMENT_KEY ANTHROPIC_WEBHOOK_SIGNING_KEY
ANTHROPIC_FEDERATION_RULE_ID ANTHROPIC_ORGANIZATION_ID ANTHROPIC_SERVICE_ACCOUNT_ID ANTHROPIC_WORKSPACE_ID
ANTHROPIC_BEDROCK_MANTLE_API_KEY ANTHROPIC_FOUNDRY_RESOURCE ANTHROPIC_FOUNDRY_API_KEY ANTHROPIC_FOUNDRY_AUTH_TOKEN
ANTHROPIC_VERTEX_PROJECT_ID ANTHROPIC_AWS_API_KEY ANTHROPIC_AWS_WORKSPACE_ID AWS_BEARER_TOKEN_BEDROCK
CLAUDE_API_KEY CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_OAUTH_REFRESH_TOKEN CLAUDE_CODE_SESSION_ACCESS_TOKEN
CLAUDE_CODE_CLIENT_KEY_PASSPHRASE CLAUDE_CODE_HFI_BEARER_TOKEN CLAUDE_TRUSTED_DEVICE_TOKEN CLAUDE_BRIDGE_OAUTH_TOKEN
OPENAI_API_KEY OPENAI_ADMIN_KEY OPENAI_KEY OPENAI_ORG_ID OPENAI_PROJECT_ID OPENAI_WEBHOOK_SECRET
OPENAI_IDENTITY_TOKEN_SOURCE OPENAI_FEDERATION_RULE_ID CODEX_API_KEY CODEX_ACCESS_TOKEN CODEX_AGENT_IDENTITY CODEX_GITHUB_PERSONAL_ACCESS_TOKEN
OPENCODE_API_KEY OPENCODE_CONSOLE_TOKEN
TOGETHER_API_KEY FIREWORKS_API_KEY HF_TOKEN GEMINI_API_KEY GOOGLE_API_KEY GROQ_API_KEY MISTRAL_API_KEY CEREBRAS_API_KEY
OPENROUTER_API_KEY DEEPSEEK_API_KEY XAI_API_KEY MINIMAX_API_KEY
AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
npm_config__authToken MYSQL_PWD PGPASSWORD
""".split()

ADDRESSES = """
ANTHROPIC_BASE_URL ANTHROPIC_BEDROCK_BASE_URL ANTHROPIC_BEDROCK_MANTLE_BASE_URL ANTHROPIC_VERTEX_BASE_URL
ANTHROPIC_FOUNDRY_BASE_URL ANTHROPIC_AWS_BASE_URL CLAUDE_CODE_API_BASE_URL CLAUDE_CODE_CUSTOM_OAUTH_URL
OPENAI_BASE_URL OPENAI_API_BASE CODEX_EXEC_SERVER_URL CODEX_OSS_BASE_URL
""".split()

HEADERS = "ANTHROPIC_CUSTOM_HEADERS OPENAI_CUSTOM_HEADERS".split()

SWITCHES = """
CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY CLAUDE_CODE_USE_MANTLE CLAUDE_CODE_USE_ANTHROPIC_AWS
CLAUDE_CODE_USE_GATEWAY CLAUDE_CODE_SKIP_BEDROCK_AUTH CLAUDE_CODE_SKIP_VERTEX_AUTH CLAUDE_CODE_SKIP_FOUNDRY_AUTH
CLAUDE_CODE_SKIP_MANTLE_AUTH CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH
""".split()

FILES = """
ANTHROPIC_IDENTITY_TOKEN_FILE OPENAI_IDENTITY_TOKEN_FILE CLAUDE_SESSION_INGRESS_TOKEN_FILE CLAUDE_CODE_CLIENT_KEY
CLAUDE_CODE_HOST_CREDS_FILE ANTHROPIC_UNIX_SOCKET
""".split()

DESCRIPTORS = """
CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR CLAUDE_CODE_WEBSOCKET_AUTH_FILE_DESCRIPTOR
""".split()

# A host that is nobody's: a request to it was redirected by a marked address.
ELSEWHERE = "elsewhere.example"

MARKED = re.compile(r"MARKED-[\w.-]+")


def mark(name):
    return f"MARKED-{name}"


def variables(home, table):
    """Every variable, for a home where `table` is what `credlatch providers --json` says."""
    marked = {name: mark(name) for name in CREDENTIALS}
    for provider in table["providers"]:
        env = provider["env"]
        for group in ("api_key", "oauth_token", "either", "steering"):
            for name in env.get(group, []):
                marked.setdefault(name, mark(name))
        for name in env.get("base_url", []):
            marked.setdefault(name, _address(name))
    marked |= {name: _address(name) for name in ADDRESSES}
    marked |= {name: f"Authorization: Bearer {mark(name)}\nX-Api-Key: {mark(name)}" for name in HEADERS}
    marked |= {name: "1" for name in SWITCHES}
    marked |= {name: str(file(home, name)) for name in FILES + DESCRIPTORS}
    # Where their tools look anyway, said once more.
    marked["ANTHROPIC_PROFILE"] = "marked"
    marked["ANTHROPIC_CONFIG_DIR"] = str(home / ".config/anthropic")
    marked["CLAUDE_CODE_HOST_AUTH_ENV_VAR"] = "CLAUDE_API_KEY"
    marked["OPENCODE_AUTH_CONTENT"] = json.dumps(
        {name: {"type": "api", "key": mark("OPENCODE_AUTH_CONTENT")} for name in ("anthropic", "openai", "minimax")}
    )
    marked["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {"registry.example": {"auth": mark("DOCKER_AUTH_CONFIG")}}})
    marked["DATABASE_URL"] = f"postgres://user:{mark('DATABASE_URL')}@database.example/db"
    return marked


def _address(name):
    return f"https://{ELSEWHERE}/{mark(name)}"


def file(home, name):
    """A file that holds the mark. Where a number of an open file is wanted, whoever starts the program opens it."""
    path = home / "marked" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(mark(name))
    return path
