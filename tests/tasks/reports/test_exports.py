"""Exports in every format hold the same leads, and a file is complete or as it was."""

import csv
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pandas as pd
import psycopg
import pyarrow.parquet
import pytest
from importing import clear, count, import_text, records
from people import add_contact, add_lead, assess

from core.errors import InvalidFile, InvalidInput
from core.imports.columns import map_columns
from core.imports.lead_rows import Reject, row_reader
from core.leads.lead import FIELDS, POSITION
from core.leads.merging import ConflictPolicy
from core.reports.exports import COLUMNS, ExportRequest, Per, in_words
from core.settings.settings import settings
from core.text.countries import country_code, country_words
from tasks.reports.exports import best_leads, export_leads

FORMULA = '=cmd|"/c calc"!A1'


@pytest.fixture
async def at_database(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Let this process's settings name the test's database."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    for number in range(3):
        lead = add_lead(database, company_name=FORMULA, external_id=f"k{number}", extra={"Note": f"-{number}"})
        add_contact(database, lead, contact_name=f"Person {number}", extra={"tier": "x"})
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
        assert (report.rows, report.leads, report.columns, report.cut_cells) == (3, 3, len(COLUMNS) + 2, 0)
        frames[name] = tmp_path / name
    table = pyarrow.parquet.read_table(frames["a.parquet"]).to_pandas()
    assert list(table.columns) == [*COLUMNS, "Note", "tier (extra)"]
    assert list(table["company_name"]) == [FORMULA] * 3
    assert sorted(table["Note"]) == ["-0", "-1", "-2"]
    sheet = pd.read_csv(frames["a.csv"], dtype=str)
    assert list(sheet["company_name"]) == ["'" + FORMULA] * 3
    assert frames["a.xlsx"].read_bytes().startswith(b"PK")
    assert _names(tmp_path) == sorted(frames)


@pytest.mark.usefixtures("at_database")
async def test_an_export_names_countries_and_read_again_gives_the_same(tmp_path: Path, database: str) -> None:
    codes = sorted({code for word in country_words() if (code := country_code(word))})
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO leads (id, company_name, country)"
            " SELECT gen_random_uuid(), 'Firm ' || code, code FROM unnest(%s::text[]) code",
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


def add_people(url: str) -> UUID:
    """Add to the second lead its people, the best of whom is not the oldest, and where values come from."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT id FROM leads WHERE external_id = 'k1'").fetchone()
        assert row is not None
        connection.execute("DELETE FROM contacts")
    lead = UUID(str(row[0]))
    add_contact(url, lead, contact_name="Bo Other", contact_title="Clerk", origin="website")
    best = add_contact(
        url, lead, contact_name="Ana Sample", contact_title="Director", role="CEO", contact_email="ana@firm.example",
        origin="website", source_url="https://firm.example/team", notes="hers",
    )  # fmt: skip
    add_contact(url, lead, contact_name="Former Person", state="former")
    add_contact(url, lead, contact_name="Gone Person", not_seen_since="2026-11-22T23:59:00Z")
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO field_provenance (record_id, lead_id, field, value, source, source_url, observed_at, original)"
            f" SELECT record::uuid, '{lead}', field, 'x', 'website', 'https://firm.example', '2026-11-22T23:59:00Z',"
            f" original FROM (VALUES ('{lead}', 'city', 'Kiel'), ('{lead}', 'industry', NULL),"
            f" ('{best}', 'contact_title', NULL)) AS given (record, field, original)"
        )
        connection.execute(
            "INSERT INTO assessments (lead_id, outcome, best_contact_id, score, tier, breakdown, icp_version,"
            " facts_hash, run_id, assessed_at)"
            " VALUES (%s, 'scored', %s, 80, 'hot', '[]', 'v', 'h', gen_random_uuid(), now())",
            [lead, best],
        )
    return lead


@pytest.mark.usefixtures("at_database")
async def test_a_row_a_contact_leaves_nobody_out_and_a_row_a_lead_has_the_best(tmp_path: Path, database: str) -> None:
    lead = add_people(database)
    path = tmp_path / "a.csv"
    report = await export_leads(ExportRequest(path=path))
    assert (report.rows, report.leads) == (6, 3)
    rows = pd.read_csv(path, dtype=str)
    assert list(rows["id"])[:4] == [str(lead)] * 4, "the one with a score first"
    assert list(rows["contact_name"])[:4] == ["Ana Sample", "Bo Other", "Gone Person", "Former Person"]
    assert list(rows["contact_status"])[:4] == ["active", "active", "not seen", "former"]
    assert rows["notes"][0] == "hers"
    assert rows["contact_name"][4:].isna().all()
    assert rows["contact_id"].nunique() == 4

    report = await export_leads(ExportRequest(path=path, per="lead"))
    assert (report.rows, report.leads) == (3, 3)
    rows = pd.read_csv(path, dtype=str).set_index("id")
    row = rows.loc[str(lead)]
    assert (row["contact_name"], row["contact_role"], row["score"]) == ("Ana Sample", "CEO", "80.0")
    assert row["contacts"] == (
        "Ana Sample, Director <ana@firm.example> [https://firm.example/team]; Bo Other, Clerk [website]"
    )
    assert row["sources"] == (
        'city: website https://firm.example 2026-11-22 instead of "Kiel"; '
        "contact_title: website https://firm.example 2026-11-22; industry: website https://firm.example 2026-11-22"
    )
    assert rows["sources"].notna().sum() == 1
    best, filled = await best_leads(("company_name", "sources"), 2)
    assert (len(best), len(filled)) == (2, 1)


@pytest.mark.usefixtures("at_database")
async def test_a_limit_counts_leads_with_all_their_people(tmp_path: Path, database: str) -> None:
    add_people(database)
    for limit, rows in ((1, 4), (2, 5), (9, 6)):
        report = await export_leads(ExportRequest(path=tmp_path / "a.csv", limit=limit))
        assert (report.leads, report.rows) == (min(limit, 3), rows)
    report = await export_leads(ExportRequest(path=tmp_path / "a.csv", tiers=("hot",), min_score=Decimal(80)))
    assert (report.leads, report.rows) == (1, 4)


FILE = """Company,Website,City,Country,Name,Title,Email,Phone,Notes
Brightwell,brightwell.example,Leeds,United Kingdom,Maud Okafor,Director,maud@brightwell.example,+442079460000,tea
Brightwell,brightwell.example,Leeds,United Kingdom,Odo Brand,Clerk,odo@brightwell.example,,
Northgate,,York,United Kingdom,,,,,calls back
,,,,Ada Byron,,ada.byron@gmail.com,,
"""


@pytest.mark.parametrize("per", ["contact", "lead"])
async def test_an_export_imported_again_is_the_same_companies_and_people(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, per: Per
) -> None:
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    await import_text(database, FILE, tmp_path)
    before = [{name: value for name, value in row.items() if name in FIELDS} for row in records(database)]
    await export_leads(ExportRequest(path=tmp_path / "again.csv", per=per))
    text = (tmp_path / "again.csv").read_text(encoding="utf-8-sig")
    again = await import_text(database, text, tmp_path)
    assert again.counts.inserted == 0
    after = [{name: value for name, value in row.items() if name in FIELDS} for row in records(database)]
    assert after == before
    assert (count(database, "leads"), count(database, "contacts"), count(database, "possible_duplicates")) == (3, 3, 0)
    if per == "contact":  # nothing is needed beside the file
        clear(database)
        await import_text(database, text, tmp_path)
        assert [{name: value for name, value in row.items() if name in FIELDS} for row in records(database)] == before
    monkeypatch.undo()
    settings.cache_clear()


WHOLE = ("SELECT to_jsonb(l) FROM leads l ORDER BY id", "SELECT to_jsonb(c) FROM contacts c ORDER BY id")


@pytest.mark.parametrize("policy", [ConflictPolicy.FILL_EMPTY, ConflictPolicy.OVERWRITE])
@pytest.mark.parametrize("per", ["contact", "lead"])
@pytest.mark.parametrize("with_extra", [True, False])
async def test_our_own_export_is_no_news(
    tmp_path: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
    policy: ConflictPolicy,
    per: Per,
    with_extra: bool,
) -> None:
    """Scores, sources and ids of an export are no columns to keep; whatever is stored stays to the letter."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    header, *lines = FILE.splitlines()
    text = "\n".join([f"{header},Owner,Tags,Floor", *(f"{line},Ana,fair;old,3" for line in lines)])
    await import_text(database, text + "\n", tmp_path)
    with psycopg.connect(database) as connection:
        leads = [UUID(str(row[0])) for row in connection.execute("SELECT id FROM leads")]
        for lead in leads:
            assess(database, lead)
        before = [connection.execute(query).fetchall() for query in WHOLE]
    await export_leads(ExportRequest(path=tmp_path / "again.csv", per=per, with_extra=with_extra))
    again = await import_text(database, (tmp_path / "again.csv").read_text(encoding="utf-8-sig"), tmp_path, policy)
    assert (again.counts.inserted, again.counts.updated) == (0, 0)
    with psycopg.connect(database) as connection:
        assert [connection.execute(query).fetchall() for query in WHOLE] == before
    monkeypatch.undo()
    settings.cache_clear()


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


@pytest.mark.usefixtures("at_database")
@pytest.mark.parametrize("with_owners", [True, False])
async def test_owners_have_a_role_where_it_is_asked_for(database: str, tmp_path: Path, with_owners: bool) -> None:
    lead = add_lead(database, company_name="Garage", external_id="owned")
    add_contact(database, lead, contact_name="Orla Owner", contact_title="Owner")
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE contacts SET is_owner_like = true WHERE contact_name = 'Orla Owner'")
    await export_leads(ExportRequest(path=tmp_path / "a.csv", with_owners=with_owners))
    with (tmp_path / "a.csv").open(encoding="utf-8-sig") as file:
        roles = {row["contact_name"]: row["contact_role"] for row in csv.DictReader(file)}
    assert roles["Orla Owner"] == ("Owner" if with_owners else "")
    assert roles["Person 1"] == ""
