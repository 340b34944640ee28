"""Lists about names hold folded words, and names are known where they are common words too."""

import pytest

from core.text import name_words
from core.text.folding import fold
from core.text.name_words import COMMON, GIVEN, HONORIFICS, NOT_NAMES, PARTICLES, PLAIN_HONORIFICS, SURNAMES
from core.text.names import read_name

LISTS = {
    name: value for name, value in vars(name_words).items() if isinstance(value, frozenset) and not name.startswith("_")
}


WITH_PHRASES = {"COMMON", "NOT_NAMES", "JOBS"}
"""Compared with a whole text too, for languages that put a space between syllables."""


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_of_single_words_as_they_are_compared(name):
    assert len(LISTS[name]) >= 5
    for word in LISTS[name]:
        assert word == fold(word)
        assert " " not in word or name in WITH_PHRASES


def test_which_list_lies_in_which():
    assert COMMON <= NOT_NAMES
    assert {"mister"} >= PLAIN_HONORIFICS - HONORIFICS
    assert {"van", "von", "de"} <= PARTICLES - SURNAMES


@pytest.mark.parametrize("word", ["company", "team", "services", "unser"])
def test_common_words_make_no_name(word):
    assert word in NOT_NAMES - GIVEN
    assert read_name(f"Orla {word.title()}") is None


@pytest.mark.parametrize("given", sorted(GIVEN & NOT_NAMES)[:20])
def test_given_names_that_are_common_words_make_one(given):
    assert read_name(f"{given.title()} Fenwick") is not None


@pytest.mark.parametrize("title", sorted(PLAIN_HONORIFICS))
def test_honorifics_are_dropped(title):
    name = read_name(f"{title.title()} Orla Fenwick")
    assert name is not None
    assert name.text == "Orla Fenwick"


@pytest.mark.parametrize("particle", ["van", "von", "de", "del", "da"])
def test_particles_belong_to_the_family_name(particle):
    assert particle in PARTICLES
    assert read_name(f"Orla {particle} Fenwick").family == f"{particle} Fenwick"
