"""The table of fields holds together, and its page says the same."""

import pytest

from core.crm.config import CONTACT_COLUMNS, CONTACT_FIELDS, LEAD_FIELDS
from core.imports.column_content import profile
from core.imports.column_evidence import supports
from core.imports.column_fields import DECIDERS
from core.imports.column_words import lexicon
from core.leads.fields import (
    BY_NAME,
    CLEANERS,
    COLUMNS,
    COMPANY_FIELDS,
    EDITABLE_FIELDS,
    ENRICHABLE,
    EXTRA_FIELDS,
    FIELDS_OF_CONTACT,
    FIELDS_OF_LEAD,
    PERSON_FIELDS,
    PERSONAL_FIELDS,
    TABLE,
    FieldType,
    clean,
)
from core.leads.lead import FIELDS, POSITION
from core.reports.exports import COLUMNS as EXPORTED
from db.schema.contacts_tables import ContactRow
from db.schema.tables import LeadRow
from scripts.lead_fields import TARGET, render


def test_a_field_stands_once_and_every_list_of_them_is_a_part_of_the_table() -> None:
    assert len(BY_NAME) == len(TABLE)
    assert set(FIELDS) | set(EXTRA_FIELDS) == set(BY_NAME)
    assert not set(FIELDS) & set(EXTRA_FIELDS)
    assert [POSITION[name] for name in FIELDS] == list(range(len(FIELDS)))
    assert set(EDITABLE_FIELDS) <= set(FIELDS)
    assert set(ENRICHABLE) == {*COMPANY_FIELDS, *PERSON_FIELDS, *EXTRA_FIELDS}
    assert {*CONTACT_COLUMNS.values()} <= set(PERSON_FIELDS)
    assert not set(LEAD_FIELDS) & set(PERSON_FIELDS)
    assert set(CONTACT_FIELDS) == {*CONTACT_COLUMNS, "role"}
    others = {"id", "name_key", "extra", "original", "tier", "score", "reasoning", "token"}
    assert not others & set(BY_NAME), "what stands beside the fields of a lead has these names"
    assert set(FIELDS_OF_LEAD) <= set(LeadRow.__table__.c.keys())
    assert set(FIELDS_OF_CONTACT) <= set(ContactRow.__table__.c.keys())
    assert set(FIELDS_OF_LEAD) | set(FIELDS_OF_CONTACT) == set(FIELDS)
    assert len(set(EXPORTED)) == len(EXPORTED)


def test_all_that_is_said_of_a_person_is_emptied_with_the_person() -> None:
    assert set(PERSON_FIELDS) <= set(PERSONAL_FIELDS)
    assert not set(COMPANY_FIELDS) & set(PERSONAL_FIELDS)


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
def test_a_column_of_a_file_can_be_every_field_by_words_that_are_there(field) -> None:
    assert field.headers
    assert set(field.headers) <= set(lexicon().values())
    decided = {concept for concepts, _ in DECIDERS for concept in concepts} | {"linkedin"}
    assert set(field.headers) <= decided


@pytest.mark.parametrize("kind", FieldType)
def test_every_type_is_cleaned_and_told_apart(kind: FieldType) -> None:
    name = next(field.name for field in TABLE if field.type is kind)
    assert CLEANERS[kind]("n/a") is None
    assert clean(name, " ") is None
    assert 0 <= supports(name, profile(["a", "b"])) <= 1


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("company_size", "51 to 200", "51-200"),
        ("annual_revenue", "1.2 Cr", "12000000"),
        ("annual_revenue", "rising", "rising"),
        ("country", "Deutschland", "DE"),
        ("country", "Atlantis", None),
        ("country", "NA", "NA"),
        ("company_phone", "030 2345 6789", "+493023456789"),
        ("contact_email", "noemail@noemail.com", None),
        ("company_domain", "https://www.shop.brackwater-pumps.example/a", "brackwater-pumps.example"),
        ("linkedin_url", "https://linkedin.com/company/acme", None),
        ("facebook_url", "https://facebook.com/Brackwater", "https://facebook.com/Brackwater"),
        ("no such field", " as it is ", "as it is"),
    ],
)
def test_a_value_is_cleaned_by_its_fields_type(name: str, written: str, value: str | None) -> None:
    assert clean(name, written, "DE") == value


def test_the_page_about_fields_is_the_table() -> None:
    assert TARGET.read_text(encoding="utf-8") == render(), "run python -m scripts.lead_fields"
