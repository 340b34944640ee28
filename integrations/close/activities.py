"""Logging a message that we sent, on a lead in Close. Source: Close API, "Email activities" (checked August 2026).

Status `sent` only logs; `outbox` would send, and is never used here.
"""

from typing import Any

from core.crm.records import SentMessage
from integrations.close.client import CloseClient
from integrations.http import DecodedResponse


async def log_sent(client: CloseClient, lead_id: str, message: SentMessage) -> str:
    """Log a sent message on a lead once; return the activity's id.

    Args:
        client: open.
        lead_id: Close's id.
        message: its marker is searched for before anything is written: Close has no idempotency key.
    """

    async def look_up() -> DecodedResponse | None:
        answer = await client.request("GET", "/activity/email/", params={"lead_id": lead_id, "_limit": 100})
        page: dict[str, Any] = answer.body if isinstance(answer.body, dict) else {}
        found = [each for each in page.get("data", []) if message.marker in str(each.get("body_text") or "")]
        return DecodedResponse(found[0], {}) if found else None

    known = await look_up()
    if known is None:
        content = {
            "lead_id": lead_id,
            "status": "sent",
            "to": [message.recipient],
            "subject": message.subject,
            "body_text": f"{message.body}\n\n[{message.marker}]",
        }
        known = await client.request("POST", "/activity/email/", body=content, look_up=look_up)
    return str(known.body["id"])
