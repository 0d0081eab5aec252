"""What Claude Code sends to an MCP server of which its configuration says that credlatch has the headers.

Its own check of servers is what runs: it connects to each, and asks no model.
"""

import json
from dataclasses import dataclass

import marks
from cells import KEYS

# What Claude Code says of a server that it has asked, and that answered.
IS_THERE = "Connected"


@dataclass(frozen=True)
class McpFact:
    client: str
    says: str
    host: str
    sends: set

    @property
    def name(self):
        return f"{self.client}: {self.says}"


FACTS = [
    McpFact(
        "Claude Code", "an MCP server of the provider gets what `headersHelper` prints",
        "api.minimax.io", {"authorization: the key -> api.minimax.io"},
    ),
    McpFact("Claude Code", "an MCP server elsewhere is asked without it", marks.ELSEWHERE, set()),
]


def try_fact(fact, world):
    """How the client does otherwise: nothing, if the fact holds."""
    for provider, key in KEYS.items():
        world.store(provider, key)
    server = {"type": "http", "url": f"https://{fact.host}/mcp", "headersHelper": "credlatch helper claude-mcp minimax"}
    (world.home / ".claude.json").write_text(json.dumps({"mcpServers": {"one": server}}))
    ran = world.run(["claude", "mcp", "list"])
    asked = [request for request in ran.requests if request.path == "/mcp" and request.method == "POST"]
    sent = {f"authorization: {_whose(request)} -> {request.host}" for request in ran.requests if _authorization(request)}
    wrong = [] if sent == fact.sends else [f"sent {sorted(sent)}"]
    if IS_THERE not in ran.out or {request.host for request in asked} != {fact.host}:
        wrong.append("the server was not asked: " + (ran.err.strip() or ran.out.strip())[-300:])
    if fact.sends and not all(map(_authorization, asked)):
        wrong.append("a request went without it")
    return wrong


def _authorization(request):
    return dict((name.lower(), value) for name, value in request.headers).get("authorization")


def _whose(request):
    return "the key" if _authorization(request) == f"Bearer {KEYS['minimax']}" else _authorization(request)
