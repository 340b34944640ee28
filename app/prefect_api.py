"""The few calls to Prefect's REST API that starting and watching need, without importing Prefect.

Source: Prefect REST API reference, v3 (checked November 2026). Importing Prefect costs a second and 100 MB, which a
process that only starts and watches others need not pay.
"""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from core.errors import Rejected, Unavailable

TIMEOUT_S = 15.0
A_PAGE = 200  # the most that a server gives at once unless it is told otherwise


class PrefectAPI:
    """One Prefect server.

    Args:
        url: Its API, `http://host:port/api`.
        auth: `user:password`, where it asks for one.
    """

    def __init__(self, url: str, auth: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if auth:
            self._headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()
        self._client = str(uuid4())

    def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        return self._call("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        """Post JSON and return what comes back."""
        return self._change("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """Put JSON and return what comes back."""
        return self._change("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        """Patch JSON and return what comes back."""
        return self._change("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Delete what is at `path`."""
        self._change("DELETE", path, None)

    def pages(self, path: str, body: Mapping[str, object]) -> list[dict[str, Any]]:
        """Post a filter and return all that it finds, however many pages that is."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.post(path, {**body, "limit": A_PAGE, "offset": len(found)})
            found += page
            if len(page) < A_PAGE:
                return found

    def is_healthy(self) -> bool:
        """Return whether the server answers."""
        try:
            return bool(self.get("/health"))
        except (Unavailable, Rejected):
            return False

    def _change(self, method: str, path: str, body: object) -> Any:
        """Call; where the server asks for a token against cross-site requests, fetch one and call again."""
        try:
            return self._call(method, path, body)
        except Rejected as error:
            if error.status != 403 or "CSRF" not in error.message:
                raise
        token = self.get(f"/csrf-token?client={self._client}")["token"]
        self._headers |= {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": self._client}
        return self._call(method, path, body)

    def _call(self, method: str, path: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=self._headers, method=method)  # noqa: S310 - the operator's own setting
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310 - as above
                answer = response.read()
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(500).decode(errors="replace")
            message = f"Prefect answered {error.code} to {method} {path}: {said}"
            if error.code == 401:
                message = f"Prefect answered 401 at {self.url}, it refuses the login: see PREFECT_API_AUTH_STRING"
            raise Rejected(message, provider="prefect", status=error.code, request_id=None) from error
        except OSError as error:  # URLError, time-outs and dropped connections are OSErrors
            message = f"Prefect's server does not answer at {self.url} ({error})"
            raise Unavailable(message, provider="prefect", status=None, request_id=None) from error
        return json.loads(answer) if answer else None
