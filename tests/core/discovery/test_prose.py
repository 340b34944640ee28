"""Who holds which post, said in sentences of seven languages; the past and mere mentions say nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.prose import is_telling, own_statement, statements
from core.text.names import read_name

ORLA = read_name("Orla Fenwick")


def told(text):
    return {(said.name.text, said.title.role) for said in statements(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Orla Fenwick is our Chief Executive Officer.",
        "Orla Fenwick, who joined us in 2011, is the CEO.",
        "Orla Fenwick serves as CEO of the company.",
        "Orla Fenwick (CEO) opened the mill.",
        "Orla Fenwick, CEO, opened the mill.",
        "Orla Fenwick leads the company as CEO.",
        "Our CEO Orla Fenwick opened the mill.",
        "As CEO, Orla Fenwick opened the mill.",
        "The CEO is Orla Fenwick.",
        "I'm Orla Fenwick, CEO of this mill.",
        "The company is led by CEO Orla Fenwick.",
        "CEO: Orla Fenwick",
        "Orla Fenwick ist Geschäftsführerin.",
        "Heute ist Orla Fenwick Geschäftsführerin der Mühle.",
        "Orla Fenwick est directrice générale.",
        "Orla Fenwick es la directora general.",
        "Orla Fenwick è amministratore delegato.",
    ],
)
def test_a_sentence_says_who_is_the_ceo(text):
    assert ("Orla Fenwick", "CEO") in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "Orla Fenwick was CEO until 2019.",
        "The former CEO Orla Fenwick opened the mill.",
        "Orla Fenwick likes pumps.",
        "Orla Fenwick is an engineer.",
        "Ask our CEO about pumps.",
        "",
    ],
)
def test_a_sentence_that_names_no_ceo(text):
    assert ("Orla Fenwick", "CEO") not in told(text)


def test_several_people_of_one_sentence():
    assert told("Our team is led by CEO Orla Fenwick and CFO Tobias Ryland.") == {
        ("Orla Fenwick", "CEO"),
        ("Tobias Ryland", "CFO"),
    }


def test_where_a_post_is_held_is_kept():
    (said,) = [each for each in statements("Orla Fenwick is CEO of Heron Works.") if each.title.role == "CEO"][:1]
    assert said.title.place == "heron works"
    assert not said.is_ours
    assert any(each.is_ours for each in statements("Our CEO Orla Fenwick opened the mill."))
    assert any(each.is_first_person for each in statements("I am Orla Fenwick, CEO of the mill."))


def test_founders():
    assert [
        (said.name.text, said.title.is_owner_like)
        for said in statements("The mill was founded in 1999 by Orla Fenwick")
    ] == [("Orla Fenwick", True)]
    assert is_telling("It was founded by Orla Fenwick")
    assert not is_telling("We build pumps")


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Orla is our CFO.", "CFO"),
        ("She is the Chief Financial Officer of the mill.", "CFO"),
        ("Ms. Fenwick serves as CFO.", "CFO"),
        ("Joined in 2011. Orla Fenwick is currently CFO.", "CFO"),
        ("As CFO, Orla looks after the money.", "CFO"),
        ("Orla Fenwick, CFO, looks after the money.", "CFO"),
        ("I'm the CFO of the mill.", "CFO"),
        ("Tobias is our CFO.", None),
        ("Orla likes pumps.", None),
        ("", None),
    ],
)
def test_a_persons_own_text(text, role):
    title = own_statement(text, ORLA)
    assert (title.role if title is not None else None) == role


@given(st.text(alphabet="OrlaFenwick CEOistho,.()-:und\n", max_size=200))
def test_any_text_names_only_whom_it_names(text):
    for said in statements(text):
        assert said.name.family.casefold() in text.casefold()
        assert said.title.is_top
        assert not said.title.is_past
    own_statement(text, ORLA)
