"""Groups of countries and states, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.countries import country_code, spellings_of
from core.text.regions import GROUPS, countries_of, country_of_state, state_code, state_key


@pytest.mark.parametrize("name", GROUPS)
def test_every_group_is_of_countries_that_are_known(name):
    assert len(GROUPS[name]) >= 2
    assert all(spellings_of(code) and country_code(code) == code for code in GROUPS[name])
    assert countries_of(f" {name.upper()} ") == GROUPS[name]


def test_groups_within_groups():
    assert len(GROUPS["EU"]) == 27
    assert GROUPS["EEA"] - GROUPS["EU"] == {"IS", "LI", "NO"}
    for name in ("Benelux", "Baltics", "Iberia"):
        assert GROUPS[name] < GROUPS["EU"]
    assert not GROUPS["DACH"] <= GROUPS["EU"]


@pytest.mark.parametrize(
    ("name", "codes"), [("Germany", {"DE"}), ("Deutschland", {"DE"}), ("de", {"DE"}), ("Atlantis", set()), ("", set())]
)
def test_countries_by_name(name, codes):
    assert countries_of(name) == codes


@pytest.mark.parametrize(
    ("name", "code", "land"),
    [
        ("California", "CA", "US"), (" new york ", "NY", "US"), ("US-TX", "TX", None), ("tx", "TX", None),
        ("Québec", "QC", "CA"), ("Alberta", "AB", "CA"), ("CA-ON", "ON", None), ("Bavaria", None, None),
    ],
)  # fmt: skip
def test_a_state_has_a_postal_code_and_lies_in_a_country(name, code, land):
    assert state_code(name) == code
    assert country_of_state(name) == land
    assert code is None or country_of_state(code, by_code=True) is not None


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        (("California", "CA", "us-ca", " CALIFORNIA "), "ca"),
        (("Québec", "QC", "CA-QC", "Quebec"), "qc"),
        (("Bavaria", "bavaria"), "bavaria"),
        (("New York", "NY"), "ny"),
    ],
)
def test_one_state_has_one_key(spellings, key):
    assert {state_key(spelling) for spelling in spellings} == {key}


@given(st.text(max_size=30))
def test_a_key_is_its_own_key(name):
    key = state_key(name)
    if not key.startswith(("us-", "ca-")):
        assert state_key(key) == key
