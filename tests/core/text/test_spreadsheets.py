"""No cell, and no piece of one, begins a formula; and what was written comes back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.spreadsheets import guarded, unguarded

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
CELLS = st.text(alphabet=f'{SIGNS} \t\n\r;,|"ab1\u200b', max_size=20)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+2", "'=1+2"),
        ("+49 30 1234", "'+49 30 1234"),
        ("@handle", "'@handle"),
        ("  =x", "'  =x"),
        ("\u200b=x", "'\u200b=x"),
        ("a;=x", "a;'=x"),
        ("a|=x", "a|'=x"),
        ("a\n=x", "a\n'=x"),
        ("\tx", "'\tx"),
        ("a=b", "a=b"),
        ("Acme-Looms", "Acme-Looms"),
        ("", ""),
    ],
)
def test_what_is_guarded(cell, safe):
    assert guarded(cell) == safe
    assert unguarded(safe) == cell


def test_the_files_own_delimiter_cuts_nothing():
    assert guarded("a,=x") == "a,=x"
    assert guarded("a,=x", ";") == "a,'=x"
    assert guarded("a;=x", ";") == "a;=x"


@given(CELLS, st.sampled_from(",;\t"))
def test_no_piece_begins_with_a_sign(cell, delimiter):
    cuts = "".join(sorted(set(";,\t|\n\r") - {delimiter}))
    for piece in re.split(f"[{cuts}]", guarded(cell, delimiter)):
        assert not piece.lstrip(' \t"\u200b').startswith(tuple(SIGNS))


@given(CELLS, st.sampled_from(",;\t"))
def test_it_comes_back_and_guarding_twice_loses_nothing(cell, delimiter):
    assert unguarded(guarded(cell, delimiter)) == cell
    assert unguarded(unguarded(guarded(cell, delimiter))) == cell


@given(st.text(alphabet="abcäöü 123.!?", max_size=30))
def test_what_holds_no_sign_is_left(cell):
    assert guarded(cell) == unguarded(cell) == cell
