import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from core.discovery.robots import Robots

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


_LINES = st.one_of(
    st.sampled_from(
        ["User-agent: *", "User-agent: sales-agent", "user agent: foo", "User-agent: sales", "User-agent:",
         "useragent *", "User-agent: s*a*les", "Sitemap: http://e.com/s.xml", "Crawl-delay: 3", "", "# c", "Host: x",
         "Foo: bar",
         "junk", "dissallow /a*c", "Disallow /b"]
    ),
    st.builds("{}: {}".format, st.sampled_from(["Allow", "Disallow", "disallow "]), st.text("/ab*$c?é%61", max_size=7)),
)  # fmt: skip


@given(st.lists(_LINES, max_size=12).map("\n".join), st.text("abc/%61é", max_size=6))
def test_leaving_out_others_groups_changes_no_decision(text, path):
    ours, whole, url = Robots(text, "sales-agent"), Protego.parse(text), f"https://example.com/{path}"
    decision = ours.decide(url)
    assert decision.allowed == whole.can_fetch(url, "sales-agent")
    assert ours.crawl_delay_s == whole.crawl_delay("sales-agent")
    assert ours.sitemaps == list(whole.sitemaps)
    if decision.line is not None:
        assert text.splitlines()[decision.line - 1].strip().lower().startswith("dis")


@pytest.mark.parametrize(
    "line",
    ["Disallow: /*x{}*y$", "Disallow: /*" + "a" * 30 + "{}b", "Disallow: /" + "*a" * 15 + "{}$", "Allow: /*{}",
     "User-agent: a{}", "User-agent: a{}\nDisallow: /*{}", "User-agent: a*l*{}", "Disallow: /{}"],
)  # fmt: skip
def test_a_file_of_thousands_of_rules_takes_time_in_proportion_to_its_length(line):
    addresses = [f"https://example.com/{'a' * 500}{number}" for number in range(4)]

    def seconds(rules):
        text = "User-agent: *\nDisallow: /*a\n" + "\n".join(line.replace("{}", str(number)) for number in range(rules))
        began = time.process_time()
        robots = Robots(text + "\nDisallow: /*x" * rules, "sales-agent")
        assert {robots.decide(address).allowed for address in addresses} <= {True, False}
        return time.process_time() - began

    seconds(100)
    assert min(seconds(4_000) for _ in range(2)) < 10 * min(seconds(1_000) for _ in range(2)) + 0.1
