"""The rules score of many leads at once: the arithmetic of `core.qualification.scoring` over columns instead of leads.

A column is rated once for each value that occurs in it, by the same functions that rate one lead; adding up is
integer arithmetic on arrays, so the two agree to the last digit.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from core.imports import csv_rows
from core.imports.columns import ColumnMapping
from core.imports.csv_rows import ScannedFile
from core.imports.lead_rows import normalizer_of
from core.qualification.criteria import MICRO, Rater, Rating
from core.qualification.icp import Condition
from core.qualification.icp_columns import FileSource, in_file
from core.qualification.scoring import CONFIDENCE_UNIT, NEUTRAL, Scorer, Weighted, applies, disqualifying
from core.tiers import TIERS

BATCH_ROWS = 10_000

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class ScoredFrame:
    """Scores of leads, in the order of the frame they were made of.

    Attributes:
        score: millionths of a point.
        tier: positions in `core.qualification.scoring.TIERS`.
        confidence: ten-thousandths.
        known: whether anything that counts is known of the lead.
    """

    score: Ints
    tier: Ints
    confidence: Ints
    _points: Sequence[tuple[Ints, list[bytes]]]

    def breakdowns(self) -> Iterator[bytes]:
        """Yield each lead's breakdown as JSON: an array of `core.qualification.scoring.Point`."""
        parts = [[rendered[code] for code in codes.tolist()] for codes, rendered in self._points]
        for points in zip(*parts, strict=True):
            yield b"[" + b",".join(filter(None, points)) + b"]"


@dataclass(frozen=True)
class _Rated:
    """A condition's rating of each row: `codes` point into `ratings`, and into those as JSON."""

    codes: Ints
    ratings: list[Rating]
    rendered: list[bytes]


class FrameScorer:
    """Scores frames by a profile; remembers what it rated from frame to frame."""

    _REMEMBERED = 15_000

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._memos: dict[str, dict[Any, tuple[Rating, bytes]]] = {}

    def score(self, frame: pd.DataFrame) -> ScoredFrame:
        """Score leads.

        Args:
            frame: a row a lead; a column for each of `Profile.columns`, text or None.
        """
        rows = len(frame)
        total, counted, known = (np.zeros(rows, dtype=np.int64) for _ in range(3))
        points = []
        for part in self.scorer.criteria:
            rated = self._rate(part.criterion, part.rate, partial(_render, part), frame)
            values, is_known = _arrays(rated.ratings)
            is_counted = is_known | (part.unknown is not None)
            weighed = part.weight * np.where(is_known, values, part.unknown or 0)
            total += np.where(is_counted, weighed, 0)[rated.codes]
            counted += (part.weight * is_counted)[rated.codes]
            known += (part.weight * is_known)[rated.codes]
            points.append((rated.codes, rated.rendered))
        score = np.clip(_rounded_division(total, np.maximum(counted, 1)), 0, 100 * MICRO)
        score = np.where(counted > 0, score, NEUTRAL)
        is_out = np.zeros(rows, dtype=bool)
        for condition, rate in self.scorer.disqualifiers:
            rated = self._rate(condition, rate, partial(_render_against, condition), frame)
            is_out |= np.array([applies(rating) for rating in rated.ratings])[rated.codes]
            points.append((rated.codes, rated.rendered))
        confidence = _rounded_division(known * CONFIDENCE_UNIT, np.full(rows, self.scorer.total_weight))
        return ScoredFrame(score, self._tiers(score, is_out), confidence, points)

    def _tiers(self, score: Ints, is_out: NDArray[np.bool_]) -> Ints:
        best = len(TIERS) - 1
        reached = sum((score >= limit).astype(np.int64) for limit in self.scorer.thresholds)
        return np.where(is_out, best, best - np.asarray(reached, dtype=np.int64))

    def _rate(
        self, condition: Condition, rate: Rater, render: Callable[[Rating], bytes], frame: pd.DataFrame
    ) -> _Rated:
        columns = list(condition.columns)
        memo = self._memos.setdefault(condition.label, {})
        if len(memo) > self._REMEMBERED:
            memo.clear()
        keys: Any
        if len(columns) == 1:
            keys = frame[columns[0]].to_numpy(dtype=object)
        else:
            keys = np.empty(len(frame), dtype=object)
            keys[:] = list(zip(*(frame[column] for column in columns), strict=True))
        codes, uniques = pd.factorize(keys)
        found = []
        for value in [*uniques, None]:  # None is coded -1: the last
            known = memo.get(value)
            if known is None:
                rating = rate(value if isinstance(value, tuple) else (value,) * len(columns))
                memo[value] = known = (rating, render(rating))
            found.append(known)
        return _Rated(codes.astype(np.int64), [rating for rating, _ in found], [text for _, text in found])


def _arrays(ratings: Sequence[Rating]) -> tuple[Ints, NDArray[np.bool_]]:
    points = np.array([rating.points or 0 for rating in ratings], dtype=np.int64)
    return points, np.array([rating.points is not None for rating in ratings])


def _render(part: Weighted, rating: Rating) -> bytes:
    return orjson.dumps(part.point(rating).to_json())


def _render_against(condition: Condition, rating: Rating) -> bytes:
    return orjson.dumps(disqualifying(condition, rating).to_json()) if applies(rating) else b""


def _rounded_division(dividend: Ints, divisor: Ints) -> Ints:
    """Divide, rounding half to even, as `core.qualification.scoring.rounded_division`."""
    quotient, rest = np.divmod(dividend, divisor)
    twice = 2 * rest
    is_up = (twice > divisor) | ((twice == divisor) & (quotient % 2 == 1))
    rounded: Ints = quotient + is_up
    return rounded


def file_sources(scorer: Scorer, mapping: ColumnMapping) -> list[FileSource]:
    """Find the columns of a file that a profile asks for."""
    return in_file(scorer.profile.columns, mapping)


def score_file(
    scorer: Scorer, file: ScannedFile, mapping: ColumnMapping, *, batch_rows: int = BATCH_ROWS
) -> Iterator[tuple[list[int], ScoredFrame]]:
    """Score a file batch by batch, in constant memory.

    Args:
        scorer: the profile.
        file: what `core.imports.csv_rows.scan` gave.
        mapping: its columns.
        batch_rows: rows a batch.

    Yields:
        (the lines on which the batch's rows start, their scores).
    """
    frames = FrameScorer(scorer)
    sources = file_sources(scorer, mapping)
    records = csv_rows.read(file)
    while batch := list(islice(records, batch_rows)):
        frame = pd.DataFrame(
            {source.name: _cells(source, [cells for _, cells in batch], mapping) for source in sources}, dtype=object
        )
        yield [line for line, _ in batch], frames.score(frame)


def _cells(source: FileSource, rows: Sequence[Sequence[str]], mapping: ColumnMapping) -> list[str | None]:
    """Collect what a profile asks for from rows, cleaned as an import cleans it."""
    if not source.positions:
        return [None] * len(rows)
    first = source.positions[0]
    if len(source.positions) == 1:
        texts = [row[first] if first < len(row) else "" for row in rows]
    else:
        texts = [" ".join(row[at] for at in source.positions if at < len(row) and row[at]) for row in rows]
    if source.field is None:
        return list(texts)
    codes, uniques = pd.factorize(np.array(texts, dtype=object))
    clean = normalizer_of(source.field, mapping)
    cleaned = [clean(text) if text else None for text in uniques]
    return [cleaned[code] for code in codes.tolist()]


def json_lines(lines: Sequence[int], scored: ScoredFrame) -> bytes:
    """Render a batch as JSON lines: `_line, score, tier, confidence, breakdown`, a stable interface."""
    tiers = [tier.encode() for tier in TIERS]
    rendered = [
        b'{"_line":%d,"score":%s,"tier":"%s","confidence":%s,"breakdown":%s}\n'
        % (line, repr(score / MICRO).encode(), tiers[tier], repr(confidence / CONFIDENCE_UNIT).encode(), breakdown)
        for line, score, tier, confidence, breakdown in zip(
            lines,
            scored.score.tolist(),
            scored.tier.tolist(),
            scored.confidence.tolist(),
            scored.breakdowns(),
            strict=True,
        )
    ]
    return b"".join(rendered)
