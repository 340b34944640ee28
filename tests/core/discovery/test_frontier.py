"""Which page is read next, and when enough was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.document import parse
from core.discovery.frontier import (
    MAX_GUESSES,
    Frontier,
    PageLinks,
    is_enough,
    is_script_shell,
    least_score,
    links_of,
    names_people,
    promising,
    sitemap_addresses,
)
from core.discovery.mentions import Doubt, ExtractionMethod, Mention, PageFindings, PageKind
from core.discovery.page_kinds import Candidate
from core.text.names import read_name
from core.text.titles import read_title
from core.text.web_addresses import page_key

HOME = "https://acme.example/"


def candidate(path, score):
    return Candidate(HOME + path, score, "because")


def taken(frontier, at_least=0):
    found = []
    while (best := frontier.next(at_least=at_least)) is not None:
        found.append(best)
    return found


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["team", "about", "contact", "imprint", "people"]), st.integers(0, 100), st.integers(0, 4)
        )
    )
)
def test_pages_come_once_best_first_and_only_what_is_worth_reading(links):
    frontier = Frontier(HOME, "en")
    for path, score, depth in links:
        frontier.add(PageLinks((candidate(path, score),)), depth)
    found = taken(frontier)
    keys = [page_key(each.url) for each, _ in found]
    assert len(keys) == len(set(keys))
    scores = [each.score for each, _ in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score >= 20 for score in scores)
    worth = {path for path, score, depth in links if depth < 3 and score - 4 * depth >= 20}
    assert {each.url.removeprefix(HOME) for each, _ in found} == worth


def test_a_page_that_was_read_is_not_read_again():
    frontier = Frontier(HOME, "")
    frontier.add(PageLinks((candidate("team", 60), Candidate(HOME, 90, "home"))), 0)
    assert frontier.mark(HOME + "team/")
    assert not frontier.mark(HOME + "team#top")
    assert taken(frontier) == []


def test_the_least_score_and_the_depth_are_kept():
    frontier = Frontier(HOME, "")
    frontier.add(PageLinks((candidate("team", 60), candidate("contact", 30))), 0)
    assert frontier.promises_people
    ((team, depth),) = taken(frontier, at_least=50)
    assert (team.url, depth) == (HOME + "team", 1)
    assert not frontier.promises_people
    assert frontier.next(at_least=50) is None


@pytest.mark.parametrize(
    ("url", "points"),
    [
        ("https://www.acme.example/team", 0),
        ("https://shop.acme.example/team", 20),
        ("https://de.acme.example/team", 5),
        ("https://acme.example/de/team", 12),
        ("https://acme.example/en/team", 0),
        ("https://acme.example/xx/team", 0),
    ],
)
def test_other_languages_and_sub_domains_come_later(url, points):
    frontier = Frontier(HOME, "en")
    frontier.add_candidates([Candidate(url, 80, "x")], 0)
    ((found, _),) = taken(frontier)
    assert found.score == 80 - points


def test_guesses_are_in_the_homes_language_each_once():
    frontier = Frontier("https://acme.example/de/", "de")
    urls = []
    while (guess := frontier.next_guess()) is not None:
        urls.append(guess.url)
    assert len(urls) == len({page_key(url) for url in urls}) >= MAX_GUESSES
    assert urls[0].startswith("https://acme.example/de/")
    assert any(url == "https://acme.example/team" for url in urls)


def test_by_chance_what_lies_below_the_about_page_comes_before_the_menu():
    frontier = Frontier(HOME, "")
    frontier.add(PageLinks(further=(HOME + "pumps",)), 0)
    frontier.add(PageLinks(further=(HOME + "about/x", HOME + "pumps")), 1)
    frontier.add(PageLinks(further=(HOME + "deep",)), 2)
    urls = []
    while (page := frontier.next_by_chance()) is not None:
        urls.append(page.url.removeprefix(HOME))
    assert urls == ["about/x", "pumps"]


def test_addresses_of_a_sitemap_that_promise_something():
    urls = [HOME + "team", HOME + "pumps", "https://other.example/team", HOME + "leadership"]
    assert {each.url for each in promising(urls, HOME, "in the sitemap")} == {HOME + "team", HOME + "leadership"}


def test_links_of_a_page():
    links = links_of(parse("<nav><a href='/team'>Team</a><a href='/pumps'>Pumps</a></nav>"), HOME)
    assert [each.url for each in links.candidates] == [HOME + "team"]
    assert HOME + "pumps" in links.further


def page(*titles, kind=PageKind.PEOPLE, doubts=frozenset(), without=()):
    names = ("Orla Fenwick", "Tobias Ryland", "Ines Varga")
    mentions = tuple(
        Mention(read_name(name), read_title(title), ExtractionMethod.CARD, 0, name, doubts=doubts)
        for name, title in zip(names, titles, strict=False)
    )
    return PageFindings(HOME, kind, mentions, without)


def test_enough_is_one_executive_on_a_page_about_people():
    assert is_enough([page("CEO")])
    assert not is_enough(
        [page("CEO", kind=PageKind.STORY), page("Engineer"), page("CEO", doubts=frozenset({Doubt.PAST}))]
    )
    assert names_people([page("Engineer", without=("Ines Varga",))])
    assert not names_people([page("Engineer"), page("CEO", "CFO", kind=PageKind.HOME)])


def test_what_is_found_raises_what_a_page_must_promise():
    nothing, titled, enough = (
        least_score([]),
        least_score([page("Engineer", "Clerk")]),
        least_score([page("CEO", "CFO")]),
    )
    assert nothing < titled < enough
    assert least_score([page("CEO", without=("Orla Fenwick", "Ines Varga"))]) < enough


@pytest.mark.parametrize(
    ("body", "is_shell"),
    [
        ("<div id=root></div><script>x</script>", True),
        (f"<div id='app'><p>{'word ' * 40}</p></div><script>x</script>", True),
        (f"<div id='app'><p>{'word ' * 80}</p></div><script>x</script>", False),
        (f"<div><p>{'word ' * 40}</p></div><script>x</script>", False),
        ("<p>short</p>", False),
        (f"<nav>{'word ' * 80}</nav><script>x</script>", True),
    ],
)
def test_pages_that_scripts_build(body, is_shell):
    assert is_script_shell(parse(body), body) is is_shell


def test_sitemaps_list_pages_or_sitemaps():
    pages = f"<urlset><url><loc> {HOME}a?x=1&amp;y=2 </loc></url><url><loc><![CDATA[ {HOME}b ]]></loc></url></urlset>"
    assert sitemap_addresses(pages) == ([HOME + "a?x=1&y=2", HOME + "b"], [])
    index = f"<sitemapindex><sitemap><loc>{HOME}s.xml</loc></sitemap></sitemapindex>"
    assert sitemap_addresses(index) == ([], [HOME + "s.xml"])
    assert sitemap_addresses("<html>") == ([], [])
    assert len(sitemap_addresses(f"<loc>{HOME}</loc>" * 6_000)[0]) == 5_000


@pytest.mark.parametrize(
    ("score", "depth", "is_worth"),
    [(20, 0, True), (19, 0, False), (24, 1, True), (23, 1, False), (28, 2, True), (27, 2, False), (90, 3, False)],
)
def test_what_lies_deeper_must_promise_more(score, depth, is_worth):
    frontier = Frontier(HOME, "")
    frontier.add(PageLinks((candidate("team", score),)), depth)
    assert bool(taken(frontier)) is is_worth
