"""Whatever strangers write, reading twice as much of it takes about twice as long, and no form of it takes for ever."""

import hostile_text
import pytest
from hostile_text import LINE_READERS, PAGE_ATOMS, PAGE_READERS, TEXT_ATOMS, TEXT_READERS

SIZE = 64_000
RATIO = 3
UNNOTICED_S = 0.03
"""Less processor time than this is not compared: it is noise."""
LONGEST_S = 20.0
"""After so much processor time a reader is stopped, so that a failing test ends."""


def superlinear(read, atom, size):
    """Say how much longer twice the text takes, where that is too much; None where it is right."""
    for _ in range(4):
        one = hostile_text.processor_seconds(read, hostile_text.text_of(atom, size), LONGEST_S)
        two = hostile_text.processor_seconds(read, hostile_text.text_of(atom, 2 * size), LONGEST_S)
        if two <= RATIO * max(one, UNNOTICED_S):
            return None
    return f"{one:.2f} s, then {two:.2f} s"


def slow_ones(read, atoms, size=SIZE):
    found = ((name, superlinear(read, atom, size)) for name, atom in atoms.items())
    return {name: figures for name, figures in found if figures is not None}


@pytest.mark.parametrize("reader", TEXT_READERS)
def test_a_text_of_twice_the_size_takes_about_twice_as_long(reader):
    assert slow_ones(TEXT_READERS[reader], TEXT_ATOMS) == {}


@pytest.mark.parametrize("reader", PAGE_READERS)
def test_a_page_of_twice_the_size_takes_about_twice_as_long(reader):
    assert slow_ones(PAGE_READERS[reader], PAGE_ATOMS if reader == "markup" else TEXT_ATOMS) == {}


@pytest.mark.parametrize("reader", LINE_READERS)
def test_a_page_of_twice_as_many_lines_takes_about_twice_as_long(reader):
    atoms = {atom: PAGE_ATOMS[atom] for form, atom in hostile_text.in_turn(LINE_READERS, TEXT_ATOMS) if form == reader}
    assert slow_ones(LINE_READERS[reader], atoms, SIZE // 4) == {}
