"""Which Prefect server is ours, and how we sign in to it.

A server that `sales-agent up` starts always asks for `user:password`: the operator's own, else one that is made at
the first start and kept in the data directory.
"""

import json
import secrets
from pathlib import Path
from typing import Any

from core import private_files
from core.settings.settings import Settings

STATE_FILE = "up.json"
LOGIN_FILE = "prefect-login"
USER = "sales-agent"


def state(home: Path) -> dict[str, Any] | None:
    """Return what a running `up` has noted in its data directory, or None; a killed one leaves its note behind."""
    try:
        noted: dict[str, Any] = json.loads((home / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return noted


def pid_of(noted: dict[str, Any]) -> int | None:
    """Return the process that must run while what `up` has noted is true; None while it is being started again."""
    pids: dict[str, int | None] = noted["pids"]
    return pids.get("Prefect server", pids["up"])


def own_login(settings: Settings) -> str:
    """Return `user:password` of a server started here, making one at first use."""
    given = settings.prefect.server_api_auth_string or settings.prefect.api_auth_string
    if given is not None:
        return given.get_secret_value()
    return private_files.kept(settings.home / LOGIN_FILE, lambda: f"{USER}:{secrets.token_urlsafe(24)}")


def login(settings: Settings, url: str) -> str | None:
    """Return `user:password` for the server at `url`; None where we know of none.

    The one that was made here is for our own server alone: no other address is ever sent it.
    """
    noted = state(settings.home)
    if noted is not None and "Prefect server" in noted["pids"] and noted["api_url"] == url.rstrip("/"):
        return own_login(settings)
    given = settings.prefect.api_auth_string
    return given.get_secret_value() if given is not None else None


def how_to_sign_in(settings: Settings) -> str:
    """Return what to type where a server started here asks for a password."""
    if settings.prefect.server_api_auth_string is not None:
        return "sign in with what PREFECT_SERVER_API_AUTH_STRING says"
    if settings.prefect.api_auth_string is not None:
        return "sign in with what PREFECT_API_AUTH_STRING says"
    return f"sign in with the line in {settings.home / LOGIN_FILE}"
