"""Lists about titles hold folded phrases, no phrase names two roles, and what they list is read so."""

from itertools import combinations

import pytest

from core.text import title_words
from core.text.title_words import CEO, CFO, COO, CREDENTIALS, CTO, NOW, OWNER, PAST, PRESIDENT
from core.text.titles import fold, read_title

LISTS = {
    name: value
    for name, value in vars(title_words).items()
    if isinstance(value, frozenset) and not name.startswith("_")
}
ROLES = {"CEO": CEO, "COO": COO, "CFO": CFO, "CTO": CTO}


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_of_phrases_as_they_are_compared(name):
    assert len(LISTS[name]) >= 3
    for phrase in LISTS[name]:
        assert phrase == fold(phrase) == " ".join(phrase.split())


def test_no_phrase_means_two_things():
    for (one, phrases), (other, others) in combinations((ROLES | {"OWNER": OWNER, "PRESIDENT": PRESIDENT}).items(), 2):
        assert not phrases & others, f"{one} and {other}"
    assert not PAST & NOW


@pytest.mark.parametrize("role", ROLES)
def test_every_listed_phrase_is_read_as_its_role(role):
    alone = [phrase for phrase in ROLES[role] if " e " not in phrase]  # of two posts each is read by itself
    assert {phrase: read_title(phrase).role for phrase in alone} == dict.fromkeys(alone, role)


def test_every_owner_and_president_is_one():
    assert [phrase for phrase in OWNER if not read_title(phrase).is_owner_like] == []
    assert [phrase for phrase in PRESIDENT if not read_title(phrase).is_president] == []


@pytest.mark.parametrize("word", ["former", "ex", "ehemaliger", "ancien"])
def test_words_of_the_past_end_a_post(word):
    assert word in PAST
    assert read_title(f"{word} CEO").is_past


def test_degrees_are_no_posts():
    for letters in CREDENTIALS - {"md", "m.d", "do", "ca", "pe"}:
        assert read_title(letters).role is None
