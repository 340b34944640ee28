import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.imports.column_words import ATTRIBUTES, SUBJECTS, lexicon
from core.imports.columns import map_columns, parse_override
from core.leads.lead import FIELDS

CONTENT = [
    ("an e-mail column of truth values", "Name|Email|Mail", [["Ann Fern", "yes", "a@b.example"], ["Bob Reed", "no", "b@b.example"]], {"Name": "contact_name", "Mail": "contact_email"}),
    ("a company column of record ids", "Company|Email", [["001A000000000001", "a@b.example"], ["001A000000000002", "b@b.example"]], {"Email": "contact_email"}),
    ("titles that are salutations", "Title|Name|Job Title", [["Mr.", "Bob Reed", "CEO"], ["Mrs.", "Ann Fern", "CFO"]], {"Name": "contact_name", "Job Title": "contact_title"}),
    ("titles that are salutations alone", "Title|First Name|Last Name", [["Mr", "Bob", "Reed"]], {"First Name": "first_name", "Last Name": "last_name"}),
    ("a state that is a stage", "Nombre|Correo|Estado", [["Eva Musgo", "a@b.example", "Nuevo"], ["Ana Río", "b@b.example", "Ganado"]], {"Nombre": "contact_name", "Correo": "contact_email"}),
    ("a profile link", "Name|Link", [["Ann Fern", "https://www.linkedin.com/in/ann"]], {"Name": "contact_name", "Link": "linkedin_url"}),
    ("a company's page under a bare name", "Company|LinkedIn", [["Fern Ltd", "https://linkedin.com/company/fern"]], {"Company": "company_name", "LinkedIn": "company_linkedin_url"}),
    ("names that are companies", "Name|Phone", [["Fern GmbH", "030 1234567"], ["Moos AG", "030 1234568"]], {"Name": "company_name", "Phone": "contact_phone"}),
    ("names that are people", "Name|Phone", [["Ann Fern", "030 1234567"], ["Bob Reed", "030 1234568"]], {"Name": "contact_name", "Phone": "contact_phone"}),
    ("a strange name over addresses", "Wer|Wohin", [["Ann Fern", "a@b.example"], ["Bob Reed", "b@b.example"]], {"Wohin": "contact_email"}),
    ("a country code that is a dialling code", "Company|Country Code", [["Fern Ltd", "+49"]], {"Company": "company_name"}),
    ("ids that repeat", "Id|Company", [["1", "Fern Ltd"]] * 6, {"Company": "company_name"}),
    ("a dealer's phone reaches the dealer", "Dealer Name|Dealer Phone", [["Fern HVAC LLC", "(512) 555-0100"]], {"Dealer Name": "company_name", "Dealer Phone": "contact_phone"}),
    ("two phones", "Company|Company Phone|Mobile", [["Fern", "(512) 555-0100", "(512) 555-0101"]], {"Company": "company_name", "Company Phone": "company_phone", "Mobile": "contact_phone"}),
    ("a number beside its country code", "name|country_code|mobile_without_country_code", [["Ann Fern", "+91", "9876543210"]], {"name": "contact_name", "mobile_without_country_code": "contact_phone"}),
    ("short words are whole names", "Company|CAP|Market Cap", [["Fern", "10121", "7"]], {"Company": "company_name", "CAP": "postal_code"}),
    ("a size of something else", "Company|Check Size", [["Fern", "$1M"]], {"Company": "company_name"}),
    ("website holds addresses", "Company|Website", [["Fern Ltd", "a@fern.example"]], {"Company": "company_name"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "rows", "wanted"), [case[1:] for case in CONTENT], ids=[case[0] for case in CONTENT])
def test_cells_back_or_veto_a_name(line: str, rows: list[list[str]], wanted: dict[str, str]) -> None:
    assert map_columns(line.split("|"), rows).mapping == wanted


def test_overrides_win_and_leave_columns_out() -> None:
    mapping = map_columns(
        ["Firma", "Ort", "Mail "], [], overrides={"Firma": "notes", "Ort": "", "Mail": "contact_email"}
    )
    assert mapping.mapping == {"Firma": "notes", "Mail ": "contact_email"}
    assert mapping.unmapped == ["Ort"]
    assert mapping.confidence == {"Firma": 1.0, "Mail ": 1.0}


@pytest.mark.parametrize("overrides", [{"Nix": "city"}, {"Firma": "town"}, {"Firma": "city", "Ort": "city"}])
def test_senseless_overrides_are_refused(overrides: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        map_columns(["Firma", "Ort"], [], overrides=overrides)


def test_a_confirmed_mapping_is_taken_over_and_overrides_beat_it() -> None:
    remembered = {"Firma": "company_name", "Ort": "", "Land": "state"}
    assert map_columns(["Firma", "Ort", "Land"], [], remembered=remembered).mapping == {
        "Firma": "company_name",
        "Land": "state",
    }
    changed = map_columns(["Firma", "Ort", "Land"], [], remembered=remembered, overrides={"Ort": "state"})
    assert changed.mapping["Ort"] == "state"
    assert list(changed.mapping.values()).count("state") == 1


def test_our_own_columns_are_never_mapped() -> None:
    assert map_columns(["_line", "_error", "Company"], []).mapping == {"Company": "company_name"}


@pytest.mark.parametrize(
    ("text", "pair"),
    [("Firma=company_name", ("Firma", "company_name")), ("a=b= city", ("a=b", "city")), ("x=", ("x", ""))],
)
def test_overrides_are_parsed(text: str, pair: tuple[str, str]) -> None:
    assert parse_override(text) == pair


def test_an_override_without_a_sign_is_refused() -> None:
    with pytest.raises(InvalidInput):
        parse_override("Firma")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_found_by_its_own_name(field: str) -> None:
    assert map_columns([field], []).mapping == {field: field}


WORDS = sorted(lexicon())


@given(
    st.lists(
        st.lists(st.sampled_from(WORDS) | st.text(max_size=8), min_size=1, max_size=3).map(" ".join),
        max_size=12,
        unique=True,
    ),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_no_field_is_taken_twice(header: list[str], data: st.DataObject) -> None:
    rows = data.draw(
        st.lists(
            st.lists(st.text(max_size=10) | st.sampled_from(["a@b.example", "Fern Ltd", "1"]), max_size=14), max_size=4
        )
    )
    mapping = map_columns(header, rows)
    assert len(set(mapping.mapping.values())) == len(mapping.mapping)
    assert set(mapping.mapping.values()) <= set(FIELDS)
    assert set(mapping.mapping) | set(mapping.unmapped) == set(header)
    assert all(0 <= share <= 1 for share in mapping.confidence.values())


def test_every_phrase_has_a_concept_we_decide_on() -> None:
    assert set(lexicon().values()) <= set(ATTRIBUTES) | set(SUBJECTS) | {"noise", "blocked"}
