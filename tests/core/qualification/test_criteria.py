"""Every kind of criterion on values as people write them."""

import pytest
from hypothesis import given
from profiles import leads, one, profiles

from core.qualification.criteria import MICRO, rater_of, role_in_title, words_of
from core.qualification.icp import Profile
from core.text.cell_numbers import read_number, read_range

ONE_OF = "field: f, one_of: {values: [{value: Software, synonyms: [SaaS, IT-Dienste], points: 80}, Bau], otherwise: 5}"
WORDS = "field: f, one_of: {match: words, values: [{value: solar, points: 30}, {value: heat pump, points: 90}]}"
LISTED = "field: f, one_of: {separator: ';', values: [a, b c]}"
BANDS = "field: f, bands: {bands: [{from: 51, to: 200, points: 60}, {from: 201, to: 500}, {to: 10, points: 1}]}"
KEYWORDS = "field: f, keywords: {any_of: [{value: install*, points: 40}, {value: roof, points: 70}], none_of: [jobs]}"
SUM = (
    "field: f, keywords: "
    "{combine: sum, any_of: [{value: a, points: 60}, {value: b, points: 70}, {value: c, points: 5}]}"
)
REGEX = "field: f, regex: {patterns: [{pattern: '^acme', points: 9}, 'gmbh$']}"
FLAG = "field: f, flag: {if_true: 90, if_false: 20}"
SCALE = "field: f, number: {from: 10, to: 0}"
TITLES = "field: f, titles: {roles: {CEO: 100, Owner: 95}, keywords: [{value: manager, points: 40}], otherwise: 3}"
REGIONS = (
    "regions: {otherwise: 7, values: [{country: DACH, points: 100}, "
    "{country: US, states: [California, TX], points: 80}, {country: FR, cities: [Lyon], points: 60}, "
    "{postal_prefixes: ['SW1'], points: 50}]}"
)


def points(rule: str, *values: str | None) -> float | None:
    (criterion,) = one(rule).criteria
    found = rater_of(criterion, role_in_title)(values).points
    return None if found is None else found / MICRO


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (ONE_OF, "software", 80), (ONE_OF, " it dienste ", 80), (ONE_OF, "BAU", 100), (ONE_OF, "Retail", 5),
        (ONE_OF, "Software house", 5), (ONE_OF, "", None), (ONE_OF, None, None), (ONE_OF, "n/a", None),
        (WORDS, "Solar & Heat-Pump Ltd", 90), (WORDS, "solarium", 0), (LISTED, "x; B c", 100), (LISTED, "x", 0),
        (BANDS, "51-200", 60), (BANDS, "101-300", 100), (BANDS, "200", 60), (BANDS, "201 to 500", 100),
        (BANDS, "1,000+", 0), (BANDS, "3", 1), (BANDS, "Medium (100-150 employees)", 60), (BANDS, "many", None),
        (BANDS, "9" * 400 + "+", None),
        (KEYWORDS, "we do installation", 40), (KEYWORDS, "Installer of roofs", 40), (KEYWORDS, "a ROOF, installed", 70),
        (KEYWORDS, "roof jobs", 0), (KEYWORDS, "windows", 0),
        (SUM, "a b c", 100), (SUM, "a c", 65),
        (REGEX, "ACME Inc", 9), (REGEX, "Acme GmbH", 100), (REGEX, "x", 0),
        (FLAG, "Yes", 90), (FLAG, "WAHR", 90), (FLAG, "1.0", 90), (FLAG, "no", 20), (FLAG, "0", 20),
        (FLAG, "perhaps", None), (FLAG, "2", None), (FLAG, "✓", 90),
        ("field: f, number: as_is", "73.25", 73.25), ("field: f, number: as_is", "73,25", 73.25),
        ("field: f, number: as_is", "80 %", 80), ("field: f, number: as_is", "-4", -4),
        ("field: f, number: as_is", "1001", None), ("field: f, number: as_is", "good", None),
        ("field: f, number: as_is", "1e99", None), ("field: f, number: as_is", "nan", None),
        (SCALE, "0", 100), (SCALE, "2.5", 75), (SCALE, "11", 0), (SCALE, "-1", 100),
        (TITLES, "Founder & CEO", 100), (TITLES, "Owner", 95), (TITLES, "Sales Manager", 40), (TITLES, "Clerk", 3),
        (TITLES, "Assistant to the CEO", 3), (TITLES, "", None),
        ("field: f, present: {if_absent: 10}", "x", 100), ("field: f, present: {if_absent: 10}", " - ", 10),
        ("field: f, present: {if_absent: 10}", None, 10),
    ],
)  # fmt: skip
def test_points(rule: str, value: str | None, expected: float | None) -> None:
    assert points(rule, value) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("Deutschland", None, None, None), 100),
        (("USA", "ca", None, None), 80),
        (("USA", "US-TX", None, None), 80),
        (("United States", None, None, "x"), None),
        (("United States", "Ohio", "Dayton", "45402"), 7),
        (("France", None, "LYON", "69001"), 60),
        ((None, "California", None, None), None),
        (("GB", None, None, "sw1 a 1aa"), 50),
        (("Brazil", None, None, None), None),
        ((None, None, None, None), None),
    ],
)
def test_regions(address: tuple[str | None, ...], expected: float | None) -> None:
    assert points(REGIONS, *address) == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("51-200", 51, 200), ("$8.2B", 8_200_000_000, 8_200_000_000), ("$35B (total 3M)", 35_000_000_000, 35_000_000_000),
     ("Large (1000+ employees)", 1000, 1000), ("1.234", 1.234, 1.234), ("-3", -3, -3)],
)  # fmt: skip
def test_ranges(text: str, low: float, high: float) -> None:
    found = read_range(text)
    assert found is not None
    assert (float(found[0]), float(found[1])) == (low, high)


@given(profiles(), leads)
def test_any_value_is_rated(found: Profile, lead: dict[str, str | None]) -> None:
    for condition in (*found.criteria, *found.disqualifiers):
        rating = rater_of(condition, role_in_title)([lead.get(column) for column in condition.columns])
        assert rating.why
        assert rating.field is None or rating.field in condition.columns
        assert rating.points is None or condition.number == "as_is" or 0 <= rating.points <= 100 * MICRO


def test_words_keep_what_tells_languages_apart() -> None:
    assert words_of("C++, C# & Go!") == " c++ c# go "
    assert read_number("n.a.") is None
