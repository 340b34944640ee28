"""A coroutine function run in a process of its own, with an environment of its own."""

import asyncio
import multiprocessing
import os
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any, TypeVar

R = TypeVar("R")

context: ForkServerContext = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["flows.send_message", "flows.book_meeting", "flows.propose_meeting"])


def _run(environment: dict[str, str], function: Callable[..., Coroutine[Any, Any, Any]], given: Any, end: Any) -> None:
    os.environ.update(environment)
    connection: Connection = end
    try:
        found = asyncio.run(function(*given))
    except Exception as error:  # it is raised again where the result is wanted
        connection.send((False, error))
    else:
        connection.send((True, found))


def run(environment: dict[str, str], function: Callable[..., Coroutine[Any, Any, R]], *given: object) -> R:
    """Run a coroutine function with some arguments elsewhere; give its result, or raise what it raised."""
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(environment, function, given, theirs))
    process.start()
    theirs.close()
    assert ours.poll(60), "the process does not answer"
    is_result, found = ours.recv()
    process.join(10)
    if not is_result:
        raise found
    result: R = found
    return result
