"""What a record keeps of a merge that is taken apart: which values the merge gave it, and which were its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.leads.fields import FIELDS_OF_CONTACT, FIELDS_OF_LEAD

SPREAD = ("extra", "original", "field_edits", "provenance")
"""Columns of values by name, each of which is given or kept alone."""
LISTS = ("tags", "places")


def taken_back(
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    gone: Mapping[str, Any],
    later: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, Any], list[str]]:
    """Return which values the one that stayed gets, and which of those the merge gave were changed since.

    Args:
        now: its values.
        before: those that the merge changed, before it.
        after: and after it.
        gone: of the one that is taken out.
        later: of those that were merged into it since: what they had, stays.
    """
    patch, left = dict[str, Any](), list[str]()
    for name in {**before, **after}:
        if name not in now or before.get(name) == after.get(name) or name in ("aliases", "alias_keys", "id"):
            continue
        if name in SPREAD:
            patch[name] = _without(now[name], before.get(name) or {}, after.get(name) or {}, name, later)
        elif name in LISTS:
            patch[name] = _list_without(now[name], before.get(name) or [], after.get(name) or [], name, later)
        elif now[name] == after.get(name):
            patch[name] = before.get(name) or next((row[name] for row in later if row.get(name)), None)
        elif name == "notes" and now[name] and (their := gone.get("notes")):
            patch[name] = now[name].replace(f"\n{their}", "", 1)
        elif now[name] != before.get(name) and name in (*FIELDS_OF_LEAD, *FIELDS_OF_CONTACT):
            left.append(name)
    if "alias_keys" in now:
        patch |= _own_aliases(now, before, after, later)
    return {name: value for name, value in patch.items() if value != now[name]}, sorted(left)


def _list_without(
    now: Sequence[Any], before: Sequence[Any], after: Sequence[Any], name: str, later: Sequence[Mapping[str, Any]]
) -> list[Any]:
    """Return a list without what the merge gave it and nobody else did."""
    stays = [*before, *(item for row in later for item in row.get(name) or [])]
    given = [item for item in after if item not in stays]
    return [item for item in now if item not in given]


def _without(
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    name: str,
    later: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    found = dict(now)
    for key in {**before, **after}:
        if before.get(key) == after.get(key) or now.get(key) != after.get(key):
            continue
        value = before.get(key, next((row[name][key] for row in later if key in (row.get(name) or {})), None))
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value
    return found


def _own_aliases(
    now: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], later: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    kept = {*(before.get("alias_keys") or ())}
    for row in later:
        kept |= {*(row.get("alias_keys") or ()), row.get("name_key")}
    given = {*(after.get("alias_keys") or ())} - kept
    pairs = [each for each in zip(now["alias_keys"], now["aliases"], strict=True) if each[0] not in given]
    return {"alias_keys": [key for key, _ in pairs], "aliases": [name for _, name in pairs]}
