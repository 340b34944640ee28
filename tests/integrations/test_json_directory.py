"""A directory of JSON files as a CRM: what a person writes there is read, and what we write stays readable."""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from core.crm.records import RecordKind
from core.errors import ConfigurationError, Gone, Unavailable, UnexpectedAnswer
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


@pytest.mark.parametrize("name", ["../secret", "", "a/b", "fields", "x" * 300, "\0", "ü"])
async def test_no_file_but_a_company_s_is_touched(crm: JsonDirectory, tmp_path: Path, name: str) -> None:
    (tmp_path / "fields.json").write_text('{"lead": ["name"], "contact": ["name"]}')
    (tmp_path.parent / "secret.json").write_text("{}")
    assert await names(crm, [name]) == []
    await crm.delete(RecordKind.LEAD, name)
    with pytest.raises(Gone):
        await crm.update(RecordKind.LEAD, name, {"name": "x"})
    assert (tmp_path / "fields.json").exists()
    assert (tmp_path.parent / "secret.json").read_text() == "{}"


async def test_two_writes_in_one_moment_of_the_clock_have_two_stamps(crm: JsonDirectory, tmp_path: Path) -> None:
    made = await crm.create_lead(uuid4(), {"name": "Fernhill"}, {})
    path = tmp_path / f"{made.lead.id}.json"
    ahead = path.stat().st_mtime_ns + 60_000_000_000
    os.utime(path, ns=(ahead, ahead))
    before = (await crm.fetch(made.lead.id)).lead.updated_at
    after = (await crm.update(RecordKind.LEAD, made.lead.id, {"name": "Fernhill Ltd"})).updated_at
    assert before is not None
    assert after is not None
    assert after > before


async def test_what_a_person_copied_or_wrote_as_our_id_confuses_nobody(crm: JsonDirectory, tmp_path: Path) -> None:
    own_id = uuid4()
    made = await crm.create_lead(own_id, {"name": "Fernhill"}, {})
    (tmp_path / "a copy.json").write_text((tmp_path / f"{made.lead.id}.json").read_text())
    write(tmp_path, "other", name="Other")
    (tmp_path / "other.json").write_text((tmp_path / "other.json").read_text().replace("{", '{"own_id": "none", ', 1))
    found = await crm.find(own_id)
    assert found is not None
    assert found.lead.id == made.lead.id
    (tmp_path / f"{made.lead.id}.json").rename(tmp_path / "renamed.json")
    found = await crm.find(own_id)
    assert found is not None
    assert found.lead.id == "a copy"
    assert (await crm.fetch("other")).lead.own_id is None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"values": []}, None),
        ({"values": ["x"]}, "values of odd are no JSON object"),
        ({"contacts": None, "values": None}, None),
        ({"contacts": "Ana"}, "contacts is no list of people with ids"),
        ({"contacts": [{"values": {}}]}, "contacts is no list of people with ids"),
        ({"contacts": [{"id": "a", "values": "x"}]}, "values of a are no JSON object"),
        ({"contacts": [{"id": 7, "values": {"name": 7}}]}, None),
    ],
)
async def test_what_a_person_wrote_otherwise_is_read_or_told(
    crm, tmp_path: Path, written: object, said: str | None
) -> None:
    (tmp_path / "odd.json").write_text(json.dumps(written))
    if said is None:
        assert (await crm.fetch("odd")).lead.values == {}
        return
    with pytest.raises(UnexpectedAnswer, match=rf"odd\.json: {said}"):
        await crm.fetch("odd")


async def test_what_the_system_does_not_let_us_do_is_unavailable(crm: JsonDirectory, tmp_path: Path) -> None:
    made = await crm.create_lead(uuid4(), {"name": "Fernhill"}, {})
    (tmp_path / f"{made.lead.id}.tmp").mkdir()  # where a draft of the file would be
    with pytest.raises(Unavailable, match="cannot be read or written") as refused:
        await crm.update(RecordKind.LEAD, made.lead.id, {"name": "Fernhill Ltd"})
    assert not refused.value.was_sent
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(Unavailable, match=r"folder\.json cannot be read"):
        await crm.fetch("folder")
    (tmp_path / "fields.json").write_text('{"lead": "name", "contact": []}')
    with pytest.raises(UnexpectedAnswer, match=r"fields\.json: lead is no list of names"):
        await crm.describe()
