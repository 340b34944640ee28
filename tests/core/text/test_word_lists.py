"""Lists written as running text are sets of their words and phrases."""

from hypothesis import given
from hypothesis import strategies as st

from core.text.word_lists import phrases, words

WORD = st.text(alphabet="abcdéß-'", min_size=1, max_size=8)


@given(st.sets(WORD))
def test_words_are_those_between_white_space_however_it_is_laid_out(found):
    assert words(" ".join(found)) == found
    assert words("\n    " + "\n\t ".join(found) + "\n") == found


@given(st.sets(st.lists(WORD, min_size=1, max_size=3).map(" ".join)))
def test_phrases_are_those_between_bars_with_single_spaces(found):
    assert phrases(" | ".join(found)) == found
    assert phrases("|".join(f"\n   {phrase.replace(' ', '   ')} " for phrase in found) + "||") == found


def test_nothing_is_no_word():
    assert words("  \n ") == phrases(" | \n|") == frozenset()
