import json
import random
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from core.discovery.company import of_site
from core.discovery.document import parse
from core.discovery.extraction import extract
from core.discovery.site_people import merge, why_nobody

PAGES = Path(__file__).parents[2] / "data" / "people"
CASES = json.loads((PAGES / "expected.json").read_text())


def people_of(markup, url="https://acme-looms.example/team"):
    document = parse(markup)
    findings = extract(document, url, of_site([(url, document)]), is_home=urlsplit(url).path == "/")
    return merge([findings]), findings


def found(markup, url="https://acme-looms.example/team"):
    people, _ = people_of(markup, url)
    return sorted((person.name, person.role) for person in people.atl)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["page"])
def test_a_page_gives_its_executives_and_nobody_else(case):
    markup = (PAGES / case["page"]).read_text()
    people, findings = people_of(markup, case["url"])
    assert sorted((person.name, person.role) for person in people.atl) == sorted(map(tuple, case["atl"]))
    assert set(case["owner_like"]) <= {person.name for person in people.others if person.is_owner_like}
    assert (why_nobody([findings], people) is None) == bool(case["atl"])
    text = parse(markup).title + html.document_fromstring(markup.encode()).text_content().casefold()
    for person in people.atl:
        assert person.name.split()[-1].casefold() in text.casefold()
        assert person.evidence
        assert 0 < person.confidence < 1


def disguised(markup, seed):
    """The same page with other class names, attribute order, white space and wrappers."""
    chance = random.Random(seed)
    root = html.document_fromstring(markup.encode(), parser=html.HTMLParser(encoding="utf-8"))
    semantic = {"vcard", "fn", "title", "role", "org", "h-card", "url", "modal", "wow"}
    for node in list(root.iter()):
        if not isinstance(node.tag, str) or node.tag in ("html", "head", "title", "meta", "script"):
            continue
        if not set((node.get("class") or "").split()) & semantic:
            node.set("class", f"x{chance.randrange(10**6)}")
        attributes = list(node.attrib.items())
        chance.shuffle(attributes)
        node.attrib.clear()
        for key, value in attributes:
            node.set(key, value)
        wrappable = node.tag in (
            "div",
            "section",
            "ul",
            "h1",
            "h2",
            "h3",
            "h4",
            "article",
            "table",
            "dl",
            "main",
            "figure",
        )
        if (
            wrappable
            and node.getparent() is not None
            and node.getparent().tag in ("body", "div", "main", "section", "article")
            and chance.random() < 0.4
        ):
            wrapper = html.Element("div")
            wrapper.tail, node.tail = node.tail, "\n  "
            node.getparent().replace(node, wrapper)
            wrapper.append(node)
        if node.tag in ("div", "ul", "section", "main", "article") and not (node.text or "").strip():
            node.text = chance.choice(["\n", "\n\t\t", "   ", "\n<!-- x -->\n"[:1]])
    return "<!doctype html>" + html.tostring(root, encoding="unicode")


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([case for case in CASES if case["page"] != "broken-markup.html"]), st.integers(0, 10**6))
def test_class_names_attribute_order_space_and_wrappers_change_nothing(case, seed):
    markup = (PAGES / case["page"]).read_text()
    assert found(disguised(markup, seed), case["url"]) == sorted(map(tuple, case["atl"]))


@settings(deadline=None, max_examples=80)
@given(st.text(alphabet="<>/abCEOdivph3 \n\"'=Jne&;ü", max_size=400))
def test_any_markup_is_read_without_an_error(markup):
    people_of(markup)


def test_details_come_from_the_persons_own_block():
    people, _ = people_of(
        "<title>Acme</title><h1>Team</h1>"
        "<div><h3>Orla Fenwick</h3><p>CEO</p><a href='https://de.linkedin.com/in/orla-fenwick/?trk=1'></a>"
        "<a href='mailto:Orla@acme-looms.example?subject=x'>mail</a><a href='tel:+44 20 7946 0000'>call</a></div>"
        "<div><h3>Tobias Ryland</h3><p>CFO</p><p>tobias [at] acme-looms [dot] example</p></div>"
        "<footer><a href='https://www.linkedin.com/in/somebody-else'></a>"
        "<a href='mailto:info@acme-looms.example'></a></footer>"
    )
    orla, tobias = people.atl
    assert (orla.linkedin_url, orla.email, orla.phone) == (
        "https://www.linkedin.com/in/orla-fenwick",
        "orla@acme-looms.example",
        "+442079460000",
    )
    assert (tobias.linkedin_url, tobias.email, tobias.phone) == (None, "tobias@acme-looms.example", None)


def test_an_address_that_stands_with_several_people_is_nobodys():
    people, _ = people_of(
        "<h1>Team</h1>"
        + "".join(
            f"<div><h3>{name}</h3><p>{title}</p><a href='mailto:sam@acme-looms.example'>m</a></div>"
            for name, title in [("Orla Fenwick", "CEO"), ("Tobias Ryland", "CFO")]
        )
    )
    assert [person.email for person in people.atl] == [None, None]


def test_a_protected_address_is_decoded():
    markup = (PAGES / "cloudflare-mail.html").read_text()
    people, _ = people_of(markup)
    assert people.atl[0].email == "frieda.lomax@oldgate.example"


def test_one_person_on_two_pages_is_one_and_the_better_page_is_kept():
    pages = []
    for url, markup in [
        ("https://acme-looms.example/about", "<h1>About</h1><p>Orla Fenwick is our Chief Executive Officer.</p>"),
        ("https://acme-looms.example/team", "<h1>Team</h1><div><h3>Dr. Orla M. FENWICK</h3><p>CEO</p></div>"),
    ]:
        document = parse(markup)
        pages.append(extract(document, url, of_site([(url, document)])))
    people = merge(pages)
    assert [(person.name, person.role, person.source_url) for person in people.atl] == [
        ("Orla M. Fenwick", "CEO", "https://acme-looms.example/team")
    ]
    assert merge(pages[::-1]).atl[0].source_url == "https://acme-looms.example/team"


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_very_many_cards_are_a_directory_and_end_in_time(count: int):
    letters = "abcdefghijklmnopqrstuvwxyz"
    cards = "".join(
        f"<div><h3>Ada Bert{letters[i % 26]}{letters[i // 26 % 26]}{letters[i // 676 % 26]}</h3><p>CEO</p>"
        f"<a href='https://www.linkedin.com/in/ada-{i}'>in</a><a href='mailto:ada{i}@example.com'>mail</a></div>"
        for i in range(count)
    )
    people, findings = people_of(f"<h1>Team</h1>{cards}")
    assert people.atl == ()
    assert "more people" in why_nobody([findings], people)


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 50_000 + "Orla Fenwick, CEO",
        "".join(f"<font size={i}><b><i>" for i in range(20_000)),
        "<table><tr><td>" * 20_000,
        "<p>" + "Orla Fenwick, CEO " * 50_000,
        "<title>About us</title>" + ("<p>CEO " + "Aa Bb " * 330) * 1_000,
    ],
)
def test_deep_and_long_markup_ends_in_time(markup):
    people_of(markup)


def test_nobody_is_found_in_nothing():
    assert found("") == []
    assert found("<html></html>") == []


def test_a_folded_menu_still_leads_on_and_says_nothing():
    document = parse(
        "<style>.gone{display:none} .menu{display:none} .drop:hover .menu{display:block}</style>"
        "<div class=drop><div class=menu><a href='/team'>Team</a></div></div>"
        "<div class=gone><a href='/people'>Rex Pretender, CEO</a></div>"
    )
    assert [link.href for link in document.links] == ["/team", "/people"]
    assert [line.text for line in document.lines] == ["Team"]


@pytest.mark.parametrize(
    "style",
    [
        "display : none",
        "POSITION:absolute; LEFT:-9999px",
        "font-size:0",
        "height:0;overflow:hidden",
        "text-indent:-9999px",
        "visibility:hidden",
    ],
)
def test_what_a_style_hides_is_not_read(style):
    assert found(f"<h1>Team</h1><div style='{style}'><h3>Rex Pretender</h3><p>CEO</p></div>") == []


def test_what_an_animation_or_a_control_shows_is_read():
    card = "<h3>Orla Fenwick</h3><p>CEO</p>"
    assert found(f"<h1>Team</h1><div data-aos='fade' style='opacity:0'>{card}</div>") == [("Orla Fenwick", "CEO")]
    assert found(f"<h1>Team</h1><a href='#m'>More</a><div id='m' style='display:none'>{card}</div>") == [
        ("Orla Fenwick", "CEO")
    ]
    assert found(f"<h1>Team</h1><div role='tabpanel' hidden>{card}</div>") == [("Orla Fenwick", "CEO")]


def test_physicians_are_no_managing_directors():
    cards = "".join(
        f"<div><h3>{name}</h3><p>MD</p></div>" for name in ("Orla Fenwick", "Tobias Ryland", "Ines Calloway")
    )
    assert found(f"<h1>Team</h1>{cards}") == []
    assert found("<h1>Team</h1><p>Orla Fenwick, MD, Chief Medical Officer</p>") == []
    assert found("<h1>Team</h1><div><h3>Orla Fenwick</h3><p>MD</p></div><div><h3>Bo Lund</h3><p>Fitter</p></div>") == [
        ("Orla Fenwick", "CEO")
    ]


def test_a_picture_that_names_a_person_with_a_title_counts_as_its_caption():
    assert found("<h1>Our team</h1><img src='a.jpg' alt='Orla Fenwick, CEO'><img src='b.jpg' alt='Team on tour'>") == [
        ("Orla Fenwick", "CEO")
    ]
    leftover = "<div><img alt='John Sample'><h3>Orla Fenwick</h3><p>CEO</p></div>"
    assert found(f"<h1>Our team</h1>{leftover}") == [("Orla Fenwick", "CEO")]
