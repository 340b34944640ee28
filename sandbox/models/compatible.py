"""Stand-ins that speak OpenAI's protocol: OpenAI or any local server, DeepSeek, OpenRouter. Checked August 2026."""

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.models.answers import Answer, Ask, count
from sandbox.models.chat import Body, ChatProvider, ModelSettings
from sandbox.provider import Refusal, bearer, fault_kind


class OpenAISettings(ModelSettings):
    """Knobs of the OpenAI-compatible server."""

    keys: list[str] = ["sk-sandbox"]
    models: list[str] = ["sandbox-small", "sandbox-large"]
    reasons: bool = False


class OpenAI(ChatProvider):
    """Any OpenAI-compatible server."""

    name = "openai"
    base_path = "/v1"
    says_refusals_apart = True
    settings: OpenAISettings

    def reset(self) -> None:
        """Take the usual settings."""
        super().reset()
        self.settings = OpenAISettings()

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return `{"error": {message, type, param, code}}`."""
        codes = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded", 402: "insufficient_quota"}
        kind = "server_error" if status >= 500 else "invalid_request_error"
        body = {"message": message or f"Error {status}", "type": kind, "param": None, "code": codes.get(status)}
        return JSONResponse({"error": body}, status, _retry_after(retry_after_s))


class DeepSeekSettings(ModelSettings):
    """DeepSeek's knobs."""

    keys: list[str] = ["sk-sandbox-deepseek"]
    models: list[str] = ["deepseek-flash", "deepseek-v4-flash", "deepseek-v4-pro"]
    archived: list[str] = ["deepseek-chat", "deepseek-reasoner"]


class DeepSeek(ChatProvider):
    """DeepSeek: thinking in `reasoning_content`, cache counts in `usage`."""

    name = "deepseek"
    base_path = "/v1"
    reasoning_key = "reasoning_content"
    settings: DeepSeekSettings

    def reset(self) -> None:
        """Take the usual settings."""
        super().reset()
        self.settings = DeepSeekSettings()

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables, LangChain's spelling of the base included."""
        return super().environment(url) | {"DEEPSEEK_API_BASE": url + self.base_path}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return DeepSeek's error; type and code of a 402 are as misleading as the real ones."""
        words = {
            402: "Insufficient Balance",
            404: "Model Not Exist",
            429: "Rate limit reached",
            503: "Server overloaded",
        }
        kind = (
            "authentication_error" if status == 401 else "unknown_error" if status == 402 else "invalid_request_error"
        )
        text = message or words.get(status, f"Error {status}")
        body = {"message": text, "type": kind, "param": None, "code": "invalid_request_error"}
        return JSONResponse({"error": body}, status, _retry_after(retry_after_s))

    def authenticate(self, request: Request) -> None:
        """Answer plain text without a bearer header, JSON with a wrong key."""
        key = bearer(request)
        if key is None:
            message = "Authentication Fails (auth header format should be Bearer sk-...)"
            raise Refusal(PlainTextResponse(message, 401))
        if key not in self.settings.keys:
            raise Refusal(self.error(401, f"Authentication Fails, Your api key: ****{key[-4:]} is invalid"))
        super().authenticate(request)

    def unknown_model(self, model: str) -> Refusal:
        """Answer 400: DeepSeek does not know 404 for a model."""
        rule = "archived_model" if model in self.settings.archived else "unknown_model"
        return Refusal(self.error(400, "Model Not Exist"), rule, model)

    def usage(self, ask: Ask, answer: Answer) -> Body:
        """Return the usage block with cache hits and misses."""
        usage = super().usage(ask, answer)
        del usage["prompt_tokens_details"]
        return usage | {"prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": usage["prompt_tokens"]}


class OpenRouterSettings(ModelSettings):
    """OpenRouter's knobs; prices are US dollars a token."""

    keys: list[str] = ["sk-or-sandbox"]
    models: list[str] = ["sandbox/small", "sandbox/free", "anthropic/claude-haiku-4.5", "deepseek/deepseek-v4.1-flash"]
    input_price: str = "0.0000002"
    output_price: str = "0.0000008"
    reasons: bool = False


class OpenRouter(ChatProvider):
    """OpenRouter: answers and errors of others, with a price in `usage`."""

    name = "openrouter"
    base_path = "/api/v1"
    faults = ChatProvider.faults | {"no_fingerprint", "error_in_choice"}
    always_streams_usage = True
    settings: OpenRouterSettings

    def reset(self) -> None:
        """Take the usual settings."""
        super().reset()
        self.settings = OpenRouterSettings()

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables, LangChain's spelling of the base included."""
        return super().environment(url) | {"OPENROUTER_API_BASE": url + self.base_path}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return an error whose `code` is an integer, with metadata where the real one has it."""
        words = {402: "Insufficient credits", 404: "No endpoints found", 429: "Provider returned error"}
        body: Body = {"code": status, "message": message or words.get(status, f"Error {status}")}
        if status == 402:
            body["metadata"] = {"limit_source": "account"}
        elif status in {429, 502, 503}:
            body["metadata"] = {"provider_name": "Sandbox", "raw": body["message"]}
        return JSONResponse({"error": body, "user_id": "user_sandbox"}, status, _retry_after(retry_after_s))

    def authenticate(self, request: Request) -> None:
        """Return a missing header from a wrong key."""
        if bearer(request) is None:
            body = {"error": {"message": "Missing Authentication header", "code": 401}}
            raise Refusal(JSONResponse(body, 401))
        super().authenticate(request)

    def routes(self) -> list[Route]:
        """Return the routes, that about the key included."""
        return [Route(self.base_path + "/key", self.key, methods=["GET"]), *super().routes()]

    async def key(self, request: Request) -> Response:
        """Show what the key may spend."""
        self.authenticate(request)
        facts = {"label": "sandbox", "limit": 10, "usage": 2.5, "limit_remaining": 7.5, "is_free_tier": False}
        return JSONResponse({"data": facts})

    async def models(self, request: Request) -> Response:
        """List models with prices, for everyone."""
        del request
        return JSONResponse({"data": [self.listed(model) for model in self.settings.models]})

    def listed(self, model: str) -> Body:
        """Return a model: prices are decimal texts a token, also that of a free one."""
        free = model.endswith("/free")
        prices = {
            "prompt": "0" if free else self.settings.input_price,
            "completion": "0" if free else self.settings.output_price,
        }
        return {
            "id": model,
            "name": model,
            "context_length": 200_000,
            "pricing": prices,
            "top_provider": {"context_length": 128_000, "max_completion_tokens": 32_000},
            "supported_parameters": ["max_tokens", "response_format", "stop", "temperature", "tools", "tool_choice"],
        }

    def answer_id(self, ask: Ask, number: int) -> str:
        """Return an id of OpenRouter's form."""
        return f"gen-{number}-{ask.digest[:16]}"

    def fingerprint(self, request: Request) -> Body:
        """Return `system_fingerprint`, which several upstream providers leave out."""
        return {} if fault_kind(request) == "no_fingerprint" else super().fingerprint(request)

    def usage(self, ask: Ask, answer: Answer) -> Body:
        """Return the usage block with the price."""
        usage = super().usage(ask, answer)
        free = ask.model.endswith("/free")
        cost = count(ask.prompt) * float(self.settings.input_price)
        cost += answer.output_tokens * float(self.settings.output_price)
        return usage | {"cost": 0 if free else round(cost, 10), "is_byok": False, "cost_details": {}}

    def price(self, usage: Body) -> dict[str, float]:
        """Charge what `usage` says."""
        return {"usd": usage["cost"]}

    def dress(self, body: Body, ask: Ask) -> Body:
        """Name the provider that answered and its own finish reason."""
        del ask
        choices = [{**choice, "native_finish_reason": choice["finish_reason"]} for choice in body["choices"]]
        return {**body, "provider": "Sandbox", "choices": choices}

    def error_in_answer(self) -> Body:
        """Return an error that comes after generation began: status 200, and billed."""
        error = {"code": 502, "message": "The sandbox broke off", "metadata": {"provider_name": "Sandbox"}}
        return {"error": error, "choices": [], "usage": {"cost": 0.00001}}

    def comment(self) -> bytes:
        """Return OpenRouter's comment."""
        return b": OPENROUTER PROCESSING\n\n"


def _retry_after(seconds: float | None) -> dict[str, Any]:
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}
