from hypothesis import given
from hypothesis import strategies as st

from core.robots import Robots

TEXT = """# ours
User-agent: *
Disallow: /private
Allow: /private/team
Crawl-delay: 2.5

User-agent: sales-agent
Disallow: /people/*/draft$
Disallow: /people/old

Sitemap: https://example.com/map.xml
"""


def test_the_named_group_decides_and_the_deciding_line_is_kept():
    robots = Robots(TEXT, "sales-agent")
    assert robots.decide("https://example.com/private").allowed
    refused = robots.decide("https://example.com/people/old/x")
    assert (refused.allowed, refused.rule, refused.line) == (False, "Disallow: /people/old", 9)
    assert robots.decide("https://example.com/people/x/draft").line == 8
    assert robots.decide("https://example.com/people/x/draft/2").allowed


def test_the_general_group_decides_for_others():
    robots = Robots(TEXT, "otherbot")
    assert robots.decide("https://example.com/private/x").line == 3
    assert robots.decide("https://example.com/private/team").allowed
    assert robots.crawl_delay_s == 2.5
    assert robots.sitemaps == ["https://example.com/map.xml"]


def test_a_host_that_fails_is_left_alone():
    decision = Robots("", "sales-agent", unreachable="HTTP 503").decide("https://example.com/")
    assert not decision.allowed
    assert "HTTP 503" in decision.why


@given(st.text(max_size=300), st.sampled_from(["/", "/team", "/a?b=c", "/%7Ex"]))
def test_any_file_gives_a_decision(text, path):
    decision = Robots(text, "sales-agent").decide(f"https://example.com{path}")
    assert decision.why
    assert decision.allowed or decision.line is None or decision.line >= 1
