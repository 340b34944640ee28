"""The Anthropic Messages stand-in. Source: docs.anthropic.com and anthropic 2.12, checked August 2026."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.limits import TokenBucket
from sandbox.models.answers import Answer, Ask, Scripted, compose, count, tokens
from sandbox.models.chat import Body, ModelSettings
from sandbox.models.schemas import schema_fault
from sandbox.models.spoil import CONTENT_FAULTS, spoil
from sandbox.provider import Provider, Refusal, bearer, exchange_of, fault_kind, fault_of, json_object

NO_SAMPLING_SINCE = "2026-10-21"
_VERSIONS = ("2023-01-01", "2023-06-01", NO_SAMPLING_SINCE)
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "content_filter": "refusal",
}
_LARGEST_BODY = 32 * 1024 * 1024


class AnthropicSettings(ModelSettings):
    """Anthropic's knobs; None switches a limit off.

    Attributes:
        requests_per_minute: Calls a minute.
        tokens_per_minute: Input and output tokens a minute.
        credit_error_is_400: Word missing credit the old way, as a 400.
    """

    keys: list[str] = ["sk-ant-sandbox"]
    models: list[str] = [
        "claude-haiku-5-5",
        "claude-sonnet-5-5",
        "claude-opus-5-5",
        "claude-sonnet-5",
        "claude-haiku-4-5",
        "claude-haiku-4-5-20251001",
        "claude-sonnet-4-5",
    ]
    archived: list[str] = ["claude-3-haiku-20240307"]
    requests_per_minute: float | None = 1_000
    tokens_per_minute: float | None = 400_000
    credit_error_is_400: bool = False
    reasons: bool = False


class Anthropic(Provider):
    """`/v1/messages`, streamed and not, and `/v1/models`."""

    name = "anthropic"
    faults = CONTENT_FAULTS | {"error_mid_stream", "no_stop"}
    settings: AnthropicSettings

    def reset(self) -> None:
        """Open the limits, forget prepared answers."""
        super().reset()
        self.settings = AnthropicSettings()
        self.scripted: list[Scripted] = []
        self._buckets: dict[str, TokenBucket] = {}

    def routes(self) -> list[Route]:
        """Return the routes; the SDK's base URL has no `/v1`."""
        return [
            Route("/v1/messages", self.messages, methods=["POST"]),
            Route("/v1/models", self.models, methods=["GET"]),
            Route("/v1/models/{model}", self.model, methods=["GET"]),
        ]

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Prepare answers: `{"answers": [{"content": "...", "contains": "...", "times": 1, "ends": "stop"}]}`."""
        self.scripted += [Scripted.model_validate(one) for one in data["answers"]]
        return {"answers": len(self.scripted)}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error object with its request id."""
        kind = _KINDS.get(status, "api_error")
        request_id = f"req_sandbox{self.random.getrandbits(48):012x}"
        body = {"type": "error", "error": {"type": kind, "message": message or kind}, "request_id": request_id}
        headers = {"request-id": request_id}
        if status == 429:
            headers |= self._limit_headers()
        if retry_after_s is not None:
            headers["retry-after"] = str(math.ceil(retry_after_s))
        return JSONResponse(body, status, headers)

    async def models(self, request: Request) -> Response:
        """List the models, a page of them all."""
        self._authenticate(request)
        data = [_listed(model) for model in self.settings.models]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
        return JSONResponse({"data": data, "has_more": False, **ends})

    async def model(self, request: Request) -> Response:
        """Show one model."""
        self._authenticate(request)
        model = request.path_params["model"]
        if model not in self.settings.models:
            raise Refusal(self.error(404, f"model: {model}"), "unknown_model", model)
        return JSONResponse(_listed(model))

    async def messages(self, request: Request) -> Response:
        """Answer a conversation, whole or streamed."""
        self._authenticate(request)
        if len(await request.body()) > _LARGEST_BODY:
            raise Refusal(self.error(413, "Request exceeds the maximum size"), "too_large")
        body = await json_object(request, self._invalid("The request body is not valid JSON"))
        ask = self._read(body, request.headers["anthropic-version"])
        answer = spoil(compose(ask, self.scripted, reasons=False, obeys=self.settings.obeys), fault_kind(request))
        if fault_kind(request) == "refusal":
            answer.finish = "refusal"
        usage = _usage(ask, answer)
        headers = self._admit(ask, usage)
        message_id = f"msg_{ask.digest[:16]}{exchange_of(request).number}"
        units = {"input_tokens": usage["input_tokens"], "output_tokens": usage["output_tokens"]}
        self.charge(request, units, model=ask.model, id=message_id)
        whole = {
            "id": message_id,
            "type": "message",
            "role": "assistant",
            "model": ask.model,
            "content": _blocks(answer),
            "stop_reason": _FINISH.get(answer.finish, "end_turn"),
            "stop_sequence": None,
            "usage": usage,
        }
        headers["request-id"] = f"req_{message_id}"
        if body.get("stream"):
            return StreamingResponse(self._stream(request, whole), media_type="text/event-stream", headers=headers)
        return JSONResponse(whole, headers=headers)

    def _invalid(self, message: str, rule: str = "invalid_request") -> Refusal:
        return Refusal(self.error(400, message), rule, message)

    def _authenticate(self, request: Request) -> None:
        version = request.headers.get("anthropic-version", "")
        if version not in _VERSIONS:
            raise self._invalid("anthropic-version: header is required", "no_version")
        key = bearer(request) or request.headers.get("x-api-key")
        if key is None:
            raise Refusal(self.error(401, "x-api-key header is required"))
        if key not in self.settings.keys:
            raise Refusal(self.error(401, "invalid x-api-key"))
        if not self.settings.has_credit:
            message = "Your credit balance is too low to access the Anthropic API."
            raise Refusal(self.error(400 if self.settings.credit_error_is_400 else 402, message))

    def _read(self, body: Body, version: str) -> Ask:
        """Return the checked request. Raises a 400 or 404 for what the API refuses."""
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str):
            raise self._invalid("model: Field required")
        if model not in self.settings.models:
            raise Refusal(self.error(404, f"model: {model}"), "unknown_model", model)
        limit = body.get("max_tokens")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise self._invalid("max_tokens: Field required", "no_max_tokens")
        sampling = sorted({"temperature", "top_p", "top_k"} & set(body))
        if sampling and version >= NO_SAMPLING_SINCE:
            raise self._invalid(f"{', '.join(sampling)}: not supported in this API version", "sampling_refused")
        if not isinstance(messages, list) or not messages:
            raise self._invalid("messages: at least one message is required")
        system = [("system", _text(body["system"]))] if body.get("system") else []
        turns = [*system, *map(self._turn, messages)]
        tools = {tool["name"]: tool.get("input_schema", {}) for tool in body.get("tools") or [] if "name" in tool}
        wanted = (body.get("output_config") or {}).get("format") or {}
        for fault in filter(None, map(schema_fault, (*tools.values(), wanted.get("schema") or {}))):
            raise self._invalid(f"input_schema: {fault}", "invalid_schema")
        chosen = body.get("tool_choice") or {"type": "auto"}
        choice = {"any": "required", "tool": chosen.get("name", "auto"), "none": "none"}.get(chosen["type"], "auto")
        return Ask(
            model=model,
            turns=turns,
            schema=wanted.get("schema") if wanted.get("type") == "json_schema" else None,
            tools=tools,
            tool_choice=choice,
            max_tokens=limit,
            stop=list(body.get("stop_sequences") or []),
        )

    def _turn(self, message: Body) -> tuple[str, str]:
        """Return who speaks in a message, and what they say."""
        role, parts = message.get("role"), message.get("content")
        if role not in {"user", "assistant"}:
            raise self._invalid(f"messages: Unexpected role {role!r}")
        if role == "assistant" and _has_block(parts, "document"):
            raise self._invalid("messages: document blocks are not allowed in assistant messages")
        return ("tool" if _has_block(parts, "tool_result") else role), _text(parts)

    def _admit(self, ask: Ask, usage: Body) -> dict[str, str]:
        """Count the call against the limits; returns the headers that tell of them."""
        now, limits = self.world.clock.now(), self.settings
        spent = usage["input_tokens"] + usage["output_tokens"]
        for name, size, units in (
            ("requests", limits.requests_per_minute, 1),
            ("tokens", limits.tokens_per_minute, spent),
        ):
            if size is None:
                self._buckets.pop(name, None)
                continue
            bucket = self._buckets.get(name)
            if bucket is None or bucket.capacity != size:
                bucket = self._buckets[name] = TokenBucket(size, size / 60, now)
            wait_s = bucket.take(units, now)
            if wait_s:
                message = f"This request would exceed your organization's rate limit of {size:.0f} {name} per minute."
                raise Refusal(self.error(429, message, wait_s))
        del ask
        return self._limit_headers()

    def _limit_headers(self) -> dict[str, str]:
        """Return limit, remaining and reset (an RFC 3339 time) of each kind."""
        now, headers = self.world.clock.now(), {}
        for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
            bucket = self._buckets.get("requests" if kind == "requests" else "tokens")
            if bucket is not None:
                reset = datetime.fromtimestamp(now + bucket.full_in(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                prefix = f"anthropic-ratelimit-{kind}"
                headers[f"{prefix}-limit"] = f"{bucket.capacity:.0f}"
                headers[f"{prefix}-remaining"] = f"{math.floor(bucket.level)}"
                headers[f"{prefix}-reset"] = reset
        return headers

    async def _stream(self, request: Request, whole: Body) -> AsyncIterator[bytes]:
        """Yield the events of a streamed message, text token by token."""
        struck, kind, sent = fault_of(request), fault_kind(request), 0
        start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
        yield _event("message_start", {"message": start})
        yield _event("ping", {})
        for place, block in enumerate(whole["content"]):
            is_text = block["type"] == "text"
            opened = {**block, "text": ""} if is_text else {**block, "input": {}}
            yield _event("content_block_start", {"index": place, "content_block": opened})
            for token in tokens(block["text"] if is_text else json.dumps(block["input"])):
                if kind == "error_mid_stream" and struck is not None and sent >= struck.fault.after:
                    yield _event("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}})
                    return
                sent += 1
                delta = {"type": "text_delta", "text": token} if is_text else _json_delta(token)
                yield _event("content_block_delta", {"index": place, "delta": delta})
                await asyncio.sleep(self.settings.token_pause_s)
            yield _event("content_block_stop", {"index": place})
        if kind == "no_stop":
            return
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        yield _event("message_delta", {"delta": delta, "usage": {"output_tokens": whole["usage"]["output_tokens"]}})
        yield _event("message_stop", {})


def _event(name: str, body: Body) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **body})}\n\n".encode()


def _json_delta(token: str) -> Body:
    return {"type": "input_json_delta", "partial_json": token}


def _listed(model: str) -> Body:
    return {"type": "model", "id": model, "display_name": f"Sandbox {model}", "created_at": "2026-01-01T00:00:00Z"}


def _usage(ask: Ask, answer: Answer) -> Body:
    schemas = "".join(json.dumps(schema) for schema in ask.tools.values())
    return {
        "input_tokens": count(ask.prompt) + count(schemas),
        "output_tokens": answer.output_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
        "inference_geo": None,
    }


def _blocks(answer: Answer) -> list[Body]:
    text = [{"type": "text", "text": answer.content}] if answer.content else []
    calls = [
        {"type": "tool_use", "id": f"toolu_{call.id[5:]}", "name": call.name, "input": call.arguments}
        for call in answer.tool_calls
    ]
    return [*text, *calls]


def _has_block(parts: object, kind: str) -> bool:
    return isinstance(parts, list) and any(isinstance(part, dict) and part.get("type") == kind for part in parts)


def _text(content: object) -> str:
    """Return the text of a message or a system prompt, given plainly or in blocks."""
    if not isinstance(content, list):
        return "" if content is None else str(content)
    found = []
    for part in content:
        if isinstance(part, dict):
            inner = part.get("content")
            found.append(_text(inner) if part.get("type") == "tool_result" else str(part.get("text", "")))
    return "\n".join(found)
