"""What one element is to a reader: a card, a link that is no `<a>`, the beginning of a part of the page."""

import pytest
from lxml import html

from core.discovery.elements import href_of_other, is_card, zone_of


def element(markup):
    return html.fragment_fromstring(markup)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<a><span>Jane Doe</span><span>CEO</span></a>", True),
        ("<a><strong>Jane Doe</strong><em>CEO</em> more</a>", True),
        ("<a><span><b>Jane Doe</b></span><small>CEO</small></a>", True),
        ("<a><span>Jane Doe</span></a>", False),
        ("<a><span></span><span></span><span>Jane Doe</span></a>", False),
        ("<a>Jane Doe</a>", False),
        ("<p><span>Jane Doe</span><span>CEO</span></p>", False),
    ],
)
def test_a_card_is_a_link_around_several_texts(markup, expected):
    node = element(markup)
    assert is_card(node, node.tag) is expected


@pytest.mark.parametrize(
    ("markup", "href"),
    [
        ("""<div onclick="location.href='/team'">Team</div>""", "/team"),
        ("""<td onclick='window.location = "about.html"'>About</td>""", "about.html"),
        ("""<area href="/left" onclick="location='/right'">""", "/right"),
        ("""<area href="/map">""", "/map"),
        ("""<area href="">""", None),
        ("""<div onclick="toggle('menu')">Menu</div>""", None),
        ("""<div href="/team">Team</div>""", None),
        (f"""<div onclick="location='/{"x" * 400}'">far</div>""", None),
    ],
)
def test_scripts_and_picture_parts_lead_on(markup, href):
    node = element(markup)
    assert href_of_other(node, node.tag) == href


@pytest.mark.parametrize(
    ("markup", "on_the_page", "in_a_section"),
    [
        ("<nav></nav>", "nav", "nav"),
        ("<div role='menubar'></div>", "nav", "nav"),
        ("<header></header>", "header", None),
        ("<div role='Banner'></div>", "header", "header"),
        ("<footer></footer>", "footer", None),
        ("<div role='contentinfo'></div>", "footer", "footer"),
        ("<aside></aside>", "aside", "aside"),
        ("<article></article>", "main", "main"),
        ("<div role='main'></div>", "main", "main"),
        ("<nav role='main'></nav>", "nav", "nav"),
        ("<div></div>", None, None),
    ],
)
def test_parts_of_the_page_and_what_is_only_a_sections(markup, on_the_page, in_a_section):
    node = element(markup)
    assert zone_of(node, node.tag, is_page_level=True) == on_the_page
    assert zone_of(node, node.tag, is_page_level=False) == in_a_section
