"""Whether a webhook's delivery is Close's own; loads nothing of its client.

Source: Close documentation, "Webhooks" (checked November 2026).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

TRIED_FOR = timedelta(hours=72)
"""So long Close tries to deliver, and nothing says whether it signs each attempt anew. What is older comes again."""
_AHEAD = timedelta(minutes=5)
"""So far another's clock may be ahead of ours."""


def is_signed(signature_key: str, timestamp: str, body: bytes, signature: str) -> bool:
    """Return whether Close has signed a body, at whatever time.

    Args:
        signature_key: 64 hex digits, from creating the subscription.
        timestamp: header `close-sig-timestamp`.
        body: the raw body, as received.
        signature: header `close-sig-hash`.
    """
    try:
        key = bytes.fromhex(signature_key)
    except ValueError:
        return False
    expected = hmac.new(key, timestamp.encode() + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def is_genuine(key: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Return whether a delivery is Close's own and no old one that comes again; see `integrations.plug.Webhook`."""
    timestamp = headers.get("close-sig-timestamp", "")
    if not is_signed(key, timestamp, body, headers.get("close-sig-hash", "")):
        return False
    try:
        signed_at = datetime.fromtimestamp(float(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return -_AHEAD <= now - signed_at <= TRIED_FOR
