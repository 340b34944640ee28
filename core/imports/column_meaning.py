"""What a column's name means among others: 'Name' beside 'Vorname' is the last name, beside 'Website' a firm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.imports.column_content import ColumnProfile
from core.imports.column_fields import DECIDERS, bare_name, linkedin, subject_alone
from core.imports.column_readings import HeaderReading, Table, read_name, table_of
from core.imports.column_words import ATTRIBUTES, lexicon
from core.leads.fields import BY_NAME, FieldType

_VAGUE = frozenset({"size", "name", "notes", "url", "title", "location", "category"})
"""Attributes that every thing has: with an unknown word beside them they may be anything's."""


@dataclass(frozen=True)
class Guess:
    """One column may hold one field. `column` counts from 0."""

    column: int
    field: str
    confidence: float


def meaning_of(names: Sequence[str], profiles: Sequence[ColumnProfile]) -> list[Guess]:
    """Return every column's possible fields with a confidence, before its cells have their say.

    Args:
        names: Column names; '' for a column without one.
        profiles: The columns' cells, profiled.
    """
    readings = [read_name(name) for name in names]
    table = table_of(readings, profiles)
    guesses: list[Guess] = []
    for column, (name, reading, cells) in enumerate(zip(names, readings, profiles, strict=True)):
        if reading.blocked:
            continue
        found = _from_name(reading, cells, table)
        if any(field == "?name" for field, _ in found):
            found = bare_name(cells, table)
        if not found and (not name or reading.unknown):
            found = _from_cells(cells, named=bool(name))
        vague = set(reading.attributes) <= _VAGUE
        factor = (0.5 if vague else 0.58) ** reading.unknown if name else 1.0
        for field, confidence in found:
            firm = _proves(field, cells)
            guesses.append(Guess(column, field, confidence * (max(factor, 0.75) if firm else factor)))
    return guesses


def _proves(field: str, cells: ColumnProfile) -> bool:
    """Return whether the cells alone make the field certain, so that a strange word in the name matters less."""
    if field == "company_name":
        return cells.share("legal") > 0.4
    proof = _PROOFS.get(BY_NAME[field].type)
    return proof is not None and proof(cells)


def _from_name(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    """Return (field, confidence) that a name suggests; '?name' for a bare 'Name'."""
    attributes = reading.attributes
    if attributes[:1] == ("street",) and reading.phrases[0] != "street" and _goes_on_after_address(reading):
        return [(field, confidence - 0.02) for field, confidence in _from_name(_without_address(reading), cells, table)]
    if not attributes:
        return subject_alone(reading, cells, table)
    if "linkedin" in attributes:
        return linkedin(reading, cells, table)
    for concepts, decide in DECIDERS:
        if any(concept in attributes for concept in concepts):
            return decide(reading, cells, table)
    return []


def _goes_on_after_address(reading: HeaderReading) -> bool:
    """Return whether 'address' only says where the rest belongs, as in 'Address 1 - City', 'Default Address Phone'."""
    words = lexicon()
    kinds = [words.get(phrase, "") for phrase in reading.phrases]
    at = kinds.index("street") if "street" in kinds else len(kinds)
    return any((kind in ATTRIBUTES and kind != "street") or kind == "company" for kind in kinds[at + 1 :])


def _without_address(reading: HeaderReading) -> HeaderReading:
    words = lexicon()
    kept = tuple(phrase for phrase in reading.phrases if words.get(phrase) != "street")
    return replace(reading, attributes=tuple(name for name in reading.attributes if name != "street"), phrases=kept)


def _from_cells(cells: ColumnProfile, *, named: bool) -> list[tuple[str, float]]:
    """Guess from the cells alone; of a column with a name of its own only what cannot be anything else."""
    if cells.count == 0:
        return []
    for kind, field in (("linkedin_person", "linkedin_url"), ("linkedin_company", "company_linkedin_url")):
        if cells.share(kind) > 0.8:
            return [(field, 0.8)]
    if cells.share("email") > 0.8:
        return [("contact_email", 1.0 if named else 0.8)]
    if named or max(cells.share("date"), cells.share("truth")) > 0.5:
        return []
    for is_so, field, confidence in (
        (cells.share("url") > 0.8, "company_website", 0.7),
        (_is_phone_column(cells), "contact_phone", 0.65),
        (cells.share("legal") > 0.5, "company_name", 0.7),
        (cells.share("country") > 0.8 and cells.mean_chars > 3, "country", 0.65),
        (cells.share("first_name") > 0.6, "first_name", 0.6),
        (cells.share("person") > 0.5 and cells.share("person_shape") > 0.7, "contact_name", 0.65),
    ):
        if is_so:
            return [(field, confidence)]
    return []


def _is_phone_column(cells: ColumnProfile) -> bool:
    return cells.share("phone") > 0.8 and cells.mean_chars >= 8 and cells.share("id") < 0.5


_PROOFS: dict[FieldType, Callable[[ColumnProfile], bool]] = {
    FieldType.EMAIL: lambda cells: cells.share("email") > 0.7,
    FieldType.URL: lambda cells: cells.share("url") > 0.7,
    FieldType.PERSON_PROFILE: lambda cells: cells.share("linkedin_person") > 0.7,
    FieldType.COMPANY_PROFILE: lambda cells: cells.share("linkedin_company") > 0.7,
    FieldType.PHONE: lambda cells: cells.share("phone") > 0.8 and cells.mean_chars >= 8,
    FieldType.COUNTRY: lambda cells: cells.share("country") > 0.8,
    FieldType.ID: lambda cells: cells.count >= 20 and cells.distinct > 0.99,
}
"""Type -> what its cells look like and no other's do."""
