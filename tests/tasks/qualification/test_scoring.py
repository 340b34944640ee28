"""Scoring many leads at once says what scoring one by one says, and a file's rows are found by any of their names."""

import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from profiles import RUBRIC, leads, profile, profiles

from core.config_files import parse_config
from core.imports import csv_rows
from core.imports.runs import ImportRequest
from core.qualification.icp import Profile
from core.qualification.profiles import example_text
from core.qualification.scoring import CONFIDENCE_UNIT, Score, Scorer
from core.tiers import TIERS
from tasks.imports.previews import detect_mapping
from tasks.qualification.scoring import FrameScorer, ScoredFrame, file_sources, json_lines, score_file

NAMED = """
criteria:
  - {name: canonical, field: company_size, weight: 1, bands: {bands: [{from: 50}]}}
  - {name: raw, field: Headcount, weight: 1, bands: {bands: [{from: 50}]}}
  - {name: loosely, field: fit_score, weight: 1, number: as_is}
  - {name: derived, field: company_domain, weight: 1, regex: {patterns: ['^acme\\.']}}
  - {name: absent, field: Nowhere, weight: 1, flag: {}}
"""


@given(profiles(), st.lists(leads, max_size=12))
def test_frames_agree_with_single_leads(found: Profile, rows: list[dict[str, str | None]]) -> None:
    scorer = Scorer(found)
    frames = FrameScorer(scorer)
    frame = pd.DataFrame([[row.get(name) for name in found.columns] for row in rows], columns=found.columns,
                         dtype=object)  # fmt: skip
    singles = [scorer.score(row) for row in rows]
    expected = [(each.score, each.tier, each.confidence, _written(each)) for each in singles]
    assert _as_singles(frames.score(frame)) == expected
    assert _as_singles(frames.score(frame)) == expected  # now from memory


def _written(each: Score) -> list[object]:
    return [point.to_json() for point in each.breakdown]


def _as_singles(scored: ScoredFrame) -> list[tuple[Decimal, str, Decimal, list[object]]]:
    return [
        (Decimal(score) / 1_000_000, TIERS[tier], Decimal(confidence) / CONFIDENCE_UNIT, json.loads(breakdown))
        for score, tier, confidence, breakdown in zip(
            scored.score.tolist(), scored.tier.tolist(), scored.confidence.tolist(), scored.breakdowns(), strict=True
        )
    ]


def score_rows(path: Path, found: Profile, batch_rows: int = 3) -> list[dict[str, object]]:
    file = csv_rows.scan(path)
    mapping = detect_mapping(file, ImportRequest(path=path))
    lines = [json_lines(*batch) for batch in score_file(Scorer(found), file, mapping, batch_rows=batch_rows)]
    return [json.loads(line) for line in b"".join(lines).splitlines()]


def test_columns_are_found_by_field_and_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Company,Website,Headcount,Fit Score\nAcme,https://www.acme.example/,51-200,70\nBolt,,10,\n")
    found = profile(NAMED)
    first, second = score_rows(path, found)
    assert {p["criterion"]: p["points"] for p in first["breakdown"]} == {
        "canonical": 100.0, "raw": 100.0, "loosely": 70.0, "derived": 100.0, "absent": 50.0,
    }  # fmt: skip
    assert [p["known"] for p in second["breakdown"]] == [True, True, False, False, False]
    file = csv_rows.scan(path)
    sources = file_sources(Scorer(found), detect_mapping(file, ImportRequest(path=path)))
    assert [source.name for source in sources if not source.positions] == ["Nowhere"]


def test_every_record_is_scored_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "rubric.csv"
    rows = [f'Firm {n},"two\nlines",{n},{100 - n},50,{n}.5' for n in range(1, 8)]
    path.write_text("Company,Notes," + ",".join(RUBRIC) + "\n" + "\n".join([*rows, ",,,,,", "x"]) + "\n")
    found = score_rows(path, parse_config(example_text("rubric"), Profile, path="rubric"))
    assert [row["_line"] for row in found] == [2, 4, 6, 8, 10, 12, 14, 16, 17]
    assert set(found[0]) == {"_line", "score", "tier", "confidence", "breakdown"}
    expected = [35 * n + 25 * (100 - n) + 25 * 50 + Decimal(15) * (n + Decimal(".5")) for n in range(1, 8)]
    assert [Decimal(str(row["score"])) for row in found[:7]] == [value / 100 for value in expected]
    assert [(row["score"], row["confidence"]) for row in found[7:]] == [(0.0, 0.0)] * 2
