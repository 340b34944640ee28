"""The one table of fields: what a lead has, and all that the program knows of each.

A field is one row here, a column (a migration) and, where its columns in files are to be found by themselves, words in
the lexicon. Mapping, cleaning, erasure, the checks of every configuration, the synchronisation, exports, forms and
documentation are read off this table; a field is found by its name, never by its place.

What a row cannot say are rules about that very field (an e-mail address is a key, a website has a domain): they stand
where they decide.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from core.errors import InvalidInput
from core.text import cell_text, normalize
from core.text.country_readings import country, known_code, shown_country
from core.text.phones import phone


class FieldType(StrEnum):
    """What a field's values are: how they are cleaned, compared, and told apart in a column."""

    TEXT = "text"
    NAME = "name"
    """Of a person."""
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    DOMAIN = "domain"
    PERSON_PROFILE = "person_profile"
    """A person's page in a network."""
    COMPANY_PROFILE = "company_profile"
    COUNTRY = "country"
    """ISO 3166-1 alpha-2; people are shown its name."""
    REGION = "region"
    """A state or a province."""
    POSTAL_CODE = "postal_code"
    NUMBER = "number"
    """A number or a range of numbers; other text is kept as it stands."""
    ID = "id"


Cleaner = Callable[[str], str | None]
"""Turns a text into the value to store; None where there is none or it cannot be trusted."""

CLEANERS: Mapping[FieldType, Cleaner] = {
    FieldType.TEXT: cell_text.text,
    FieldType.NAME: cell_text.name,
    FieldType.EMAIL: normalize.real_email,
    FieldType.PHONE: phone,
    FieldType.URL: normalize.url,
    FieldType.DOMAIN: normalize.own_domain,
    FieldType.PERSON_PROFILE: normalize.linkedin_person,
    FieldType.COMPANY_PROFILE: normalize.linkedin_company,
    FieldType.COUNTRY: country,
    FieldType.REGION: cell_text.text,
    FieldType.POSTAL_CODE: normalize.postal_code,
    FieldType.NUMBER: normalize.number_range,
    FieldType.ID: normalize.external_id,
}
"""How the values of each type are cleaned, at import and at enrichment alike."""

FieldWriter = Literal["import", "person", "crm", "provider"]
"""Who may write a field: a file, a person here, people in the CRM, a provider that is asked."""

EVERYBODY: frozenset[FieldWriter] = frozenset({"import", "person", "crm", "provider"})
NO_PROVIDER = EVERYBODY - {"provider"}
PROVIDERS_ONLY: frozenset[FieldWriter] = frozenset({"provider"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadField:
    """A field of a lead.

    Attributes:
        name: its column, its name in every configuration, export and form.
        label: what people call it.
        meaning: what it says, in a few words, for people and for a model that is to find it.
        type: what its values are.
        of: whose it is: the company's, the person's, or the row's that was imported.
        is_personal: whether it is about a person, or may be: it is emptied when the person is erased.
        headers: its words in the lexicon, `headers.<key>`; a column's name with one of them may hold it.
        edited_by: who may write it.
        repeats: whether its values come again and again in a file: they are looked up before they are worked out.
        of_contact: what `crm.yaml` calls it of a contact; None where it is no contact's.
        is_column: whether it is a column of the leads; else it is kept in `extra` under its name.
    """

    name: str
    label: str
    meaning: str
    type: FieldType = FieldType.TEXT
    of: Literal["company", "person", "row"] = "company"
    is_personal: bool
    headers: tuple[str, ...] = ()
    edited_by: frozenset[FieldWriter] = EVERYBODY
    repeats: bool = False
    of_contact: str | None = None
    is_column: bool = True


TABLE: tuple[LeadField, ...] = (
    LeadField(
        name="company_name", label="Company", meaning="the company's name", is_personal=False, headers=("name",)
    ),
    LeadField(
        name="company_website", label="Website", meaning="the address of its home page", type=FieldType.URL,
        is_personal=False, headers=("website", "url"),
    ),
    LeadField(
        name="company_domain", label="Domain", meaning="its registrable domain, never a shared host's",
        type=FieldType.DOMAIN, is_personal=False, headers=("domain",),
    ),
    LeadField(
        name="industry", label="Industry", meaning="the trade it is in, as the text names it", is_personal=False,
        headers=("industry", "category"), repeats=True,
    ),
    LeadField(
        name="company_size", label="Employees", meaning="how many people work there", type=FieldType.NUMBER,
        is_personal=False, headers=("size",), repeats=True,
    ),
    LeadField(
        name="annual_revenue", label="Annual revenue", meaning="what it earns in a year", type=FieldType.NUMBER,
        is_personal=False, headers=("revenue",),
    ),
    LeadField(
        name="street", label="Street", meaning="street and number of its address", is_personal=False,
        headers=("street",),
    ),
    LeadField(
        name="city", label="City", meaning="city of that address", is_personal=False,
        headers=("city", "location", "district"), repeats=True,
    ),
    LeadField(
        name="state", label="State", meaning="state or region of that address", type=FieldType.REGION,
        is_personal=False, headers=("state",), repeats=True,
    ),
    LeadField(
        name="country", label="Country", meaning="country of that address", type=FieldType.COUNTRY, is_personal=False,
        headers=("country",), repeats=True,
    ),
    LeadField(
        name="postal_code", label="Postal code", meaning="postal code of that address", type=FieldType.POSTAL_CODE,
        is_personal=False, headers=("postal",),
    ),
    LeadField(
        name="company_phone", label="Company phone", meaning="its phone number", type=FieldType.PHONE,
        is_personal=False, headers=("phone", "mobile"),
    ),
    LeadField(
        name="company_linkedin_url", label="Company on LinkedIn", meaning="its page on LinkedIn",
        type=FieldType.COMPANY_PROFILE, is_personal=False, headers=("linkedin",),
    ),
    LeadField(
        name="contact_name", label="Contact", meaning="the person's full name", type=FieldType.NAME, of="person",
        is_personal=True, headers=("fullname", "name"), of_contact="name",
    ),
    LeadField(
        name="first_name", label="First name", meaning="the person's first name", type=FieldType.NAME, of="person",
        is_personal=True, headers=("first",), repeats=True,
    ),
    LeadField(
        name="last_name", label="Last name", meaning="the person's last name", type=FieldType.NAME, of="person",
        is_personal=True, headers=("last",), repeats=True,
    ),
    LeadField(
        name="contact_title", label="Job title", meaning="what the person does there", of="person", is_personal=True,
        headers=("title",), repeats=True, of_contact="title",
    ),
    LeadField(
        name="contact_email", label="E-mail", meaning="the person's e-mail address", type=FieldType.EMAIL, of="person",
        is_personal=True, headers=("email",), of_contact="emails",
    ),
    LeadField(
        name="contact_phone", label="Phone", meaning="the person's phone number", type=FieldType.PHONE, of="person",
        is_personal=True, headers=("phone", "mobile"), of_contact="phones",
    ),
    LeadField(
        name="linkedin_url", label="Person on LinkedIn", meaning="the person's profile on LinkedIn",
        type=FieldType.PERSON_PROFILE, of="person", is_personal=True, headers=("linkedin",),
        of_contact="linkedin_url",
    ),
    LeadField(
        name="notes", label="Notes", meaning="what was written about the company or the person", of="row",
        is_personal=True, headers=("notes",), edited_by=NO_PROVIDER,
    ),
    LeadField(
        name="source", label="Source", meaning="where the row comes from", of="row", is_personal=False,
        headers=("source", "source_url", "campaign"), edited_by=NO_PROVIDER, repeats=True,
    ),
    LeadField(
        name="external_id", label="Id there", meaning="its id in the system it comes from", type=FieldType.ID, of="row",
        is_personal=False, headers=("id", "company_id", "register_id"), edited_by=NO_PROVIDER,
    ),
    LeadField(
        name="company_description", label="Description",
        meaning="one or two sentences of the text that say what the company does", is_personal=False,
        edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="company_email", label="Company e-mail", meaning="its general e-mail address", type=FieldType.EMAIL,
        is_personal=False, edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="website_title", label="Title of the website", meaning="what its home page is called", is_personal=False,
        edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="facebook_url", label="Facebook", meaning="its page on Facebook", type=FieldType.URL, is_personal=False,
        edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="instagram_url", label="Instagram", meaning="its page on Instagram", type=FieldType.URL,
        is_personal=False, edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="x_url", label="X", meaning="its page on X", type=FieldType.URL, is_personal=False,
        edited_by=PROVIDERS_ONLY, is_column=False,
    ),
    LeadField(
        name="youtube_url", label="YouTube", meaning="its channel on YouTube", type=FieldType.URL, is_personal=False,
        edited_by=PROVIDERS_ONLY, is_column=False,
    ),
)  # fmt: skip
"""All fields; columns in the order in which they are stored and exported."""

BY_NAME: Mapping[str, LeadField] = {field.name: field for field in TABLE}


def _names(fields: Iterable[LeadField]) -> tuple[str, ...]:
    return tuple(field.name for field in fields)


COLUMNS: tuple[LeadField, ...] = tuple(field for field in TABLE if field.is_column)
"""The fields that are columns of the leads."""
COMPANY_FIELDS = _names(field for field in COLUMNS if field.of == "company")
"""Columns that say something of the company."""
PERSON_FIELDS = _names(field for field in COLUMNS if field.of == "person")
"""Columns that say something of a person."""
FIELDS_OF_LEAD = _names(field for field in COLUMNS if field.of != "person")
"""Columns of the leads: a company's, and those of a row that names nobody."""
FIELDS_OF_CONTACT = _names(field for field in COLUMNS if field.of != "company")
"""Columns of the contacts: a person's, and those of the row that named them."""
PERSONAL_FIELDS = _names(field for field in COLUMNS if field.is_personal)
"""Columns that are about a person, and the free text that may be: what erasing one empties."""
EDITABLE_FIELDS = _names(field for field in COLUMNS if "person" in field.edited_by)
"""Columns that a person may edit."""
EXTRA_FIELDS = _names(field for field in TABLE if not field.is_column)
"""Values without a column: kept in the lead's `extra` under these names."""
ENRICHABLE = _names(field for field in TABLE if "provider" in field.edited_by)
"""What a provider may be asked for."""


def clean(name: str, written: str, country: str | None = None) -> str | None:
    """Turn a text into a field's value, by the same rules wherever it comes from.

    Args:
        name: of the field; a text that is no field's is cleaned as text.
        written: as it stands in a cell, on a page, in an answer.
        country: ISO 3166 alpha-2 code, for a phone number that names none.

    Returns:
        The value to store, or None where there is none or it cannot be trusted.
    """
    field = BY_NAME.get(name)
    if field is None:
        return cell_text.text(written)
    if field.type is FieldType.PHONE:
        return phone(written, country)
    return CLEANERS[field.type](written)


def edited(name: str, value: str | None) -> str | None:
    """Return what a person's edit stores: what they wrote, a country by its code; None empties the field.

    Raises:
        InvalidInput: a country is none that we know.
    """
    field = BY_NAME.get(name)
    if value is None or field is None or field.type is not FieldType.COUNTRY:
        return value
    try:
        return known_code(value) if value.strip() else None
    except ValueError as error:
        raise InvalidInput(f"{name}: {error}") from None


def shown(name: str, value: str) -> str:
    """Return a field's value as people read it: of a country its name.

    Args:
        name: of the field; the value of another is returned as it is.
        value: as it is stored.
    """
    field = BY_NAME.get(name)
    return shown_country(value) if field is not None and field.type is FieldType.COUNTRY else value
