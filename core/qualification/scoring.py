"""The rules score of a lead: deterministic, 0-100, explained criterion by criterion.

    score = sum(weight x points) / sum(weight)

over all criteria, in whole millionths of a point, rounded half to even and then kept within 0-100. A criterion whose
value is not known counts what the profile says (50 points unless it says otherwise, or nothing at all) and lowers the
confidence, which is the known criteria's share of the weights. `tasks.qualification.scoring` does the same for many
leads at once.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from core.qualification.criteria import MICRO, Rater, Rating, RoleOf, micro, rater_of, role_in_title
from core.qualification.icp import Condition, Criterion, Profile, Tiers
from core.tiers import Tier

NEUTRAL = 50 * MICRO
"""The score of a lead of which nothing that counts is known; its confidence is 0."""
CONFIDENCE_UNIT = 10_000
"""Confidence is counted in ten-thousandths."""


@dataclass(frozen=True)
class Point:
    """What one criterion contributes.

    Attributes:
        criterion: its name.
        weight: its share of all weights, 0-1; 0 for a disqualifier.
        points: 0-100, as counted; None where it is left out.
        is_known: whether the value was known.
        field: where the evidence stands; None where there is none.
        value: what stands there.
        why: what was recognised.
    """

    criterion: str
    weight: float
    points: float | None
    is_known: bool
    field: str | None
    value: str | None
    why: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values: a stable interface."""
        return {
            "criterion": self.criterion,
            "weight": self.weight,
            "points": self.points,
            "known": self.is_known,
            "field": self.field,
            "value": self.value,
            "why": self.why,
        }


@dataclass(frozen=True)
class Score:
    """A lead's rules score.

    Attributes:
        score: 0-100, at most six decimals.
        tier: by the profile's thresholds; disqualified where a disqualifier applies or the score is below `cold`.
        confidence: 0-1.
        breakdown: a point for each criterion, in the profile's order, then the disqualifiers that apply.
    """

    score: Decimal
    tier: Tier
    confidence: Decimal
    breakdown: tuple[Point, ...]


class Weighted(NamedTuple):
    """A criterion ready for adding up.

    Attributes:
        criterion: as the profile says it.
        rate: rates the values of its columns.
        weight: whole; all weights of a profile have no common divisor.
        unknown: millionths of a point that an unknown value counts; None: it is left out.
        share: weight over all weights.
    """

    criterion: Criterion
    rate: Rater
    weight: int
    unknown: int | None
    share: float

    def point(self, rating: Rating) -> Point:
        """Put a rating into words."""
        return _point(self.criterion.label, self.share, rating, self.unknown)


class Scorer:
    """A profile, prepared once for many leads.

    Args:
        profile: the ideal customer.
        role_of: how job titles are read.
    """

    def __init__(self, profile: Profile, role_of: RoleOf = role_in_title) -> None:
        self.profile = profile
        weights = _whole([criterion.weight for criterion in profile.criteria])
        self.total_weight = sum(weights)
        self.criteria = tuple(
            Weighted(
                criterion,
                rater_of(criterion, role_of),
                weight,
                None if (points := profile.unknown_points(criterion)) is None else micro(points),
                round(weight / self.total_weight, 6),
            )
            for criterion, weight in zip(profile.criteria, weights, strict=True)
        )
        self.disqualifiers: tuple[tuple[Condition, Rater], ...] = tuple(
            (condition, rater_of(condition, role_of)) for condition in profile.disqualifiers
        )
        self.thresholds = thresholds(profile.tiers)

    def score(self, values: Mapping[str, str | None]) -> Score:
        """Score one lead.

        Args:
            values: by the names the profile uses; what is missing is not known.
        """
        total = counted = known = 0
        breakdown = []
        for part in self.criteria:
            rating = part.rate([values.get(column) for column in part.criterion.columns])
            points = part.unknown if rating.points is None else rating.points
            if points is not None:
                total += part.weight * points
                counted += part.weight
            known += part.weight * (rating.points is not None)
            breakdown.append(part.point(rating))
        score = min(max(rounded_division(total, counted), 0), 100 * MICRO) if counted else NEUTRAL
        against = self._against(values)
        tier = "disqualified" if against else tier_of(score, self.thresholds)
        confidence = Decimal(rounded_division(known * CONFIDENCE_UNIT, self.total_weight)) / CONFIDENCE_UNIT
        return Score(Decimal(score) / MICRO, tier, confidence, (*breakdown, *against))

    def _against(self, values: Mapping[str, str | None]) -> list[Point]:
        ratings = [
            (condition, rate([values.get(column) for column in condition.columns]))
            for condition, rate in self.disqualifiers
        ]
        return [disqualifying(condition, rating) for condition, rating in ratings if applies(rating)]


def applies(rating: Rating) -> bool:
    """Return whether a disqualifier's rating disqualifies: only what is known does."""
    return rating.points is not None and rating.points > 0


def disqualifying(condition: Condition, rating: Rating) -> Point:
    """Put into words that a disqualifier applies."""
    return _point(condition.label, 0.0, rating._replace(points=0, why=f"disqualified: {rating.why}"), None)


def _point(label: str, share: float, rating: Rating, unknown: int | None) -> Point:
    is_known = rating.points is not None
    points = rating.points if is_known else unknown
    shown = None if points is None else points / MICRO
    return Point(label, share, shown, is_known, rating.field, rating.value, rating.why)


def _whole(weights: Sequence[Decimal]) -> list[int]:
    """Scale weights to whole numbers without a common divisor, so that equal ratios give equal sums."""
    scaled = [micro(weight) for weight in weights]
    divisor = math.gcd(*scaled)
    return [weight // divisor for weight in scaled]


def rounded_division(dividend: int, divisor: int) -> int:
    """Divide whole numbers, rounding half to even."""
    quotient, rest = divmod(dividend, divisor)
    return quotient + (2 * rest > divisor or (2 * rest == divisor and quotient % 2))


def thresholds(tiers: Tiers) -> tuple[int, int, int]:
    """Return the thresholds of cold, warm and hot in millionths."""
    return micro(tiers.cold), micro(tiers.warm), micro(tiers.hot)


def tier_of(score: int, limits: tuple[int, int, int]) -> Tier:
    """Return the tier of a score in millionths that no disqualifier touches."""
    cold, warm, hot = limits
    return "hot" if score >= hot else "warm" if score >= warm else "cold" if score >= cold else "disqualified"


def reason_of(breakdown: Sequence[Mapping[str, Any]], *, longest: int = 3) -> str:
    """Return, in a line, why a score is what it is: what disqualifies, else what moved it most, then what is not known.

    Args:
        breakdown: `Point.to_json` values.
        longest: criteria named at most.
    """
    against = [point for point in breakdown if point["weight"] == 0]
    if against:
        return "; ".join(f"{point['criterion']}: {point['why']}" for point in against)
    known = [point for point in breakdown if point["known"] and point["points"] is not None]
    known.sort(key=lambda point: -abs(point["points"] - 50) * point["weight"])
    said = [f"{point['criterion']} {point['why']} ({point['points']:g})" for point in known[:longest]]
    unknown = [str(point["criterion"]) for point in breakdown if not point["known"]]
    if unknown:
        said.append(f"not known: {', '.join(unknown[:longest])}{' …' if len(unknown) > longest else ''}")
    return "; ".join(said)
