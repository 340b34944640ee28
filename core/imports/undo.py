"""Which values an undone import gives back.

A record's history is a chain of changes, oldest first. Taking one out of the middle hands its values before to the next
change of the same field, so that undoing that one later still leads back to what was there first. Field names are those
of a lead or contact; keys of `extra`, `original`, `aliases` and `tags` stand as `extra.KEY`, so that two imports which
brought different columns do not undo one another's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FieldValues = Mapping[str, Any]

_SPREAD = frozenset({"extra", "original", "aliases", "tags"})


@dataclass(frozen=True)
class Change:
    """What one import changed in one record: only the fields it changed; None is empty."""

    before: FieldValues
    after: FieldValues


def flattened(values: FieldValues) -> dict[str, Any]:
    """Spread `extra`, `original`, `aliases` and `tags` out into dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if name in _SPREAD:
            flat.update({f"{name}.{key}": fact for key, fact in (value or {}).items()})
        else:
            flat[name] = value
    return flat


def patched(values: FieldValues, patch: FieldValues) -> dict[str, Any]:
    """Apply a patch of dotted names to a lead's values; None removes a key."""
    result = {name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()}
    for name, value in patch.items():
        column, dot, key = name.partition(".")
        if not dot:
            result[column] = value
        elif value is None:
            result[column].pop(key, None)
        else:
            result[column][key] = value
    return result


def unmerge(
    change: Change, later: Sequence[Change], current: FieldValues
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Take one change out of a lead's history.

    Args:
        change: the change to take out.
        later: the changes of imports after it, oldest first.
        current: the lead's values now, flattened.

    Returns:
        What to set in the lead, and for each later change what its `before` becomes in addition. A field that holds
        something else than what the change put there, with no later change to explain it, was changed by other means
        and is left as it is.
    """
    patch: dict[str, Any] = {}
    handed: list[dict[str, Any]] = [{} for _ in later]
    for field, old in change.before.items():
        heir = next((position for position, other in enumerate(later) if field in other.after), None)
        if heir is not None:
            handed[heir][field] = old
        elif current.get(field) == change.after.get(field):
            patch[field] = old
    return patch, handed
