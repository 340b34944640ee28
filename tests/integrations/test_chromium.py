"""A real Chromium, driven over CDP through a session of the sandbox's Browserbase."""

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from shutil import which

import pytest

from integrations.browserbase.client import BrowserbaseClient
from integrations.browserbase.linkedin import CompanyPages
from integrations.browserbase.schemas import PageOutcome
from integrations.resilience.rate_limit import LimitPolicy, RateLimiter, Slots, Window
from sandbox.cast import COMPANIES
from sandbox.server import SandboxControl

pytestmark = [
    pytest.mark.installed,
    pytest.mark.skipif(which("chromium") is None, reason="there is no Chromium on this machine (command `chromium`)"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="Playwright is not installed (extra 'browser')"),
]
KILLED = """
import asyncio, dataclasses, sys
from integrations.browserbase.client import BrowserbaseClient
from integrations.guards import single_call_guard

class Book:
    async def reserve(self, *_): return None
    async def settle(self, *_): return None

async def main():
    url, key, project = sys.argv[1:]
    guard = dataclasses.replace(single_call_guard("browserbase", 30)[0], book=Book())
    async with BrowserbaseClient(url, key, guard, project_id=project) as client:
        await client.create_session()
        print("started", flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.fixture
async def pages(sandbox: SandboxControl, guard_of, store):
    env, limits = sandbox.environment, LimitPolicy((Window("day", 100, 86_400),), is_strict=True)
    url, key, project = env["BROWSERBASE_BASE_URL"], env["BROWSERBASE_API_KEY"], env["BROWSERBASE_PROJECT_ID"]
    guard = guard_of("browserbase", deadline_s=30.0)
    async with BrowserbaseClient(url, key, guard, project_id=project) as client:
        yield CompanyPages(
            client,
            slots=Slots("browserbase", 1, store),
            limiter=RateLimiter("linkedin", limits, store),
            is_enabled=True,
            base_url=env["LINKEDIN_BASE_URL"],
        )


def statuses(sandbox: SandboxControl) -> list[str]:
    return [session["status"] for session in sandbox.state("browserbase")["sessions"]]


def start_and_kill(*arguments: str) -> None:
    """Run a process until it has started a session, then kill it."""
    with subprocess.Popen([sys.executable, "-c", KILLED, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        process.send_signal(signal.SIGKILL)


async def test_a_company_page_is_read_by_a_real_browser(pages: CompanyPages, sandbox: SandboxControl) -> None:
    company = COMPANIES[0]
    found = await pages.visit(company.slug)
    assert (found.outcome, found.reason) == (PageOutcome.FOUND, None)
    assert found.facts.name == company.name
    assert statuses(sandbox) == ["COMPLETED"]


@pytest.mark.parametrize("wall", ["wall-authwall", "wall-999", "wall-captcha"])
async def test_a_wall_is_final_in_a_real_browser(pages: CompanyPages, sandbox: SandboxControl, wall: str) -> None:
    assert (await pages.visit(wall)).outcome is PageOutcome.WALL
    assert len(sandbox.requests("linkedin", path=f"/company/{wall}*")) == 1
    assert statuses(sandbox) == ["COMPLETED"]


async def test_the_session_of_a_killed_process_is_released_by_the_sweep(
    pages: CompanyPages, sandbox: SandboxControl
) -> None:
    env = sandbox.environment
    names = ("BROWSERBASE_BASE_URL", "BROWSERBASE_API_KEY", "BROWSERBASE_PROJECT_ID")
    await asyncio.to_thread(start_and_kill, *(env[name] for name in names))
    assert statuses(sandbox) == ["RUNNING"]
    assert await pages.sweep(now=datetime.now(UTC)) == 0
    assert await pages.sweep(now=datetime.now(UTC) + timedelta(minutes=4)) == 1
    assert statuses(sandbox) == ["COMPLETED"]
