"""Names of one word are taken where a card says that they are names, and nowhere else."""

import pytest

from core.discovery.blocks import Readings, entries
from core.discovery.document import parse
from core.discovery.single_names import completed, handle_parts
from core.text.names import read_single


def found(markup):
    return {
        entry.name.text: entry.title and entry.title.role for entry in entries(Readings.of(parse(f"<main>{markup}")))
    }


def card(name, title, more=""):
    return f"<div><h3>{name}</h3><p>{title}</p>{more}</div>"


@pytest.mark.parametrize(
    ("markup", "people"),
    [
        (card("Mr. Rowan", "CEO"), {"Mr. Rowan": "CEO"}),
        (card("Eng. Talib", "Operations Director"), {"Eng. Talib": "VP Operations"}),
        (card("Anna", "CEO"), {"Anna": "CEO"}),
        (card("Zelinda", "CFO", "<a href='mailto:zelinda.rook@a.example'>mail</a>"), {"Zelinda": "CFO"}),
        (card("Zelinda", "CFO", "<p>Zelinda looks after our money and has done so since the beginning.</p>"), None),
        (card("Zelinda", "CEO") + card("Torvin", "CFO") + card("Orla Fenwick", "CTO"), None),
        (card("Orla fenwick", "CEO") + card("Tobias Ryland", "CFO") + card("Ned Orr", "CTO"), None),
    ],
)
def test_a_card_says_that_a_word_is_a_name(markup, people):
    names = found(markup)
    assert all(names.values())
    assert people is None or names == people
    assert len(names) == markup.count("<h3>")


@pytest.mark.parametrize(
    "markup",
    [
        card("Leadership", "CEO"),
        card("Zelinda", "CEO"),
        "<h2>Brackwater</h2><p>CEO</p><p>Orla Fenwick</p>",
        card("Unsere", "Geschäftsführer"),
        "<h3>Orla Fenwick</h3><p>CEO</p><h3>Backed by</h3>",
    ],
)
def test_a_word_alone_is_no_name(markup):
    assert set(found(markup)) <= {"Orla Fenwick"}


def test_the_family_name_stands_in_the_address():
    name = read_single("Anna")
    assert completed(name, ["https://a.example", "mailto:anna.schmidt@a.example"]).text == "Anna Schmidt"
    assert completed(name, ["https://www.linkedin.com/in/anna-schmidt-12ab"]).text in ("Anna", "Anna Schmidt")
    assert completed(name, ["mailto:a.schmidt@a.example", "mailto:info@a.example"]) == name
    assert handle_parts("tel:+49") == ()
