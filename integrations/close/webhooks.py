"""Close's webhooks: subscriptions, and deliveries that prove they come from Close.

Source: Close documentation, "Webhooks" (checked November 2026). Deliveries come in no order, more than once, and late;
after three days of failures a subscription is paused. The event log is the truth, a delivery says when to read it.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from core.errors import Gone, MalformedAnswer, Unauthorized
from integrations.close.client import CloseClient
from integrations.close.schemas import ClosePage, CloseSubscription, CloseWebhook
from integrations.close.signing import is_signed
from integrations.http import DecodedResponse

_PATH = "/webhook/"
_ONE = "/webhook/{id}/"


@dataclass(frozen=True, slots=True)
class CloseWebhooks:
    """The webhook subscriptions of the organisation a client speaks with, 40 at most."""

    client: CloseClient

    async def subscriptions(self) -> AsyncIterator[CloseSubscription]:
        """Yield all subscriptions, those of others too."""
        page = self.client.parsed(ClosePage, (await self.client.request("GET", _PATH)).body, f"GET {_PATH}")
        for item in page.data:
            yield self.client.parsed(CloseSubscription, item, f"GET {_PATH}")

    async def subscribe(self, url: str, wanted: Sequence[tuple[str, str]]) -> CloseSubscription:
        """Return an active subscription of `url` to all that is wanted, made unless there is one.

        Args:
            url: where deliveries go, https.
            wanted: object type and action of each kind of event, e.g. ("lead", "updated").
        """

        async def look_up() -> DecodedResponse | None:
            async for found in self.subscriptions():
                if found.url == url and found.status == "active" and found.kinds >= set(wanted):
                    return DecodedResponse(found.model_dump(mode="json"), {})
            return None

        answer = await look_up()
        if answer is None:
            events = [{"object_type": object_type, "action": action} for object_type, action in wanted]
            body = {"url": url, "events": events, "verify_ssl": True}
            answer = await self.client.request("POST", _PATH, body=body, look_up=look_up)
        return self.client.parsed(CloseSubscription, answer.body, f"POST {_PATH}")

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription. One that is gone already counts as ended."""
        try:
            await self.client.request("DELETE", f"{_PATH}{subscription_id}/", operation=f"DELETE {_ONE}")
        except Gone:
            return


def read_delivery(signature_key: str, headers: Mapping[str, str], body: bytes) -> CloseWebhook:
    """Return what a webhook delivered, once its signature has been checked.

    Args:
        signature_key: from `CloseWebhooks.subscribe`.
        headers: lower-case names.
        body: raw, as received.

    Raises:
        Unauthorized: it is not from Close.
        MalformedAnswer: it is, and has another shape than agreed on.
    """
    timestamp, signature = headers.get("close-sig-timestamp", ""), headers.get("close-sig-hash", "")
    if not is_signed(signature_key, timestamp, body, signature):
        raise Unauthorized("close webhook: the signature is wrong; nothing was read", provider="close")
    try:
        return CloseWebhook.model_validate(json.loads(body))
    except (ValueError, ValidationError) as error:
        raise MalformedAnswer("close webhook: the body does not fit its contract") from error
