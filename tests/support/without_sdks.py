"""Import everything of ours without some SDKs, one child process a case, and print what each case said.

    python without_sdks.py < cases.json     {case: [blocked packages, code to run]} -> {case: [exit code, output]}

Children are forked from a process that has what every case imports anyway, and no SDK: starting each from nothing
would take six seconds of processor time instead of two.
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
SHARED = (
    "alembic",
    "langchain_core.language_models",
    "langgraph.graph",
    "pandas",
    "prefect",
    "psycopg",
    "sqlalchemy.ext.asyncio",
)


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


def run(blocked: Sequence[str], code: str) -> tuple[int, str]:
    """Run a case in this process; return its exit code and what it printed."""
    loaded = [name for name in blocked if name in sys.modules]
    assert not loaded, f"imported before it could be blocked: {loaded}"
    sys.meta_path.insert(0, Blocker(blocked))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            import_everything()
            exec(code, {})
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
        except Exception:  # noqa: BLE001 - whatever it is, the test shows it
            return 1, said.getvalue() + traceback.format_exc()
    return 0, said.getvalue()


def main() -> None:
    """Fork a child a case, one after the other."""
    cases: dict[str, tuple[list[str], str]] = json.load(sys.stdin)
    for name in SHARED:
        importlib.import_module(name)
    results: dict[str, tuple[int, str]] = {}
    for case, (blocked, code) in cases.items():
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            with os.fdopen(writing, "w") as pipe:
                json.dump(run(blocked, code), pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            results[case] = json.load(pipe)
        os.waitpid(child, 0)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
