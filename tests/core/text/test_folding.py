"""Folded texts compare as people read them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.folding import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Müller", "MULLER"),
        ("  a\t b\n", "A B"),
        ("Straße", "STRASSE"),
        ("ﬁnance", "Finance"),
        ("Ｆｕｌｌ", "full"),
        ("José", "Jose\u0301"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("İzmir", "izmir"),
        ("a\u00a0b", "a b"),
    ],
)
def test_spellings_of_one_text(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a b", "ab"), ("Muller", "Mueller"), ("1", "2"), ("日本", "日木"), ("a-b", "a b")]
)
def test_other_texts_stay_apart(one, other):
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing_and_case_and_accents_are_gone(text):
    once = fold(text)
    assert fold(once) == once == " ".join(once.split())
    assert once == once.lower()
    assert not any(unicodedata.combining(char) for char in once)


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_plain_text_is_lower_case_with_single_spaces(text):
    assert fold(text) == " ".join(text.lower().split()) == fold(text.upper())
