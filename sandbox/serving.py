"""Serves the sandbox as a process of its own, and says where it is."""

import json
import shlex
import sys
import threading
from collections.abc import Callable, Sequence

from sandbox.faults import Fault
from sandbox.server import DEFAULT_PORT, Servers


def serve(
    port: int = DEFAULT_PORT,
    *,
    faults: Sequence[str] = (),
    as_json: bool = False,
    write: Callable[[str], object] = sys.stdout.write,
) -> None:
    """Serve the sandbox until SIGINT or SIGTERM.

    Args:
        port: First port of a consecutive range (control first); 0 takes free ports.
        faults: Faults to script before the first call, each the JSON of a `sandbox.faults.Fault`.
        as_json: Print one line of JSON (`control_url`, `urls`, `environment`) instead of text.
        write: Takes what is printed.
    """
    try:
        servers = Servers(port)
    except OSError as taken:
        raise SystemExit(f"a port from {port} on is taken ({taken.strerror}): choose another first port") from None
    for text in faults:
        try:
            servers.control.script(Fault.model_validate_json(text))
        except ValueError as mistake:
            servers.close()
            raise SystemExit(f"not a fault: {text}: {mistake}") from None
    started = threading.Event()
    announcer = threading.Thread(target=_announce, args=(servers, started, as_json, write), daemon=True)
    announcer.start()
    servers.run(started, takes_signals=True)


def _announce(servers: Servers, started: threading.Event, as_json: bool, write: Callable[[str], object]) -> None:
    started.wait()
    urls, environment = servers.world.urls, servers.control.environment()
    if as_json:
        facts = {"control_url": servers.control_url, "urls": urls, "environment": environment}
        write(json.dumps(facts) + "\n")
    else:
        write("The sandbox is serving (Ctrl-C ends it). Nothing here reaches the real providers.\n\n")
        for name, url in {"control": f"{servers.control_url}/_sandbox/", **urls}.items():
            write(f"  {name:24} {url}\n")
        write("\nTo point everything at it:\n\n")
        for name, value in environment.items():
            write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
