"""The few calls to Prefect's REST API that starting and watching need, without importing Prefect.

Source: Prefect REST API reference, v3 (checked November 2026). Importing Prefect costs a second and 100 MB, which a
process that only starts and watches others need not pay.
"""

import base64
import json
import urllib.error
import urllib.request
from typing import Any

from core.errors import Rejected, Unavailable

TIMEOUT_S = 15.0


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

    def get(self, path: str) -> Any:
        """Return the JSON at `path`."""
        return self._call("GET", path, None)

    def post(self, path: str, body: object) -> Any:
        """Post JSON and return what comes back."""
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """Put JSON and return what comes back."""
        return self._call("PUT", path, body)

    def is_healthy(self) -> bool:
        """Tell whether the server answers."""
        try:
            return bool(self.get("/health"))
        except (Unavailable, Rejected):
            return False

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
            raise Rejected(message, provider="prefect", status=error.code, request_id=None) from error
        except OSError as error:  # URLError, time-outs and dropped connections are OSErrors
            message = f"Prefect's server does not answer at {self.url} ({error})"
            raise Unavailable(message, provider="prefect", status=None, request_id=None) from error
        return json.loads(answer) if answer else None
