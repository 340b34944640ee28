"""The chat completions protocol as OpenAI, Cerebras, DeepSeek and OpenRouter speak it."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sandbox.models.answers import Answer, Ask, Scripted, compose, count, tokens
from sandbox.models.schemas import schema_fault
from sandbox.models.spoil import CONTENT_FAULTS, spoil
from sandbox.provider import Provider, Refusal, Settings, bearer, exchange_of, fault_kind, fault_of, json_object

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})
_WIRE_FAULTS = frozenset({"no_choices", "no_usage", "no_done", "error_in_200", "error_mid_stream", "keep_alive"})
Body = dict[str, Any]


class ModelSettings(Settings):
    """Knobs of a model provider.

    Attributes:
        models: Ids that are served, and listed.
        archived: Ids that were served once.
        token_pause_s: Pause between streamed tokens.
        has_credit: False answers 402 to every call.
        reasons: Whether the models think aloud.
        obeys: Orders the models follow wherever they meet them, as in a page or a cell: an attack that works.
        answer_after_s: Pause before an answer.
    """

    models: list[str]
    archived: list[str] = []
    token_pause_s: float = 0.0
    has_credit: bool = True
    reasons: bool = True
    obeys: list[str] = []
    answer_after_s: float = 0.0


class ChatProvider(Provider):
    """Chat completions, streamed and not, and the list of models. Subclasses word errors and usage."""

    faults = CONTENT_FAULTS | _WIRE_FAULTS
    reasoning_key: ClassVar[str] = "reasoning"
    says_refusals_apart: ClassVar[bool] = False
    settings: ModelSettings

    def reset(self) -> None:
        """Forget prepared answers."""
        super().reset()
        self.scripted: list[Scripted] = []

    def routes(self) -> list[Route]:
        """Return the routes below the base path."""
        return [
            Route(self.base_path + "/models", self.models, methods=["GET"]),
            Route(self.base_path + "/models/{model:path}", self.model, methods=["GET"]),
            Route(self.base_path + "/chat/completions", self.complete, methods=["POST"]),
        ]

    def seed(self, data: dict[str, Any]) -> dict[str, Any]:
        """Prepare answers: `{"answers": [{"content": "...", "contains": "...", "times": 1, "ends": "stop"}]}`."""
        self.scripted += [Scripted.model_validate(one) for one in data["answers"]]
        return {"answers": len(self.scripted)}

    def authenticate(self, request: Request) -> None:
        """Raise this provider's answer to a missing or wrong key, or to an account without credit."""
        if bearer(request) not in self.settings.keys:
            raise Refusal(self.error(401))
        if not self.settings.has_credit:
            raise Refusal(self.error(402))

    def invalid(self, message: str, rule: str = "invalid_request") -> Refusal:
        """Return this provider's 400 for a request it cannot take."""
        return Refusal(self.error(400, message), rule, message)

    def unknown_model(self, model: str) -> Refusal:
        """Return this provider's answer to a model it does not serve."""
        return Refusal(self.error(404, f"The model `{model}` does not exist"), "unknown_model", model)

    def check(self, body: Body, ask: Ask) -> None:
        """Raise what this provider refuses beyond the common rules."""

    def admit(self, request: Request, ask: Ask) -> dict[str, str]:
        """Count the call against the rate limits; return the headers that tell of them."""
        del request, ask
        return {}

    def usage(self, ask: Ask, answer: Answer) -> Body:
        """Return the usage block."""
        prompt, completion = count(ask.prompt), answer.output_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": count(answer.reasoning)},
        }

    def dress(self, body: Body, ask: Ask) -> Body:
        """Add what only this provider says beside the choices; `body` is an answer or a last chunk."""
        del ask
        return body

    def listed(self, model: str) -> Body:
        """Return a model as the list shows it."""
        return {"id": model, "object": "model", "created": 0, "owned_by": self.name.capitalize()}

    async def models(self, request: Request) -> Response:
        """List the models."""
        self.authenticate(request)
        return JSONResponse({"object": "list", "data": [self.listed(model) for model in self.settings.models]})

    async def model(self, request: Request) -> Response:
        """Show one model."""
        self.authenticate(request)
        model = request.path_params["model"]
        if model not in self.settings.models:
            raise self.unknown_model(model)
        return JSONResponse(self.listed(model))

    async def complete(self, request: Request) -> Response:
        """Answer a chat, whole or streamed."""
        self.authenticate(request)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise self.invalid("The body must be JSON", "not_json")
        body = await json_object(request, self.invalid("We could not parse the JSON body of your request."))
        ask = self.read(body)
        headers = self.admit(request, ask)
        answer = compose(ask, self.scripted, reasons=self.settings.reasons, obeys=self.settings.obeys)
        await asyncio.sleep(self.settings.answer_after_s)
        answer = spoil(answer, fault_kind(request))
        usage = self.usage(ask, answer)
        answer_id = self.answer_id(ask, exchange_of(request).number)
        self.charge(
            request,
            {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]} | self.price(usage),
            model=ask.model,
            id=answer_id,
        )
        head = {"id": answer_id, "created": int(self.world.clock.now()), "model": ask.model} | self.fingerprint(request)
        headers |= self.headers_of(answer_id)
        if body.get("stream"):
            wants_usage = self.always_streams_usage or bool((body.get("stream_options") or {}).get("include_usage"))
            pieces = self._stream(request, ask, answer, head, usage if wants_usage else None)
            return StreamingResponse(pieces, media_type="text/event-stream", headers=headers)
        whole = self._whole(request, ask, answer, head, usage)
        if fault_kind(request) == "keep_alive":
            return StreamingResponse(self._after_blank_lines(request, whole), 200, headers, "application/json")
        return JSONResponse(whole, headers=headers)

    always_streams_usage: ClassVar[bool] = False
    types_every_piece: ClassVar[bool] = False

    def answer_id(self, ask: Ask, number: int) -> str:
        """Return an id: the same for the same prompt and place in the record."""
        return f"chatcmpl-{uuid.uuid5(uuid.NAMESPACE_OID, f'{ask.digest}/{number}')}"

    def fingerprint(self, request: Request) -> Body:
        """Return `system_fingerprint`."""
        del request
        return {"system_fingerprint": "fp_sandbox"}

    def headers_of(self, answer_id: str) -> dict[str, str]:
        """Return the headers of an answer."""
        return {"x-request-id": answer_id}

    def price(self, usage: Body) -> dict[str, float]:
        """Return what the provider itself says the call costs, by unit."""
        del usage
        return {}

    def read(self, body: Body) -> Ask:
        """Return the checked request. Raises a 400 for what no such provider takes."""
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            raise self.invalid("you must provide a model parameter")
        if model not in self.settings.models:
            raise self.unknown_model(model)
        if not isinstance(messages, list) or not messages:
            raise self.invalid("[] is too short - 'messages'")
        for message in messages:
            if not isinstance(message, dict) or message.get("role") not in _ROLES:
                raise self.invalid(f"Invalid role in messages: {message!r:.80}")
        asked = body.get("response_format") or {}
        ask = Ask(
            model=model,
            turns=[(message["role"], _text(message.get("content"))) for message in messages],
            schema=self._schema(asked),
            wants_json=asked.get("type") == "json_object",
            tools=self._tools(body.get("tools") or []),
            tool_choice=_tool_choice(body.get("tool_choice")),
            max_tokens=self._limit(body),
            stop=[body["stop"]] if isinstance(body.get("stop"), str) else list(body.get("stop") or []),
        )
        self.check(body, ask)
        return ask

    def _schema(self, asked: Body) -> Body | None:
        if asked.get("type") not in {None, "text", "json_object", "json_schema"}:
            raise self.invalid(f"Invalid response_format type {asked['type']!r}")
        if asked.get("type") != "json_schema":
            return None
        described = asked.get("json_schema")
        if (
            not isinstance(described, dict)
            or not described.get("name")
            or not isinstance(described.get("schema"), dict)
        ):
            raise self.invalid("response_format.json_schema needs a name and a schema", "invalid_schema")
        schema: Body = described["schema"]
        self._check_schema(schema)
        return schema

    def _check_schema(self, schema: Body) -> None:
        fault = schema_fault(schema)
        if fault is not None:
            raise self.invalid(f"Invalid schema: {fault}", "invalid_schema")

    def _tools(self, tools: list[Body]) -> dict[str, Body]:
        found: dict[str, Body] = {}
        for tool in tools:
            function = tool.get("function") or {}
            if tool.get("type") != "function" or not function.get("name"):
                raise self.invalid("Each tool needs type 'function' and a function name", "invalid_tool")
            parameters = function.get("parameters") or {"type": "object", "properties": {}}
            self._check_schema(parameters)
            found[function["name"]] = parameters
        return found

    def _limit(self, body: Body) -> int | None:
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise self.invalid("max_completion_tokens must be a positive integer")
        return limit

    def _whole(self, request: Request, ask: Ask, answer: Answer, head: Body, usage: Body) -> Body:
        kind = fault_kind(request)
        if kind == "error_in_200":
            return self.error_in_answer()
        message: Body = {"role": "assistant", "content": answer.content}
        if self._is_apart(answer):
            message |= {"content": None, "refusal": answer.content}
        if answer.reasoning:
            message[self.reasoning_key] = answer.reasoning
        if answer.tool_calls:
            message["content"] = None
            message["tool_calls"] = _tool_calls(answer)
        choice = {"index": 0, "finish_reason": _finish(answer), "message": message}
        whole = {**head, "object": "chat.completion", "choices": [] if kind == "no_choices" else [choice]}
        if kind != "no_usage":
            whole["usage"] = usage
        return self.dress(whole, ask)

    def _is_apart(self, answer: Answer) -> bool:
        return self.says_refusals_apart and answer.finish == "refusal"

    def error_in_answer(self) -> Body:
        """Return the body of an error that comes with status 200."""
        return {
            "error": {"message": "The sandbox broke off", "type": "server_error", "code": "503"},
            "status_code": 503,
        }

    async def _after_blank_lines(self, request: Request, whole: Body) -> AsyncIterator[bytes]:
        """Hold the connection open with blank lines, then answer."""
        struck = fault_of(request)
        for _ in range(5):
            yield b"\n"
            await asyncio.sleep((struck.delay_s if struck else 0) / 5)
        yield json.dumps(whole).encode()

    async def _stream(
        self, request: Request, ask: Ask, answer: Answer, head: Body, usage: Body | None
    ) -> AsyncIterator[bytes]:
        """Yield server-sent events: role, reasoning, content or tool calls token by token, finish, usage, [DONE]."""
        struck, kind = fault_of(request), fault_kind(request)
        if kind == "keep_alive" and struck is not None:
            for _ in range(5):
                yield self.comment()
                await asyncio.sleep(struck.delay_s / 5)
        for number, delta in enumerate(self._deltas(answer)):
            if kind == "error_mid_stream" and struck is not None and number > struck.fault.after:
                yield _event(self.error_in_answer())
                return
            choices = [{"index": 0, "delta": delta, "finish_reason": None}]
            yield _event({**head, "object": "chat.completion.chunk", "choices": choices})
            await asyncio.sleep(self.settings.token_pause_s)
        if kind == "no_done":
            return
        choices = [{"index": 0, "delta": {}, "finish_reason": _finish(answer)}]
        last = {**head, "object": "chat.completion.chunk", "choices": choices}
        if usage is not None and kind != "no_usage":
            last["usage"] = usage
        yield _event(self.dress(last, ask))
        yield b"data: [DONE]\n\n"

    def comment(self) -> bytes:
        """Return the comment this provider keeps a stream alive with."""
        return b": keep-alive\n\n"

    def _deltas(self, answer: Answer) -> Iterator[Body]:
        yield {"role": "assistant", "content": ""}
        for token in tokens(answer.reasoning):
            yield {self.reasoning_key: token}
        key = "refusal" if self._is_apart(answer) else "content"
        for token in tokens(answer.content):
            yield {key: token}
        for place, call in enumerate(_tool_calls(answer)):
            arguments = call["function"]["arguments"]
            yield {
                "tool_calls": [
                    {"index": place, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
                ]
            }
            for token in tokens(arguments):
                kind = {"type": "function"} if self.types_every_piece else {}
                yield {"tool_calls": [{"index": place, **kind, "function": {"arguments": token}}]}


def _finish(answer: Answer) -> str:
    """Return the finish reason: these providers have none of its own for a refusal."""
    return "stop" if answer.finish == "refusal" else answer.finish


def _event(body: Body) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def _tool_calls(answer: Answer) -> list[Body]:
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
        }
        for call in answer.tool_calls
    ]


def _tool_choice(choice: str | Body | None) -> str:
    if isinstance(choice, dict):
        return str(choice.get("function", {}).get("name", "auto"))
    return choice or "auto"


def _text(content: object) -> str:
    """Return a message's text, whether it came as a string or in parts."""
    if isinstance(content, list):
        return "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return "" if content is None else str(content)
