"""`sales-agent crm conformance`: somebody's own CRM, tried on the command line."""

import json
import sys
from pathlib import Path

import pytest

from app.main import main
from core.conformance.crm_properties import CRM_PROPERTIES, name_of

MODULE = """
from contextlib import asynccontextmanager
from card_box import CardBox, case_of
from core.conformance.crm_case import CRMCase
from core.conformance.crm_samples import Sample
from core.crm.records import RecordKind

BOX = CardBox()

def open_crm():
    return BOX

async def awaited():
    return CardBox("adds to lists")

@asynccontextmanager
async def whole():
    yield case_of(CardBox())

def something_else():
    return object()

def misnamed():
    return CRMCase(crm=CardBox(), fields={RecordKind.LEAD: {"company": Sample("company_name")}})

def locked():
    raise OSError("no key")

NO_CALLABLE = 7
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "acme_trial", raising=False)
    (tmp_path / "acme_trial.py").write_text(MODULE)
    (tmp_path / "broken_trial.py").write_text("raise RuntimeError('first line\\nsecond')")
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["crm", "conformance", *arguments])
    return int(left.value.code or 0)


def test_a_sound_crm_has_a_line_a_property(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("acme_trial:whole", "--writes-into-it") == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [f"passed     {name_of(holds)}" for holds in CRM_PROPERTIES]
    assert said.err.strip() == f"{len(CRM_PROPERTIES)} passed, 0 failed, 0 not tried"


def test_a_wrong_crm_is_told_with_what_was_expected_and_what_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("acme_trial:awaited", "--writes-into-it", "--patience", "0") == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("failed")]
    assert "keeps_lists_as_sets:" in {line.split()[1] for line in failed}
    assert "notes_a_message_once:" not in {line.split()[1] for line in failed}
    assert all("expected" in line and "got" in line for line in failed)


def test_a_bare_provider_is_tried_without_means_and_leaves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("acme_trial", "--writes-into-it", "--patience", "0", "--many", "3", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] == 0
    assert told["passed"] + told["not_tried"] == len(CRM_PROPERTIES)
    left = {one["name"] for one in told["properties"] if one["outcome"] == "not tried"}
    assert "tells_a_key_that_is_not_taken" in left
    assert "keeps_lists_as_sets" not in left
    assert sys.modules["acme_trial"].BOX.cards == {}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["acme_trial"], 2, "creates made-up companies in the CRM and deletes them: say --writes-into-it"),
        (["no_such_trial", "--writes-into-it"], 2, "cannot be imported: ModuleNotFoundError: No module named"),
        (["broken_trial", "--writes-into-it"], 2, "cannot be imported: RuntimeError: first line second"),
        (["", "--writes-into-it"], 2, "cannot be imported"),
        (["acme_trial:missing", "--writes-into-it"], 2, "acme_trial has nothing named missing that can be called"),
        (["acme_trial:NO_CALLABLE", "--writes-into-it"], 2, "has nothing named NO_CALLABLE that can be called"),
        (["acme_trial:something_else", "--writes-into-it"], 2, "gave a object, which is no CRMProvider: it has no"),
        (["acme_trial:misnamed", "--writes-into-it"], 2, "expected a lead field that is our company_name; describe()"),
        (["acme_trial:locked", "--writes-into-it"], 1, "acme_trial:locked could not be opened: OSError: no key"),
    ],
)
def test_a_mistake_is_one_line(arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*arguments) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()) == 1
