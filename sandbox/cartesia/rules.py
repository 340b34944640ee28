"""What Cartesia accepts, and how it says no. Source: docs.cartesia.ai, checked August 2026."""

import math
from typing import Any

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, PlainTextResponse, Response

from sandbox.cartesia.audio import ENCODINGS, Format
from sandbox.provider import Refusal, Settings, bearer

Body = dict[str, Any]
JSON_ERRORS_SINCE = "2026-03-01"
_TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    402: "Credits exhausted",
    403: "Forbidden",
    404: "Not found",
    413: "Payload too large",
    422: "Unprocessable",
    429: "Too many concurrent requests",
    500: "Internal server error",
}
_DISCONTINUED = frozenset(
    {"sonic", "sonic-english", "sonic-multilingual", "sonic-turbo-2025-03-07", "sonic-2", "sonic-2-2025-03-07"}
)


class CartesiaSettings(Settings):
    """Cartesia's knobs.

    Attributes:
        concurrency: Generations that may run at once.
        credits: Characters left to speak.
        retry_after_s: What a 429 says, or None for nothing.
        piece_pause_s: Pause between pieces of audio.
        context_idle_s: How long a context of the websocket lives on after its last audio.
        largest_file: Bytes of a file to transcribe.
        partials: Whether live transcription shows drafts before the final text.
    """

    keys: list[str] = ["sk_car_sandbox"]
    models: list[str] = [
        "sonic-3.5",
        "sonic-3",
        "sonic-3.5-2026-05-04",
        "sonic-3-2026-01-12",
        "sonic-3-2025-10-27",
        "sonic-latest",
    ]
    listening_models: list[str] = ["ink-whisper", "ink-whisper-2025-06-04", "ink-2"]
    turn_models: list[str] = ["ink-2", "ink-whisper", "ink-whisper-2025-06-04"]
    concurrency: int = 15
    credits: int = 1_000_000
    retry_after_s: float | None = None
    piece_pause_s: float = 0.0
    context_idle_s: float = 1.0
    largest_file: int = 25_000_000
    partials: bool = True


def error_body(status: int, message: str, request_id: str) -> Body:
    """Return the JSON of an error."""
    codes = {429: "concurrency_limited", 404: "voice_not_found", 402: "quota_exceeded"}
    return {
        "error_code": codes.get(status),
        "title": _TITLES.get(status, "Error"),
        "message": message or _TITLES.get(status, f"Error {status}"),
        "request_id": request_id,
        "doc_url": None,
    }


def error(status: int, message: str, version: str, retry_after_s: float | None = None) -> Response:
    """Return an error: JSON, or plain text for versions before March 2026."""
    headers = {} if retry_after_s is None else {"retry-after": str(math.ceil(retry_after_s))}
    if version and version < JSON_ERRORS_SINCE:
        return PlainTextResponse(f"{_TITLES.get(status, 'Error')}: {message}", status, headers)
    return JSONResponse(error_body(status, message, "sandbox-request"), status, headers)


def version_of(request: HTTPConnection) -> str:
    """Return the API version a call names, in its header or (websockets) its query."""
    return request.headers.get("cartesia-version") or request.query_params.get("cartesia_version", "")


def authenticate(request: HTTPConnection, settings: CartesiaSettings, tokens: dict[str, float], now: float) -> None:
    """Raise what a missing version, a missing or a wrong key gets."""
    version = version_of(request)
    key = bearer(request) or request.headers.get("x-api-key") or request.query_params.get("access_token")
    if not (key in settings.keys or tokens.get(key or "", 0) > now):
        raise Refusal(error(401, "Invalid API key", version))
    if not version:
        raise Refusal(error(400, "The Cartesia-Version header is required", ""), "no_version")


def invalid(message: str, rule: str, version: str = "") -> Refusal:
    """Return the 400 of a request that breaks a rule."""
    return Refusal(error(400, message, version), rule, message)


def check_speech(body: Body, settings: CartesiaSettings, voices: dict[str, Body], *, raw_only: bool) -> Format:
    """Return the format of a request to speak. Raises 400 or 404 for what Cartesia refuses."""
    model = body.get("model_id")
    if model in _DISCONTINUED:
        raise invalid(f"The model {model} has been discontinued", "discontinued_model")
    if model not in settings.models:
        raise invalid(f"Unknown model_id {model!r}", "unknown_model")
    if not isinstance(body.get("transcript"), str):
        raise invalid("transcript is required", "no_transcript")
    if body.get("language") and body.get("locale"):
        raise invalid("language and locale cannot be used together", "language_and_locale")
    _check_voice(body.get("voice"), voices)
    _check_generation(body.get("generation_config") or {})
    wanted = body.get("output_format")
    if not isinstance(wanted, dict):
        raise invalid("output_format is required", "no_output_format")
    container, rate = wanted.get("container"), wanted.get("sample_rate")
    if not isinstance(rate, int) or not 8_000 <= rate <= 48_000:
        raise invalid("sample_rate must be between 8000 and 48000", "bad_format")
    if raw_only and container != "raw":
        raise invalid(f"Only raw output is available here, not {container!r}", "not_raw")
    if container == "mp3":
        if not 32_000 <= wanted.get("bit_rate", 0) <= 192_000:
            raise invalid("bit_rate must be between 32000 and 192000", "bad_format")
        return Format("mp3", "", rate)
    if container not in {"raw", "wav"} or wanted.get("encoding") not in ENCODINGS:
        raise invalid("Unknown container or encoding", "bad_format")
    return Format(container, wanted["encoding"], rate)


def _check_voice(voice: object, voices: dict[str, Body]) -> None:
    if isinstance(voice, dict) and ("embedding" in voice or voice.get("mode") == "embedding"):
        raise invalid("Voice embeddings have been discontinued", "voice_embedding")
    voice_id = voice.get("id") if isinstance(voice, dict) else voice
    if not isinstance(voice_id, str) or not voice_id:
        raise invalid("voice is required", "no_voice")
    if voice_id not in voices:
        raise Refusal(error(404, f"Voice {voice_id} not found", ""), "unknown_voice", voice_id)


def _check_generation(config: Body) -> None:
    if not 0.6 <= config.get("speed", 1) <= 1.5 or not 0.5 <= config.get("volume", 1) <= 2:
        raise invalid("speed must be 0.6-1.5 and volume 0.5-2", "bad_generation_config")
