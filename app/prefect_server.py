"""The Prefect server behind our guard: `python -m app.prefect_server --host HOST --port PORT`.

What `prefect server start` serves, with the same settings, to whom `HostGuard` lets pass. Prefect's own calls to
itself go to the application inside and never meet the guard.
"""

import argparse
import socket

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from app.host_guard import LOOPBACK, HostGuard
from core.settings.environment import Environment
from core.settings.settings import HomeSettings


def guarded(host: str) -> HostGuard:
    """Return the Prefect server for the address it will listen on."""
    given = Environment.of_process().read(HomeSettings).host_names.split(",")
    return HostGuard(
        create_app(final=True),
        names=[name for name in (host, socket.gethostname(), *map(str.strip, given)) if name],
        origins=get_current_settings().server.api.cors_allowed_origins.split(","),
        beyond_loopback=host not in LOOPBACK,
    )


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    server = get_current_settings().server
    uvicorn.run(
        guarded(chosen.host),
        host=chosen.host,
        port=chosen.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


if __name__ == "__main__":
    main()
