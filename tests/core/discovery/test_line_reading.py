"""What one line says of people: names, titles, names with their titles; and prose says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.line_reading import NOTHING, read_line


def pairs(text, *pieces):
    return [(name.text, title.role or title.text) for name, title in read_line(text, pieces or (text,)).pairs]


@pytest.mark.parametrize(
    "text",
    [
        "Orla Fenwick, CEO",
        "Orla Fenwick - CEO",
        "Orla Fenwick | CEO",
        "Orla Fenwick: CEO",
        "Orla Fenwick (CEO)",
        "CEO: Orla Fenwick",
        "CEO – Orla Fenwick",
        "CEO Orla Fenwick",
        "Orla Fenwick CEO",
        "Our CEO is: Orla Fenwick",
        "Geschäftsführerin: Orla Fenwick",
        "Dr. Orla Fenwick, MBA, Chief Executive Officer",
        "Orla Fenwick • Chief Executive Officer • orla@acme.example",
        "Meet Orla Fenwick, CEO",
        "Kontakt: Orla Fenwick, Geschäftsführerin",
        "Orla Fenwick, CEO, bought the mill from her aunt",
    ],
)
def test_one_person_with_a_title_in_either_order(text):
    assert pairs(text) == [("Orla Fenwick", "CEO")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CEO: Orla Fenwick, Tobias Ryland", [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CEO")]),
        ("Geschäftsführer: Orla und Tobias Ryland", [("Orla Ryland", "CEO"), ("Tobias Ryland", "CEO")]),
        ("Orla Fenwick (CEO), Tobias Ryland (CFO)", [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CFO")]),
        ("Orla Fenwick, CEO; Tobias Ryland, CFO", [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CFO")]),
        ("Orla Fenwick and Tobias Ryland, Managing Directors", [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CEO")]),
        ("Geschäftsführung: Orla Fenwick (CFO)", [("Orla Fenwick", "CFO")]),
    ],
)
def test_several_people_of_one_line(text, expected):
    assert pairs(text) == expected


def test_elements_cut_a_line_where_no_sign_does():
    assert pairs("Orla FenwickCEO of it all", "Orla Fenwick", "CEO of it all") == [("Orla Fenwick", "CEO")]
    assert read_line("OrlaFenwick", ("Orla", "Fenwick")).name.text == "Orla Fenwick"


@pytest.mark.parametrize("text", ["Orla Fenwick", "Dr. Orla M. Fenwick", "FENWICK, Orla", "Meet Orla Fenwick"])
def test_a_name_and_nothing_else(text):
    reading = read_line(text, (text,))
    assert reading.name.family == "Fenwick"
    assert reading.names == (reading.name,)
    assert reading.title is None


@pytest.mark.parametrize(
    ("text", "role", "is_label"),
    [
        ("Chief Financial Officer", "CFO", False),
        ("Geschäftsführer:", "CEO", True),
        ("Vertreten durch den Geschäftsführer", "CEO", True),
        ("CEO. She has been with us since the beginning of all", "CEO", False),
    ],
)
def test_a_title_and_nothing_else(text, role, is_label):
    reading = read_line(text, (text,))
    assert (reading.title.role, reading.is_label, reading.name, reading.pairs) == (role, is_label, None, ())


def test_who_represents_the_company_follows():
    assert read_line("Vertreten durch:", ("Vertreten durch:",)).represents
    found = read_line("Vertreten durch: Orla Fenwick", ("Vertreten durch: Orla Fenwick",)).pairs
    assert [(name.text, title.is_owner_like) for name, title in found] == [("Orla Fenwick", True)]


def test_names_side_by_side_are_listed():
    reading = read_line("Orla Fenwick, Tobias Ryland und Ines Varga", ("Orla Fenwick, Tobias Ryland und Ines Varga",))
    assert [name.text for name in reading.listed] == ["Orla Fenwick", "Tobias Ryland", "Ines Varga"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "We build pumps.",
        "Our CEO thinks that pumps are the future of the whole industry and of all who work in it!",
        "Finance Operations",
        "+44 20 7946 0000",
        "Contact sales",
    ],
)
def test_lines_that_name_nobody(text):
    assert read_line(text, (text,)).names == ()


@given(st.text(max_size=300), st.integers(0, 5))
def test_any_line_is_read(text, cuts):
    pieces = tuple(filter(None, (text[at::cuts] for at in range(cuts)))) or (text,)
    reading = read_line(text, pieces)
    assert reading is NOTHING or reading.names or reading.title or reading.listed or reading.represents
    assert not (reading.name is not None and reading.pairs)


@pytest.mark.parametrize(
    "text",
    [
        "Orla Fenwick (B. Tech, MBA- Business Development) – CEO & Managing Director",
        "Orla Fenwick (MBA) - Chief Executive Officer",
        "CEO：Orla Fenwick",
    ],
)
def test_what_stands_between_name_and_title_costs_neither(text):
    ((name, title),) = read_line(text, (text,)).pairs
    assert (name.text, title.role) == ("Orla Fenwick", "CEO")
