"""What another account of this machine can do: calls and connections made as `nobody` where the tests run as root."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_CODE = """
import encodings.idna, http.client, json, os, socket, sys

asked = json.loads(sys.stdin.read())
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
answers = []
for method, path, headers, body in asked["calls"]:
    connection = http.client.HTTPConnection("127.0.0.1", asked["port"], timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": f"127.0.0.1:{asked['port']}", **headers}.items():
        if value is not None:
            connection.putheader(name, value)
    sent = b"" if body is None else json.dumps(body).encode()
    connection.putheader("Content-Length", str(len(sent)))
    connection.endheaders(sent)
    answer = connection.getresponse()
    answers.append([answer.status, answer.read().decode(errors="replace"), dict(answer.getheaders())])
    connection.close()
closed = []
for path in asked["paths"]:
    try:
        if asked["as_socket"]:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
        else:
            open(path).close()
        closed.append(False)
    except PermissionError:
        closed.append(True)
print(json.dumps({"answers": answers, "closed": closed, "user": os.getuid()}))
"""


def _ask(**what: Any) -> dict[str, Any]:
    asked = {"calls": [], "port": 0, "paths": [], "as_socket": False, **what}
    done = subprocess.run(
        [sys.executable, "-c", _CODE], input=json.dumps(asked), capture_output=True, text=True, timeout=900, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def calls(port: int, *asked: tuple[str, str, dict[str, str | None], object]) -> list[tuple[int, str, dict[str, str]]]:
    """Make HTTP calls (method, path, headers, body) without a content type; give status, body and headers of each."""
    return [tuple(answer) for answer in _ask(port=port, calls=asked)["answers"]]


def is_shut_out(*paths: Path, as_socket: bool = False) -> bool:
    """Tell whether another account can open nothing of these: tried where we can be one, else by their modes."""
    found = _ask(paths=[str(path) for path in paths], as_socket=as_socket)
    if found["user"] == 65534:
        return all(found["closed"])
    return all((path.parent if as_socket else path).stat().st_mode & 0o077 == 0 for path in paths)
