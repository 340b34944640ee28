"""The three-way merge of one field: what both sides last agreed on, what we have, what they have.

Rules, in this order:

1. Equal values are left alone, and so are values that neither side changed since they were last agreed on.
2. A field that goes one way is taken from its source; one with an owner from its owner, unless the owner never had it.
3. What only one side changed is taken, with one exception: what a person wrote in the CRM is replaced only by an edit
   in a person's name, never by what a machine found.
4. What both sides changed: the later edit wins. A machine's finding loses to any edit in the CRM. What cannot be told
   apart in time goes to the CRM, where people work.
5. Lists (addresses, numbers) are merged as sets: what either side added is in, what either side removed is out; a
   machine removes nothing that came from the CRM.

6. Where a finding, or an older edit, was written over a person's in the CRM because nobody could know of it yet, theirs
   is given back on both sides once the late entry of the change log tells of it.

The base is kept a side: a CRM may write down what it is sent in another form, and that is no change.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.crm.meanings import Meaning, as_written
from core.crm.records import Value
from core.crm.values import aligned, are_equal, items, same, tidy

Owner = Literal["ours", "theirs", "newest"]
Direction = Literal["both", "to_crm", "from_crm"]
Side = Literal["ours", "theirs"]
Rule = Literal["owner", "later", "tie", "person", "union"]

CLOCK_TOLERANCE = timedelta(seconds=1)
"""How well two clocks can be compared: the `Date` header, from which the difference is known, has whole seconds."""


@dataclass(frozen=True, slots=True)
class Base:
    """What was last agreed on.

    Attributes:
        theirs: what the CRM held then.
        ours: what we held then; differs where the CRM writes it in another form.
        is_theirs: whether it came from the CRM, where people write.
    """

    theirs: Value
    ours: Value
    is_theirs: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """Our value.

    Attributes:
        value: as it is now.
        at: when it changed last; the time of the record where the field has none of its own.
        is_person: whether it was written in a person's name since it was agreed on.
    """

    value: Value
    at: datetime
    is_person: bool = False


@dataclass(frozen=True, slots=True)
class Theirs:
    """The CRM's value, and when it changed last, by our clock."""

    value: Value
    at: datetime


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """Both sides wanted something different: both values, who won, and by which rule."""

    base: Value
    ours: Value
    theirs: Value
    winner: Side | Literal["both"]
    rule: Rule


@dataclass(frozen=True, slots=True)
class Merged:
    """What a field becomes.

    Attributes:
        value: on both sides.
        to_ours: whether our side has to change.
        to_theirs: whether the CRM has to change.
        conflict: what to record, if anything.
    """

    value: Value
    to_ours: bool = False
    to_theirs: bool = False
    conflict: FieldConflict | None = None


def merge_field(
    base: Base | None,
    ours: Ours,
    theirs: Theirs,
    *,
    owner: Owner = "newest",
    direction: Direction = "both",
    meaning: Meaning = as_written,
) -> Merged:
    """Merge one field.

    Args:
        base: None when the two were never agreed on.
        ours: our value.
        theirs: the CRM's.
        owner: whose value counts.
        direction: which way it may go at all.
        meaning: what compares two texts of this field.
    """
    agreed = base or Base(None, None)
    if are_equal(ours.value, theirs.value, meaning):
        return Merged(theirs.value)
    is_ours_new = not are_equal(ours.value, agreed.ours, meaning)
    is_theirs_new = not are_equal(theirs.value, agreed.theirs, meaning)
    if not is_ours_new and not is_theirs_new and base is not None:
        return Merged(theirs.value)
    if direction != "both":
        return _one_way(agreed, ours, theirs, direction)
    if owner != "newest":
        return _owned(agreed, ours, theirs, owner, is_conflict=is_ours_new and is_theirs_new)
    if isinstance(ours.value, tuple) or isinstance(theirs.value, tuple):
        return _united(agreed, ours, theirs)
    if not is_ours_new:
        return Merged(theirs.value, to_ours=True)
    if not is_theirs_new:
        if agreed.is_theirs and not ours.is_person:
            return _theirs(agreed, ours, theirs, "person")
        return Merged(ours.value, to_theirs=True)
    return _both_changed(base, ours, theirs)


def given_back(
    base: Base | None, ours: Ours, theirs: Theirs, lost: Theirs, *, edited_at: datetime | None
) -> Merged | None:
    """Return what becomes of a field over which we wrote too early; None where that is not what happened.

    Args:
        base: what was last agreed on: what we wrote.
        ours: our value.
        theirs: what the CRM holds now.
        lost: what the CRM held, and when somebody wrote it.
        edited_at: when our value was written in somebody's name; None for a machine's finding.
    """
    is_newer = edited_at is not None and edited_at > lost.at + CLOCK_TOLERANCE
    if base is None or base.is_theirs or is_newer or not are_equal(theirs.value, base.theirs):
        return None
    rule: Rule = "person" if edited_at is None else "later" if lost.at > edited_at + CLOCK_TOLERANCE else "tie"
    conflict = FieldConflict(base.theirs, ours.value, lost.value, "theirs", rule)
    return Merged(lost.value, to_ours=not are_equal(ours.value, lost.value), to_theirs=True, conflict=conflict)


def _one_way(agreed: Base, ours: Ours, theirs: Theirs, direction: Direction) -> Merged:
    if direction == "from_crm":
        return Merged(theirs.value, to_ours=True)
    if not _says(ours.value) and not _says(agreed.ours):
        return Merged(theirs.value)
    return Merged(ours.value, to_theirs=True)


def _owned(agreed: Base, ours: Ours, theirs: Theirs, owner: Owner, *, is_conflict: bool) -> Merged:
    """An owner who never had a value takes the other's; nobody's data is erased by somebody who knows nothing."""
    own, before = (ours.value, agreed.ours) if owner == "ours" else (theirs.value, agreed.theirs)
    winner: Side = owner if owner != "newest" and (_says(own) or _says(before)) else _other(owner)
    both_say = is_conflict and _says(ours.value) and _says(theirs.value)
    conflict = FieldConflict(agreed.theirs, ours.value, theirs.value, winner, "owner") if both_say else None
    if winner == "ours":
        return Merged(ours.value, to_theirs=True, conflict=conflict)
    return Merged(theirs.value, to_ours=True, conflict=conflict)


def _other(owner: Owner) -> Side:
    return "theirs" if owner == "ours" else "ours"


def _both_changed(base: Base | None, ours: Ours, theirs: Theirs) -> Merged:
    agreed = base or Base(None, None)
    if base is None or (not _says(agreed.ours) and not _says(agreed.theirs)):
        if not _says(theirs.value):
            return Merged(ours.value, to_theirs=True)
        if not _says(ours.value):
            return Merged(theirs.value, to_ours=True)
    if not ours.is_person:
        return _theirs(agreed, ours, theirs, "person")
    if ours.at > theirs.at + CLOCK_TOLERANCE:
        conflict = FieldConflict(agreed.theirs, ours.value, theirs.value, "ours", "later")
        return Merged(ours.value, to_theirs=True, conflict=conflict)
    return _theirs(agreed, ours, theirs, "later" if theirs.at > ours.at + CLOCK_TOLERANCE else "tie")


def _theirs(agreed: Base, ours: Ours, theirs: Theirs, rule: Rule) -> Merged:
    conflict = FieldConflict(agreed.theirs, ours.value, theirs.value, "theirs", rule)
    return Merged(theirs.value, to_ours=True, conflict=conflict)


def _united(agreed: Base, ours: Ours, theirs: Theirs) -> Merged:
    """Apply both sides' additions and removals; theirs keep their order, ours follow."""
    like = (*_listed(theirs.value), *_listed(agreed.theirs))
    our_items, before = aligned(_listed(ours.value), like), aligned(_listed(agreed.ours), like)
    held, mine, yours = items(before) & items(agreed.theirs), items(our_items), items(theirs.value)
    removed = held - mine if ours.is_person or not agreed.is_theirs else frozenset()
    gone = held - yours
    kept = [item for item in _listed(theirs.value) if same(item) not in removed]
    kept += [item for item in our_items if same(item) not in yours and same(item) not in gone]
    value = tidy(tuple(kept))
    to_ours, to_theirs = not are_equal(value, ours.value), not are_equal(value, theirs.value)
    conflict = None
    if to_ours and to_theirs:
        conflict = FieldConflict(agreed.theirs, ours.value, theirs.value, "both", "union")
    return Merged(value, to_ours, to_theirs, conflict)


def _listed(value: Value) -> tuple[str, ...]:
    tidied = tidy(value)
    return (tidied,) if isinstance(tidied, str) else tidied or ()


def _says(value: Value) -> bool:
    return bool(tidy(value))
