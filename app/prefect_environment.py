"""The environment of Prefect's processes: what the server, the worker and its flow runs are told.

A variable that the operator has set wins over a mere preference of ours, never over what ties the processes together.
"""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from core import private_files
from core.logs import PACKAGES
from core.settings.environment import KEYS_FILE

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
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}

# What programs of any kind are told through the environment: where things are, language, certificates, proxies.
_NEEDED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("DO_NOT_TRACK", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "SYSTEMROOT", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "HF_HOME", "HF_HUB_OFFLINE"),
    )
)
_NEEDED_PREFIXES = ("LC_", "XDG_", "PYTHON", "DYLD_", "PREFECT_")
_FOR_THE_SERVER = ("PREFECT_SERVER_", "PREFECT_API_DATABASE_")


def client_environment(
    inherited: Mapping[str, str], *, home: Path, root: Path, temporary: Path, api_url: str, auth: str | None
) -> dict[str, str]:
    """Return the environment of the worker, its flow runs and the registration of deployments.

    It holds what a run needs and nothing that is secret but the login of Prefect's API, which Prefect reads from there
    alone. The secret settings go through the file that `keep_keys` writes.

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
        KEYS_FILE: str(keys_file(home)),
        "TMPDIR": str(temporary),
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home / "prefect"),
        # An upgrade or a restart never takes away a schedule that a person added.
        "PREFECT_DEPLOYMENTS_CLEAR_SCHEDULES_ON_EMPTY": "false",
    }
    plain = {name for name, is_secret in _settings() if not is_secret}
    kept = {
        name: value
        for name, value in inherited.items()
        if name.upper() in plain or (is_needed(name) and not name.upper().startswith(_FOR_THE_SERVER))
    }
    kept |= {"PREFECT_API_AUTH_STRING": auth} if auth else {}
    return {**PREFERENCES, **kept, **tied}


def server_environment(
    inherited: Mapping[str, str],
    *,
    home: Path,
    api_url: str,
    auth: str,
    database_url: str,
    encryption_key: str,
    host_names: str = "",
) -> dict[str, str]:
    """Return the environment of the Prefect server, in which none of our own settings are.

    Other web pages may not call its API (CORS), and whoever changes something brings a token of its own (CSRF).
    """
    origin = api_url.removesuffix("/api")
    tied = {
        MARK: str(home),
        "SALES_AGENT_HOST_NAMES": host_names,
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_UI_STATIC_DIRECTORY": str(home / "prefect" / "ui"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url,
        "PREFECT_SERVER_ENCRYPTION_KEY": encryption_key,
        "PREFECT_SERVER_API_AUTH_STRING": auth,
        "PREFECT_API_AUTH_STRING": auth,
    }
    preferences = {
        **PREFERENCES,
        **_SERVER_PREFERENCES,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join((origin, origin.replace("127.0.0.1", "localhost"))),
        # Relative, so that a browser elsewhere calls the address it loaded the page from.
        "PREFECT_UI_API_URL": "/api",
    }
    kept = {name: value for name, value in inherited.items() if is_needed(name)}
    return {**preferences, **kept, **tied}


def is_needed(name: str) -> bool:
    """Return whether a variable is one that programs need to run here at all, or Prefect's own."""
    upper = name.upper()
    return upper in _NEEDED or upper.startswith(_NEEDED_PREFIXES)


def keys_file(home: Path) -> Path:
    """Return the file through which the worker's runs get the settings that are secret."""
    return home / "run-keys.json"


def keep_keys(home: Path, inherited: Mapping[str, str]) -> None:
    """Write the settings of this process's environment that are secret to `keys_file`, for its owner alone."""
    secret = {name for name, is_secret in _settings() if is_secret and not name.startswith("PREFECT_")}
    kept = {name.upper(): value for name, value in inherited.items() if name.upper() in secret}
    private_files.replace(keys_file(home), json.dumps(kept))


def _settings() -> Iterator[tuple[str, bool]]:
    from tasks.runtime.readers import secrecy

    return secrecy()


def encryption_key(home: Path) -> str:
    """Return this installation's key for Prefect's secret blocks, making it on first use.

    Beside the database rather than in it, where whoever can read the blocks could read the key as well.
    """
    path = home / "prefect-encryption.key"
    return private_files.kept(path, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii"))
