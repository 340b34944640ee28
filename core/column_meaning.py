"""What a column's name means among others: 'Name' beside 'Vorname' is the last name, beside 'Website' a firm."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.column_content import Profile
from core.column_words import ATTRIBUTES, SUBJECTS, concepts_of, lexicon

NEVER = frozenset({"blocked", "fax", "middle", "honorific", "street2"})
"""Concepts that make a column none of ours, whatever stands beside them."""


_VAGUE = frozenset({"size", "name", "notes", "url", "title", "location", "category"})
"""Attributes that every thing has: with an unknown word beside them they may be anything's."""


@dataclass(frozen=True)
class Guess:
    """One column may hold one field. `column` counts from 0."""

    column: int
    field: str
    confidence: float


@dataclass(frozen=True)
class Reading:
    """A column's name, read: its attributes, whose they are, and how many words no list knows."""

    attributes: tuple[str, ...]
    subjects: frozenset[str]
    phrases: tuple[str, ...]
    unknown: int
    number: int
    blocked: bool

    def has(self, *concepts: str) -> bool:
        """Tell whether the name has one of these concepts."""
        return any(concept in self.attributes or concept in self.subjects for concept in concepts)


def read_name(name: str) -> Reading:
    """Read one column name."""
    found = concepts_of(name) if len(name) <= 120 else ()
    numbers = [int(phrase) for concept, phrase in found if concept == "number" and len(phrase) < 4]
    return Reading(
        attributes=tuple(concept for concept, _ in found if concept in ATTRIBUTES),
        subjects=frozenset(concept for concept, _ in found if concept in SUBJECTS),
        phrases=tuple(phrase for _, phrase in found),
        unknown=sum(1 for concept, _ in found if concept == "unknown"),
        number=numbers[-1] if numbers else 1,
        blocked=any(concept in NEVER for concept, _ in found) or len(name) > 120,
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


def meaning_of(names: Sequence[str], profiles: Sequence[Profile]) -> list[Guess]:
    """Give every column's possible fields with a confidence, before its cells have their say.

    Args:
        names: Column names; '' for a column without one.
        profiles: The columns' cells, profiled.
    """
    readings = [read_name(name) for name in names]
    table = _table_of(readings, profiles)
    guesses: list[Guess] = []
    for column, (name, reading, cells) in enumerate(zip(names, readings, profiles, strict=True)):
        if reading.blocked:
            continue
        found = _from_name(reading, cells, table)
        if any(field == "?name" for field, _ in found):
            found = _bare_name(cells, table)
        if not found and (not name or reading.unknown):
            found = _from_cells(cells, named=bool(name))
        vague = set(reading.attributes) <= _VAGUE
        factor = (0.5 if vague else 0.58) ** reading.unknown if name else 1.0
        for field, confidence in found:
            firm = _proves(field, cells)
            guesses.append(Guess(column, field, confidence * (max(factor, 0.75) if firm else factor)))
    return guesses


def _proves(field: str, cells: Profile) -> bool:
    """Tell whether the cells alone make the field certain, so that a strange word in the name matters less."""
    return {
        "contact_email": cells.share("email") > 0.7,
        "company_website": cells.share("url") > 0.7,
        "linkedin_url": cells.share("linkedin_person") > 0.7,
        "company_linkedin_url": cells.share("linkedin_company") > 0.7,
        "contact_phone": cells.share("phone") > 0.8 and cells.mean_chars >= 8,
        "company_phone": cells.share("phone") > 0.8 and cells.mean_chars >= 8,
        "country": cells.share("country") > 0.8,
        "company_name": cells.share("legal") > 0.4,
        "external_id": cells.count >= 20 and cells.distinct > 0.99,
    }.get(field, False)


def _table_of(readings: Sequence[Reading], profiles: Sequence[Profile]) -> Table:
    def any_of(test: Callable[[Reading, Profile], bool]) -> bool:
        return any(
            test(reading, cells) for reading, cells in zip(readings, profiles, strict=True) if not reading.blocked
        )

    weights = [_weigh(reading, cells) for reading, cells in zip(readings, profiles, strict=True)]
    return Table(
        has_first=any_of(lambda reading, _: reading.attributes[-1:] == ("first",) and not reading.unknown),
        has_last=any_of(lambda reading, _: reading.attributes[-1:] == ("last",) and not reading.unknown),
        has_company=any_of(
            lambda reading, cells: _is_company(reading) and not (cells.count and cells.share("id") > 0.6)
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


_PERSONAL_ASIDES = frozenset({"birthday", "gender", "sex", "geburtstag", "dob", "age"})
_COMPANY_ASIDES = frozenset(
    """founded|funding|ticker|sic|naics|booth|stand|latitude|lat|naics code|sic code|year founded|reviews|hours|
    ownership""".replace("\n    ", "").split("|")
)
# Concepts that speak for a list of people or of companies, with their weights.
_PERSONAL = ((("email",), 1.5), (("mobile",), 1.0), (("title", "first", "last"), 2.0))
_CORPORATE = (
    (("industry", "size", "revenue", "domain", "register_id", "company_id"), 1.5),
    (("category",), 0.8),
    (("street", "billing", "shipping"), 0.7),
    (("postal",), 0.4),
)


def _weigh(reading: Reading, cells: Profile) -> tuple[float, float]:
    """Give how much one column speaks for a list of people, and for a list of companies."""
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


def _is_company(reading: Reading) -> bool:
    return reading.has("company", "account") and set(reading.attributes) <= {"name", "title"} - {"title"}


def _from_name(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    """Give (field, confidence) that a name suggests; '?name' for a bare 'Name'."""
    attributes = reading.attributes
    if attributes[:1] == ("street",) and reading.phrases[0] != "street" and _goes_on_after_address(reading):
        return [(field, confidence - 0.02) for field, confidence in _from_name(_without_address(reading), cells, table)]
    if not attributes:
        return _subject_alone(reading, cells, table)
    if "linkedin" in attributes:
        return _linkedin(reading, cells, table)
    for concepts, decide in _DECIDERS:
        if any(concept in attributes for concept in concepts):
            return decide(reading, cells, table)
    return []


def _goes_on_after_address(reading: Reading) -> bool:
    """Tell whether 'address' only says where the rest belongs, as in 'Address 1 - City' or 'Default Address Phone'."""
    words = lexicon()
    kinds = [words.get(phrase, "") for phrase in reading.phrases]
    at = kinds.index("street") if "street" in kinds else len(kinds)
    return any((kind in ATTRIBUTES and kind != "street") or kind == "company" for kind in kinds[at + 1 :])


def _without_address(reading: Reading) -> Reading:
    words = lexicon()
    kept = tuple(phrase for phrase in reading.phrases if words.get(phrase) != "street")
    return replace(reading, attributes=tuple(name for name in reading.attributes if name != "street"), phrases=kept)


def _rank(reading: Reading) -> float:
    """Weigh which of several: the company's or business one before the plain, before home and others."""
    weight = 0.0
    if reading.has("company", "business", "account"):
        weight += 0.02
    for concept, minus in (("billing", 0.03), ("mailing", 0.04), ("home", 0.2), ("other", 0.3), ("shipping", 0.32)):
        if concept in reading.subjects:
            weight -= minus
    if any(
        word in reading.phrases for word in ("normalized", "formatted", "cleaned", "clean", "raw", "e 164", "extracted")
    ):
        weight -= 0.02
    return weight - 0.06 * (min(reading.number, 6) - 1)


def _email(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id") and cells.share("email") < 0.5:
        return []
    if reading.has("domain", "name", "website", "source", "notes"):
        return [("contact_email", 0.6)] if cells.share("email") > 0.7 else []
    company = reading.has("company") and "business email" not in " ".join(reading.phrases)
    return [("contact_email", 0.96 + min(_rank(reading), 0.01) - (0.1 if company else 0.0))]


_COMPANY_LINES = frozenset(
    """company|corporate|organization|organisation|account|firm|employer|hq|headquarters|switchboard|head office|
    zentrale|firma|firmen|unternehmen|empresa|entreprise|societe|azienda|bedrijf""".replace("\n    ", "").split("|")
)


def _phone(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("email", "name", "id", "source", "notes", "country"):
        return []
    if reading.has("person") and not reading.has("company"):
        return [("contact_phone", 0.95 + _rank(reading))]
    phrases = set(reading.phrases)
    company = reading.has("company", "account") and "business" not in phrases and not reading.has("person")
    # 'Dealer phone' reaches that lead; it is apart only where it is called the company's or another one is there.
    if (company and table.has_own_phone) or phrases & _COMPANY_LINES:
        return [("company_phone", 0.95 - 0.06 * (reading.number - 1))]
    base = 0.9 if "mobile" in reading.attributes and "phone" not in reading.attributes else 0.95
    if phrases & {"landline", "fixe", "festnetz", "telephone fixe"}:
        base = 0.89
    if reading.phrases and reading.phrases[0].startswith(("whatsapp", "wa ")):
        base = 0.7
    return [("contact_phone", base + _rank(reading))]


def _linkedin(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    aside = reading.has("id", "name", "email", "size", "phone", "industry", "location", "notes", "title")
    if aside and cells.share("linkedin") < 0.5:
        return []
    company = reading.has("company", "account")
    if cells.share("linkedin_company") > 0.5:
        company = True
    elif cells.share("linkedin_person") > 0.5:
        company = False
    elif not company and not reading.has("person") and not _has_person(table):
        company = True
    named = reading.has("person") or reading.has("company", "account")
    return [("company_linkedin_url" if company else "linkedin_url", 0.96 if named else 0.95)]


def _has_person(table: Table) -> bool:
    if table.has_first or table.has_last or table.has_full_name or table.has_title:
        return True
    return not table.has_company and table.person_weight >= table.company_weight


def _site(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("source", "source_url", "campaign", "email", "phone", "id", "title", "notes"):
        return []
    if reading.has("person", "home") and not reading.has("company"):
        return [("company_website", 0.45)]
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


def _place(field: str) -> "Decider":
    def decide(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
        return [(field, _place_confidence(reading, table, 0.95))]

    return decide


def _place_confidence(reading: Reading, table: Table, base: float) -> float:
    """Weigh addresses: where a table has a plain 'City', its plain address is the main one; else the company's."""
    plain = table.has_plain_city and not reading.subjects and reading.number == 1
    return base + (0.03 if plain else _rank(reading))


def _street(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    full = {
        "address",
        "full address",
        "adresse",
        "anschrift",
        "formatted address",
        "location address",
        "adres",
        "direccion",
        "indirizzo",
    }
    base = 0.9 if (full | {"formatted", "full", "complete"}) & set(reading.phrases) else 0.95
    return [("street", _place_confidence(reading, table, base))]


def _state(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    weak = {
        "region",
        "county",
        "departement",
        "nom departement",
        "regione",
        "область",
        "area",
        "st",
        "powiat",
        "etat",
        "lan",
    }
    base = 0.8 if weak & set(reading.phrases) else 0.95
    return [("state", _place_confidence(reading, table, base))]


def _country(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    code = any("code" in phrase for phrase in reading.phrases)
    return [("country", _place_confidence(reading, table, 0.9 if code else 0.95))]


def _location(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if cells.share("digits") > 0.5:
        return [("street", 0.6)]
    return [("city", 0.62 + _rank(reading))]


def _notes(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("industry", "title", "name", "email", "phone", "id"):
        return []
    phrases = set(reading.phrases)
    strong = any(
        phrase.startswith(
            (
                "note",
                "comment",
                "notiz",
                "bemerk",
                "kommentar",
                "remark",
                "remarque",
                "observ",
                "nota",
                "comentario",
                "opmerk",
                "uwagi",
            )
        )
        for phrase in phrases
    )
    weak = phrases & {
        "message",
        "details",
        "about",
        "summary",
        "bio",
        "info",
        "infos",
        "information",
        "feedback",
        "memo",
        "opis",
    }
    return [("notes", 0.95 if strong else 0.7 if weak else 0.85)]


def _source(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id", "email", "phone"):
        return []
    phrases = set(reading.phrases)
    if phrases & {
        "channel",
        "kanal",
        "canal",
        "utm source",
        "source type",
        "source file",
        "traffic source",
        "lead source detail",
        "sourced from",
    }:
        return [("source", 0.7)]
    return [("source", 0.95 if not reading.has("url", "website") else 0.65)]


def _campaign(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("id"):
        return []
    form = any(phrase.startswith("form") for phrase in reading.phrases)
    return [("source", 0.62 if form else 0.58)]


def _id(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    if "register_id" in reading.attributes:
        return [("external_id", 0.58 if any("siret" in phrase for phrase in phrases) else 0.56)]
    if "company_id" in reading.attributes or reading.has("company", "account"):
        return [("external_id", 0.6 if _has_person(table) else 0.85)]
    vague = {
        "number",
        "nr",
        "no",
        "nummer",
        "code",
        "key",
        "ref",
        "kod",
        "konto",
        "user id",
        "codice",
        "codigo",
        "lfd nr",
        "place id",
    }
    return [("external_id", 0.75 if phrases & vague else 0.95 + min(0.0, _rank(reading)))]


def _first(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if "last" in reading.attributes:
        return [("contact_name", 0.9)]
    return [("first_name", 0.96 + _rank(reading))] if not reading.has("company", "account") else []


def _last(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    return [("last_name", 0.96 + _rank(reading))] if not reading.has("company", "account") else []


def _full_name(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    weak = {
        "dirigeant",
        "responsable",
        "gerente",
        "prospect",
        "contact",
        "contacts",
        "kontakt",
        "contacto",
        "contato",
        "contatto",
        "speaker",
        "ceo",
        "founder",
        "founders",
        "president",
        "principal name",
        "gf",
        "inhaber",
    }
    if cells.share("email") > 0.5:
        return [("contact_email", 0.8)]
    if cells.share("phone") > 0.5 and cells.share("letters") < 0.3:
        return [("contact_phone", 0.8)]
    if phrases & weak and cells.count == 0 and table.sampled:
        return []
    return [("contact_name", 0.88 if phrases & weak else 0.96)]


def _name(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("company", "account"):
        return [("company_name", 0.96)]
    if reading.has("person"):
        if table.has_first and not table.has_last and "contact" not in reading.phrases:
            return [("last_name", 0.93)]
        return [("contact_name", 0.95)]
    if reading.has("customer"):
        return _either(cells, table, 0.9)
    return [("?name", 0.9)]


def _bare_name(cells: Profile, table: Table) -> list[tuple[str, float]]:
    """Decide what a column called just 'Name' holds."""
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


def _either(cells: Profile, table: Table, base: float) -> list[tuple[str, float]]:
    """Decide between a company's and a person's name."""
    if table.has_company:
        return [("contact_name", base)] if cells.share("legal") <= 0.5 else []
    if table.has_first or table.has_last or table.has_full_name:
        return [("company_name", base)]
    person = table.person_weight + 4 * cells.share("person") + 1.5 * cells.share("person_shape")
    company = table.company_weight + 5 * cells.share("legal") + 1.5 * cells.share("digits")
    return [("contact_name" if person >= company else "company_name", base)]


def _subject_alone(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    if reading.has("company"):
        return [("company_name", 0.95 - (0.0 if set(reading.subjects) <= {"company"} else 0.05))]
    if reading.has("account"):
        return [("company_name", 0.75)]
    if reading.has("customer"):
        return _either(cells, table, 0.8)
    if "business" in reading.phrases:
        return [("company_name", 0.75)]
    return [("contact_name", 0.7)] if reading.has("person") else []


def _title(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    phrases = set(reading.phrases)
    if reading.has("campaign", "source"):
        return []
    if reading.has("company", "account"):
        return [("contact_title", 0.75)]
    nameless = not (table.has_company or table.has_name or table.has_full_name or table.has_first or table.has_last)
    if nameless and phrases == {"title"} and table.company_weight > table.person_weight:
        return [("company_name", 0.8)]
    if phrases & {
        "job title",
        "jobtitle",
        "position",
        "designation",
        "job position",
        "poste",
        "puesto",
        "cargo",
        "funktion",
        "fonction",
        "functie",
        "stanowisko",
        "ruolo",
        "jobbezeichnung",
    }:
        return [("contact_title", 0.95)]
    if phrases & {
        "headline",
        "role",
        "job",
        "job role",
        "occupation",
        "profession",
        "job function",
        "beruf",
        "professione",
        "profissao",
    }:
        return [("contact_title", 0.7)]
    if phrases & {"titel", "titre", "titulo", "titolo"}:
        return [("contact_title", 0.6)]
    return [("contact_title", 0.88)]


def _category(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
    # Beside a person's names, categories are an address book's labels.
    return [("industry", 0.4 if table.has_first or table.has_last or reading.has("id") else 0.65)]


def _simple(field: str, confidence: float) -> "Decider":
    def decide(reading: Reading, cells: Profile, table: Table) -> list[tuple[str, float]]:
        if reading.has("id") and field != "external_id":
            return []
        return [(field, confidence + 0.01 * (reading.has("company")))]

    return decide


Decider = Callable[[Reading, Profile, Table], list[tuple[str, float]]]

_DECIDERS: tuple[tuple[tuple[str, ...], Decider], ...] = (
    (("email",), _email),
    (("phone", "mobile"), _phone),
    (("source",), _source),
    (("source_url",), _simple("source", 0.6)),
    (("website", "domain", "url"), _site),
    (("register_id", "company_id"), _id),
    (("first",), _first),
    (("last",), _last),
    (("postal",), _place("postal_code")),
    (("size",), _simple("company_size", 0.94)),
    (("revenue",), _simple("annual_revenue", 0.94)),
    (("street",), _street),
    (("city",), _place("city")),
    (("state",), _state),
    (("country",), _country),
    (("location",), _location),
    (("district",), _simple("city", 0.55)),
    (("industry",), _simple("industry", 0.94)),
    (("category",), _category),
    (("campaign",), _campaign),
    (("id",), _id),
    (("title",), _title),
    (("fullname",), _full_name),
    (("notes",), _notes),
    (("name",), _name),
)


def _from_cells(cells: Profile, *, named: bool) -> list[tuple[str, float]]:
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


def _is_phone_column(cells: Profile) -> bool:
    return cells.share("phone") > 0.8 and cells.mean_chars >= 8 and cells.share("id") < 0.5
