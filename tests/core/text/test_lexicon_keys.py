"""Every key that a language may fill is read by somebody, and every key that is read may be filled."""

import re
from pathlib import Path

import pytest

from core.text.lexicon_keys import PATTERNS, WORDS

ROOT = Path(__file__).parents[3]
CODE = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "core").rglob("*.py")))
KEYS = [f"{section}.{key}" for shape in (WORDS, PATTERNS) for section, keys in shape.items() for key in keys]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_read(key: str) -> None:
    section = key.partition(".")[0]
    is_section_read_whole = re.search(rf"""f['\"]{section}\.\{{|WORDS\[['\"]{section}['\"]\]""", CODE)
    assert f'"{key}"' in CODE or f"'{key}'" in CODE or is_section_read_whole


def test_a_key_has_one_shape_and_says_what_it_holds() -> None:
    assert len(KEYS) == len(set(KEYS)) > 100
    assert all(meaning.strip() for shape in (WORDS, PATTERNS) for keys in shape.values() for meaning in keys.values())


@pytest.mark.parametrize("asked", sorted(set(re.findall(r'\b(?:words|folded|any_word|phrases)\("(\w+\.\w+)"', CODE))))
def test_what_is_asked_for_is_a_key(asked: str) -> None:
    assert asked in KEYS
