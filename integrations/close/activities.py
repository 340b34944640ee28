"""Logging a message that we sent, on a lead in Close. Source: Close API, "Email activities" (checked August 2026).

Status `sent` only logs; `outbox` would send, and is never used here.
"""

from collections.abc import AsyncIterator
from typing import Any

from core.crm.records import SentMessage
from integrations.close.client import CloseClient
from integrations.close.ids import at_lead
from integrations.close.schemas import ClosePage
from integrations.http import DecodedResponse

_PATH = "/activity/email/"
_PAGE = 100


async def log_sent(client: CloseClient, lead_id: str, message: SentMessage) -> str:
    """Log a sent message on a lead once; return the activity's id.

    Args:
        client: open.
        lead_id: Close's id.
        message: its marker is searched for before anything is written: Close has no idempotency key.

    Raises:
        Gone: there is no such lead.
    """
    with at_lead(lead_id):
        return await _log_once(client, lead_id, message)


async def _log_once(client: CloseClient, lead_id: str, message: SentMessage) -> str:

    mark = f"[{message.marker}]"

    async def look_up() -> DecodedResponse | None:
        async for found in _emails(client, lead_id):
            if mark in str(found.get("body_text") or ""):
                return DecodedResponse(found, {})
        return None

    known = await look_up()
    if known is None:
        content = {
            "lead_id": lead_id,
            "status": "sent",
            "to": [message.recipient],
            "subject": message.subject,
            "body_text": f"{message.body}\n\n{mark}",
        }
        known = await client.request("POST", _PATH, body=content, look_up=look_up)
    return str(known.body["id"])


async def _emails(client: CloseClient, lead_id: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the e-mails that are noted at a lead."""
    skip = 0
    while True:
        params: dict[str, str | int] = {"lead_id": lead_id, "_skip": skip, "_limit": _PAGE}
        page = client.parsed(ClosePage, (await client.request("GET", _PATH, params=params)).body, f"GET {_PATH}")
        for item in page.data:
            yield item
        if not page.has_more or not page.data:
            return
        skip += len(page.data)
