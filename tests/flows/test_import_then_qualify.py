"""A file scored as it is, and the leads that an import made of it, get the same scores from the same evidence."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from core.imports import csv_rows
from core.imports.runs import ImportReport, ImportRequest
from core.qualification.icp import read_profile
from core.qualification.runs import QualifyRequest
from core.qualification.scoring import Scorer
from core.settings.settings import settings
from flows.import_leads import import_leads
from flows.qualify_leads import qualify_leads
from tasks.imports.previews import detect_mapping
from tasks.qualification.scoring import json_lines, score_file

ICP = """
criteria:
  - {name: size, field: Mitarbeiter, weight: 2, bands: {bands: [{from: 51, to: 200}, {from: 201, points: 40}]}}
  - {name: size again, field: company_size, weight: 1, bands: {bands: [{from: 51, to: 200}]}}
  - {name: revenue, field: annual_revenue, weight: 1, number: {from: 0, to: 10000000}}
  - {name: region, weight: 1, regions: {values: [DACH, {country: US, states: [California], points: 70}]}}
  - {name: role, field: contact_title, weight: 2, titles: {roles: {CEO: 100, CFO: 90}, otherwise: 10}}
  - {name: fit, field: om score, weight: 1.5, number: as_is}
  - {name: domain, field: company_domain, weight: 1, regex: {patterns: ['[.]example$']}}
  - {name: mail, field: contact_email, weight: .5, present: {}}
disqualifiers:
  - {name: words, fields: [notes, Segment], keywords: {any_of: [do not contact]}}
"""
FILE = """Firma;Website;Mitarbeiter;Umsatz;Land;Bundesland;Position;E-Mail;Notizen;OM_Score;Segment
Alpha GmbH;https://www.alpha.example/impressum;51-200;5 Mio. €;Deutschland;Bayern;Geschäftsführer;a@a.example;;88,5;A
Beta Inc;beta.example;1,000+;$12M;USA;CA;Chief Financial Officer;not an address;;40;B
Gamma;;120;#N/A;Brazil;;Clerk;;please do not contact;n/a;C
Delta;https://delta.example;;;US;;;;;;Do not contact
Epsilon;;12;750000;;;Assistant to the CEO;e@epsilon.example;;100;
"""


@pytest.fixture
async def imported(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """Import the file into the test's database; give its path, beside which the profile stands."""
    monkeypatch.setenv("POSTGRES_URL", database)
    settings.cache_clear()
    path = tmp_path / "leads.csv"
    path.write_text(FILE, encoding="utf-8")
    (tmp_path / "icp.yaml").write_text(ICP)
    report = await import_leads(ImportRequest(path=path))
    assert isinstance(report, ImportReport)
    assert report.inserted == 5
    yield path
    monkeypatch.undo()
    settings.cache_clear()


async def test_file_and_leads_agree(imported: Path, database: str) -> None:
    icp = imported.with_name("icp.yaml")
    file = csv_rows.scan(imported)
    mapping = detect_mapping(file, ImportRequest(path=imported))
    lines = b"".join(json_lines(*batch) for batch in score_file(Scorer(read_profile(icp)), file, mapping))
    of_file = [json.loads(line) for line in lines.splitlines()]

    report = await qualify_leads(QualifyRequest(icp=icp))
    assert report.outcomes == {"scored_by_rules": 5}
    with psycopg.connect(database) as connection:
        stored = connection.execute(
            "SELECT score, tier, confidence, breakdown FROM assessments JOIN leads l ON l.id = lead_id ORDER BY l.id"
        ).fetchall()
    for row, (score, tier, confidence, breakdown) in zip(of_file, stored, strict=True):
        assert (Decimal(str(row["score"])), row["tier"]) == (score, tier)
        assert Decimal(str(row["confidence"])) == confidence
        assert [(p["criterion"], p["points"], p["known"]) for p in row["breakdown"]] == [
            (p["criterion"], p["points"], p["known"]) for p in breakdown
        ]
    assert [row["tier"] for row in of_file].count("disqualified") >= 2
