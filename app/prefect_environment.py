"""The environment of Prefect's processes: what the server, the worker and its flow runs are told.

A variable that the operator has set wins over a mere preference of ours, never over what ties the processes together.
"""

import base64
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from core.logs import PACKAGES

WORK_POOL = "sales-agent"
HEARTBEAT_S = 30  # the least that Prefect takes
SANDBOX_MARK = "SALES_AGENT_DEMO"  # names the data directory in the process of its demo's sandbox
MARK = "SALES_AGENT_UP"  # names the data directory in every process that `up` started, however deep

PREFERENCES = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_COLORS": "false",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_LOGGING_EXTRA_LOGGERS": ",".join(PACKAGES),
    # Our loggers also speak where no flow runs; without this each line would be a warning on the terminal.
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_S),
    "PREFECT_WORKER_QUERY_SECONDS": "1",
    "PREFECT_WORKER_ENABLE_CANCELLATION": "true",
    "PYTHONUNBUFFERED": "1",
}
_SERVER_PREFERENCES = {
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


def client_environment(
    inherited: Mapping[str, str], *, home: Path, root: Path, temporary: Path, api_url: str, auth: str | None
) -> dict[str, str]:
    """Return the environment of the worker, its flow runs and the registration of deployments.

    Args:
        inherited: The environment of this process.
        home: Data directory.
        root: Directory that holds `flows/`, to which entrypoints are relative.
        temporary: Directory for temporary files, private because Prefect's workers share a fixed name in it.
        api_url: Prefect's API.
        auth: `user:password`, where the server asks for one.
    """
    tied = {
        MARK: str(home),
        "SALES_AGENT_HOME": str(home),
        "SALES_AGENT_ROOT": str(root),
        "TMPDIR": str(temporary),
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home / "prefect"),
    }
    kept = {name: value for name, value in inherited.items() if not name.startswith("PREFECT_SERVER_")}
    kept |= {"PREFECT_API_AUTH_STRING": auth} if auth else {}
    return {**PREFERENCES, **kept, **tied}


def server_environment(
    inherited: Mapping[str, str],
    *,
    home: Path,
    api_url: str,
    auth: str | None,
    database_url: str,
    encryption_key: str,
) -> dict[str, str]:
    """Return the environment of the Prefect server; other web pages may not call its API (CORS)."""
    origin = api_url.removesuffix("/api")
    tied = {
        MARK: str(home),
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "prefect" / "ui"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_ENCRYPTION_KEY": encryption_key,
    }
    if auth:
        tied |= {"PREFECT_SERVER_API_AUTH_STRING": auth, "PREFECT_API_AUTH_STRING": auth}
    preferences = {
        **PREFERENCES,
        **_SERVER_PREFERENCES,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join((origin, origin.replace("127.0.0.1", "localhost"))),
        # Relative, so that a browser elsewhere calls the address it loaded the page from.
        "PREFECT_UI_API_URL": "/api",
    }
    return {**preferences, **inherited, **tied}


def encryption_key(home: Path) -> str:
    """Return this installation's key for Prefect's secret blocks, making it on first use.

    Beside the database rather than in it, where whoever can read the blocks could read the key as well.
    """
    path = home / "prefect-encryption.key"
    if not path.exists():
        part = home / f".{path.name}.{secrets.token_hex(4)}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)))
        try:
            path.hardlink_to(part)  # fails, and so keeps the first key, when another process was faster
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text(encoding="ascii")
