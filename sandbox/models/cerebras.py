"""The Cerebras stand-in. Source: inference-docs.cerebras.ai and cerebras-cloud-sdk 1.91, checked August 2026."""

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.limits import FixedWindows, TokenBucket
from sandbox.models.answers import Answer, Ask, count
from sandbox.models.chat import Body, ChatProvider, ModelSettings
from sandbox.models.schemas import strict_faults
from sandbox.provider import Refusal, bearer

_KINDS = {
    400: ("invalid_request_error", "validation_error"),
    402: ("payment_required_error", "payment_required"),
    403: ("permission_denied_error", "permission_denied"),
    404: ("not_found_error", "model_not_found"),
    422: ("invalid_request_error", "unprocessable_entity"),
    429: ("too_many_requests_error", "request_quota_exceeded"),
    500: ("server_error", "internal_server_error"),
    503: ("server_error", "service_unavailable"),
    529: ("server_error", "overloaded"),
}
_MESSAGES = {
    402: "Payment required to access this resource. Visit your billing tab.",
    404: "Model does not exist or you do not have access to it.",
    429: "Requests per second limit exceeded - too many requests sent.",
}
_UNSUPPORTED = ["frequency_penalty", "presence_penalty", "logit_bias", "parallel_tool_calls", "service_tier"]
_KNOWN = frozenset(
    {
        *("model", "messages", "stream", "stream_options", "user", "n", "seed", "stop", "temperature", "top_p"),
        *("max_completion_tokens", "max_tokens", "min_tokens", "logprobs", "top_logprobs", "prediction"),
        *("response_format", "tools", "tool_choice", "reasoning_effort", "reasoning_format", "disable_reasoning"),
        *("clear_thinking", "prompt_cache_key"),
    }
)
_FULL_LENGTH = 40_000
_DAY_S = 86_400


class CerebrasSettings(ModelSettings):
    """Cerebras's knobs; None switches a limit off.

    Attributes:
        tokens_per_minute: Charged in advance: estimated input plus the largest output asked for.
        requests_per_day: Calls in a fixed day.
        requests_per_minute: Calls in a fixed minute; a free trial has 5.
        requests_per_s: Calls a second.
        refused_fields: Known fields that answer 400, as the compatibility list has had it.
        has_retry_after: Whether a 429 says when to come back.
    """

    keys: list[str] = ["csk-sandbox"]
    models: list[str] = ["gpt-oss-120b", "zai-glm-4.7"]
    archived: list[str] = ["gemma-4-31b", "llama3.1-8b", "llama-3.3-70b", "qwen-3-32b"]
    tokens_per_minute: float | None = 1_000_000
    requests_per_day: int | None = 100_000
    requests_per_minute: int | None = 1_000
    requests_per_s: float | None = None
    refused_fields: list[str] = _UNSUPPORTED
    has_retry_after: bool = True


class Cerebras(ChatProvider):
    """Chat completions with `time_info`, the warming path, and token limits charged in advance."""

    name = "cerebras"
    always_streams_usage = True
    types_every_piece = True
    settings: CerebrasSettings

    def reset(self) -> None:
        """Open the limits, forget the warming calls."""
        super().reset()
        self.settings = CerebrasSettings()
        self.warming_calls = 0
        self._windows = FixedWindows()
        self._buckets: dict[str, TokenBucket] = {}

    def routes(self) -> list[Route]:
        """Return the routes; the SDK's base URL has no `/v1`."""
        return [
            Route("/v1/tcp_warming", self.warm, methods=["GET"]),
            Route("/v1/models", self.models, methods=["GET"]),
            Route("/v1/models/{model:path}", self.model, methods=["GET"]),
            Route("/v1/chat/completions", self.complete, methods=["POST"]),
        ]

    def state(self) -> dict[str, Any]:
        """Show how often a client was warmed up (it should never be)."""
        return {"warming_calls": self.warming_calls}

    def environment(self, url: str) -> dict[str, str]:
        """Return the SDK's variables and LangChain's, whose base has `/v1/`."""
        return super().environment(url) | {"CEREBRAS_API_BASE": f"{url}/v1/"}

    async def warm(self, _request: Request) -> Response:
        """Count a warming call."""
        self.warming_calls += 1
        return JSONResponse({})

    async def unknown(self, request: Request) -> Response:
        """Answer an unrouted path, such as a doubled `/v1`, with an empty 404."""
        self.violate(request, "unknown_path", f"{request.method} {request.url.path}")
        return PlainTextResponse("", 404)

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return the flat error body: no `error` wrapper."""
        kind, code = _KINDS.get(status, ("server_error" if status >= 500 else "invalid_request_error", "error"))
        param = "quota" if status in {402, 429} else "model" if status == 404 else None
        body = {
            "message": message or _MESSAGES.get(status, f"Error {status}"),
            "type": kind,
            "param": param,
            "code": code,
        }
        if status == 401:
            body = {
                "message": "Wrong API Key",
                "type": "invalid_request_error",
                "param": "api_key",
                "code": "wrong_api_key",
            }
        headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
        return JSONResponse(body, status, headers)

    def authenticate(self, request: Request) -> None:
        """Answer 403 without a header, 401 with a wrong key, 402 without credit."""
        if bearer(request) is None:
            raise Refusal(JSONResponse({"detail": "Not authenticated"}, 403))
        super().authenticate(request)

    def unknown_model(self, model: str) -> Refusal:
        """Return a retired model from one that never was."""
        if model in self.settings.archived:
            message = f"Model {model} is archived and unavailable for the organization."
            body = {"message": message, "type": "model_archived_error", "param": "model", "code": "model_archived"}
            return Refusal(JSONResponse(body, 404), "archived_model", model)
        return Refusal(self.error(404), "unknown_model", model)

    def check(self, body: Body, ask: Ask) -> None:
        """Refuse unsupported fields and schemas that break the strict rules."""
        refused = sorted(set(self.settings.refused_fields) & {key for key, value in body.items() if value is not None})
        if refused:
            raise self.invalid(f"{', '.join(refused)} is not supported", "unsupported_field")
        unknown = sorted(set(body) - _KNOWN - set(_UNSUPPORTED))
        if unknown:
            raise self.invalid(f"Unknown fields: {', '.join(unknown)}", "unknown_field")
        if body.get("disable_reasoning") and ask.model.startswith("gpt-oss"):
            raise self.invalid("disable_reasoning is not supported for this model", "unsupported_field")
        asked = (body.get("response_format") or {}).get("json_schema") or {}
        if ask.schema is not None and asked.get("strict"):
            faults = strict_faults(ask.schema)
            if faults:
                raise self.invalid("; ".join(faults), "invalid_schema")

    def admit(self, request: Request, ask: Ask) -> dict[str, str]:
        """Charge tokens in advance and count the day's requests; 429 when either is used up."""
        del request
        now, limits = self.world.clock.now(), self.settings
        headers: dict[str, str] = {}
        if limits.requests_per_s is not None:
            self._spend("requests", limits.requests_per_s, limits.requests_per_s, 1, now, "")
        for name, limit, length in (
            ("minute", limits.requests_per_minute, 60),
            ("day", limits.requests_per_day, _DAY_S),
        ):
            if limit is not None:
                headers |= self._count(name, limit, length, now)
        if limits.tokens_per_minute is not None:
            charged = count(ask.prompt) + (ask.max_tokens or _FULL_LENGTH)
            message = "Tokens per minute limit exceeded - too many tokens processed."
            size = limits.tokens_per_minute
            bucket = self._spend("tokens", size, size / 60, charged, now, message)
            headers["x-ratelimit-limit-tokens-minute"] = f"{size:.0f}"
            headers["x-ratelimit-remaining-tokens-minute"] = f"{bucket.level:.0f}"
            headers["x-ratelimit-reset-tokens-minute"] = f"{bucket.full_in():.3f}"
        return headers

    def _count(self, name: str, limit: int, length: int, now: float) -> dict[str, str]:
        """Count a call in a fixed window and return its headers, or raise the 429 of one that is used up."""
        window = self._windows.look(name, length, now)
        if window.used >= limit:
            message = f"Requests per {name} limit exceeded - too many requests sent."
            raise Refusal(self._too_many(message, window.ends_at - now))
        window.used += 1
        return {
            f"x-ratelimit-limit-requests-{name}": str(limit),
            f"x-ratelimit-remaining-requests-{name}": str(limit - window.used),
            f"x-ratelimit-reset-requests-{name}": f"{window.ends_at - now:.3f}",
        }

    def _spend(self, name: str, size: float, rate: float, units: float, now: float, message: str) -> TokenBucket:
        bucket = self._buckets.get(name)
        if bucket is None or bucket.capacity != size:
            bucket = self._buckets[name] = TokenBucket(size, rate, now)
        wait_s = bucket.take(units, now)
        if wait_s:
            raise Refusal(self._too_many(message, wait_s))
        return bucket

    def _too_many(self, message: str, wait_s: float) -> Response:
        return self.error(429, message, math.ceil(wait_s) if self.settings.has_retry_after else None)

    def usage(self, ask: Ask, answer: Answer) -> Body:
        """Return the usage block with Cerebras's prediction counts."""
        usage = super().usage(ask, answer)
        usage["completion_tokens_details"] |= {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
        return usage

    def dress(self, body: Body, ask: Ask) -> Body:
        """Add `time_info`, in seconds, made from the token counts."""
        tokens = body.get("usage", {}).get("completion_tokens", 20)
        times = {"queue_time": 0.001, "prompt_time": count(ask.prompt) / 50_000, "completion_time": tokens / 2_000}
        return {**body, "time_info": {**times, "total_time": sum(times.values()), "created": self.world.clock.now()}}

    def headers_of(self, answer_id: str) -> dict[str, str]:
        """Return `inference-id`, which equals the answer's id."""
        return {"inference-id": answer_id}
