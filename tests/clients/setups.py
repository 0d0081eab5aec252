"""Clients that `credlatch setup` has set up, and that are started without `credlatch run`.

It holds if the stored key arrives at the provider's host and nothing else of the store at any, the client takes what came for
an answer, each file is after `--undo` as it was before, byte for byte, and then the key arrives no more.
"""

from dataclasses import dataclass

import answers
from cells import CLAUDE, CODEX, KEYS, asks_a_model, opencode


@dataclass(frozen=True)
class Setup:
    client: str
    # The arguments of `credlatch setup`.
    setup: str
    command: list
    host: str
    # The file that is there before, and what it holds.
    file: str
    before: str | None

    @property
    def name(self):
        return f"{self.client}: setup {self.setup}"


CODEX_FILE = ".codex/config.toml", '# mine\nmodel = "gpt-5.1" # dear\n\n[tools]\n'
CLAUDE_FILE = ".claude/settings.json", '{\n    "model": "sonnet",\n    "permissions": {"allow": []}\n}'
PLUGIN = ".config/opencode/plugins/credlatch.js", None

SETUPS = [
    Setup("Claude Code", "claude-code anthropic", CLAUDE, "api.anthropic.com", *CLAUDE_FILE),
    Setup("Claude Code", "claude-code minimax", CLAUDE, "api.minimax.io", *CLAUDE_FILE),
    Setup("Codex", "codex openai", [*CODEX, "Hello"], "api.openai.com", *CODEX_FILE),
    Setup("opencode", "opencode anthropic", opencode("anthropic/claude-sonnet-4-5"), "api.anthropic.com", *PLUGIN),
    Setup("opencode", "opencode openai", opencode("openai/gpt-5.1"), "api.openai.com", *PLUGIN),
    Setup("opencode", "opencode minimax", opencode("minimax/MiniMax-M2"), "api.minimax.io", *PLUGIN),
]


def try_setup(setup, world):
    """Why it doesn't hold: nothing, if it does."""
    for provider, key in KEYS.items():
        world.store(provider, key)
    key, file = KEYS[setup.setup.split()[1]], world.home / setup.file
    if setup.before is not None:
        file.parent.mkdir(parents=True)
        file.write_text(setup.before)
    done = world.run(["credlatch", "setup", *setup.setup.split(), "--yes"])
    if done.status != 0:
        return [done.err]
    wrong = _judge(setup, key, world.run(setup.command))
    undone = world.run(["credlatch", "setup", setup.setup.split()[0], "--undo", "--yes"])
    if undone.status != 0:
        wrong.append(undone.err)
    after = file.read_text() if file.exists() else None
    if after != setup.before:
        wrong.append(f"{setup.file} is not as it was: {after}")
    if world.run(setup.command).carried(key):
        wrong.append("the key arrived though the setup was taken back")
    return wrong


def _judge(setup, key, ran):
    wrong = [f"the key arrived at {request.host}" for request, _ in ran.carried(key) if request.host != setup.host]
    for other in set(KEYS.values()) - {key}:
        wrong += [f"another stored secret arrived: {other} ({place}, {request.host})" for request, place in ran.carried(other)]
    if not any(asks_a_model(request) for request, _ in ran.carried(key)):
        wrong.append("the key didn't arrive: " + (ran.err.strip() or ran.out.strip())[-300:])
    if answers.TEXT not in ran.out:
        wrong.append("the client had no answer: " + (ran.err.strip() or ran.out.strip())[-300:])
    return sorted(set(wrong))
