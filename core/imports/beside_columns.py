"""Columns that are no field: the user a lead is assigned to, its tags and lists."""

from collections.abc import Mapping
from functools import cache
from typing import Literal, NamedTuple

from core.imports.column_words import fold_header
from core.imports.columns import ColumnMapping
from core.text import cell_text, lexicons

Beside = Literal["assigned_to", "tags"]

_WORDS: Mapping[Beside, str] = {"assigned_to": "header_words.assigned_to", "tags": "header_words.tags"}
_SEPARATORS = str.maketrans({";": ",", "|": ",", "\n": ",", "\r": ",", "、": ",", "，": ",", "؛": ",", "،": ","})
_LONGEST = 200
_MOST_TAGS = 100


class SaidBeside(NamedTuple):
    """What a row says beside its fields: a user's name, and tags."""

    assigned_to: str | None
    tags: tuple[str, ...]


@cache
def _phrases(what: Beside) -> frozenset[str]:
    return frozenset(fold_header(phrase) for phrase in lexicons.phrases(_WORDS[what]))


def meaning_of_label(label: str) -> Beside | None:
    """Return what a column's whole name says it holds: 'Account owner', 'Tags', 'List memberships'."""
    name = fold_header(label)
    if name.replace(" ", "_") in ("assigned_to", "tags"):
        return "tags" if name == "tags" else "assigned_to"
    return next((what for what in _WORDS if name in _phrases(what)), None)


def beside_columns(mapping: ColumnMapping) -> dict[str, Beside]:
    """Return the columns that hold users and tags, by label; one that a person leaves out by hand is none."""
    found: dict[str, Beside] = {}
    own = mapping.own_labels
    for label, field, certainty in mapping.columns:
        if field or certainty == 1.0 or label in own:
            continue
        if (what := meaning_of_label(label)) is not None:
            found[label] = what
    return found


def read_beside(extra: Mapping[str, str], columns: Mapping[str, Beside]) -> tuple[dict[str, str], SaidBeside | None]:
    """Take what is said beside the fields out of a row's unmapped cells.

    Args:
        extra: the unmapped cells by label.
        columns: which of them hold users and tags.

    Returns:
        The other cells, with numbers that are no user's name; and what is said, None if nothing.
    """
    left = dict(extra)
    users: list[str] = []
    tags: list[str] = []
    for label, what in columns.items():
        if (cell := left.pop(label, None)) is None:
            continue
        if what == "tags":
            tags += tags_of(cell)
        elif (user := cell_text.text(cell)) is not None and not user.isdecimal():
            users.append(user[:_LONGEST])
        else:
            left[label] = cell
    if not users and not tags:
        return left, None
    return left, SaidBeside(users[0] if users else None, tuple(dict.fromkeys(tags))[:_MOST_TAGS])


def tags_of(text: str) -> list[str]:
    """Cut a cell into tags, each once."""
    parts = text.translate(_SEPARATORS).split(",")
    cleaned = (cell_text.text(part) for part in parts)
    return list(dict.fromkeys(tag[:_LONGEST] for tag in cleaned if tag))
