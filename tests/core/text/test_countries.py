"""Countries are one whoever writes them: by code, in any listed language, alone or in a group."""

import pytest
from profiles import one, profile
from pydantic import ValidationError

from core.config_files import parse_config
from core.crm.config import SyncCondition
from core.outreach.markets import Segment
from core.qualification.criteria import MICRO, rater_of, role_in_title
from core.qualification.icp import Profile
from core.qualification.profiles import doubts_of
from core.text.countries import country_code, country_words, spellings_of
from core.text.country_readings import country, country_key
from core.text.regions import GROUPS, countries_of


def points(rule: str, value: str | None) -> float | None:
    (criterion,) = one(rule).criteria
    found = rater_of(criterion, role_in_title)([value]).points
    return None if found is None else found / MICRO


def test_every_country_of_the_standard_is_known_by_both_codes() -> None:
    codes = {code for word in country_words() if (code := country_code(word))}
    assert len(codes) == 250, "249 of ISO 3166-1, and Kosovo"
    for code in codes:
        two, three, name, *_ = spellings_of(code)
        assert (len(two), len(three)) == (2, 3)
        assert {country_code(text) for text in (two, three.lower(), name)} == {code}


@pytest.mark.parametrize("text", ["US", "usa", "U.S.A.", "United States", "Estados Unidos", "Vereinigte Staaten"])
def test_a_country_is_compared_as_such(text: str) -> None:
    assert country_key(text) == "US"
    assert country(text) == "US"


def test_what_is_no_country_is_compared_as_text() -> None:
    assert country_key("Atlantis ") == country_key("ATLANTIS") != country_key("Mu")


@pytest.mark.parametrize("field", ["country", "HQ Country", "Land"])
@pytest.mark.parametrize(
    ("listed", "value", "expected"),
    [
        ("US", "United States", 100), ("United States", "US", 100), ("Norvegia", "Norge", 100), ("NO", "no", 100),
        ("Deutschland", "DEU", 100), ("日本", "Japan", 100), ("Kirgisistan", "KG", 100), ("DACH", "Schweiz", 100),
        ("Nordics", "FI", 100), ("US", "Canada", 0), ("DACH", "France", 0), ("US", None, None),
        ("Atlantis", "atlantis", 100), ("Georgia", "GE", 100),
    ],
)  # fmt: skip
def test_a_profile_lists_countries_however_it_likes(
    field: str, listed: str, value: str | None, expected: float | None
) -> None:
    assert points(f"field: {field}, one_of: {{values: ['{listed}']}}", value) == expected


def test_words_and_keywords_about_a_country_find_it_too() -> None:
    assert points("field: country, one_of: {match: words, values: [US]}", "United States (Texas)") == 100
    assert points("field: country, one_of: {match: words, values: [India]}", "Born in Germany") == 0
    assert points("field: country, keywords: {any_of: [DE]}", "Germany") == 100
    assert points("field: country, keywords: {any_of: [Germany], none_of: [AT]}", "Austria") == 0
    assert points("field: country, one_of: {separator: ';', values: [AT]}", "DE; Österreich") == 100


def test_other_fields_are_read_letter_by_letter() -> None:
    assert points("field: industry, one_of: {values: [IT]}", "Italy") == 0
    assert points("field: state, one_of: {values: [GA]}", "Gabon") == 0


def test_a_word_that_nobody_knows_is_doubted_and_a_known_one_is_not() -> None:
    text = "criteria:\n  - {field: country, weight: 1, one_of: {values: [USA, Benelux, Deutshland, Danmark]}}"
    (doubt,) = doubts_of(profile(text))
    assert doubt.startswith("country: 'Deutshland' is no country we know")
    assert doubts_of(one("field: industry, one_of: {values: [Deutshland]}")) == ()


def test_only_profiles_that_list_countries_become_new_versions() -> None:
    said = "criteria:\n  - {field: FIELD, weight: 1, one_of: {values: [a]}}"
    versions = {name: parse_config(said.replace("FIELD", name), Profile, path="p") for name in ("industry", "country")}
    assert versions["industry"].version == "04aa8e52cfedf935", "as before: nobody is scored anew for nothing"
    assert versions["country"].version != versions["industry"].version


def test_a_condition_of_the_crm_compares_countries() -> None:
    assert SyncCondition(field="country", one_of=("US", "Kanada")).why_not({"country": "Canada"}) is None
    assert SyncCondition(field="country", none_of=("Vereinigte Staaten",)).why_not({"country": "United States"})
    assert SyncCondition(field="industry", one_of=("IT",)).why_not({"industry": "Italy"})


def test_a_segment_is_called_by_the_countrys_name_whatever_it_was_asked_with() -> None:
    assert {Segment(country=text).name for text in ("de", "Allemagne", "🇩🇪 Germany", "DEU")} == {"Germany"}
    assert Segment(country="Benelux").name == "Benelux"
    with pytest.raises(ValidationError, match="'Atlantis' is no country we know and none of EU"):
        Segment(country="Atlantis")
    assert all(countries_of(group) for group in GROUPS)


def test_namibia_is_a_country_of_profiles_and_conditions_too() -> None:
    assert points("field: country, one_of: {values: [Namibia]}", "NA") == 100
    assert points("field: country, present: {}", "NA") == 100
    assert SyncCondition(field="country", one_of=("Namibia",)).why_not({"country": "NA"}) is None
    assert SyncCondition(field="country", one_of=("DE-BY",)).why_not({"country": "DE"}) is None
    (criterion,) = one("regions: {values: [NA, {country: DACH, points: 50}]}").criteria
    rate = rater_of(criterion, role_in_title)
    assert [rate([code, None, None, None]).points for code in ("NA", "AT", "FR")] == [100 * MICRO, 50 * MICRO, 0]
    assert rate(["NA", None, None, None]).value == "Namibia"


def test_evidence_and_patterns_see_a_country_by_its_name() -> None:
    assert points("field: country, regex: {patterns: [{pattern: '^Ger'}]}", "DE") == 100
    (criterion,) = one("field: country, one_of: {values: [DACH]}").criteria
    assert rater_of(criterion, role_in_title)(["DE"]).value == "Germany"
