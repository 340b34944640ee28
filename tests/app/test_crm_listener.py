"""Webhooks of the CRM: signed ones bring a run forward, others are refused, and nothing of them is believed."""

import asyncio
import hashlib
import hmac

import httpx
from pydantic import SecretStr

from app.crm_listener import Bell, build
from core.errors import Unavailable
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from integrations.guards import single_call_guard

KEY = "ab" * 32
CRM = CloseCRM(CloseClient("http://127.0.0.1:9", "key", single_call_guard("close", 1.0)[0]), webhook_key=SecretStr(KEY))


def signature(timestamp: str, body: bytes) -> str:
    return hmac.new(bytes.fromhex(KEY), timestamp.encode() + body, hashlib.sha256).hexdigest()


def delivered(*bodies: tuple[bytes, str], fails: bool = False) -> tuple[list[int], int]:
    """Deliver bodies with signatures; return the answers, and how many runs were started."""
    runs = 0

    async def start_run() -> None:
        nonlocal runs
        runs += 1
        if fails:
            raise Unavailable("no server", provider="prefect")

    async def deliver() -> list[int]:
        app = build("/close", CRM.verify_delivery, Bell(start_run))
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://x") as http,
        ):
            answers = []
            for body, sign in bodies:
                headers = {"close-sig-timestamp": b"1", "close-sig-hash": sign.encode("latin-1")}
                answers.append((await http.post("/close", content=body, headers=headers)).status_code)
            await asyncio.sleep(0.05)
            return answers

    answers = asyncio.run(deliver())
    return answers, runs


def test_many_deliveries_bring_one_run_forward() -> None:
    good = (b"{}", signature("1", b"{}"))
    assert delivered(good, good, good) == ([204, 204, 204], 1)
    assert delivered(good, fails=True) == ([204], 1)


def test_a_delivery_that_is_not_the_crms_is_refused() -> None:
    assert delivered((b"{}", signature("2", b"{}")), (b"{}", ""), (b"x", "ü")) == ([401, 401, 401], 0)
    assert delivered((b"x" * 1_000_001, signature("1", b"x" * 1_000_001))) == ([413], 0)
