"""What a profile may say, and how it says no."""

import json
import time

import pytest
from profiles import one, profile

from core.config_files import parse_config
from core.errors import InvalidConfig
from core.qualification.icp import Profile
from core.qualification.profiles import example_text
from core.qualification.scoring import Scorer
from scripts.icp_schema import FILE, rendered


def test_committed_schema_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == rendered(), "run python -m scripts.icp_schema"


@pytest.mark.parametrize("which", ["default", "rubric"])
def test_examples_are_profiles(which: str) -> None:
    found = parse_config(example_text(which), Profile, path=which)
    assert len(found.criteria) >= 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: x", "is missing: 'criteria'"),
        ("criteria: []", "line 1: criteria: tuple should have at least 1 item"),
        ("criteria:\n  - {field: a, weight: 1}", "line 2: criteria[0]: does not say what it looks for"),
        (
            "criteria:\n  - field: a\n    weight: 1\n    flag: {}\n    present: {}",
            "line 2: criteria[0]: has flag and present: exactly one of",
        ),
        ("criteria:\n  - {weight: 1, flag: {}}", "line 2: criteria[0]: needs a 'field'"),
        ("criteria:\n  - {weight: 1, field: a, regions: {values: [DE]}}", "takes no field"),
        ("criteria:\n  - {weight: 1, regions: {values: [Atlantis]}}", "'Atlantis' is no country"),
        ("criteria:\n  - {weight: 1, regions: {values: [{points: 1}]}}", "names no country"),
        ("criteria:\n  - {weight: 1, titles: {}}", "names no role and no keyword"),
        ("criteria:\n  - {weight: 1, titles: {roles: {King: 1}}}", "criteria[0].titles.roles.King"),
        ("criteria:\n  - {weight: 1, fields: [a, b], flag: {}}", "'fields' is for `keywords` and `regex`"),
        ("criteria:\n  - {weight: 0, field: a, flag: {}}", "criteria[0].weight: input should be greater than 0"),
        ("criteria:\n  - {weight: 1, field: a, number: {from: 3, to: 3}}", "are the same number"),
        ("criteria:\n  - weight: 1\n    field: a\n    bands:\n      bands:\n        - {from: 9, to: 2}",
         "line 6: criteria[0].bands.bands[0]: 'from' 9 is above 'to' 2"),
        ("criteria:\n  - {weight: 1, field: a, flag: {}}\n  - {weight: 1, field: a, number: as_is}",
         "two criteria are called 'a'"),
        ("tiers: {hot: 50, warm: 60}\ncriteria:\n  - {weight: 1, field: a, flag: {}}", "line 1: tiers: 'hot' must be"),
        ("criteria:\n  - {weight: 1, field: a, regex: {patterns: ['(?=a)']}}", "is no pattern RE2 takes"),
        (r"criteria: [{weight: 1, field: a, regex: {patterns: ['(a)\1']}}]", "no back-references"),
    ],
)  # fmt: skip
def test_mistakes_are_named(text: str, said: str) -> None:
    with pytest.raises(InvalidConfig) as caught:
        profile(text)
    assert any(said in str(problem) for problem in caught.value.problems), caught.value.problems


def test_no_pattern_is_slow() -> None:
    scorer = Scorer(one("field: notes, regex: {patterns: ['^(a+)+$', '(a|a)*b', '(.*)*x']}"))
    began = time.process_time()
    scorer.score({"notes": "a" * 100_000 + "!"})
    assert time.process_time() - began < 2.0


def test_version_is_of_what_is_said() -> None:
    plain = profile("criteria:\n  - {field: a, weight: 1, flag: {}}")
    same = profile("# a comment\ncriteria: [{flag: {if_true: 100}, weight: 1, field: a}]\nname: ideal customer\n")
    other = profile("criteria:\n  - {field: a, weight: 2, flag: {}}")
    assert plain.version == same.version != other.version


def test_profile_comes_back_from_json_as_it_was() -> None:
    for which in ("default", "rubric"):
        found = parse_config(example_text(which), Profile, path=which)
        noted = json.loads(json.dumps(found.model_dump(mode="json", by_alias=True, exclude_none=True)))
        assert Profile.model_validate(noted).version == found.version
