"""What a client's background server does with a second run under another login: facts of their own, because the answer comes late."""

import json
import time
from dataclasses import dataclass

from cells import MODELS
from world import PATIENCE

FIRST, SECOND = "sk-ant-oat01-FIRST-login", "sk-ant-oat01-SECOND-login"
PROMPT = "What is asked under the second login"


@dataclass(frozen=True)
class ServerFact:
    client: str
    says: str
    env: dict
    # What is sent for the second run, and what is said if nothing can be.
    sends: set
    refuses: str = ""

    @property
    def name(self):
        return f"{self.client}: {self.says}"


FACTS = [
    ServerFact(
        "Claude Code", "what `--bg` starts under a second login is sent under the first", {},
        {"authorization: the first login -> api.anthropic.com"},
    ),
    ServerFact(
        "Claude Code", "CLAUDE_CODE_DISABLE_AGENT_VIEW=1 makes it refuse `--bg`", {"CLAUDE_CODE_DISABLE_AGENT_VIEW": "1"}, set(),
        refuses="is disabled by CLAUDE_CODE_DISABLE_AGENT_VIEW",
    ),
]


def try_fact(fact, world):
    """How the client does otherwise: nothing, if the fact holds."""
    trusted = {str(world.project): {"hasTrustDialogAccepted": True}}
    (world.home / ".claude.json").write_text(json.dumps({"hasCompletedOnboarding": True, "projects": trusted}))
    try:
        _background(fact, world, FIRST, "Hello")
        second = _background(fact, world, SECOND, PROMPT)
    finally:
        world.run(["claude", "daemon", "stop", "--any"])
    if fact.refuses:
        return [] if second.status != 0 and fact.refuses in second.err else [f"ended with {second.status}: {second.err}"]
    sent = {f"authorization: {_whose(request)} -> {request.host}" for request in second.requests if _asks(request)}
    return [] if sent == fact.sends else [f"sent {sorted(sent)}: {second.err[-300:]}"]


def _background(fact, world, login, prompt):
    """Runs until its server has asked a model what is prompted, or the command has refused to."""
    ran = world.run(["claude", "--bg", prompt], env=world.env() | {"CLAUDE_CODE_OAUTH_TOKEN": login} | fact.env)
    end = time.monotonic() + PATIENCE
    while ran.status == 0 and not any(prompt in request.body.decode(errors="replace") for request in ran.requests):
        if time.monotonic() > end:
            break
        time.sleep(0.1)
        ran.requests += world.came_since()
    return ran


def _asks(request):
    return request.path.split("?")[0].endswith(MODELS) and PROMPT in request.body.decode(errors="replace")


def _whose(request):
    bearer = dict((name.lower(), value) for name, value in request.headers).get("authorization", "")
    return {f"Bearer {FIRST}": "the first login", f"Bearer {SECOND}": "the second login"}.get(bearer, bearer)
