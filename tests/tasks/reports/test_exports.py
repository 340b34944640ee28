"""Exports in every format hold the same leads, and a file is complete or as it was."""

import csv
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pandas as pd
import psycopg
import pyarrow.parquet
import pytest
from importing import load

from core.errors import InvalidFile, InvalidInput
from core.imports.columns import map_columns
from core.imports.lead_rows import Reject, row_reader
from core.leads.lead import POSITION
from core.reports.exports import COLUMNS, ExportRequest, in_words
from core.settings.settings import settings
from core.text.countries import country_code, country_words
from tasks.reports.exports import best_leads, export_leads

FORMULA = '=cmd|"/c calc"!A1'


@pytest.fixture
async def at_database(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let this process's settings name the test's database."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    await load(database, [{"key": f"k{number}", "company_name": FORMULA, "extra.Note": f"-{number}", "extra.tier": "x"}
                          for number in range(3)])  # fmt: skip
    yield
    monkeypatch.undo()
    settings.cache_clear()


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.usefixtures("at_database")
async def test_formats_hold_the_same(tmp_path: Path) -> None:
    frames = {}
    for name in ("a.csv", "a.parquet", "a.xlsx"):
        report = await export_leads(ExportRequest(path=tmp_path / name, with_extra=True))
        assert (report.leads, report.columns, report.cut_cells) == (3, len(COLUMNS) + 2, 0)
        frames[name] = tmp_path / name
    table = pyarrow.parquet.read_table(frames["a.parquet"]).to_pandas()
    assert list(table.columns) == [*COLUMNS, "Note", "tier (extra)"]
    assert list(table["company_name"]) == [FORMULA] * 3
    assert list(table["Note"]) == ["-0", "-1", "-2"]
    sheet = pd.read_csv(frames["a.csv"], dtype=str)
    assert list(sheet["company_name"]) == ["'" + FORMULA] * 3
    assert frames["a.xlsx"].read_bytes().startswith(b"PK")
    assert _names(tmp_path) == sorted(frames)


@pytest.mark.usefixtures("at_database")
async def test_an_export_names_countries_and_read_again_gives_the_same(tmp_path: Path, database: str) -> None:
    codes = sorted({code for word in country_words() if (code := country_code(word))})
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO leads (id, dedupe_key, company_name, country)"
            " SELECT gen_random_uuid(), code, 'Firm ' || code, code FROM unnest(%s::text[]) code",
            (codes,),
        )
    path = tmp_path / "a.csv"
    await export_leads(ExportRequest(path=path))
    header, *rows = csv.reader(path.read_text(encoding="utf-8-sig").splitlines())
    named = {row[header.index("company_name")]: row[header.index("country")] for row in rows}
    assert (named["Firm DE"], named["Firm NA"], named[f"'{FORMULA}"]) == ("Germany", "Namibia", "")
    mapping = map_columns(header, rows)
    read_row = row_reader(mapping)
    again = [read_row(row) for row in rows]
    assert not any(isinstance(row, Reject) for row in again)
    found = {row.values[POSITION["company_name"]]: row.values[POSITION["country"]] for row in again}
    assert {code: found[f"Firm {code}"] for code in codes} == dict(zip(codes, codes, strict=True))
    best, _ = await best_leads(("company_name", "country"), 1_000)
    assert {"company_name": "Firm NA", "country": "Namibia"} in best


@pytest.mark.usefixtures("at_database")
async def test_selection(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert (await export_leads(ExportRequest(path=path, limit=2))).leads == 2
    assert (await export_leads(ExportRequest(path=path, tiers=("hot",)))).leads == 0
    assert (await export_leads(ExportRequest(path=path, min_score=Decimal(0)))).leads == 0


@pytest.mark.usefixtures("at_database")
async def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"ends in \.csv, \.parquet, \.xlsx"):
        await export_leads(ExportRequest(path=tmp_path / "a.ods"))
    with pytest.raises(InvalidFile, match="cannot be written"):
        await export_leads(ExportRequest(path=tmp_path / "none" / "a.csv"))


@pytest.mark.usefixtures("at_database")
async def test_contacts_and_sources_stand_beside_the_lead(tmp_path: Path, database: str) -> None:
    with psycopg.connect(database) as connection:
        lead = "(SELECT id FROM leads WHERE dedupe_key = 'k1')"
        connection.execute(
            "INSERT INTO contacts (lead_id, person_key, name, title, role, is_owner_like, email, source, source_url,"
            " evidence, provenance, first_seen_at, last_seen_at, not_seen_since)"
            f" SELECT {lead}, key, name, 'Director', role, false, mail, 'website', page, '', '{{}}', now(), now(), gone"
            " FROM (VALUES ('b', 'Bo Other', NULL, NULL, NULL, NULL::timestamptz),"
            " ('a', 'Ana Sample', 'CEO', 'ana@firm.example', 'https://firm.example/team', NULL),"
            " ('c', 'Gone Person', NULL, NULL, NULL, now())) AS found (key, name, role, mail, page, gone)"
        )
        connection.execute(
            "INSERT INTO field_provenance (lead_id, field, value, source, source_url, observed_at, original)"
            f" SELECT {lead}, field, 'x', 'website', 'https://firm.example', '2026-11-22T23:59:00Z', original"
            " FROM (VALUES ('city', 'Kiel'), ('industry', NULL)) AS given (field, original)"
        )
    path = tmp_path / "a.csv"
    await export_leads(ExportRequest(path=path))
    rows = pd.read_csv(path, dtype=str).set_index("id")
    (row,) = [row for _, row in rows.iterrows() if isinstance(row["contacts"], str)]
    assert row["contacts"] == (
        "Ana Sample, Director <ana@firm.example> [https://firm.example/team]; Bo Other, Director [website]"
    )
    assert row["sources"] == (
        'city: website https://firm.example 2026-11-22 instead of "Kiel"; '
        "industry: website https://firm.example 2026-11-22"
    )
    assert rows["sources"].notna().sum() == 1
    best, filled = await best_leads(("company_name", "sources"), 2)
    assert (len(best), len(filled)) == (2, 1)


@pytest.mark.parametrize(
    ("reasoning", "known", "reason", "said"),
    [
        (None, True, None, "fit is good (90)"),
        (None, True, "no answer", "fit is good (90); no answer"),
        ("For: fit “x”.", True, None, "For: fit “x”."),
        (None, False, "nothing is known", "nothing is known"),
        (None, False, None, None),
    ],
)
def test_reason_in_words(reasoning: str | None, known: bool, reason: str | None, said: str | None) -> None:
    point = {"criterion": "fit", "weight": 1.0, "points": 90.0, "known": known, "why": "is good"}
    assert in_words(reasoning=reasoning, breakdown=[point], reason=reason) == said
