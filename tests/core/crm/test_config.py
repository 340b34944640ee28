"""`crm.yaml`: what it says, and what is said of one that is wrong."""

import pytest

from core.config_files import parse_config
from core.crm.config import CrmConfig, SyncCondition, check_against, example_text
from core.crm.records import Description
from core.errors import InvalidConfig
from scripts import crm_schema
from tasks.runtime.crm_offers import CRMS

SMALL = "leads:\n  fields:\n    - {ours: company_name, theirs: name}\n"


def parsed(text: str) -> CrmConfig:
    return parse_config(text, CrmConfig, path="crm.yaml", context=CRMS)


def problems(text: str) -> str:
    with pytest.raises(InvalidConfig) as caught:
        parsed(text)
    return "\n".join(map(str, caught.value.problems))


def test_the_example_is_sound_and_its_schema_is_written() -> None:
    config = parsed(example_text())
    assert config.provider == "close"
    assert {rule.theirs for rule in config.leads.fields} >= {"name", "url", "address.city"}
    assert crm_schema.FILE.read_text(encoding="utf-8") == crm_schema.rendered()


def test_what_is_wrong_is_named_with_its_line() -> None:
    assert "line 4: leeds" in problems(SMALL + "leeds: 1\n")
    assert "'company_nam' is no field of ours" in problems(SMALL.replace("company_name", "company_nam"))
    assert "mapped twice" in problems(SMALL + "    - {ours: city, theirs: name}\n")
    assert "direction: to_crm" in problems(SMALL + "    - {ours: score, theirs: custom.Score}\n")
    assert "directory is missing" in problems(SMALL + "provider: directory\n")
    assert "exactly one of" in problems(SMALL + "  only_if:\n    - {field: tier, is_set: true, one_of: [hot]}\n")


def test_fields_and_statuses_the_crm_does_not_have_are_named() -> None:
    text = SMALL + "    - {ours: notes, theirs: custom.Nots}\nstatuses: {hot: Hott}\n"
    known = Description(("name", "custom.Notes"), (), ("Hot",))
    with pytest.raises(InvalidConfig) as caught:
        check_against(parsed(text), known, path="crm.yaml")
    told = "\n".join(map(str, caught.value.problems))
    assert "custom.Nots" in told
    assert "custom.Notes" in told
    assert "'Hott'" in told


@pytest.mark.parametrize(
    ("condition", "values", "why"),
    [
        ({"field": "tier", "none_of": ("Disqualified",)}, {"tier": "disqualified"}, "tier is one of Disqualified"),
        ({"field": "tier", "none_of": ("disqualified",)}, {}, None),
        ({"field": "country", "one_of": ("Germany",)}, {"country": "France"}, "country is none of Germany"),
        ({"field": "score", "at_least": 60}, {"score": "59.5"}, "score is not at least 60"),
        ({"field": "score", "at_least": 60}, {"score": "60"}, None),
        ({"field": "score", "at_most": 60}, {"score": None}, "score is not at most 60"),
        ({"field": "company_name", "is_set": True}, {"company_name": ""}, "company_name is empty"),
        ({"field": "notes", "is_set": False, "reason": "no notes, please"}, {"notes": "x"}, "no notes, please"),
    ],
)
def test_who_is_excluded_and_why(condition: dict, values: dict, why: str | None) -> None:
    assert SyncCondition(**condition).why_not(values) == why


def test_limits_do_not_make_every_record_be_looked_at_again() -> None:
    config = parsed(SMALL)
    assert parsed(SMALL + "limits: {few: 1}\n").digest == config.digest
    assert parsed(SMALL + "new_in_crm: leave\n").digest != config.digest
