"""A directory of JSON files as a CRM: what a person writes there is read, and what we write stays readable."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from core.crm.records import RecordKind
from core.errors import ConfigurationError, Gone, UnexpectedAnswer
from integrations.json_directory.crm import JsonDirectory

NOW = datetime.now(UTC)


@pytest.fixture
def crm(tmp_path: Path) -> JsonDirectory:
    return JsonDirectory(tmp_path)


def write(directory: Path, lead_id: str, **values: object) -> None:
    contacts = [{"id": f"{lead_id}-1", "values": {"name": "Ana Sample", "emails": ["ana@fernhill.example"]}}]
    (directory / f"{lead_id}.json").write_text(json.dumps({"id": lead_id, "values": values, "contacts": contacts}))


async def names(crm: JsonDirectory, ids: Sequence[str] | None = None) -> list[str]:
    return sorted([stamp.id async for page in crm.stamps(ids) for stamp in page])


async def test_every_file_is_listed_once_in_pages(crm: JsonDirectory, tmp_path: Path) -> None:
    assert await names(crm) == []
    for number in range(230):
        write(tmp_path, f"c{number:03}", name=f"Company {number}")
    (tmp_path / "fields.json").write_text('{"lead": ["name"], "contact": ["name"]}')
    (tmp_path / "notes.txt").write_text("not a company")
    assert await names(crm) == [f"c{number:03}" for number in range(230)]
    assert max([len(page) async for page in crm.stamps()]) <= 100
    assert await names(crm, ["c001", "gone", "c001"]) == ["c001"]
    assert (await crm.describe()).lead_fields == ("name",)


async def test_what_is_created_is_found_changed_and_removed(crm: JsonDirectory) -> None:
    own_id, person_id = uuid4(), uuid4()
    made = await crm.create_lead(own_id, {"name": "Fernhill"}, {person_id: {"name": "Ana", "emails": ("a@f.example",)}})
    found = await crm.find(own_id)
    assert found is not None
    assert (found.lead.id, found.contacts[0].own_id) == (made.lead.id, person_id)
    assert found.contacts[0].values["emails"] == ("a@f.example",)
    assert await crm.find(uuid4()) is None
    await crm.update(RecordKind.LEAD, made.lead.id, {"name": "Fernhill Ltd"})
    await crm.update(RecordKind.CONTACT, found.contacts[0].id, {"title": "CEO"})
    added = await crm.create_contact(made.lead.id, uuid4(), {"name": "Bo"})
    now = await crm.fetch(made.lead.id)
    assert now.lead.values == {"name": "Fernhill Ltd"}
    assert [person.values.get("title") for person in now.contacts] == ["CEO", None]
    await crm.delete(RecordKind.CONTACT, added.id)
    await crm.delete(RecordKind.CONTACT, added.id)
    assert len((await crm.fetch(made.lead.id)).contacts) == 1
    await crm.delete(RecordKind.LEAD, made.lead.id)
    await crm.delete(RecordKind.LEAD, made.lead.id)
    with pytest.raises(Gone, match=r"there is no file .*\.json"):
        await crm.fetch(made.lead.id)


async def test_a_damaged_file_is_named(crm: JsonDirectory, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(UnexpectedAnswer, match=r"bad\.json is no JSON"):
        await crm.fetch("bad")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(UnexpectedAnswer, match=r"list\.json is no JSON object"):
        await crm.fetch("list")


@pytest.mark.parametrize("name", ["../secret", "", "a/b", ".."])
async def test_no_id_leads_out_of_the_directory(crm: JsonDirectory, tmp_path: Path, name: str) -> None:
    (tmp_path.parent / "secret.json").write_text("{}")
    with pytest.raises(Gone):
        await crm.fetch(name)


async def test_there_is_no_log_and_a_missing_directory_is_told(crm: JsonDirectory, tmp_path: Path) -> None:
    with pytest.raises(Gone, match="keeps no log"):
        [page async for page in crm.changes_since(NOW)]
    with pytest.raises(ConfigurationError, match="there is no directory"):
        await JsonDirectory(tmp_path / "none").describe()


async def test_it_says_what_is_wrong(crm: JsonDirectory, tmp_path: Path) -> None:
    assert await crm.check() is None
    (tmp_path / "fields.json").write_text("{")
    with pytest.raises(UnexpectedAnswer, match=r"fields\.json is no JSON"):
        await crm.check()
    with pytest.raises(ConfigurationError, match="there is no directory"):
        await JsonDirectory(tmp_path / "none").check()
