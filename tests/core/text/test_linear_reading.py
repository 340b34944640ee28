"""Whatever strangers write, reading twice as much of it takes about twice as long, and no form of it takes for ever."""

import functools

import hostile_text
import pytest
from hostile_text import LINE_READERS, PAGE_READERS, TAG_ATOMS, TEXT_ATOMS, TEXT_READERS, text_of, together
from langchain_core.messages import AIMessage

from agents.structured import read_value
from core.errors import MalformedAnswer

SIZE = 64_000
SOAK_SIZE = 512_000
RATIO = 3
UNNOTICED_S = 0.03
"""Processor time for a text of `SIZE` that is not told from noise."""
WORST = 25
"""How much longer a hostile page may take than a page about people of the same size."""
LONGEST_S = 60.0
"""After so much processor time a reader is stopped, so that a failing test ends."""
ITEMS = (
    "div itemscope itemtype='https://schema.org/Organization' itemprop=address",
    "div itemscope itemtype='https://schema.org/Person' itemprop=name",
    "div typeof=Person property=name",
    "div class='vcard fn title'",
)
ALL_READERS = {**TEXT_READERS, **PAGE_READERS, **LINE_READERS}


def measured(read, text):
    return hostile_text.processor_seconds(read, text, LONGEST_S)


@functools.cache
def healthy_s(size):
    return measured(hostile_text.read_page, hostile_text.healthy_page(size))


def fault(read, atoms, size):
    """Say how long a text and twice the text take, where that is too long; None where it is right."""
    unnoticed_s = RATIO * UNNOTICED_S * size / SIZE
    for _ in range(4):  # another process may have had the machine's caches; a slow pattern is slow each time
        two = measured(read, text_of(atoms, 2 * size))
        if two <= unnoticed_s:
            return None
        one = measured(read, text_of(atoms, size))
        if two <= RATIO * one and two <= WORST * healthy_s(2 * size):
            return None
    return f"{one:.2f} s, then {two:.2f} s for twice as much; a healthy page takes {healthy_s(2 * size):.2f} s"


def faults(read, cases, size):
    found = ((name, fault(read, atoms, size)) for name, atoms in cases.items())
    return {name: figures for name, figures in found if figures is not None}


@pytest.mark.parametrize("reader", [*TEXT_READERS, *PAGE_READERS])
def test_a_text_of_twice_the_size_takes_about_twice_as_long(reader):
    assert faults(ALL_READERS[reader], together(TEXT_ATOMS, 40, reader), SIZE) == {}


@pytest.mark.parametrize("reader", LINE_READERS)
def test_a_page_of_twice_as_many_lines_takes_about_twice_as_long(reader):
    assert faults(LINE_READERS[reader], together(TEXT_ATOMS, 120, reader), SIZE) == {}


@pytest.mark.parametrize("first", range(6))
def test_a_page_of_twice_as_many_elements_takes_about_twice_as_long(first):
    tags = dict(list(together(TAG_ATOMS, 2, "elements").items())[first::6])
    assert faults(hostile_text.read_page, tags, SIZE) == {}


@pytest.mark.soak
@pytest.mark.parametrize("reader", ALL_READERS)
def test_a_megabyte_takes_about_twice_as_long_as_half_a_megabyte(reader):
    tags = {name: [atom] for name, atom in TAG_ATOMS.items()} if reader == "markup" else {}
    assert faults(ALL_READERS[reader], together(TEXT_ATOMS, 6, reader) | tags, SOAK_SIZE) == {}


@pytest.mark.parametrize("dashes", [60, 4_000])
def test_a_name_with_a_line_behind_it_ends_nothing(dashes):
    page = "<h1>Our team</h1><p>A word from our CEO Jane Doe" + "-" * dashes + "</p>"
    assert measured(hostile_text.read_page, page) < LONGEST_S


@pytest.mark.parametrize("tag", ["div", "b", "section", "li", "blockquote", "table", "a href=x", *ITEMS])
def test_elements_inside_each_other_ten_thousand_deep_are_read(tag):
    for text in ("", "Jane Doe, CEO"):
        hostile_text.read_page(f"<{tag}>{text}" * 10_000)


@pytest.mark.parametrize("start", ["[", '{"name":', '[{"@graph":', '{"@type":"Person","name":'])
@pytest.mark.parametrize("depth", [100, 400, 900, 10_000])
def test_structured_data_nested_however_deep_is_read(start, depth):
    end = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(start)) * depth
    data = f'{start * depth}"Jane Doe"{end}'
    for written in (
        data,
        f'{{"@type":"Organization","name":{data},"address":{data}}}',
        f'{{"@type":"Person","name":{data}}}',
    ):
        hostile_text.read_page(f"<script type='application/ld+json'>{written}</script><p>Jane Doe, CEO</p>")
    with pytest.raises(MalformedAnswer):
        read_value({"title": "Answer"}, AIMessage("[" * depth))
