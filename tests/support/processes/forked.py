"""What runs in a process of its own: functions, and the command line, forked from a process that has all of it loaded.

An interpreter of its own would take three to five seconds of processor time to import what a flow needs.
multiprocessing keeps one such process for each process of the tests, and loads what was named last: so all is named
here. A test of the command line's own start, or of `up`, starts a real process instead (`installation`).
"""

import asyncio
import atexit
import importlib
import inspect
import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]

_AS_MANY = ("flows", "app.commands", "agents")
_ALSO = ("langchain_core.callbacks", "langchain_core.language_models", "langgraph.graph", "pandas")


def _modules() -> list[str]:
    """List what is loaded before forking."""
    directories = {package: str(ROOT / package.replace(".", "/")) for package in _AS_MANY}
    return [
        f"{package}.{found.name}" for package, path in directories.items() for found in pkgutil.iter_modules([path])
    ]


context: ForkServerContext = multiprocessing.get_context("forkserver")
"""To start processes of one's own making; name nothing to be loaded on it, that would undo what is named here."""
context.set_forkserver_preload([*_ALSO, *_modules(), "tests.support.forked_warm"])


def _begin(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)


def _call(environment: Mapping[str, str], module: str, name: str, given: tuple[Any, ...]) -> Any:
    _begin(environment)
    found = getattr(importlib.import_module(module), name)(*given)
    return asyncio.run(found) if inspect.iscoroutine(found) else found


def _answer(environment: Mapping[str, str], module: str, name: str, given: tuple[Any, ...], end: Connection) -> None:
    try:
        found = _call(environment, module, name, given)
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is wanted
        end.send((False, error))
    else:
        end.send((True, found))


def start(environment: Mapping[str, str], function: Callable[..., Any], *given: object) -> ForkServerProcess:
    """Start a function, or a coroutine function, of a module; the environment is only what is given, and PATH."""
    chosen = {"PATH": os.environ["PATH"], **environment}
    process = context.Process(target=_call, args=(chosen, function.__module__, function.__name__, given))
    process.start()
    return process


def run(environment: Mapping[str, str], function: Callable[..., Any], *given: object, within_s: float = 120) -> Any:
    """Run a function to its end; give its result, or raise what it raised."""
    ours, theirs = context.Pipe(duplex=False)
    chosen = {"PATH": os.environ["PATH"], **environment}
    process = context.Process(target=_answer, args=(chosen, function.__module__, function.__name__, given, theirs))
    process.start()
    theirs.close()
    assert ours.poll(within_s), "the process does not answer"
    is_result, found = ours.recv()
    process.join(900)
    if not is_result:
        raise found
    return found


def _command(environment: Mapping[str, str], arguments: tuple[str, ...], out: Path, err: Path) -> None:
    for stream, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.dup2(opened, stream)
        os.close(opened)
    _begin(environment)
    sys.argv = ["sales-agent", *arguments]
    from app.main import main

    try:
        main()
    finally:
        # A forked process ends without them.
        atexit._run_exitfuncs()


def sales_agent(
    *arguments: object, home: Path, within_s: float = 120, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run `sales-agent` to its end; the environment is only the data directory, what is given, and PATH."""
    given = tuple(map(str, arguments))
    chosen = {"PATH": os.environ["PATH"], "SALES_AGENT_HOME": str(home), **environment}
    with tempfile.TemporaryDirectory() as directory:
        out, err = (Path(directory) / name for name in ("out", "err"))
        out.touch()
        err.touch()
        process = context.Process(target=_command, args=(chosen, given, out, err))
        process.start()
        process.join(within_s)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"sales-agent {' '.join(given)}: {err.read_text()}")
        texts = [path.read_text(encoding="utf-8") for path in (out, err)]
    return subprocess.CompletedProcess(given, process.exitcode, *texts)
