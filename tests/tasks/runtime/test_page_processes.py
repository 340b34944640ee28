import asyncio
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from forked import context

from core.errors import LimitReached, UnreadablePage
from tasks.runtime.page_processes import PageProcesses, page_processes
from tasks.runtime.site_reader import SiteReader

FOR_EVER = (sum, range(10**15))
"""One call into C that no timer, signal handler or thread of its own process can end."""
STUCK = """
import asyncio, os, signal, sys
from tasks.runtime.page_processes import page_processes

async def main():
    print(await page_processes.call(60, os.getpid), page_processes._keeper.pid, flush=True)
    await page_processes.call(600, sum, range(10**15))

signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background is started without one
try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(7)
"""


async def call(function, *arguments, granted_s=60.0):
    return await page_processes.call(granted_s, function, *arguments)


def wait_for_end(*pids):
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        time.sleep(0.02)


async def test_pages_are_read_in_other_processes_that_are_used_again():
    pids = [await call(os.getpid) for _ in range(5)]
    assert len(set(pids)) == 1
    assert os.getpid() not in pids


async def test_one_that_takes_too_long_is_killed_and_costs_nobody_else_anything():
    spoilt, *found = await asyncio.gather(
        call(*FOR_EVER, granted_s=0.2), *(call(abs, -number) for number in range(20)), return_exceptions=True
    )
    assert isinstance(spoilt, UnreadablePage)
    assert str(spoilt) == "reading it takes more than 0.2 s of processor time"
    assert found == list(range(20))


async def test_what_is_killed_again_and_again_leaves_nothing_behind():
    processes = PageProcesses()
    for _ in range(3):
        with pytest.raises(UnreadablePage):
            await processes.call(0.05, *FOR_EVER)
    reader = await processes.call(60, os.getpid)
    keeper = psutil.Process(reader).parent()
    assert sum(child.status() != psutil.STATUS_ZOMBIE for child in keeper.children()) == 1
    processes.close()
    wait_for_end(reader, keeper.pid)


async def test_a_reader_that_dies_or_fails_is_an_outcome():
    with pytest.raises(UnreadablePage, match="ended"):
        await call(os._exit, 3)
    with pytest.raises(UnreadablePage, match="ValueError"):
        await call(int, "no number")
    with pytest.raises(UnreadablePage, match="too much"):
        await call(bytes, 70_000_000)
    assert await call(abs, -1) == 1


async def test_one_that_died_while_it_waited_is_replaced_unseen():
    reader = await call(os.getpid)
    os.kill(reader, signal.SIGKILL)
    wait_for_end(reader)
    assert await call(os.getpid) != reader


async def test_the_keeper_may_die_too():
    reader = await call(os.getpid)
    keeper = psutil.Process(reader).ppid()
    for pid in (keeper, reader):
        os.kill(pid, signal.SIGKILL)
    wait_for_end(reader)
    assert psutil.Process(await call(os.getpid)).ppid() != keeper


async def test_who_is_cancelled_kills_what_it_waits_for():
    processes = PageProcesses()
    reader = await processes.call(60, os.getpid)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await processes.call(600, *FOR_EVER)
    wait_for_end(reader)
    assert await processes.call(60, abs, -1) == 1
    processes.close()


async def test_a_site_takes_a_part_of_its_time_at_most():
    reader = SiteReader(0.1, 0.8)  # 0.2 s of processor time
    for _ in range(2):
        with pytest.raises(UnreadablePage):
            await reader.read(*FOR_EVER)
    with pytest.raises(LimitReached, match=r"more than 0\.2 s"):
        await reader.read(abs, -1)


async def test_no_reader_has_keys(monkeypatch):
    monkeypatch.setenv("APOLLO_API_KEY", "a-secret")
    processes = PageProcesses()
    assert await processes.call(60, os.getenv, "APOLLO_API_KEY") is None
    processes.close()


def stuck():
    process = subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True)
    pids = [int(word) for word in process.stdout.readline().split()]
    while psutil.Process(pids[0]).cpu_times().user < 0.05:  # in the midst of it
        time.sleep(0.02)
    return process, pids


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_they_end_with_their_parent_however_it_ends(signal_number):
    process, pids = stuck()
    process.send_signal(signal_number)
    with process:
        try:
            assert process.wait(900) == (7 if signal_number == signal.SIGINT else -signal_number)
        finally:
            process.kill()
    wait_for_end(*pids)


def in_a_child(queue):
    queue.put(asyncio.run(call(os.getppid)))


@pytest.mark.parametrize("method", ["fork", "forkserver"])
async def test_a_forked_and_a_daemonic_process_have_their_own(method):
    ours = psutil.Process(await call(os.getpid)).ppid()
    chosen = context if method == "forkserver" else __import__("multiprocessing").get_context("fork")
    queue = chosen.SimpleQueue()
    process = chosen.Process(target=in_a_child, args=(queue,), daemon=True)
    process.start()
    keeper = await asyncio.to_thread(queue.get)
    await asyncio.to_thread(process.join)
    assert keeper != ours
    wait_for_end(keeper)
    assert psutil.Process(await call(os.getpid)).ppid() == ours
