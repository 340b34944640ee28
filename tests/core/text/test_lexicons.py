"""The lexicon: one file a language, of one shape; another language is another file."""

import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from core.discovery.page_kinds import kind_of
from core.errors import ConfigurationError
from core.outreach.reply_words import languages
from core.text.lexicon_keys import PATTERNS, WORDS
from core.text.lexicons import check_patterns, folded, lexicon, phrases, read_lexicon
from core.text.titles import read_title

ROOT = Path(__file__).parents[3]
MADE_UP = """
# Words of a language that nobody speaks.
[headers]
street = 'ulmestrad, ulmestrad en tal'
first = 'fornamig'
[titles]
ceo = 'vorgúmester'
jobs = 'vorgúmester'
[companies]
legal_forms = 'zrp'
[opt_outs]
refuse = 'zavrelit'
wordings = ['zavrelit mig\\w*']
[mailboxes]
shared = 'zdravim'
[pages]
people = ['nasz-tumot']
guesses = ['nasz-tumot']
[numbers]
million = 'miljuna'
"""
QUESTIONS = """
import json
from core.discovery.company import Company
from core.discovery.page_kinds import guesses, kind_of
from core.imports.column_content import profile
from core.imports.column_words import concept_of
from core.imports.opt_out_columns import read_header
from core.outreach.opt_out import is_opt_out
from core.text.mailboxes import is_shared
from core.text.normalize import number_range
from core.text.titles import read_title

print(json.dumps({
    "header": concept_of("Fornamig"),
    "street word": concept_of("Ulmestrad en tal"),
    "title": read_title("Vorgúmester").role,
    "legal form": Company(frozenset({"brackwater"}), "").is_called("Brackwater ZRP"),
    "legal form in cells": profile(["Brackwater ZRP"]).share("legal"),
    "opt-out column": getattr(read_header("Zavrelit"), "kind", None),
    "opt-out": is_opt_out("Zavrelit migu, prosim"),
    "mailbox": is_shared("zdravim@brackwater.example"),
    "page kind": kind_of("https://brackwater.example/nasz-tumot", "", "").value,
    "guesses": guesses("xx")[0],
    "number": number_range("2 miljuna"),
}))
"""


def answers(place: Path) -> dict[str, object]:
    """Ask the readers of a copy of `core`."""
    environment = {**os.environ, "PYTHONPATH": str(place)}
    command = [sys.executable, "-c", QUESTIONS]
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


def test_another_language_is_another_file(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "core", tmp_path / "core", ignore=shutil.ignore_patterns("__pycache__"))
    before = answers(tmp_path)
    (tmp_path / "core/text/lexicon/xx.toml").write_text(MADE_UP, encoding="utf-8")
    assert answers(tmp_path) == {
        "header": "first",
        "street word": "street",
        "title": "CEO",
        "legal form": True,
        "legal form in cells": 1.0,
        "opt-out column": "refusal",
        "opt-out": True,
        "mailbox": True,
        "page kind": "people",
        "guesses": "nasz-tumot",
        "number": "2000000",
    }
    assert [name for name, answer in answers(ROOT).items() if answer != before[name]] == []
    assert before["title"] is before["header"] is before["opt-out column"] is None
    assert not any(before[name] for name in ("legal form", "opt-out", "mailbox"))


@pytest.mark.parametrize(
    ("written", "role"),
    [
        ("VD", "CEO"),
        ("Verkställande direktör", "CEO"),
        ("Ekonomichef", "CFO"),
        ("VD och grundare", "CEO"),
        ("Säljchef", None),
        ("Assistent till VD", None),
    ],
)
def test_swedish_titles(written: str, role: str | None) -> None:
    title = read_title(written)
    assert title.is_title
    assert title.role == role


@pytest.mark.parametrize(
    ("path", "kind"), [("om-oss", "about"), ("ledningsgruppen", "people"), ("kontakta-oss", "contact")]
)
def test_swedish_pages(path: str, kind: str) -> None:
    assert kind_of(f"https://brackwater.example/{path}", "", "").value == kind


def test_every_pattern_is_one() -> None:
    check_patterns(lexicon())


def test_every_key_has_words_and_every_phrase_is_asked_for() -> None:
    for section, keys in (*WORDS.items(), *PATTERNS.items()):
        for key in keys:
            assert phrases(f"{section}.{key}"), f"{section}.{key}"


def test_the_order_is_the_international_words_english_then_by_code() -> None:
    codes = list(lexicon().languages)
    assert codes[:2] == ["international", "en"]
    assert codes[2:] == sorted(codes[2:])
    assert len(codes) >= 20


def test_words_may_be_written_as_people_write_them(tmp_path: Path) -> None:
    assert "geschaftsfuhrer" in folded("titles.ceo")
    (tmp_path / "xx.toml").write_text("[titles]\nceo = '''\nGrün  Äpfel,\n  ,zwei'''\n", encoding="utf-8")
    assert read_lexicon(tmp_path).entries("titles.ceo") == ("Grün Äpfel", "zwei")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[headers]\nemial = 'x'", "xx.toml: emial in [headers] is no key; there are campaign"),
        ("[hedaers]\nemail = 'x'", "xx.toml: [hedaers] is no section; there are addresses"),
        ("headers = 'x'", "xx.toml: [headers] is no section"),
        ("[headers]\nemail = ['x']", "xx.toml: email in [headers] has to be one text"),
        ("[pages]\npeople = 'x'", "xx.toml: people in [pages] has to be a list of patterns"),
        ("[pages]\npeople = ['x', 1]", "xx.toml: people in [pages] has to be a list of patterns"),
        ("[headers\n", "xx.toml cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_the_key(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "xx.toml").write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_lexicon(tmp_path)
    assert said in refused.value.message


def test_a_wrong_pattern_is_named_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text("[pages]\npeople = ['tea(m']", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"xx\.toml: people in \[pages\]: 'tea\(m' is no pattern"):
        check_patterns(read_lexicon(tmp_path))


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no lexicon has titles\.cheese"):
        phrases("titles.cheese")


def test_replies_are_understood_in_the_languages_that_have_them() -> None:
    assert set(languages()) == set(lexicon().replies)
    assert {"de", "en", "fr", "sv"} <= set(languages())


def test_the_files_are_packaged() -> None:
    folder = files("core.text").joinpath("lexicon")
    assert {f"{code}.toml" for code in lexicon().languages} == {file.name for file in folder.iterdir()}
