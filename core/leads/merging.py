"""How what a file says of a lead or a contact meets what is known of it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core.leads.known import Record, Values

COMPANY_ADDRESSES = ("company_email", "contact_email", "contact_phone")
"""Under which names mailboxes and telephones of a company stand beside its fields (`core.leads.rows`): any number."""
_BETWEEN = ", "
_MOST_ADDRESSES = 50


class ConflictPolicy(StrEnum):
    """What happens to a field of a lead or contact that is already there."""

    FILL_EMPTY = "fill_empty"
    """Fill what is empty, keep what is there."""
    OVERWRITE = "overwrite"
    """Take what the file says wherever it says something; an empty cell empties nothing."""
    SKIP = "skip"
    """Leave what is already there alone."""


def merge_values(
    record: Record,
    places: Mapping[str, int],
    values: Values,
    original: Mapping[str, Any] | None,
    policy: ConflictPolicy,
) -> None:
    """Merge values in, field by field, each with what stood in the file; what a person or the CRM wrote stays.

    Args:
        record: Takes them.
        places: Field -> its place among the values.
        values: In that order; None is empty.
        original: Field -> what stood in the file.
        policy: Who wins.
    """
    if policy is ConflictPolicy.SKIP:
        return
    known, overwrites = record.values, policy is ConflictPolicy.OVERWRITE
    for name, position in places.items():
        value, old = values[position], known[position]
        if value is None:
            if old is None and original and name in original and name not in record.original:
                record.keep()
                record.original[name] = original[name]
        elif value != old and (old is None or overwrites) and name not in record.edits:
            record.keep()
            known[position] = value
            if original is not None and name in original:
                record.original[name] = original[name]
            else:
                record.original.pop(name, None)


def merge_extra(record: Record, extra: Mapping[str, Any] | None, policy: ConflictPolicy) -> None:
    """Merge the unmapped cells, key by key, by the same rule."""
    if policy is ConflictPolicy.SKIP or not extra:
        return
    for name, value in extra.items():
        if name in COMPANY_ADDRESSES and name in record.extra and isinstance(value, str):
            _add_address(record, name, value)
        elif name not in record.extra or (policy is ConflictPolicy.OVERWRITE and record.extra[name] != value):
            record.keep()
            record.extra[name] = value


def _add_address(record: Record, name: str, value: str) -> None:
    """Keep a further mailbox or telephone of a company beside those there are."""
    known = str(record.extra[name])
    listed = known.split(_BETWEEN)
    if value not in listed and len(listed) < _MOST_ADDRESSES:
        record.keep()
        record.extra[name] = f"{known}{_BETWEEN}{value}"
