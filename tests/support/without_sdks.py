"""Import everything of ours without some SDKs, then run code; print what each piece of code said.

    python without_sdks.py < cases.json     [blocked packages, {case: code to run}] -> {case: [exit code, output]}

Each case runs in a child, forked after everything was imported.
"""

import contextlib
import importlib
import io
import json
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGES = ("flows", "tasks", "agents", "db", "integrations", "app")


class Blocker(MetaPathFinder):
    """Makes packages look as if they were not installed."""

    def __init__(self, blocked: Sequence[str]) -> None:
        self._blocked = tuple(blocked)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse the blocked packages."""
        if fullname in self._blocked or fullname.startswith(tuple(f"{name}." for name in self._blocked)):
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def import_everything() -> None:
    """Import every module of ours that is not a program or a migration."""
    for package in PACKAGES:
        module = importlib.import_module(package)
        for found in pkgutil.walk_packages(module.__path__, package + "."):
            if not found.name.endswith(("__main__", ".env", "versions")) and ".versions." not in found.name:
                importlib.import_module(found.name)


def run(code: str) -> tuple[int, str]:
    """Run a case in this process; return its exit code and what it printed."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            exec(code, {})
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            return 1, said.getvalue() + traceback.format_exc()
    return 0, said.getvalue()


def main() -> None:
    """Fork a child a case, one after the other."""
    blocked: list[str]
    cases: dict[str, str]
    blocked, cases = json.load(sys.stdin)
    sys.meta_path.insert(0, Blocker(blocked))
    import_everything()
    results: dict[str, tuple[int, str]] = {}
    for case, code in cases.items():
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            with os.fdopen(writing, "w") as pipe:
                json.dump(run(code), pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            results[case] = json.load(pipe)
        os.waitpid(child, 0)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
