"""A title belongs to the name in its own card, read or not, and to no heading outside it."""

import pytest

from core.discovery.cards import is_anothers
from core.discovery.company import of_site
from core.discovery.document import parse
from core.discovery.extraction import extract
from core.discovery.site_people import merge


def people(markup, title="Lora Ashbrook"):
    document = parse(f"<title>{title}</title>{markup}")
    url = "https://ashbrook.example/team"
    return {person.name: person.role for person in merge([extract(document, url, of_site([(url, document)]))]).atl}


CARD = "<div><img alt=''><h3>{}</h3><p>{}</p></div>"


@pytest.mark.parametrize("unread", ["Ж", "q2x", "Our hero!"])
@pytest.mark.parametrize(
    "place", ["<main><h1>Lora Ashbrook</h1>{}</main>", "<main>{}</main><footer>Lora Ashbrook</footer>"]
)
def test_the_company_does_not_become_its_own_executive(unread, place):
    assert people(place.format(CARD.format(unread, "CEO") + CARD.format(unread, "CFO"))) == {}


def test_who_is_called_as_the_company_has_a_card_of_their_own():
    card = CARD.format("Lora Ashbrook", "CEO") + CARD.format("Ned Orr", "CFO")
    assert people(f"<main><h1>Team</h1>{card}</main>") == {"Lora Ashbrook": "CEO", "Ned Orr": "CFO"}


@pytest.mark.parametrize(
    ("pieces", "role"),
    [
        ("<span>CEO</span><span>Berlin office</span>", "CEO"),
        ("<b>Chief Financial Officer</b><em>12 years with us</em>", "CFO"),
        ("<span>Assistant to the</span> <b>CEO</b>", None),
        ("<span>Head of Sales</span><span>CEO</span>", None),
    ],
)
def test_a_title_glued_to_its_neighbours_keeps_its_role(pieces, role):
    assert people(f"<main><h1>Team</h1><div><h3>Ned Orr</h3><p>{pieces}</p></div></main>").get("Ned Orr") == role


def test_the_companys_own_name_or_initials_in_a_title_change_nothing():
    for text in ("CEO Bright Harbour Works", "CEO BHW", "BHW CEO"):
        assert people(f"<main><h1>Team</h1>{CARD.format('Ned Orr', text)}</main>", "Bright Harbour Works") == {
            "Ned Orr": "CEO"
        }


def test_a_name_in_the_foot_has_no_title_in_the_main_part():
    document = parse("<main><p>CEO</p></main><footer>Lora Ashbrook</footer>")
    assert is_anothers(1, 0, document)
