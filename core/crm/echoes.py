"""Which entries of a CRM's change log ask for a look, and which are our own writes coming back.

An entry is an echo when every mapped field it says changed already holds what was last agreed on: it tells nothing new,
whoever caused it. Where the log hides values, the API key that made the change decides. Anything else asks for a look,
because a log merges close updates and may show half of them.
"""

from collections.abc import Mapping, Set
from typing import Literal

from core.crm.records import RecordKind, RemoteChange, Value
from core.crm.units import RecordLink
from core.crm.values import are_equal

ChangeVerdict = Literal["look", "echo", "irrelevant"]


def verdict_on(
    change: RemoteChange,
    links: Mapping[tuple[RecordKind, str], RecordLink],
    own_keys: Set[str],
    company: str | None = None,
) -> ChangeVerdict:
    """Return what a change asks for.

    Args:
        change: an entry of the log.
        links: by kind and the CRM's id, of the records the log's page speaks of.
        own_keys: ids of API keys that are known to be ours.
        company: where the person it is about stood in the CRM when they were seen last; None where nobody knows.
    """
    link = links.get((change.kind, change.record_id))
    if change.action == "deleted":
        return "irrelevant" if link is None and not _belongs(change, links) else "look"
    if change.action == "merged" or change.refuses:
        return "look"
    if company is not None and change.lead_id not in (None, company):
        # Whatever else changed, they stand at another company now.
        return "look"
    if change.fields == ():
        return "irrelevant"
    if link is None or link.is_gone:
        return "look"
    if change.values is None:
        return "echo" if change.key_id is not None and change.key_id in own_keys else "look"
    return "echo" if _tells_nothing_new(change, link) else "look"


def overwritten(change: RemoteChange, link: RecordLink | None, own_keys: Set[str]) -> dict[str, Value]:
    """Return what somebody may have written in the CRM just before we wrote over it, by the CRM's field names.

    The entry of such an edit is late: our write of its record came after the edit, and the field holds what we sent.
    Whether that was a guess, and whether the value was an earlier one of ours, is for the caller to find out.
    """
    if link is None or link.is_gone or link.remote_updated_at is None or change.at > link.remote_updated_at:
        return {}
    if change.action != "updated" or change.values is None or change.key_id in own_keys:
        return {}
    found = {name: change.values[name] for name in change.fields or () if name in link.base and name in change.values}
    return {
        name: value
        for name, value in found.items()
        if not (isinstance(value, tuple) or link.base[name].is_theirs or are_equal(value, link.base[name].theirs))
    }


def _belongs(change: RemoteChange, links: Mapping[tuple[RecordKind, str], RecordLink]) -> bool:
    return change.kind is RecordKind.CONTACT and (RecordKind.CONTACT, change.record_id) in links


def _tells_nothing_new(change: RemoteChange, link: RecordLink) -> bool:
    values = change.values or {}
    named = values.keys() if change.fields is None else change.fields
    return all(
        name in link.base and name in values and are_equal(values[name], link.base[name].theirs) for name in named
    )


def key_that_made(change: RemoteChange, link: RecordLink | None, *, is_made_here: bool) -> str | None:
    """Return the id of our API key as a record that we created tells it, or None."""
    is_creation = change.action == "created" and link is not None and is_made_here
    return change.key_id if is_creation else None
