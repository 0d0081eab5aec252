"""What providers say, short and well-formed: enough that each client takes it for an answer. The text is always the same."""

import json

TEXT = "The stub has answered."


def answer(path, body):
    """The status, the media type and the bytes for a request. `body` is what its JSON says, or an empty dict."""
    path = path.split("?")[0].rstrip("/")
    for ending, made in _BY_ENDING.items():
        if path.endswith(ending):
            return made(body)
    return _json({"error": {"type": "not_found_error", "message": f"the stub has no {path}"}}, 404)


def _json(value, status=200):
    return status, "application/json", json.dumps(value).encode()


def _stream(events, named):
    """Server-sent events: with their type as the event's name, or only as data."""
    text = ""
    for event in events:
        if named:
            text += f"event: {event['type']}\n"
        text += f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n"
    return 200, "text/event-stream", text.encode()


def _messages(body):
    """Anthropic's Messages."""
    usage = {"input_tokens": 1, "output_tokens": 1}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body.get("model", "any")}
    message |= {"stop_sequence": None, "usage": usage}
    content = {"type": "text", "text": TEXT}
    if not body.get("stream"):
        return _json(message | {"content": [content], "stop_reason": "end_turn"})
    return _stream([
        {"type": "message_start", "message": message | {"content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": content | {"text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": TEXT}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ], named=True)


def _responses(body):
    """OpenAI's Responses."""
    part = {"type": "output_text", "text": TEXT, "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
    usage |= {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    response = {"id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "output": [item]}
    response |= {"model": body.get("model", "any"), "usage": usage, "error": None, "incomplete_details": None}
    response |= {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "instructions": None, "metadata": {}}
    if not body.get("stream"):
        return _json(response)
    started = response | {"status": "in_progress", "output": []}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events = [
        {"type": "response.created", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": item | {"status": "in_progress", "content": []}},
        place | {"type": "response.content_part.added", "part": part | {"text": ""}},
        place | {"type": "response.output_text.delta", "delta": TEXT},
        place | {"type": "response.output_text.done", "text": TEXT},
        place | {"type": "response.content_part.done", "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response},
    ]
    return _stream([event | {"sequence_number": number} for number, event in enumerate(events)], named=True)


def _chat(body):
    """OpenAI's Chat Completions."""
    completion = {"id": "chat_1", "created": 1, "model": body.get("model", "any")}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    said = {"role": "assistant", "content": TEXT}
    if not body.get("stream"):
        choice = {"index": 0, "message": said, "finish_reason": "stop"}
        return _json(completion | {"object": "chat.completion", "choices": [choice], "usage": usage})
    chunk = completion | {"object": "chat.completion.chunk"}
    return _stream([
        chunk | {"choices": [{"index": 0, "delta": said, "finish_reason": None}]},
        chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage},
        "[DONE]",
    ], named=False)


def _generated(_):
    """Google's generateContent."""
    candidate = {"index": 0, "finishReason": "STOP", "content": {"role": "model", "parts": [{"text": TEXT}]}}
    return _json({"candidates": [candidate], "usageMetadata": {"totalTokenCount": 2}})


def _generated_stream(body):
    status, _, one = _generated(body)
    return status, "text/event-stream", b"data: " + one + b"\n\n"


def _mcp(body):
    """An MCP server over HTTP that has nothing to offer: it answers requests, takes notifications, and opens no stream."""
    if "method" not in body:
        return 405, "text/plain", b""
    if "id" not in body:
        return 202, "text/plain", b""
    version = body.get("params", {}).get("protocolVersion")
    greeting = {"protocolVersion": version, "capabilities": {}, "serverInfo": {"name": "stub", "version": "1"}}
    return _json({"jsonrpc": "2.0", "id": body["id"], "result": greeting if body["method"] == "initialize" else {}})


_BY_ENDING = {
    "/v1/messages": _messages,
    "/v1/messages/count_tokens": lambda _: _json({"input_tokens": 1}),
    "/responses": _responses,
    "/chat/completions": _chat,
    ":generateContent": _generated,
    ":streamGenerateContent": _generated_stream,
    "/mcp": _mcp,
    "/models": lambda _: _json({"object": "list", "data": [{"id": "any", "object": "model"}], "models": []}),
}
