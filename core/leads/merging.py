"""How what a file says of a lead meets what is known of it.

The same rules stand twice, because they run in two places: here for rows of one batch, in `db/imports/lead_merge.py`
as SQL for rows against the database. `tests/db/imports/test_lead_loading.py` holds them together.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any


class ConflictPolicy(StrEnum):
    """What happens to a field of a lead that is already there."""

    FILL_EMPTY = "fill_empty"
    """Fill what is empty, keep what is there."""
    OVERWRITE = "overwrite"
    """Take what the file says wherever it says something; an empty cell empties nothing."""
    SKIP = "skip"
    """Leave leads that are already there alone."""


LeadValues = Sequence[str | None]
"""A lead's values, in the order of `core.leads.lead.FIELDS`; None is empty."""
ExtraFacts = dict[str, Any] | None


def merge_values(known: LeadValues, new: LeadValues, policy: ConflictPolicy) -> list[str | None]:
    """Merge field by field; both are in the order of `core.leads.lead.FIELDS`, None is empty."""
    if policy is ConflictPolicy.OVERWRITE:
        known, new = new, known
    elif policy is ConflictPolicy.SKIP:
        return list(known)
    return [old if old is not None else other for old, other in zip(known, new, strict=True)]


def merge_extra(known: ExtraFacts, new: ExtraFacts, policy: ConflictPolicy) -> ExtraFacts:
    """Merge the unmapped columns, key by key, by the same rule."""
    if policy is ConflictPolicy.SKIP or not new:
        return known
    if not known:
        return new
    return {**known, **new} if policy is ConflictPolicy.OVERWRITE else {**new, **known}


def merge_original(
    known: tuple[LeadValues, ExtraFacts],
    new: tuple[LeadValues, ExtraFacts],
    policy: ConflictPolicy,
    fields: Sequence[str],
) -> ExtraFacts:
    """Merge what stood in the file: each original stays with the value that won.

    Args:
        known: values before the merge and their originals by field name.
        new: the same of the later row.
        policy: who wins.
        fields: the names of the values.

    Returns:
        Originals by field name; None when there are none.
    """
    (known_values, known_facts), (new_values, new_facts) = known, new
    if policy is ConflictPolicy.SKIP or not (known_facts or new_facts):
        return known_facts
    first, second = (known_facts or {}), (new_facts or {})
    merged: dict[str, Any] = {}
    for field, old, other in zip(fields, known_values, new_values, strict=True):
        takes = other is not None and (old is None or (policy is ConflictPolicy.OVERWRITE and old != other))
        if takes:
            choice = second.get(field)
        elif old is None:
            choice = first.get(field, second.get(field))  # both were refused: keep the first text
        else:
            choice = first.get(field)
        if choice is not None:
            merged[field] = choice
    return merged or None
