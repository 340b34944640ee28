"""The rules score: exact, explained, and honest about what is not known."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import RUBRIC, leads, profile, profiles

from core.config_files import parse_config
from core.qualification.icp import Profile
from core.qualification.profiles import example_text
from core.qualification.scoring import Scorer, reason_of, rounded_division
from core.tiers import TIERS

RUBRIC_PROFILE = parse_config(example_text("rubric"), Profile, path="rubric")
TWO = "criteria:\n  - {field: a, weight: 3, number: as_is}\n  - {field: b, weight: 1, number: as_is}\n"

numbers = st.decimals(0, 100, places=2, allow_nan=False) | st.integers(0, 100).map(Decimal)


@given(st.fixed_dictionaries(dict.fromkeys(RUBRIC, numbers)))
def test_rubric_is_its_arithmetic(row: dict[str, Decimal]) -> None:
    expected = sum((Decimal(weight) * row[name] for name, weight in RUBRIC.items()), Decimal(0))
    found = Scorer(RUBRIC_PROFILE).score({name: str(value) for name, value in row.items()})
    assert found.score == expected
    assert found.tier == next(tier for tier, least in zip(TIERS, (80, 60, 40, 0), strict=True) if expected >= least)
    assert found.confidence == 1


@pytest.mark.parametrize(("value", "tier"), [("80", "hot"), ("79.999999", "warm"), ("60", "warm"), ("40", "cold"),
                                             ("39.999999", "disqualified"), ("79.9999999", "hot")])  # fmt: skip
def test_thresholds_belong_to_the_better_tier(value: str, tier: str) -> None:
    assert Scorer(RUBRIC_PROFILE).score(dict.fromkeys(RUBRIC, value)).tier == tier


@given(profiles(), leads)
def test_score_tier_and_confidence_fit_the_breakdown(found: Profile, lead: dict[str, str | None]) -> None:
    score = Scorer(found).score(lead)
    assert 0 <= score.score <= 100
    assert score.score == score.score.quantize(Decimal("0.000001"))
    assert 0 <= score.confidence <= 1
    points = score.breakdown[: len(found.criteria)]
    assert [point.criterion for point in points] == [criterion.label for criterion in found.criteria]
    known = sum(point.weight for point in points if point.is_known)
    assert float(score.confidence) == pytest.approx(known, abs=1e-4)
    weights = sum(point.weight for point in points if point.points is not None)
    if weights and not score.breakdown[len(points) :]:
        mean = sum(point.weight * point.points for point in points if point.points is not None) / weights
        assert float(score.score) == pytest.approx(min(max(mean, 0), 100), abs=0.1)
    if len(score.breakdown) > len(points):
        assert score.tier == "disqualified"
    assert reason_of([point.to_json() for point in score.breakdown]) or not points


@given(profiles(), leads, st.sampled_from([2, 3, 10]))
def test_only_the_ratio_of_weights_counts(found: Profile, lead: dict[str, str | None], factor: int) -> None:
    scaled = [criterion.model_copy(update={"weight": criterion.weight * factor}) for criterion in found.criteria]
    assert Scorer(found.model_copy(update={"criteria": tuple(scaled)})).score(lead) == Scorer(found).score(lead)


def test_unknown_is_not_zero_and_lowers_the_confidence() -> None:
    half = Scorer(profile(TWO)).score({"a": "80"})
    assert (half.score, half.confidence) == (Decimal("72.5"), Decimal("0.75"))
    assert [(point.is_known, point.points) for point in half.breakdown] == [(True, 80.0), (False, 50.0)]
    left_out = Scorer(profile("unknown: skip\n" + TWO)).score({"a": "80"})
    assert (left_out.score, left_out.confidence) == (Decimal(80), Decimal("0.75"))
    assert left_out.breakdown[1].points is None
    zero = Scorer(profile("unknown: 0\n" + TWO)).score({"a": "80"})
    assert (zero.score, zero.confidence) == (Decimal(60), Decimal("0.75"))
    nothing = Scorer(profile("unknown: skip\n" + TWO)).score({})
    assert (nothing.score, nothing.confidence) == (Decimal(50), Decimal(0))


def test_only_what_is_known_disqualifies() -> None:
    found = profile(TWO + "disqualifiers:\n  - {name: rival, field: c, flag: {}}\n")
    scorer = Scorer(found)
    assert scorer.score({"a": "99", "b": "99"}).tier == "hot"
    assert scorer.score({"a": "99", "b": "99", "c": "no"}).tier == "hot"
    out = scorer.score({"a": "99", "b": "99", "c": "yes"})
    assert (out.tier, out.score) == ("disqualified", Decimal(99))
    assert out.breakdown[-1].value == "yes"
    assert reason_of([point.to_json() for point in out.breakdown]) == "rival: disqualified: yes"


@given(st.integers(-(10**18), 10**18), st.integers(1, 10**9))
def test_division_rounds_half_to_even(dividend: int, divisor: int) -> None:
    exact = (Decimal(dividend) / Decimal(divisor)).quantize(Decimal(1), ROUND_HALF_EVEN)
    if abs(Decimal(dividend) / Decimal(divisor)) < 10**15:
        assert rounded_division(dividend, divisor) == exact
