"""Where a page's scripts and its head send its visitor, and what they put in."""

import pytest
from lxml import html

from core.discovery.page_scripts import included, refresh_target, script_redirect


@pytest.mark.parametrize(
    ("script", "target"),
    [
        ("window.location.href = '/en/'", "/en/"),
        ('location="start.html"', "start.html"),
        ("document.location.replace('/home')", "/home"),
        ("location.assign( '/a' )", "/a"),
        ("if (location.href == '/x') stop()", None),
        ("mylocation = '/x'", None),
        ("location = next", None),
        ("x" * 3_000 + ";location='/late'", None),
    ],
)
def test_a_script_sends_on(script, target):
    assert script_redirect(html.fragment_fromstring(f"<div><script>{script}</script></div>")) == target


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0;url=/home", "/home"),
        ("5; URL = 'https://acme.example/x'", "https://acme.example/x"),
        ('0; url="/a b"', "/a"),
        ("30", None),
        ("", None),
    ],
)
def test_a_refresh_sends_on(content, target):
    assert refresh_target(content) == target


def test_parts_that_are_put_in_each_once_and_not_too_many():
    root = html.document_fromstring(
        "<html><body><frameset></frameset><frame src='menu.html'><div w3-include-html='menu.html'></div>"
        "<div data-include='parts/team.html'></div><script>$('#x').load('foot.htm #all'); fetch(\"x/y.html?v=1\");"
        "fetch('data.json'); includeHTML('head.html')</script></body></html>"
    )
    assert included(root) == ("menu.html", "parts/team.html", "foot.htm", "x/y.html", "head.html")
    many = "".join(f"<div data-include='{number}.html'></div>" for number in range(20))
    assert len(included(html.fragment_fromstring(f"<div>{many}</div>"))) == 6
    assert included(html.fragment_fromstring("<div>none</div>")) == ()
