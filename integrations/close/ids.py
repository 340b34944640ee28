"""Close's ids: opaque words like `lead_A1b2`, which stand in paths; and what it means that it does not know one."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.errors import Gone, Rejected

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def is_id(text: str) -> bool:
    """Return whether a text can be an id of Close's; no other may come into a path."""
    return _ID.fullmatch(text) is not None


def checked_id(kind: str, text: str) -> str:
    """Return an id. Raises Gone for what can be none."""
    if not is_id(text):
        raise Gone(f"Close has no {kind} {text[:100]!r}", provider="close")
    return text


@contextmanager
def at_lead(lead_id: str) -> Iterator[None]:
    """Write at a lead. Raises Gone where there is none: Close, asked to add to it, answers that the value is wrong."""
    checked_id("lead", lead_id)
    try:
        yield
    except Rejected as error:
        if {"lead_id", "lead"}.isdisjoint(error.field_errors):
            raise
        raise Gone(f"Close has no lead {lead_id}", provider="close", status=error.status) from error


@contextmanager
def refusals_of(record: str, named: Callable[[str], str]) -> Iterator[None]:
    """Let a refusal say which record it is about, and name fields as people do: `named` turns a text of Close's so."""
    try:
        yield
    except Rejected as error:
        fields = {named(field): why for field, why in error.field_errors.items()}
        raise Rejected(
            named(error.message),
            provider="close",
            status=error.status,
            request_id=error.request_id,
            field_errors=fields,
            record=record,
        ) from error
