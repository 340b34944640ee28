"""Close's webhook sender. Source: Close API, "Webhooks", checked August 2026."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx

from sandbox.clock import Clock

MAX_SUBSCRIPTIONS = 40


def signature(key_hex: str, timestamp: str, body: str) -> str:
    """Return `close-sig-hash`: HMAC-SHA256 over timestamp and raw body, keyed by the bytes of the hex key."""
    return hmac.new(bytes.fromhex(key_hex), (timestamp + body).encode(), hashlib.sha256).hexdigest()


class WebhookSender:
    """Delivers events in the background, in the order they come unless told otherwise.

    Attributes:
        misdeeds: What goes wrong with the next deliveries, one word each: `duplicate`, `hold` (sent after the
            following one), `bad_signature`.
        retry_s: Pause before a delivery that was not answered with 2xx is tried again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._last: asyncio.Task[None] | None = None
        self.misdeeds: list[str] = []
        self.retry_s = 0.2
        self.attempts = 10

    def publish(self, event: dict[str, Any], subscriptions: list[dict[str, Any]]) -> None:
        """Send an event to every active subscription that asks for it."""
        for subscription in subscriptions:
            if subscription["status"] == "active" and _wants(subscription, event):
                misdeed = self.misdeeds.pop(0) if self.misdeeds else ""
                if misdeed == "hold":
                    self._held.append((subscription, event))
                    continue
                for _ in range(2 if misdeed == "duplicate" else 1):
                    self._start(subscription, event, misdeed)
                while self._held:
                    self._start(*self._held.pop(), "")

    def forget(self) -> None:
        """Give up what has not been delivered, and what should go wrong with it."""
        self.misdeeds.clear()
        self._held.clear()
        self._last = None
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Give up what has not been delivered, and wait for that."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, subscription: dict[str, Any], event: dict[str, Any], misdeed: str) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(subscription, event, misdeed, self._last))
        self._last = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self,
        subscription: dict[str, Any],
        event: dict[str, Any],
        misdeed: str,
        before: asyncio.Task[None] | None,
    ) -> None:
        """Post one event until it is answered with 2xx, after the delivery before it has been tried."""
        if before is not None and not before.done():
            await asyncio.wait([before], timeout=2)
        body = json.dumps({"subscription_id": subscription["id"], "event": event})
        timestamp = str(int(self._clock.now()))
        digest = signature(subscription["signature_key"], timestamp, body)
        headers = {
            "content-type": "application/json",
            "close-sig-timestamp": timestamp,
            "close-sig-hash": digest[::-1] if misdeed == "bad_signature" else digest,
        }
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            for _ in range(self.attempts):
                try:
                    answer = await client.post(subscription["url"], content=body, headers=headers)
                    error = "" if answer.is_success else f"HTTP {answer.status_code}"
                except httpx.HTTPError as fault:
                    error = type(fault).__name__
                if not error:
                    subscription["counters"]["successes"] += 1
                    return
                subscription["counters"]["errors"] += 1
                subscription["latest_error"] = error
                await asyncio.sleep(self.retry_s)
        subscription["status"], subscription["pause_reason"] = "paused", "failures"


def _wants(subscription: dict[str, Any], event: dict[str, Any]) -> bool:
    return any(
        wanted["object_type"] == event["object_type"] and wanted["action"] == event["action"]
        for wanted in subscription["events"]
    )
