"""Webhooks of the CRM: signed ones bring a run forward, others are refused, and nothing of them is believed."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Iterator

import httpx
import pytest

from app.crm_listener import Bell, build
from core.errors import ConfigurationError, Unavailable
from core.settings.settings import settings
from tasks.crm.webhooks import receiver

KEY = "ab" * 32
NOW, EARLIER = str(int(time.time())), "1"


@pytest.fixture(autouse=True)
def key_is_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CLOSE_WEBHOOK_KEY", KEY)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_a_crm_without_webhooks_or_without_a_key_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="directory, which sends no webhooks; these do: close"):
        receiver("directory")
    with pytest.raises(ConfigurationError, match="no CRM 'hubspot'; known are close, directory"):
        receiver("hubspot")
    monkeypatch.delenv("CLOSE_WEBHOOK_KEY")
    settings.cache_clear()
    with pytest.raises(ConfigurationError, match="CLOSE_WEBHOOK_KEY"):
        receiver("close")


def signature(timestamp: str, body: bytes) -> str:
    return hmac.new(bytes.fromhex(KEY), timestamp.encode() + body, hashlib.sha256).hexdigest()


def delivered(*bodies: tuple[bytes, str], fails: bool = False, stamp: str = NOW) -> tuple[list[int], int]:
    """Deliver bodies with signatures; return the answers, and how many runs were started."""
    runs = 0

    async def start_run() -> None:
        nonlocal runs
        runs += 1
        if fails:
            raise Unavailable("no server", provider="prefect")

    webhooks = receiver("close")

    async def deliver() -> list[int]:
        app = build(webhooks.path, webhooks.is_genuine, Bell(start_run))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as http,
        ):
            answers = []
            for body, sign in bodies:
                headers = {"close-sig-timestamp": stamp.encode(), "close-sig-hash": sign.encode("latin-1")}
                answers.append((await http.post(webhooks.path, content=body, headers=headers)).status_code)
            await asyncio.sleep(0.05)
            return answers

    answers = asyncio.run(deliver())
    return answers, runs


def test_many_deliveries_bring_one_run_forward() -> None:
    good = (b"{}", signature(NOW, b"{}"))
    assert delivered(good, good, good) == ([204, 204, 204], 1)
    assert delivered(good, fails=True) == ([204], 1)


def test_a_delivery_that_is_not_the_crms_is_refused() -> None:
    assert delivered((b"{}", signature(EARLIER, b"{}")), (b"{}", ""), (b"x", "ü")) == ([401, 401, 401], 0)
    assert delivered((b"x" * 1_000_001, signature(NOW, b"x" * 1_000_001))) == ([413], 0)


def test_an_old_delivery_that_comes_again_is_refused() -> None:
    assert delivered((b"{}", signature(EARLIER, b"{}")), stamp=EARLIER) == ([401], 0)
