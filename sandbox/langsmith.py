"""The LangSmith ingest stand-in. Source: langsmith 0.15, its wire format, checked August 2026."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.multipart import read_parts
from sandbox.provider import Provider, Refusal, Settings, bearer, json_object

Run = dict[str, Any]
_REQUIRED = ("id", "trace_id", "dotted_order")


class LangSmithSettings(Settings):
    """LangSmith's knobs; `use_multipart` is what `/info` announces."""

    keys: list[str] = ["lsv2_sandbox"]
    use_multipart: bool = True


class LangSmith(Provider):
    """Takes runs, one by one, in batches or in multipart forms, and merges their updates."""

    name = "langsmith"
    settings: LangSmithSettings

    def reset(self) -> None:
        """Forget every run."""
        super().reset()
        self.settings = LangSmithSettings()
        self.runs: dict[str, Run] = {}

    def routes(self) -> list[Route]:
        """Return the ingest routes."""
        return [
            Route("/info", self.info, methods=["GET"]),
            Route("/sessions", self.sessions, methods=["GET"]),
            Route("/runs", self.post_run, methods=["POST"]),
            Route("/runs/batch", self.batch, methods=["POST"]),
            Route("/runs/multipart", self.multipart, methods=["POST"]),
            Route("/runs/{id}", self.patch_run, methods=["PATCH"]),
        ]

    def environment(self, url: str) -> dict[str, str]:
        """Return address and key; tracing itself stays as it is, off unless switched on."""
        return {"LANGSMITH_ENDPOINT": url, "LANGSMITH_API_KEY": self.settings.keys[0]}

    def error(self, status: int, message: str = "", retry_after_s: float | None = None) -> Response:
        """Return `{"detail": ...}`."""
        headers = {} if retry_after_s is None else {"retry-after": str(int(retry_after_s))}
        return JSONResponse({"detail": message or f"Error {status}"}, status, headers)

    def state(self) -> dict[str, Any]:
        """Show the runs by id, updates merged in."""
        return {"runs": self.runs}

    async def info(self, _request: Request) -> Response:
        """Return which ways of sending are understood; compression is not."""
        config = {
            "use_multipart_endpoint": self.settings.use_multipart,
            "scale_up_qsize_trigger": 1000,
            "scale_up_nthreads_limit": 16,
            "scale_down_nempty_trigger": 4,
            "size_limit": 100,
            "size_limit_bytes": 20_971_520,
        }
        return JSONResponse({"version": "0.1", "batch_ingest_config": config})

    async def sessions(self, request: Request) -> Response:
        """List the tracing projects: there are none."""
        self._authenticate(request)
        return JSONResponse([])

    async def post_run(self, request: Request) -> Response:
        """Take one run."""
        self._authenticate(request)
        self._store("post", await self._json(request), request)
        return JSONResponse({}, 202)

    async def patch_run(self, request: Request) -> Response:
        """Take one update."""
        self._authenticate(request)
        self._store("patch", {**await self._json(request), "id": request.path_params["id"]}, request)
        return JSONResponse({}, 202)

    async def batch(self, request: Request) -> Response:
        """Take `{"post": [...], "patch": [...]}`."""
        self._authenticate(request)
        body = await self._json(request)
        for verb in ("post", "patch"):
            for run in body.get(verb) or []:
                self._store(verb, run, request)
        return JSONResponse({}, 202)

    async def multipart(self, request: Request) -> Response:
        """Take a form of parts `post.<run id>`, `post.<run id>.inputs`, ... and the same with `patch`."""
        self._authenticate(request)
        try:
            parts = read_parts(request.headers.get("content-type", ""), await request.body())
            runs = _assembled({part.name: json.loads(part.content) for part in parts if _is_run_part(part.name)})
        except ValueError as mistake:
            raise Refusal(self.error(422, str(mistake)), "bad_multipart", str(mistake)) from None
        for (verb, _), run in runs.items():
            self._store(verb, run, request)
        return JSONResponse({}, 202)

    def _authenticate(self, request: Request) -> None:
        key = request.headers.get("x-api-key") or bearer(request)
        if key not in self.settings.keys:
            raise Refusal(
                self.error(401, "Invalid token"), None if key else "no_key", "tracing without a key still sends data"
            )

    async def _json(self, request: Request) -> Run:
        return await json_object(request, Refusal(self.error(422, "Invalid JSON"), "not_json"))

    def _store(self, verb: str, run: Run, request: Request) -> None:
        missing = [key for key in _REQUIRED if key not in run and run.get("id") not in self.runs]
        if missing:
            self.violate(request, "incomplete_run", ", ".join(missing))
        given = {key: value for key, value in run.items() if value is not None}
        before = self.runs.get(str(run.get("id")), {})
        self.runs[str(run.get("id"))] = {**given, **before} if verb == "post" and before else {**before, **given}


def _is_run_part(name: str) -> bool:
    return name.partition(".")[0] in {"post", "patch"}


def _assembled(parts: dict[str, Any]) -> dict[tuple[str, str], Run]:
    """Put a run's parts together: `post.ID` is the run, `post.ID.inputs` one of its keys."""
    runs: dict[tuple[str, str], Run] = {}
    for name, value in parts.items():
        verb, run_id, *key = name.split(".", 2)
        run = runs.setdefault((verb, run_id), {"id": run_id})
        run.update({key[0]: value} if key else value)
    return runs
