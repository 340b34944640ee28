"""What a column's name means among others: 'Name' beside 'Vorname' is the last name, beside 'Website' a firm."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from core.imports.column_content import ColumnProfile
from core.imports.column_fields import DECIDERS, bare_name, linkedin, subject_alone
from core.imports.column_readings import HeaderReading, Table, names_an_entity, read_name, table_of
from core.imports.column_words import ATTRIBUTES, fold_header, lexicon
from core.leads.fields import BY_NAME, FieldType
from core.text.lexicons import words

_KINDS_OF = frozenset(map(fold_header, words("header_words.kinds_of")))
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
            guesses += [Guess(column, field, sure) for field, sure in _in_spite(reading, cells, table)]
            continue
        guesses += [Guess(column, field, sure) for field, sure in _by_name_or_cells(name, reading, cells, table)]
    return [*guesses, *_of_a_list_without_names(names, profiles, guesses)]


def _by_name_or_cells(
    name: str, reading: HeaderReading, cells: ColumnProfile, table: Table
) -> Iterator[tuple[str, float]]:
    """Yield what a column may be by its name, less sure for each word of it that is unknown; else by its cells."""
    found = _from_name(reading, cells, table)
    if any(field == "?name" for field, _ in found):
        found = bare_name(reading, cells, table)
    if not found and (not name or reading.unknown > 0):
        yield from _from_cells(cells, named=bool(name))
        return
    vague = set(reading.attributes) <= _VAGUE
    factor = (0.5 if vague else 0.58) ** reading.unknown if name else 1.0
    for field, confidence in found:
        firm = _proves(field, cells) or _begins_with_company(field, reading, cells)
        yield field, confidence * (max(factor, 0.75) if firm else factor)


def _of_a_list_without_names(
    names: Sequence[str], profiles: Sequence[ColumnProfile], guesses: Sequence[Guess]
) -> list[Guess]:
    """Guess where the companies stand in a table without a header: the first names that no other field takes."""
    if any(names):
        return []
    taken = {guess.column for guess in guesses}
    known = {guess.field for guess in guesses}
    found: list[Guess] = []
    if known.isdisjoint(("company_name", "contact_name", "first_name")):
        found += [Guess(column, "company_name", 0.52) for column in _free(profiles, taken, _may_be_companies)][:1]
    for code in (guess.column for guess in guesses if guess.field == "postal_code"):
        free = {*_free(profiles, taken | {guess.column for guess in found}, _are_places)}
        found += [Guess(column, "city", 0.55) for column in (code + 1, code - 1) if column in free][:1]
    if profiles and 0 not in taken and _are_ids(profiles[0]):
        found.append(Guess(0, "external_id", 0.5))
    return found


def _free(profiles: Sequence[ColumnProfile], taken: set[int], test: Callable[[ColumnProfile], bool]) -> list[int]:
    return [column for column, cells in enumerate(profiles) if column not in taken and test(cells)]


def _may_be_companies(cells: ColumnProfile) -> bool:
    is_long_enough = (3 if cells.share("latin") > 0.5 else 2) <= cells.mean_chars <= 60
    is_other = max(cells.share("person"), cells.share("country")) >= 0.5
    return (
        _are_names(cells) and cells.distinct > 0.7 and is_long_enough and not is_other and cells.share("letters") > 0.9
    )


def _are_places(cells: ColumnProfile) -> bool:
    return cells.share("letters") > 0.95 and cells.share("digits") < 0.1 and 2 < cells.mean_chars < 25


def _are_ids(cells: ColumnProfile) -> bool:
    return cells.share("id") > 0.95 and cells.distinct > 0.98 and 3 <= cells.mean_chars <= 20


def _in_spite(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    """Return what a column holds although a word of its name says that it is none of ours."""
    if not reading.may_be:
        return []
    if names_an_entity(reading) and not table.has_company and not table.has_name and _are_names(cells):
        return [("company_name", 0.73)]
    if reading.has("email") and cells.share("email") > 0.8:
        return [("contact_email", 0.62)]
    if reading.has("company") and reading.attributes == ("name",) and cells.share("legal") > 0.3 and _are_names(cells):
        return [("company_name", 0.62)]
    is_of_people = table.has_first or table.has_last or table.has_full_name or table.has_title
    if _says_which_kind(reading, cells) and not is_of_people:
        return [("industry", 0.56)]
    if reading.has("phone", "mobile") and _is_phone_column(cells):
        return [("contact_phone", 0.6)]
    return []


def _says_which_kind(reading: HeaderReading, cells: ColumnProfile) -> bool:
    """Return whether a column tells which kind of company each is: 'Dealer type', 'Tipo de centro'."""
    if _KINDS_OF.isdisjoint(reading.phrases) or set(reading.attributes) - {"name"}:
        return False
    strange = max(cells.share(kind) for kind in ("number", "date", "truth", "email", "url", "id", "digits"))
    return cells.count >= 5 and strange < 0.3 and cells.distinct < 0.5 and cells.mean_chars > 3


def _are_names(cells: ColumnProfile) -> bool:
    strange = max(cells.share(kind) for kind in ("number", "date", "truth", "email", "url", "id", "long"))
    return cells.count > 0 and strange < 0.3 and cells.distinct > 0.5


def _proves(field: str, cells: ColumnProfile) -> bool:
    """Return whether the cells alone make the field certain, so that a strange word in the name matters less."""
    if field == "company_name":
        return cells.share("legal") > 0.3
    proof = _PROOFS.get(BY_NAME[field].type)
    return proof is not None and proof(cells)


def _begins_with_company(field: str, reading: HeaderReading, cells: ColumnProfile) -> bool:
    """Return whether a name begins with the company and goes on with words that only say which: the head stays."""
    if field != "company_name" or not _are_names(cells) or not reading.phrases:
        return False
    return lexicon().get(reading.phrases[0]) == "company"


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
    known = lexicon()
    kinds = [known.get(phrase, "") for phrase in reading.phrases]
    at = kinds.index("street") if "street" in kinds else len(kinds)
    return any((kind in ATTRIBUTES and kind != "street") or kind == "company" for kind in kinds[at + 1 :])


def _without_address(reading: HeaderReading) -> HeaderReading:
    known = lexicon()
    kept = tuple(phrase for phrase in reading.phrases if known.get(phrase) != "street")
    return replace(reading, attributes=tuple(name for name in reading.attributes if name != "street"), phrases=kept)


def _from_cells(cells: ColumnProfile, *, named: bool) -> list[tuple[str, float]]:
    """Guess from the cells alone; of a column with a name of its own only what cannot be anything else."""
    if cells.count == 0:
        return []
    for kind, field in (("linkedin_person", "linkedin_url"), ("linkedin_company", "company_linkedin_url")):
        if cells.share(kind) > 0.8:
            return [(field, 0.8)]
    if cells.share("email") > (0.8 if named else 0.5):
        return [("contact_email", 0.75 if named else 0.8)]
    if max(cells.share("date"), cells.share("truth")) > 0.5:
        return []
    for is_so, field, confidence in _by_shares(cells, named=named):
        if is_so and not (named and field in ("first_name", "contact_name")):
            return [(field, confidence - (0.08 if named else 0.0))]
    return []


def _by_shares(cells: ColumnProfile, *, named: bool) -> tuple[tuple[bool, str, float], ...]:
    """Return whether a column is a field by the shares of kinds among its cells, and how sure that is."""
    return (
        (
            cells.share("url") > 0.8 and not cells.is_of_one_host and cells.share("coded") < 0.5,
            "company_website",
            0.7,
        ),
        (_is_phone_column(cells) and (not named or cells.share("dialled") > 0.5), "contact_phone", 0.65),
        (cells.share("legal") > 0.35 and cells.distinct > 0.5, "company_name", 0.7),
        (cells.share("country") > 0.8 and cells.mean_chars > 3, "country", 0.65),
        (cells.share("postal") > 0.8 and not named, "postal_code", 0.55),
        (not named and _are_streets(cells), "street", 0.55),
        (cells.share("first_name") > 0.6, "first_name", 0.6),
        (cells.share("person") > 0.5 and cells.share("person_shape") > 0.7, "contact_name", 0.65),
        (not named and cells.share("legal") > 0.15 and _are_names(cells), "company_name", 0.58),
    )


def _are_streets(cells: ColumnProfile) -> bool:
    """Return whether cells are words with numbers, each another, as addresses are."""
    strange = max(cells.share(kind) for kind in ("number", "date", "email", "url", "id", "phone"))
    is_text = cells.share("letters") > 0.9 and 15 < cells.mean_chars < 90
    return is_text and strange < 0.2 and cells.share("digits") > 0.7 and cells.distinct > 0.7


def _is_phone_column(cells: ColumnProfile) -> bool:
    return cells.share("phone") > 0.8 and cells.mean_chars >= 8 and cells.share("id") < 0.5


_PROOFS: dict[FieldType, Callable[[ColumnProfile], bool]] = {
    FieldType.EMAIL: lambda cells: cells.share("email") > 0.7,
    FieldType.URL: lambda cells: cells.share("url") > 0.7,
    FieldType.PERSON_PROFILE: lambda cells: cells.share("linkedin_person") > 0.7,
    FieldType.COMPANY_PROFILE: lambda cells: cells.share("linkedin_company") > 0.7,
    FieldType.PHONE: lambda cells: cells.share("phone") > 0.8 and cells.mean_chars >= 8,
    FieldType.COUNTRY: lambda cells: cells.share("country") > 0.8,
    FieldType.ID: lambda cells: cells.count >= 20 and cells.distinct > 0.97,
}
"""Type -> what its cells look like and no other's do."""
