"""Profiles for tests, and strategies that make them."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from core.config_files import parse_config
from core.qualification.icp import Profile

RUBRIC = {"Resimercial_Score": ".35", "MultiOEM_Score": ".25", "MEPR_Score": ".25", "OM_Score": ".15"}


def profile(text: str) -> Profile:
    """Read a profile from YAML."""
    return parse_config(text, Profile, path="test.yaml")


def one(rule: str) -> Profile:
    """Make a profile of a single criterion, `rule` in flow style."""
    return profile(f"criteria:\n  - {{weight: 1, {rule}}}")


_points = st.integers(0, 100_000_000).map(lambda micro: Decimal(micro) / 1_000_000)
_words = st.sampled_from(["a", "b", "solar roof", "Ä", "c++", "x*"])
_choices = st.lists(st.builds(lambda value, points: {"value": value, "points": points}, _words, _points), min_size=1)
_rules: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(
        lambda values, match, other: {"one_of": {"values": values, "match": match, "otherwise": other}},
        _choices, st.sampled_from(["whole", "words"]), _points,
    ),
    st.builds(lambda low, points: {"bands": {"bands": [{"from": low, "points": points}]}}, st.integers(-9, 99),
              _points),
    st.builds(lambda any_of, how: {"keywords": {"any_of": any_of, "combine": how}}, _choices,
              st.sampled_from(["best", "sum"])),
    st.just({"flag": {}}),
    st.just({"number": "as_is"}),
    st.just({"present": {}}),
    st.just({"regex": {"patterns": ["[a-c]+", {"pattern": "^1", "points": 3}]}}),
)  # fmt: skip
_fields = st.sampled_from(["industry", "notes", "A Column", "Z"])


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Make any profile over a handful of columns."""
    criteria = [
        {
            "name": f"c{number}",
            "field": draw(_fields),
            "weight": Decimal(draw(st.integers(1, 10_000_000))) / 10_000,
            "unknown": draw(st.none() | st.just("skip") | _points),
        }
        | draw(_rules)
        for number in range(draw(st.integers(1, 5)))
    ]
    if draw(st.booleans()):
        criteria.append({"name": "place", "weight": 1, "regions": {"values": ["DACH", {"states": ["CA"]}]}})
    against = [{"name": f"d{n}", "field": draw(_fields)} | draw(_rules) for n in range(draw(st.integers(0, 2)))]
    return Profile.model_validate(
        {"criteria": criteria, "disqualifiers": against, "unknown": draw(st.just("skip") | _points)}
    )


texts = st.none() | st.sampled_from(
    ["", "a", "b", " solar roof on site", "1", "0", "yes", "51-200", "1,000+", "99.123456789", "-3", "n/a", "DE", "CA"]
) | st.text("aB1 ,;-+ä%€ß\x00\ud800\n\t'", max_size=8)  # fmt: skip
leads = st.dictionaries(
    st.sampled_from(["industry", "notes", "A Column", "Z", "country", "state", "city", "postal_code"]), texts
)
