"""A field is one row: a new one is known everywhere at once, and no code lists fields beside the table."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from core.leads.fields import BY_NAME

ROOT = Path(__file__).parents[2]

ROW = """TABLE: tuple[LeadField, ...] = (
    LeadField(
        name="planted_number", label="Planted", meaning="a number of the company", type=FieldType.NUMBER,
        is_personal=False, headers=("planted",),
    ),
    LeadField(
        name="planted_person", label="Planted", meaning="a name of the person", type=FieldType.NAME,
        of="person", is_personal=True, headers=("planted",),
    ),
"""
FOLLOWED = """
from pathlib import Path

import core
from core.crm.config import LEAD_FIELDS
from core.crm.meanings import meaning_of, stored
from core.enrichment.config import FieldName
from core.imports.column_fields import DECIDERS
from core.imports.columns import map_columns
from core.imports.lead_rows import ImportedRow as Row, Reject, row_reader
from core.leads.fields import ENRICHABLE, PERSONAL_FIELDS, clean
from core.leads.known import CONTACT_AT, LEAD_AT
from core.leads.lead import FIELDS, POSITION
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.rows import new_row
from core.qualification.icp_columns import in_leads
from core.qualification.model_assessment import _PERSONAL
from core.reports.exports import COLUMNS
from db.leads.reading import VALUE_COLUMNS
from db.schema.contacts_tables import ContactRow
from db.schema.tables import LeadRow
from tasks.enrichment.offers import OFFERS
from scripts.enrichment_schema import rendered
from scripts.lead_fields import render

assert Path(core.__file__).is_relative_to(Path.cwd()), core.__file__
for name in ("planted_number", "planted_person"):
    assert name in FIELDS and name in COLUMNS and name in VALUE_COLUMNS and name in ENRICHABLE
    table = LeadRow if name == "planted_number" else ContactRow
    assert name in table.__table__.c and f'"{name}"' in rendered() and f"`{name}`" in render()
    assert all(name not in offer.gives for offer in OFFERS.values()), "nobody gives what nobody said they give"
    assert in_leads([name], [])[0].fields == (name,)
assert ("planted" in {c for concepts, _ in DECIDERS for c in concepts})
assert "planted_number" in LEAD_FIELDS and "planted_person" not in LEAD_FIELDS
assert "planted_person" in PERSONAL_FIELDS and "planted_number" not in PERSONAL_FIELDS
assert "planted_person" in _PERSONAL and "planted_number" not in _PERSONAL
assert meaning_of("planted_number")("1987") == meaning_of("planted_number")("1987.0")
assert stored("planted_number", "1987.0") == "1987" == clean("planted_number", "1987.0")

header = ["Since", "Company", "Office", "E-Mail"]
rows = [["1987", "Brackwater Pumps Ltd", "Odo Finch", "maud@brackwater-pumps.example"]]
chosen = {"Since": "planted_number", "Office": "planted_person"}
read = row_reader(map_columns(header, rows, overrides=chosen))
row = read(rows[0])
assert isinstance(row, Row)
said = {"planted_number": "1987", "planted_person": "Odo Finch", "company_name": "Brackwater Pumps Ltd"}
assert {name: row.values[POSITION[name]] for name in said} == said, row
assert isinstance(refused := read(["", "", "Odo Finch", ""]), Reject) and refused.column == "Office", refused
placed = Matching(ConflictPolicy.FILL_EMPTY, lambda kind: kind)
placed.place(new_row(*row))
lead, contact = placed.last
assert dict(zip(LEAD_AT, lead.values))["planted_number"] == "1987"
assert dict(zip(CONTACT_AT, contact.values))["planted_person"] == "Odo Finch"
"""


def test_a_new_field_is_known_everywhere_by_its_name(tmp_path: Path) -> None:
    """Rows at the front of the table, where nothing that counts places would find them."""
    for package in ("core", "db", "integrations", "tasks", "agents", "langgraph_prefect", "scripts"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "core" / "leads" / "fields.py"
    text = table.read_text(encoding="utf-8")
    head = ROW.splitlines()[0]
    assert text.count(head) == 1
    table.write_text(text.replace(head, ROW.rstrip()), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FOLLOWED],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


ALLOWED = {
    "core/leads/fields.py": "the table",
    "core/enrichment/text_readings.py": "what a model may read in a text: what this source gives",
    "core/enrichment/website_facts.py": "the parts of one address",
    "core/enrichment/website_structured.py": "the parts of one address",
    "core/imports/column_evidence.py": "fields whose cells say more or less than their type",
    "core/imports/column_meaning.py": "what cells alone can prove",
    "core/imports/column_words.py": "words, by concept",
    "core/discovery/known_people.py": "what a page says of a person",
    "core/imports/column_ids.py": "what tells rows apart that share an id",
    "core/imports/runs.py": "the fields of identities",
    "core/leads/taking.py": "the parts of one address",
    "core/outreach/campaigns.py": "the places a message has for facts",
    "core/outreach/proposals.py": "the facts a proposal rests on",
    "core/qualification/icp_columns.py": "what a field is made of where no column holds it",
    "core/text/lexicon_keys.py": "what each key of the lexicon means",
    "core/text/postal_addresses.py": "the parts of one address",
    "db/leads/merging.py": "the parts of one address",
    "db/leads/segments.py": "what research counts",
    "db/outreach/named_people.py": "what names a person at a company",
    "db/upkeep/subjects.py": "what tells who a person is",
    "tasks/outreach/audience.py": "what addresses a person",
}
"""Where several fields are named together because a rule is about these very fields."""
_MANY = 5
_PACKAGES = ("agents", "app", "core", "db", "flows", "scripts", "tasks")


def _listed(text: str) -> Iterator[int]:
    """Yield the lines on which a literal names many fields."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            said = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            if len({name.removeprefix("lead.") for name in said if isinstance(name, str)} & set(BY_NAME)) >= _MANY:
                yield node.lineno


def test_no_code_lists_fields_beside_the_table() -> None:
    """Providers say in their own folders what they give, migrations what once was."""
    found = {
        str(path.relative_to(ROOT)): next(_listed(path.read_text(encoding="utf-8")), None)
        for package in _PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    }
    beside = {f"{path}:{line}" for path, line in found.items() if line is not None and path not in ALLOWED}
    assert not beside, "derive these from core.leads.fields, or say in ALLOWED which rule is about these very fields"


def test_a_list_of_fields_is_seen() -> None:
    planted = 'A = (*("company_name", "city", "state"), "lead.country", "notes")'
    assert list(_listed(planted)) == [
        1,
    ]
    assert list(_listed('B = ("company_name", "city", "state", "country")')) == []
