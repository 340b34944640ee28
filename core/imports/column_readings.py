"""What a column's name says: its attributes, whose they are; and what all columns of a table say together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.imports.column_content import ColumnProfile
from core.imports.column_words import ATTRIBUTES, SUBJECTS, concepts_of
from core.imports.opt_out_columns import is_opt_out_name
from core.leads.fields import COLUMNS, FieldType
from core.text.header_units import is_unit
from core.text.lexicons import folded, words

NEVER = frozenset({"blocked", "fax", "middle", "honorific", "street2"})
"""Concepts that make a column none of ours, whatever stands beside them."""


OF_OTHERS = folded("header_words.of_others")
_ENTITIES = folded("header_words.entities")


@dataclass(frozen=True)
class HeaderReading:
    """A column's name, read: its attributes, whose they are, and how many words no list knows.

    `blocked`: it is none of ours by its words; `may_be`: yet its cells may show that it is.
    """

    attributes: tuple[str, ...]
    subjects: frozenset[str]
    phrases: tuple[str, ...]
    unknown: int
    number: int
    blocked: bool
    may_be: bool = False

    @property
    def others(self) -> bool:
        """Return whether it says of something else whose it is: an owner's, a parent's, a picture's."""
        return not OF_OTHERS.isdisjoint(self.phrases)

    def has(self, *concepts: str) -> bool:
        """Return whether the name has one of these concepts."""
        return any(concept in self.attributes or concept in self.subjects for concept in concepts)


def read_name(name: str) -> HeaderReading:
    """Read one column name."""
    found = concepts_of(name) if len(name) <= 120 else ()
    numbers = [int(phrase) for concept, phrase in found if concept == "number" and len(phrase) < 4]
    blocked = [phrase for concept, phrase in found if concept == "blocked"]
    is_amount = any(concept in ("revenue", "size") for concept, _ in found)
    return HeaderReading(
        attributes=tuple(concept for concept, _ in found if concept in ATTRIBUTES),
        subjects=frozenset(concept for concept, _ in found if concept in SUBJECTS),
        phrases=tuple(phrase for _, phrase in found),
        unknown=sum(1 for concept, phrase in found if concept == "unknown" and not (is_amount and is_unit(phrase))),
        number=numbers[-1] if numbers else 1,
        blocked=any(concept in NEVER for concept, _ in found) or len(name) > 120 or is_opt_out_name(name),
        may_be=len(blocked) == 1
        and blocked[0] not in OF_OTHERS
        and not any(concept in NEVER - {"blocked"} for concept, _ in found)
        and not is_opt_out_name(name),
    )


@dataclass(frozen=True)
class Table:
    """What all columns together say: which kinds of columns there are."""

    has_first: bool
    has_last: bool
    has_company: bool
    has_full_name: bool
    has_name: bool
    has_title: bool
    has_plain_city: bool
    has_own_phone: bool
    sampled: bool
    person_weight: float
    company_weight: float


def table_of(readings: Sequence[HeaderReading], profiles: Sequence[ColumnProfile]) -> Table:
    """Return what all columns together tell.

    Args:
        readings: The columns' names, read.
        profiles: Their cells, profiled; as many.
    """

    def any_of(test: Callable[[HeaderReading, ColumnProfile], bool]) -> bool:
        return any(
            test(reading, cells) for reading, cells in zip(readings, profiles, strict=True) if not reading.blocked
        )

    weights = [_weigh(reading, cells) for reading, cells in zip(readings, profiles, strict=True)]
    return Table(
        has_first=any_of(lambda reading, _: reading.attributes[-1:] == ("first",) and not reading.unknown),
        has_last=any_of(lambda reading, _: reading.attributes[-1:] == ("last",) and not reading.unknown),
        has_company=any_of(
            lambda reading, cells: (
                _is_company(reading)
                and not reading.unknown
                and not (cells.count and max(cells.share("id"), cells.share("truth"), cells.share("number")) > 0.6)
            )
        ),
        has_full_name=any_of(
            lambda reading, cells: (
                max(cells.share("phone"), cells.share("email")) < 0.5
                and not reading.has("other")
                and (
                    (reading.has("fullname") and set(reading.attributes) <= {"fullname", "name"})
                    or (reading.has("name") and reading.has("person"))
                )
            )
        ),
        has_name=any_of(lambda reading, _: reading.attributes == ("name",)),
        has_title=any_of(
            lambda reading, _: reading.has("title") and not reading.has("company") and not reading.unknown
        ),
        has_plain_city=any_of(
            lambda reading, _: reading.attributes == ("city",) and not reading.subjects and reading.number == 1
        ),
        has_own_phone=any_of(
            lambda reading, _: reading.has("phone", "mobile") and not reading.has("company", "account")
        ),
        sampled=any(cells.count for cells in profiles),
        person_weight=sum(person for person, _ in weights),
        company_weight=sum(company for _, company in weights),
    )


_PERSONAL_ASIDES = words("header_words.of_people")
_COMPANY_ASIDES = words("header_words.of_companies")
# Concepts that speak for a list of people or of companies, with their weights.
_PERSONAL = ((("email",), 1.5), (("mobile",), 1.0), (("title", "first", "last"), 2.0))
_AMOUNTS = tuple(
    concept
    for field in COLUMNS
    if field.of == "company" and field.type is FieldType.NUMBER
    for concept in field.headers
)
_CORPORATE = (
    (("industry", *_AMOUNTS, "domain", "register_id", "company_id"), 1.5),
    (("category",), 0.8),
    (("street", "billing", "shipping"), 0.7),
    (("postal",), 0.4),
)


def _weigh(reading: HeaderReading, cells: ColumnProfile) -> tuple[float, float]:
    """Return how much one column speaks for a list of people, and for a list of companies."""
    if reading.blocked:
        phrases = set(reading.phrases)
        return (1.0 if phrases & _PERSONAL_ASIDES else 0.0), (1.5 if phrases & _COMPANY_ASIDES else 0.0)
    # A column that is there but empty says less.
    filled = 1.0 if cells.count else 0.4
    person = sum(
        weight * (filled if "email" in concepts else 1) for concepts, weight in _PERSONAL if reading.has(*concepts)
    )
    company = sum(weight for concepts, weight in _CORPORATE if reading.has(*concepts))
    if cells.share("email") > 0.5 and not reading.has("email"):
        person += 1.5
    if reading.has("phone") and not reading.has("company"):
        person += 0.6
    if reading.has("website", "url") and not reading.has("linkedin"):
        company += 1.2 * filled
    person += 2 * (cells.share("linkedin_person") > 0.5)
    company += 1.5 * (cells.share("linkedin_company") > 0.5)
    return person, company


def names_an_entity(reading: HeaderReading) -> bool:
    """Return whether a column is called after what the list is of: 'Bank name', 'Project name'."""
    if reading.attributes != ("name",) or reading.has("person", "customer"):
        return False
    return reading.may_be and not _ENTITIES.isdisjoint(reading.phrases)


def _is_company(reading: HeaderReading) -> bool:
    return reading.has("company", "account") and set(reading.attributes) <= {"name", "title"} - {"title"}


def has_person(table: Table) -> bool:
    """Return whether the table lists people."""
    if table.has_first or table.has_last or table.has_full_name or table.has_title:
        return True
    return not table.has_company and table.person_weight >= table.company_weight
