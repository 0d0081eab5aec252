"""What clients do with variables and files, one fact each: it is tried, and it is an error if a newer release does otherwise.

Plans of environments rest on these. `sends` says what a request for a model's answer carries: header, secret and host.
"""

import json
import shutil
from dataclasses import dataclass

import cells
import logins
import marks
from cells import CLAUDE, CODEX, MODELS, OAUTH_BETA, by_command, by_variable
from world import HERE

KEY = "sk-ant-api03-PLANNED-key"
LOGIN = "sk-ant-oat01-PLANNED-login"
OPENAI_KEY = "sk-proj-PLANNED-openai"

# How a fact names what is sent. What is not here is a marked value, which tells its own name.
NAMES = {KEY: "the key", LOGIN: "the login", OPENAI_KEY: "the key"}

HOME_URL = "https://api.anthropic.com"
MANAGED = {"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "1", "ANTHROPIC_BASE_URL": HOME_URL}


@dataclass(frozen=True)
class Fact:
    client: str
    says: str
    command: list
    env: dict
    files: tuple
    sends: set
    # For Anthropic's logins: whether the request says in `anthropic-beta` that its bearer is one.
    is_told_as_login: bool | None = None

    @property
    def name(self):
        return f"{self.client}: {self.says}"


def claude_login(world):
    logins.claude(world.home)
    (world.home / ".claude.json").unlink()


def claude_key(world):
    logins.claude(world.home)
    (world.home / ".claude/.credentials.json").unlink()


def user_settings(world):
    logins.claude_settings(world.home, "user-settings")


def project_settings(world):
    logins.claude_settings(world.project, "project-settings")


def helper(world):
    path = world.home / ".claude/settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"apiKeyHelper": f"echo {marks.mark('helper')}"}))


def profiles(world):
    logins.anthropic_profiles(world.home)


def codex_elsewhere(world):
    (world.home / ".codex").mkdir(exist_ok=True)
    (world.home / ".codex/config.toml").write_text(f'openai_base_url = "https://{marks.ELSEWHERE}/v1"\n')


def codex_profile(world):
    (world.home / ".codex").mkdir(exist_ok=True)
    (world.home / ".codex/work.config.toml").write_text(f'openai_base_url = "https://{marks.ELSEWHERE}/v1"\n')


def codex_login(world):
    logins.codex(world.home)


def opencode_login(world):
    logins.opencode(world.home)


def planned_profile(world):
    """A directory of profiles with the login in it, in the place of the user's own."""
    profiles(world)
    ours = world.home / "planned"
    shutil.copytree(world.home / ".config/anthropic", ours)
    token = ours / "credentials/default.json"
    token.write_text(json.dumps(json.loads(token.read_text()) | {"access_token": LOGIN}))


def opencode_project(world):
    options = {"apiKey": marks.mark("project-key"), "baseURL": f"https://{marks.ELSEWHERE}/v1"}
    (world.project / "opencode.json").write_text(json.dumps({"provider": {"anthropic": {"options": options}}}))


def opencode_provider(world):
    """A provider of a repository's own, which reads the planned variable and sends it elsewhere."""
    options = {"apiKey": "{env:ANTHROPIC_API_KEY}", "baseURL": f"https://{marks.ELSEWHERE}/v1"}
    row = {"npm": "@ai-sdk/openai-compatible", "options": options, "models": {"m": {}}}
    (world.project / "opencode.json").write_text(json.dumps({"provider": {"strange": row}}))


def stored_openai(world):
    world.store("openai", OPENAI_KEY)


EVERY_FILE = (claude_login, user_settings, project_settings, profiles)
EMPTY = {"ANTHROPIC_CONFIG_DIR": "{home}/nothing"}
PYTHON = ["python", str(HERE / "programs/sdk.py"), "anthropic"]
NODE = ["node", str(HERE / "programs/sdk.mjs"), "anthropic"]
OPENCODE = cells.opencode("anthropic/claude-sonnet-4-5")
OPENCODE_PLANNED = json.dumps(
    {"provider": {"anthropic": {"options": {"apiKey": "{env:ANTHROPIC_API_KEY}", "baseURL": f"{HOME_URL}/v1"}}}}
)
# What plans set besides, so that no other provider is used.
OPENCODE_ONLY = json.dumps(json.loads(OPENCODE_PLANNED) | {"enabled_providers": ["anthropic"]})
OPENAI_URL = "https://api.openai.com/v1"


def bearer(secret, host="api.anthropic.com"):
    return f"authorization: {secret} -> {host}"


def x_api_key(secret, host="api.anthropic.com"):
    return f"x-api-key: {secret} -> {host}"


def claude(says, env, files, sends, **more):
    return Fact("Claude Code", says, CLAUDE, env, files, sends, **more)


def both_sdks(says, env, files, sends, **more):
    return [
        Fact(name, says, command, env, files, sends, **more)
        for name, command in (("Anthropic's SDK for Python", PYTHON), ("Anthropic's SDK for JavaScript", NODE))
    ]


def codex(says, command, env, files, sends):
    return Fact("Codex", says, command, env, files, sends)


def opencode(says, env, files, sends, command=OPENCODE):
    return Fact("opencode", says, command, env, files, sends)


FACTS = [
    claude("a key in the environment wins over a login file", {"ANTHROPIC_API_KEY": KEY}, (claude_login,), {x_api_key("the key")}),
    claude(
        "a bearer in the environment doesn't keep the key in ~/.claude.json from being sent beside it",
        {"ANTHROPIC_AUTH_TOKEN": KEY}, (claude_key,), {bearer("the key"), x_api_key("MARKED-claude-primary-key")},
    ),
    claude(
        "`env` in a user's settings replaces both credential and host",
        {"ANTHROPIC_API_KEY": KEY}, (user_settings,),
        {x_api_key("MARKED-user-settings-key", marks.ELSEWHERE), bearer("MARKED-user-settings-token", marks.ELSEWHERE)},
    ),
    claude(
        "`env` in the settings of a repository does so too",
        {"ANTHROPIC_API_KEY": KEY}, (project_settings,),
        {x_api_key("MARKED-project-settings-key", marks.ELSEWHERE), bearer("MARKED-project-settings-token", marks.ELSEWHERE)},
    ),
    claude(
        "what apiKeyHelper prints is sent beside a key",
        {"ANTHROPIC_API_KEY": KEY}, (helper,), {x_api_key("the key"), bearer("MARKED-helper")},
    ),
    claude(
        "what apiKeyHelper prints is sent in place of a login",
        {"CLAUDE_CODE_OAUTH_TOKEN": LOGIN}, (helper,), {x_api_key("MARKED-helper"), bearer("MARKED-helper")},
    ),
    claude(
        "managed by its host, it keeps to a key, whatever files there are",
        MANAGED | {"ANTHROPIC_API_KEY": KEY}, EVERY_FILE, {x_api_key("the key")},
    ),
    claude(
        "managed by its host, it keeps to a bearer, whatever files there are",
        MANAGED | {"ANTHROPIC_AUTH_TOKEN": KEY}, (*EVERY_FILE, claude_key), {bearer("the key")},
    ),
    claude(
        "managed by its host, it uses CLAUDE_CODE_OAUTH_TOKEN as a login",
        MANAGED | {"CLAUDE_CODE_OAUTH_TOKEN": LOGIN}, (claude_login, profiles), {bearer("the login")}, is_told_as_login=True,
    ),
    claude(
        "managed by its host, it doesn't use CLAUDE_CODE_OAUTH_TOKEN where settings name an apiKeyHelper, and sends nothing",
        MANAGED | {"CLAUDE_CODE_OAUTH_TOKEN": LOGIN}, (helper,), set(),
    ),
    claude(
        "a login in ANTHROPIC_AUTH_TOKEN isn't told as one",
        MANAGED | {"ANTHROPIC_AUTH_TOKEN": LOGIN}, EVERY_FILE, {bearer("the login")}, is_told_as_login=False,
    ),
    claude(
        "with ANTHROPIC_BETAS beside it, it is",
        MANAGED | {"ANTHROPIC_AUTH_TOKEN": LOGIN, "ANTHROPIC_BETAS": OAUTH_BETA}, EVERY_FILE, {bearer("the login")},
        is_told_as_login=True,
    ),
    claude("it uses a profile of Anthropic's SDKs if it has nothing else", {}, (profiles,), {bearer("MARKED-profile-default")}),
    claude(
        "ANTHROPIC_CONFIG_DIR without profiles doesn't disturb it",
        MANAGED | EMPTY | {"ANTHROPIC_AUTH_TOKEN": KEY}, EVERY_FILE, {bearer("the key")},
    ),
    claude("ANTHROPIC_CONFIG_DIR without profiles keeps it from the user's", EMPTY, (profiles,), set()),
    *both_sdks("a key is sent as a bearer", {"ANTHROPIC_API_KEY": KEY}, (profiles,), {bearer("the key")}),
    *both_sdks("a profile on disk is used if no variable has a credential", {}, (profiles,), {bearer("MARKED-profile-default")}),
    *both_sdks(
        "CLAUDE_CODE_OAUTH_TOKEN isn't read, so the profile is used",
        {"CLAUDE_CODE_OAUTH_TOKEN": LOGIN}, (profiles,), {bearer("MARKED-profile-default")},
    ),
    *both_sdks("ANTHROPIC_CONFIG_DIR without profiles keeps it from the user's", EMPTY, (profiles,), set()),
    *both_sdks(
        "a key is used beside ANTHROPIC_CONFIG_DIR without profiles",
        EMPTY | {"ANTHROPIC_API_KEY": KEY}, (profiles,), {bearer("the key")},
    ),
    *both_sdks(
        "a login in ANTHROPIC_AUTH_TOKEN isn't told as one",
        EMPTY | {"ANTHROPIC_AUTH_TOKEN": LOGIN}, (profiles,), {bearer("the login")}, is_told_as_login=False,
    ),
    *both_sdks(
        "with ANTHROPIC_CUSTOM_HEADERS beside it, it is",
        EMPTY | {"ANTHROPIC_AUTH_TOKEN": LOGIN, "ANTHROPIC_CUSTOM_HEADERS": f"anthropic-beta: {OAUTH_BETA}"}, (profiles,),
        {bearer("the login")}, is_told_as_login=True,
    ),
    *both_sdks(
        "a login in a profile of a planned ANTHROPIC_CONFIG_DIR is told as one",
        {"ANTHROPIC_CONFIG_DIR": "{home}/planned"}, (planned_profile,), {bearer("the login")}, is_told_as_login=True,
    ),
    codex(
        "OPENAI_API_KEY doesn't win over its login file",
        [*CODEX, "Hello"], {"OPENAI_API_KEY": OPENAI_KEY}, (codex_login,), {bearer("MARKED-codex-key", "api.openai.com")},
    ),
    codex("OPENAI_API_KEY is not read without one", [*CODEX, "Hello"], {"OPENAI_API_KEY": OPENAI_KEY}, (), set()),
    codex(
        "CODEX_API_KEY wins over its login file",
        [*CODEX, "Hello"], {"CODEX_API_KEY": OPENAI_KEY}, (codex_login,), {bearer("the key", "api.openai.com")},
    ),
    codex(
        "OPENAI_BASE_URL redirects nothing",
        [*CODEX, "Hello"], {"CODEX_API_KEY": OPENAI_KEY, "OPENAI_BASE_URL": f"https://{marks.ELSEWHERE}/v1"}, (),
        {bearer("the key", "api.openai.com")},
    ),
    codex(
        "`openai_base_url` in its configuration redirects the key",
        [*CODEX, "Hello"], {"CODEX_API_KEY": OPENAI_KEY}, (codex_elsewhere,), {bearer("the key", marks.ELSEWHERE)},
    ),
    codex(
        "`--profile` lays the file of that name over its configuration",
        [*CODEX, "--profile", "work", "Hello"], {"CODEX_API_KEY": OPENAI_KEY}, (codex_profile,),
        {bearer("the key", marks.ELSEWHERE)},
    ),
    codex(
        "`-c` lays a value over both",
        [*CODEX, "--profile", "work", "-c", f"openai_base_url={OPENAI_URL}", "Hello"], {"CODEX_API_KEY": OPENAI_KEY},
        (codex_elsewhere, codex_profile), {bearer("the key", "api.openai.com")},
    ),
    codex(
        "a provider with `env_key` reads that variable, whatever login there is",
        by_variable(OPENAI_URL), {"OPENAI_API_KEY": OPENAI_KEY}, (codex_login,), {bearer("the key", "api.openai.com")},
    ),
    codex(
        "without the variable it sends nothing, and doesn't take the login",
        by_variable(OPENAI_URL), {}, (codex_login,), set(),
    ),
    codex(
        "a provider with `auth.command` uses what is printed, whatever login there is",
        by_command(OPENAI_URL, "openai"), {}, (codex_login, stored_openai), {bearer("the key", "api.openai.com")},
    ),
    opencode("its login file wins over a variable", {"ANTHROPIC_API_KEY": KEY}, (opencode_login,), {x_api_key("MARKED-opencode-anthropic")}),
    opencode(
        "OPENCODE_AUTH_CONTENT={} keeps it from that file",
        {"ANTHROPIC_API_KEY": KEY, "OPENCODE_AUTH_CONTENT": "{}"}, (opencode_login,), {x_api_key("the key")},
    ),
    opencode(
        "`apiKey` and `baseURL` in the configuration of a repository win over variables",
        {"ANTHROPIC_API_KEY": KEY}, (opencode_project,), {x_api_key("MARKED-project-key", marks.ELSEWHERE)},
    ),
    opencode(
        "OPENCODE_CONFIG_CONTENT wins over that configuration",
        {"ANTHROPIC_API_KEY": KEY, "OPENCODE_CONFIG_CONTENT": OPENCODE_PLANNED}, (opencode_project,), {x_api_key("the key")},
    ),
    opencode(
        "a provider that a repository defines reads the variables that it names",
        {"ANTHROPIC_API_KEY": KEY}, (opencode_provider,), {bearer("the key", marks.ELSEWHERE)}, cells.opencode("strange/m"),
    ),
    opencode(
        "`enabled_providers` in OPENCODE_CONFIG_CONTENT shuts out that provider",
        {"ANTHROPIC_API_KEY": KEY, "OPENCODE_CONFIG_CONTENT": OPENCODE_ONLY}, (opencode_provider,), set(), cells.opencode("strange/m"),
    ),
    opencode(
        "and leaves the planned one as it is",
        {"ANTHROPIC_API_KEY": KEY, "OPENCODE_CONFIG_CONTENT": OPENCODE_ONLY}, (opencode_provider,), {x_api_key("the key")},
    ),
    opencode(
        "ANTHROPIC_AUTH_TOKEN is not read",
        {"ANTHROPIC_AUTH_TOKEN": KEY}, (), set(),
    ),
]


def try_fact(fact, world):
    """How the client does otherwise: nothing, if the fact holds."""
    for write in fact.files:
        write(world)
    env = world.env() | {name: value.replace("{home}", str(world.home)) for name, value in fact.env.items()}
    ran = world.run(fact.command, env=env)
    asked = [request for request in ran.requests if request.method == "POST" and request.path.split("?")[0].endswith(MODELS)]
    sent = {each for request in asked for each in _credentials(request)}
    wrong = [] if sent == fact.sends else [f"sent {sorted(sent)}: " + (ran.err.strip() or ran.out.strip())[-300:]]
    if fact.is_told_as_login is not None:
        told = [OAUTH_BETA in value for request in asked for name, value in request.headers if name.lower() == "anthropic-beta"]
        if any(told) != fact.is_told_as_login:
            wrong.append(f"told as a login: {any(told)}")
    return wrong


def _credentials(request):
    for name, value in request.headers:
        if name.lower() in ("authorization", "x-api-key"):
            secret = value.removeprefix("Bearer ")
            yield f"{name.lower()}: {NAMES.get(secret, secret)} -> {request.host}"
