"""The cells: each client, under `credlatch run` for its own provider and for a foreign one, among marked variables and logins.

A cell holds if no marked value and no other stored secret arrives anywhere, the planned one arrives with the planned host's
request for an answer and at no other host, and the client takes what came for an answer.
"""

from dataclasses import dataclass

import answers
import logins
from world import HERE

# What is stored in every cell. Beginnings are those that the providers give their secrets.
KEYS = {
    "anthropic": "sk-ant-api03-STORED-anthropic",
    "openai": "sk-proj-STORED-openai",
    "openai-codex": "sk-proj-STORED-codex",
    "minimax": "sk-cp-STORED-minimax",
}
LOGIN = "sk-ant-oat01-STORED-login"

# What Anthropic's own clients say in `anthropic-beta` with a bearer that is a login, because it is required by their source.
OAUTH_BETA = "oauth-2025-04-20"

# The ends of paths at which models answer. A request to any other is beside the point of a cell.
MODELS = ("/messages", "/responses", "/chat/completions")

CLAUDE = ["claude", "-p", "Hello"]
CODEX = ["codex", "exec", "--skip-git-repo-check"]
PYTHON = ["python", str(HERE / "programs/sdk.py"), "anthropic", "openai"]
NODE = ["node", str(HERE / "programs/sdk.mjs"), "anthropic", "openai"]


def codex(url, auth):
    """Codex with a provider of the user's own, as its configuration would name it: with OpenAI's it reads only its own login."""
    provider = f'model_providers.planned={{name="planned",base_url="{url}",wire_api="responses",{auth}}}'
    return [*CODEX, "-c", 'model_provider="planned"', "-c", provider, "Hello"]


def by_variable(url):
    return codex(url, 'env_key="OPENAI_API_KEY"')


def by_command(url, provider):
    return codex(url, f'auth={{command="credlatch",args=["token","{provider}"]}}')


def opencode(model):
    return ["opencode", "run", "-m", model, "Hello"]


@dataclass(frozen=True)
class Cell:
    client: str
    # The arguments of `credlatch run` before the `--`.
    run: str
    command: list
    # The first is where the planned credential must arrive; at the others it may.
    hosts: tuple
    is_login: bool = False
    # What else is told of how the client is set up.
    note: str = ""

    @property
    def name(self):
        kind = ", a login" if self.is_login else ""
        return f"{self.client}: run {self.run}{kind}{self.note and ', ' + self.note}"

    @property
    def planned(self):
        return LOGIN if self.is_login else KEYS[self.run.split()[0]]


ANTHROPIC, OPENAI, MINIMAX = ("api.anthropic.com",), ("api.openai.com",), ("api.minimax.io",)

CELLS = [
    Cell("Claude Code", "anthropic", CLAUDE, ANTHROPIC),
    Cell("Claude Code", "anthropic", CLAUDE, ANTHROPIC, is_login=True),
    Cell("Claude Code", "minimax --as anthropic", CLAUDE, MINIMAX),
    Cell("Codex", "openai-codex", [*CODEX, "Hello"], ("api.openai.com", "chatgpt.com")),
    Cell("Codex", "openai", by_variable("https://api.openai.com/v1"), OPENAI, note="env_key"),
    Cell("Codex", "openai", by_command("https://api.openai.com/v1", "openai"), OPENAI, note="auth.command"),
    Cell("Codex", "minimax --as openai", by_variable("https://api.minimax.io/v1"), MINIMAX, note="env_key"),
    Cell("Codex", "minimax --as openai", by_command("https://api.minimax.io/v1", "minimax"), MINIMAX, note="auth.command"),
    Cell("opencode", "anthropic", opencode("anthropic/claude-sonnet-4-5"), ANTHROPIC),
    Cell("opencode", "openai", opencode("openai/gpt-5.1"), OPENAI),
    Cell("opencode", "minimax", opencode("minimax/MiniMax-M2"), MINIMAX),
    Cell("opencode", "minimax --as openai", opencode("openai/gpt-5.1"), MINIMAX),
    *(
        cell
        for name, command in (("SDKs for Python", PYTHON), ("SDKs for JavaScript", NODE))
        for cell in (
            Cell(name, "anthropic", command, ANTHROPIC),
            Cell(name, "anthropic", command, ANTHROPIC, is_login=True),
            Cell(name, "openai", command, OPENAI),
            Cell(name, "minimax --as anthropic", command, MINIMAX),
            Cell(name, "minimax --as openai", command, MINIMAX),
        )
    ),
]

# The same clients without credlatch. Each must be seen to send what is marked, or its cells would prove nothing.
CONTROLS = {
    # With every variable set, it waits for a cloud's login.
    "Claude Code": (CLAUDE, False),
    # With every variable set, it wants a workload's identity and starts nothing.
    "Codex": ([*CODEX, "Hello"], False),
    "opencode": (opencode("anthropic/claude-sonnet-4-5"), True),
    "SDKs for Python": (PYTHON, True),
    "SDKs for JavaScript": (NODE, True),
}


def try_cell(cell, world):
    """Why the cell doesn't hold: nothing, if it does."""
    logins.write(world.home, world.project)
    for provider, key in KEYS.items():
        if not (cell.is_login and provider == "anthropic"):
            world.store(provider, key)
    if cell.is_login:
        world.store("anthropic", LOGIN, kind="oauth")
    command = ["credlatch", "run", *cell.run.split(), "--", *cell.command]
    # Variables can hide what files do: there are some that keep a client from its settings. So it is tried without them, too.
    among_all = judge(cell, world.run(command, env=world.marked()))
    among_files = judge(cell, world.run(command))
    return among_all + [f"without variables: {wrong}" for wrong in among_files]


def judge(cell, ran):
    wrong = [f"a marked value arrived: {leak}" for leak in ran.leaks()]
    for secret in {*KEYS.values(), LOGIN} - {cell.planned}:
        wrong += [f"another stored secret arrived: {secret} ({place}, {request.host})" for request, place in ran.carried(secret)]
    came = ran.carried(cell.planned)
    wrong += [f"the planned one arrived at {request.host}" for request, _ in came if request.host not in cell.hosts]
    if not any(request.host == cell.hosts[0] and asks_a_model(request) for request, _ in came):
        wrong.append("the planned one didn't arrive" if ran.requests else "nothing was sent")
    if cell.is_login and not any(OAUTH_BETA in text for request, _ in came for _, text in request.texts()):
        wrong.append("no request said that its bearer is a login, as Anthropic's own clients do")
    if answers.TEXT not in ran.out:
        wrong.append("the client had no answer: " + (ran.err.strip() or ran.out.strip())[-300:])
    return sorted(set(wrong))


def try_control(client, world):
    """Why the client can't be seen to leak where nothing keeps it from that."""
    command, has_variables = CONTROLS[client]
    logins.write(world.home, world.project)
    ran = world.run(command, env=world.marked() if has_variables else None)
    return [] if ran.leaks() else ["nothing marked arrived, so its cells can't fail: " + ran.err.strip()[-300:]]


def asks_a_model(request):
    return request.method == "POST" and request.path.split("?")[0].endswith(MODELS)
