"""Which column of a file, or which value of a stored lead, a profile means by a name.

A canonical field (`core.leads.lead.FIELDS`) means the field, wherever the file keeps it. Any other name means the
column of that name, compared without case and punctuation: `Resimercial_Score` finds "Resimercial Score".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.imports.column_words import fold_header
from core.imports.columns import ColumnMapping
from core.leads.lead import FIELDS

DERIVED: Mapping[str, tuple[str, ...]] = {
    "company_domain": ("company_website",),
    "contact_name": ("first_name", "last_name"),
}
"""Field -> the fields it is made of where no column holds it, as an import does."""


@dataclass(frozen=True)
class FileSource:
    """Where a file keeps what a profile asks for.

    Attributes:
        name: as the profile says it.
        field: the canonical field whose rules clean the cells; None: they are taken as they stand.
        positions: columns, from 0, whose filled cells are joined by a space; empty where the file has none.
    """

    name: str
    field: str | None
    positions: tuple[int, ...]


@dataclass(frozen=True)
class LeadSource:
    """Where a stored lead keeps what a profile asks for: the first of these that is filled.

    Attributes:
        name: as the profile says it.
        labels: keys of the lead's `extra`.
        fields: canonical fields.
    """

    name: str
    labels: tuple[str, ...]
    fields: tuple[str, ...]


def in_file(names: Iterable[str], mapping: ColumnMapping) -> list[FileSource]:
    """Find what a profile asks for in a file.

    Args:
        names: `Profile.columns`.
        mapping: the file's columns and their fields.

    Returns:
        One source a name, in order.
    """
    labels = mapping.labels
    by_field = {field: position for position, (_, field, _) in enumerate(mapping.columns) if field}
    return [_in_file(name, labels, by_field) for name in names]


def _in_file(name: str, labels: Sequence[str], by_field: Mapping[str, int]) -> FileSource:
    if name in by_field:
        return FileSource(name, name, (by_field[name],))
    parts = tuple(by_field[part] for part in DERIVED.get(name, ()) if part in by_field)
    if parts:
        return FileSource(name, name, parts)
    same = [position for position, label in enumerate(labels) if label == name]
    same = same or [position for position, label in enumerate(labels) if fold_header(label) == fold_header(name)]
    return FileSource(name, name if name in FIELDS else None, tuple(same[:1]))


def in_leads(names: Iterable[str], mappings: Iterable[Mapping[str, str | None]]) -> list[LeadSource]:
    """Find what a profile asks for in stored leads.

    Args:
        names: `Profile.columns`.
        mappings: of each import, its columns: label -> field, None for one that went to `extra`.

    Returns:
        One source a name, in order.
    """
    known: dict[str, set[tuple[str, str | None]]] = {}
    for columns in mappings:
        for label, field in columns.items():
            known.setdefault(fold_header(label), set()).add((label, field))
    sources = []
    for name in names:
        if name in FIELDS:
            sources.append(LeadSource(name, (), (name,)))
            continue
        found = known.get(fold_header(name), set())
        labels = dict.fromkeys([name, *sorted(label for label, field in found if field is None)])
        fields = tuple(sorted({field for _, field in found if field in FIELDS}))
        sources.append(LeadSource(name, tuple(labels), fields))
    return sources
