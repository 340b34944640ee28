"""Which links lead to people, and what a page is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.document import parse
from core.discovery.mentions import PageKind
from core.discovery.page_kinds import candidates, further, guesses, kind_of, rank

HOME = "https://acme.example/"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("team", PageKind.PEOPLE),
        ("company/leadership.html", PageKind.PEOPLE),
        ("ueber-uns/geschaeftsfuehrung/", PageKind.PEOPLE),
        ("notre-equipe", PageKind.PEOPLE),
        ("team/orla-fenwick", PageKind.PEOPLE),
        ("about-us", PageKind.ABOUT),
        ("%C3%BCber-uns", PageKind.ABOUT),
        ("chi-siamo", PageKind.ABOUT),
        ("impressum", PageKind.IMPRINT),
        ("kontakt/index.html", PageKind.CONTACT),
        ("blog/leadership", PageKind.STORY),
        ("2024/05/our-team", PageKind.STORY),
        ("news", PageKind.STORY),
        ("pumps", PageKind.OTHER),
    ],
)
def test_kinds_by_address(path, kind):
    assert kind_of(HOME + path, "", "") is kind


def test_kinds_by_heading_and_title_where_the_address_says_nothing():
    assert kind_of(HOME + "p7", "", "Our Team") is PageKind.PEOPLE
    assert kind_of(HOME + "p7", "About us | Acme", "") is PageKind.ABOUT
    assert kind_of(HOME + "p7", "Acme | About us", "") is PageKind.OTHER
    assert kind_of(HOME + "team", "", "", is_home=True) is PageKind.HOME


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (("leadership", "", "main"), ("staff", "", "main")),
        (("team", "Our team", "main"), ("team", "", "main")),
        (("team", "", "nav"), ("team", "", "main")),
        (("team", "", "main"), ("about", "", "main")),
        (("about", "", "main"), ("impressum", "", "main")),
        (("impressum", "", "main"), ("contact", "", "main")),
        (("p7", "Meet our team", "main"), ("p7", "Pumps", "main")),
        (("team", "", "main"), ("blog/team", "", "main")),
        (("team", "", "main"), ("a/b/c/team", "", "main")),
        (("team", "", "main"), ("join-our-team", "", "main")),
        (("de", "", "nav"), ("pumps", "", "nav")),
    ],
)
def test_which_link_is_worth_more(better, worse):
    (path, *rest), (other, *others) = better, worse
    assert rank(HOME + path, *rest)[0] > rank(HOME + other, *others)[0]


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("team.pdf", "Our team", "a file"),
        ("leadership", "", "people page by address"),
        ("p7", "Leadership", "people page by link text"),
        ("team/orla-fenwick", "", "below a people page"),
        ("de", "", "the site behind its entrance"),
        ("pumps", "Pumps", "nothing points to people"),
    ],
)
def test_the_reason_is_told(path, text, why):
    assert rank(HOME + path, text, "main")[1] == why


@given(st.text(max_size=40), st.text(max_size=70), st.sampled_from(["nav", "header", "main", "footer", "aside"]))
def test_any_link_has_a_score_in_bounds(path, text, zone):
    score, why = rank(HOME + path.replace("[", "").replace("]", ""), text, zone)
    assert 0 <= score <= 100
    assert why


def test_candidates_are_the_sites_own_each_once_best_first():
    document = parse(
        "<nav><a href='/about'>About</a><a href='/team#top'>Team</a><a href='/team'>The team</a></nav>"
        "<a href='https://other.example/team'>Their team</a><a href='/'>Home</a><a href='/pumps'>Pumps</a>"
        "<a href='/p9'>Orla Fenwick</a><a href='mailto:a@b.example'>mail</a>"
    )
    found = candidates(document, HOME)
    assert [candidate.url.removeprefix(HOME).split("#")[0] for candidate in found] == ["team", "about", "p9"]
    assert [candidate.score for candidate in found] == sorted((each.score for each in found), reverse=True)
    assert found[-1].why == "a person's page"
    seen = candidates(document, HOME, seen=["acme.example/team"])
    assert len(seen) <= len(found)


def test_a_base_address_is_where_links_lead():
    document = parse("<base href='/de/'><a href='team'>Team</a>")
    assert [candidate.url for candidate in candidates(document, HOME)] == ["https://acme.example/de/team"]


def test_further_pages_are_those_of_which_nothing_speaks():
    document = parse("<nav><a href='/pumps'>Pumps</a></nav><a href='/x.pdf'>x</a><a href='/blog/y'>y</a>")
    assert further(document, HOME) == ["https://acme.example/pumps"]


@pytest.mark.parametrize("language", ["", "en", "de", "fr", "es", "pt", "it", "nl", "xx"])
def test_guesses_are_paths_that_point_to_people(language):
    paths = guesses(language)
    assert len(paths) == len(set(paths)) >= 5
    assert all(not path.startswith("/") and rank(HOME + path, "", "main")[0] > 0 for path in paths)
