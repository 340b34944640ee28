"""Which title is whose, where names and titles stand in different lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.blocks import MAX_NAMES, Readings, entries
from core.discovery.document import parse

NAMES = ("Orla Fenwick", "Tobias Ryland", "Ines Varga", "Bruno Keller")
TITLES = ("CEO", "CFO", "COO", "CTO")


def found(markup):
    return entries(Readings.of(parse(markup)))


def told(markup):
    return [(entry.name.text, entry.title and (entry.title.role or entry.title.text)) for entry in found(markup)]


PEOPLE = list(zip(NAMES, TITLES, strict=True))


@pytest.mark.parametrize(
    "form",
    [
        "<div><h3>{name}</h3><p>{title}</p></div>",
        "<div><p>{title}</p><h3>{name}</h3></div>",
        "<li><b>{name}</b><br>{title}</li>",
        "<div><h3>{name}</h3><p>Linz</p><p>{title}</p></div>",
        "<tr><td>{name}</td><td>{title}</td></tr>",
        "<dt>{title}</dt><dd>{name}</dd>",
        "<h3>{name}</h3><p>{title}</p>",
        "<p>{name}</p><p>{title}</p>",
        "<h4>{title}</h4><p>{name}</p>",
        "<a href=x><span>{name}</span> <span>{title}</span></a>",
        "<div><img alt=''><p>{name}, {title}</p></div>",
    ],
)
@given(count=st.integers(1, 4))
def test_each_has_their_own_title_however_the_page_is_built(form, count):
    rows = "".join(form.format(name=name, title=title) for name, title in PEOPLE[:count])
    markup = f"<table>{rows}</table>" if form.startswith("<tr>") else f"<div>{rows}</div>"
    assert told(markup) == PEOPLE[:count]


def test_a_table_of_names_over_titles_is_read_by_columns():
    names = "".join(f"<td>{name}</td>" for name in NAMES)
    titles = "".join(f"<td>{title}</td>" for title in TITLES)
    assert told(f"<table><tr>{names}</tr><tr>{titles}</tr></table>") == PEOPLE


def test_a_label_holds_for_all_names_directly_below_it():
    markup = "<h4>Geschäftsführer:</h4><p>Orla Fenwick</p><p>Tobias Ryland</p><p>Linz 2026</p><p>Ines Varga</p>"
    assert told(markup) == [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CEO"), ("Ines Varga", None)]
    (represents,) = found("<p>Vertreten durch:</p><p>Orla Fenwick</p>")
    assert represents.title.is_owner_like
    assert represents.by_label


@pytest.mark.parametrize(
    "markup",
    [
        "<p>Orla Fenwick</p><p>" + "A long paragraph stands between the two. " * 4 + "</p><p>CEO</p>",
        "<section><p>Orla Fenwick</p></section>" + "<p>filler</p>" * 50 + "<section><p>CEO</p></section>",
        "<h3>Orla Fenwick</h3><h3>Pumps</h3><p>CEO</p>",
        "<p>Orla Fenwick</p>",
    ],
)
def test_a_title_that_is_too_far_is_nobodys(markup):
    assert told(markup) == [("Orla Fenwick", None)]


def test_a_title_is_given_once():
    assert told("<div><p>Orla Fenwick</p><p>CEO</p><p>Tobias Ryland</p></div>") == [
        ("Orla Fenwick", "CEO"),
        ("Tobias Ryland", None),
    ]


def test_a_block_names_nobody_else():
    markup = (
        "<ul>" + "".join(f"<li><p>{name}</p><p>{title}</p><p>since 2020</p></li>" for name, title in PEOPLE) + "</ul>"
    )
    one, two, *_ = people = found(markup)
    assert (one.start, one.end, two.start) == (0, 3, 3)
    for entry in people:
        names = [other for other in people if entry.start <= other.line < entry.end]
        assert names == [entry]
        assert entry.start <= entry.title_line < entry.end


def test_a_heading_in_two_lines_is_one_name():
    assert told("<h3>Orla<br>Fenwick</h3><p>CEO</p>") == [("Orla Fenwick", "CEO")]


def test_the_menu_names_nobody():
    assert told("<nav><p>Orla Fenwick</p><p>CEO</p></nav>") == []


def test_a_directory_is_cut():
    assert len(found("<p>Orla Fenwick, CEO</p>" * (MAX_NAMES + 20))) == MAX_NAMES
