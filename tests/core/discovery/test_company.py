"""What a site calls its company: "CEO of us" is told from "CEO of somebody else"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.company import Company, company_of, of_site, signs_of
from core.discovery.document import parse

URL = "https://www.acme-looms.example/"


def company(markup="", url=URL):
    return of_site([(url, parse(markup))])


@pytest.mark.parametrize(
    "markup",
    [
        "<title>Brightwell Pumps | Home</title>",
        "<meta property='og:site_name' content='Brightwell Pumps GmbH'>",
        "<meta name='application-name' content='Brightwell Pumps'>",
        "<a href='/'><img alt='Logo of Brightwell Pumps'></a>",
        "<p>© 2026 Brightwell Pumps Ltd. All rights reserved.</p>",
        "<p>Copyright 1999 - 2026 by Brightwell Pumps</p>",
        """<script type='application/ld+json'>{"@type":"Organization","name":"Brightwell Pumps"}</script>""",
        """<script type='application/ld+json'>[{"@type":"LocalBusiness","name":"Brightwell Pumps"}]</script>""",
        """<script type='application/ld+json'>{"@graph":[7,{"@type":"WebSite","name":"Brightwell Pumps"}]}</script>""",
    ],
)
def test_where_a_name_stands(markup):
    assert company(markup).is_own("Brightwell Pumps")
    assert company(markup).is_called("BRIGHTWELL PUMPS, Inc.")


@pytest.mark.parametrize(
    "markup",
    [
        """<script type='application/ld+json'>{"@type":"Product","name":"Brightwell Pumps"}</script>""",
        """<script type='application/ld+json'>{"@type":"Organization","name":7}</script>""",
        """<script type='application/ld+json'>{"@type":</script>""",
        """<script type='application/json'>{"@type":"Organization","name":"Brightwell Pumps"}</script>""",
        "<a href='/partners'><img alt='Brightwell Pumps'></a>",
        "<p>Brightwell Pumps is a customer of ours</p>",
    ],
)
def test_where_no_name_of_the_company_stands(markup):
    assert not company(markup).is_own("Brightwell Pumps")


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("Acme Looms", True),
        ("acmelooms GmbH", True),
        ("ACME LOOMS (UK) Ltd.", True),
        ("the company", True),
        ("our firm", True),
        ("Unternehmen", True),
        ("l'entreprise", False),  # an article that is one word with its noun names nothing
        ("", True),
        ("Heron Works", False),
        ("Looms of Heron", False),
        ("Ac", False),
    ],
)
def test_places_that_are_the_company(place, own):
    assert company("<title>Acme Looms</title>").is_own(place) is own


def test_a_company_bears_its_founders_name():
    keller = Company(frozenset({"keller sohn"}), "kellersohn")
    assert keller.bears("Keller")
    assert not keller.bears("Kell")
    assert not keller.bears("Varga")
    assert Company(frozenset(), "vargabau").bears("Varga")
    assert not Company(frozenset({"the group"}), "").bears("The")


def test_an_address_of_this_machine_names_nobody():
    for url in ("http://127.0.0.1:8000/", "http://localhost/"):
        assert company("", url) == Company(frozenset(), "")
    assert company("", "https://shop.acme-looms.co.uk/").label == "acmelooms"


def test_titles_of_further_pages_count_where_they_repeat():
    pages = [("Home", "Brightwell"), ("Team", "Larkhill"), ("Contact", "Larkhill")]
    found = company_of(
        signs_of(URL, parse(f"<title>{first} | {second}</title>"), is_home=not index)
        for index, (first, second) in enumerate(pages)
    )
    assert "brightwell" in found.names
    assert "larkhill" in found.names
    assert "team" not in found.names
    once = company_of(signs_of(URL, parse(f"<title>{t}</title>"), is_home=not t) for t in ("", "Heron Works"))
    assert once.names == frozenset()


@given(st.from_regex(r"[A-ZÄÆØ][a-zäöéß]{4,9}(?: [A-Z][a-zäé]{4,9}){0,2}", fullmatch=True))
def test_a_company_is_called_by_its_own_names_whatever_they_are(name):
    found = company(f"<meta property='og:site_name' content='{name}'>")
    assert all(found.is_called(own) and found.is_own(own) for own in found.names)
    assert all(3 <= len(own) <= 40 for own in found.names)
    assert len(found.names) <= 1
