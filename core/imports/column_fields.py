"""Which field a column may hold by its name: one function for each kind of attribute, all with one signature.

A decider sees the name, the column's cells and the table, and gives (field, confidence) pairs; none where it is none of
ours, '?name' for a bare 'Name'.
"""

from collections.abc import Callable

from core.imports.column_content import ColumnProfile
from core.imports.column_readings import HeaderReading, Table, has_person
from core.imports.column_words import fold_header
from core.leads.fields import COLUMNS, FieldType
from core.text.lexicons import phrases as phrases_of
from core.text.lexicons import words

Decider = Callable[[HeaderReading, ColumnProfile, Table], list[tuple[str, float]]]

_TIDIED = words("header_words.tidied")
_COMPANY_LINES, _LANDLINES = words("header_words.company_line"), words("header_words.landline")
_WHOLE_ADDRESSES, _VAGUE_STATES = words("header_words.whole_address"), words("header_words.vague_state")
_VAGUE_COUNTRIES = frozenset(map(fold_header, words("header_words.vague_country")))
_NUMBER_WORDS = frozenset(map(fold_header, words("header_words.number_words")))
_NOTES, _VAGUE_NOTES = phrases_of("header_words.notes_begin"), words("header_words.vague_notes")
_VAGUE_SOURCES, _VAGUE_IDS = words("header_words.vague_source"), words("header_words.vague_id")
_THING_NAMES = frozenset(map(fold_header, words("header_words.thing_names")))
_VAGUE_PERSONS = words("header_words.vague_person")
_FIRM_TITLES, _VAGUE_TITLES = words("header_words.firm_title"), words("header_words.vague_title")
_TITLES_OR_DEGREES = words("header_words.title_or_degree")


def _rank(reading: HeaderReading) -> float:
    """Weigh which of several: the company's or business one before the plain, before home and others."""
    weight = 0.0
    if reading.has("company", "business", "account"):
        weight += 0.02
    for concept, minus in (("billing", 0.03), ("mailing", 0.04), ("home", 0.2), ("other", 0.3), ("shipping", 0.32)):
        if concept in reading.subjects:
            weight -= minus
    if not _TIDIED.isdisjoint(reading.phrases):
        weight -= 0.02
    return weight - 0.06 * (max(1, min(reading.number, 6)) - 1)


def _email(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id") and cells.share("email") < 0.5:
        return []
    if reading.has("domain", "name", "website", "source", "notes"):
        return [("contact_email", 0.6)] if cells.share("email") > 0.7 else []
    company = reading.has("company") and "business email" not in " ".join(reading.phrases)
    return [("contact_email", 0.96 + min(_rank(reading), 0.01) - (0.1 if company else 0.0))]


def _phone(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("email", "name", "source", "notes", "country") or (reading.has("id") and not _is_numbered(reading)):
        return []
    if reading.has("person") and not reading.has("company"):
        return [("contact_phone", 0.95 + _rank(reading))]
    phrases = set(reading.phrases)
    company = reading.has("company", "account") and "business" not in phrases and not reading.has("person")
    # 'Dealer phone' reaches that lead; it is apart only where it is called the company's or another one is there.
    if (company and table.has_own_phone) or phrases & _COMPANY_LINES:
        return [("company_phone", 0.95 - 0.06 * (reading.number - 1))]
    base = 0.9 if "mobile" in reading.attributes and "phone" not in reading.attributes else 0.95
    if phrases & _LANDLINES:
        base = 0.89
    if reading.phrases and reading.phrases[0].startswith(("whatsapp", "wa ")):
        base = 0.7
    return [("contact_phone", base + _rank(reading))]


def _is_numbered(reading: HeaderReading) -> bool:
    """Return whether only a word for 'number' stands beside the telephone: 'Ph. Number', but not 'Phone ID'."""
    ids = reading.attributes.count("id")
    return ids == sum(phrase in _NUMBER_WORDS for phrase in reading.phrases)


def linkedin(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    """Decide whose LinkedIn address a column holds."""
    aside = reading.has("id", "name", "email", "size", "phone", "industry", "location", "notes", "title")
    if aside and cells.share("linkedin") < 0.5:
        return []
    company = reading.has("company", "account")
    if cells.share("linkedin_company") > 0.5:
        company = True
    elif cells.share("linkedin_person") > 0.5:
        company = False
    elif not company and not reading.has("person") and not has_person(table):
        company = True
    named = reading.has("person") or reading.has("company", "account")
    return [("company_linkedin_url" if company else "linkedin_url", 0.96 if named else 0.95)]


def _site(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("source", "source_url", "campaign", "email", "phone", "id", "title", "notes"):
        return []
    if reading.has("person", "home") and not reading.has("company"):
        return [("company_website", 0.45)]
    if cells.share("phone") > 0.6 and cells.share("url") < 0.2:  # 'HP' is a telephone in one language
        return [("contact_phone", 0.7)]
    if "domain" in reading.attributes:
        return [("company_domain", 0.94)]
    if "website" in reading.attributes:
        return [("company_website", 0.95 + min(0.0, _rank(reading)))]
    if cells.share("linkedin_person") > 0.5:
        return [("linkedin_url", 0.9)]
    if cells.share("linkedin_company") > 0.5:
        return [("company_linkedin_url", 0.9)]
    if reading.has("company", "account"):
        return [("company_website", 0.9)]
    return [("company_website", 0.7)]


def _place(field: str) -> Decider:
    def decide(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
        return [(field, _place_confidence(reading, table, 0.95))]

    return decide


def _place_confidence(reading: HeaderReading, table: Table, base: float) -> float:
    """Weigh addresses: where a table has a plain 'City', its plain address is the main one; else the company's."""
    plain = table.has_plain_city and not reading.subjects and reading.number == 1
    return base + (0.03 if plain else _rank(reading))


def _street(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    base = 0.95 if _WHOLE_ADDRESSES.isdisjoint(reading.phrases) else 0.9
    return [("street", _place_confidence(reading, table, base))]


def _state(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    base = 0.95 if _VAGUE_STATES.isdisjoint(reading.phrases) else 0.8
    return [("state", _place_confidence(reading, table, base))]


def _country(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    code = any("code" in phrase for phrase in reading.phrases)
    is_vague = not _VAGUE_COUNTRIES.isdisjoint(reading.phrases)
    if is_vague and cells.count >= 5 and cells.share("country") < 0.1 and cells.share("letters") > 0.8:
        return [("state", 0.6)]  # a region, in a language that has one word for both
    return [("country", _place_confidence(reading, table, 0.9 if code else 0.95))]


def _location(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id"):
        return _id(reading, cells, table)
    if reading.has("name") and not table.has_company and cells.share("legal") > 0.1:  # of a branch, an establishment
        return [("company_name", 0.65)]
    if cells.share("digits") > 0.5:
        return [("street", 0.6)]
    return [("city", 0.62 + _rank(reading))]


def _notes(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("industry", "title", "name", "email", "phone", "id"):
        return []
    phrases = set(reading.phrases)
    strong = any(phrase.startswith(_NOTES) for phrase in phrases)
    weak = phrases & _VAGUE_NOTES
    return [("notes", 0.95 if strong else 0.7 if weak else 0.85)]


def _source(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id", "email", "phone"):
        return []
    if not _VAGUE_SOURCES.isdisjoint(reading.phrases):
        return [("source", 0.7)]
    return [("source", 0.95 if not reading.has("url", "website") else 0.65)]


def _campaign(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id"):
        return []
    form = any(phrase.startswith("form") for phrase in reading.phrases)
    return [("source", 0.62 if form else 0.58)]


def _id(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    if reading.has("person") and cells.share("person_shape") > 0.6 and cells.share("digits") < 0.2:
        return [("contact_name", 0.85)]
    if "register_id" in reading.attributes:
        return [("external_id", 0.58 if any("siret" in phrase for phrase in phrases) else 0.56)]
    if "company_id" in reading.attributes or reading.has("company", "account"):
        return [("external_id", 0.6 if has_person(table) else 0.85)]
    return [("external_id", 0.75 if phrases & _VAGUE_IDS else 0.95 + min(0.0, _rank(reading)))]


def _first(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if "last" in reading.attributes:
        return [("contact_name", 0.9)]
    if reading.has("company", "account"):  # in some languages one word says 'first name' and 'its name'
        return [("company_name", 0.88)] if not table.has_company else []
    return [("first_name", 0.96 + _rank(reading))]


def _last(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    return [("last_name", 0.96 + _rank(reading))] if not reading.has("company", "account") else []


def _full_name(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    if cells.share("email") > 0.5:
        return [("contact_email", 0.8)]
    if cells.share("phone") > 0.5 and cells.share("letters") < 0.3:
        return [("contact_phone", 0.8)]
    if cells.share("legal") > 0.35 and cells.share("person") < 0.2 and not table.has_company:
        return [("company_name", 0.8)]  # the full name of a company, beside its short one
    if phrases & _VAGUE_PERSONS and cells.count == 0 and table.sampled:
        return []
    return [("contact_name", 0.88 if phrases & _VAGUE_PERSONS else 0.96)]


def _name(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    if reading.has("company", "account"):
        return [("company_name", 0.96)]
    if reading.has("person"):
        if table.has_first and not table.has_last and "contact" not in reading.phrases:
            return [("last_name", 0.93)]
        return [("contact_name", 0.95)]
    if reading.has("customer"):
        return _either(cells, table, 0.9)
    return [("?name", 0.9)]


def bare_name(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    """Decide what a column called just 'Name' holds."""
    if not _THING_NAMES.isdisjoint(reading.phrases) and not table.has_company:
        return [("company_name", 0.92)]
    if table.has_first and not table.has_last:
        return [("last_name", 0.93)]
    if table.has_last and not table.has_first:
        return [("first_name", 0.93)]
    if table.has_first and table.has_last:
        if not table.has_company and table.has_full_name:
            return [("company_name", 0.85)]
        is_no_person = cells.share("legal") > 0.3 or max(cells.share("person_shape"), cells.share("person")) < 0.3
        if not table.has_company and cells.count and is_no_person:
            return [("company_name", 0.85)]
        return [("contact_name", 0.9)]
    return _either(cells, table, 0.9)


def _either(cells: ColumnProfile, table: Table, base: float) -> list[tuple[str, float]]:
    """Decide between a company's and a person's name."""
    if table.has_company:
        return [("contact_name", base) if cells.share("legal") <= 0.5 else ("company_name", 0.6)]
    if table.has_first or table.has_last or table.has_full_name:
        are_people = cells.share("person_shape") > 0.6 and cells.share("legal") < 0.1 and cells.share("person") > 0.1
        return [("contact_name", 0.88) if are_people else ("company_name", base if cells.share("legal") > 0.1 else 0.7)]
    person = table.person_weight + 4 * cells.share("person") + 1.5 * cells.share("person_shape")
    # A legal form here and there is enough: people have none.
    company = table.company_weight + 5 * cells.share("legal") + 1.5 * cells.share("digits")
    company += 2.0 * (cells.share("legal") > 0.08) + 1.0 * (cells.count >= 5 and cells.share("person_shape") < 0.3)
    # Of so many people some have a name that many have.
    company += 1.5 * (cells.count >= 8 and cells.share("latin") > 0.9 and cells.share("person") < 0.05)
    field, margin = ("contact_name", person - company) if person >= company else ("company_name", company - person)
    # What may as well be the other is said with little confidence, for a person to look at.
    sure = base if margin >= 3 and cells.count else min(base, 0.85) if margin >= 1.5 else 0.6
    return [(field, sure)]


def subject_alone(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    """Decide what a name without any attribute means, as 'Company' or 'Contact'."""
    if reading.has("company"):
        return [("company_name", 0.95 - (0.0 if set(reading.subjects) <= {"company"} else 0.05))]
    if reading.has("account"):
        return [("company_name", 0.75)]
    if reading.has("customer"):
        return _either(cells, table, 0.8)
    if "business" in reading.phrases:
        return [("company_name", 0.75)]
    return [("contact_name", 0.7)] if reading.has("person") else []


def _title(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    if reading.has("campaign", "source"):
        return []
    if reading.has("company", "account"):
        return [("contact_title", 0.75)]
    nameless = not (table.has_company or table.has_name or table.has_full_name or table.has_first or table.has_last)
    is_of_companies = table.company_weight > table.person_weight or cells.share("legal") > 0.3
    if nameless and phrases == {"title"} and is_of_companies:
        return [("company_name", 0.8)]
    if phrases & _FIRM_TITLES:
        return [("contact_title", 0.95)]
    if phrases & _VAGUE_TITLES:
        return [("contact_title", 0.7)]
    if phrases & _TITLES_OR_DEGREES:
        return [("contact_title", 0.6)]
    return [("contact_title", 0.88)]


def _category(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
    # Beside a person's names, categories are an address book's labels.
    return [("industry", 0.4 if table.has_first or table.has_last or reading.has("id") else 0.65)]


def _simple(field: str, confidence: float) -> Decider:
    def decide(reading: HeaderReading, cells: ColumnProfile, table: Table) -> list[tuple[str, float]]:
        if reading.has("id") and field != "external_id":
            return []
        return [(field, confidence + 0.01 * (reading.has("company")))]

    return decide


_Ruled = tuple[tuple[tuple[str, ...], Decider], ...]
_ADDRESSES_AND_NAMES: _Ruled = (
    (("email",), _email),
    (("phone", "mobile"), _phone),
    (("source",), _source),
    (("source_url",), _simple("source", 0.6)),
    (("website", "domain", "url"), _site),
    (("register_id", "company_id"), _id),
    (("first",), _first),
    (("last",), _last),
    (("postal",), _place("postal_code")),
)
_PLACES: _Ruled = (
    (("street",), _street),
    (("city",), _place("city")),
    (("state",), _state),
    (("country",), _country),
    (("location",), _location),
    (("district",), _simple("city", 0.55)),
)
_WORDS: _Ruled = (
    (("category",), _category),
    (("campaign",), _campaign),
    (("id",), _id),
    (("title",), _title),
    (("fullname",), _full_name),
    (("notes",), _notes),
    (("name",), _name),
)
_RULED = frozenset(
    concept for rules in (_ADDRESSES_AND_NAMES, _PLACES, _WORDS) for concepts, _ in rules for concept in concepts
) | {"linkedin"}


def _plain(*, numbers: bool) -> _Ruled:
    """List the attributes that name a field and nothing else: numbers of it, or words."""
    return tuple(
        ((concept,), _simple(field.name, 0.94))
        for field in COLUMNS
        for concept in field.headers
        if concept not in _RULED and (field.type is FieldType.NUMBER) is numbers
    )


DECIDERS: _Ruled = (
    *_ADDRESSES_AND_NAMES, *_plain(numbers=True), *_PLACES, *_plain(numbers=False), *_WORDS
)  # fmt: skip
"""Attributes of a name -> who decides on it; the first that fits does."""
