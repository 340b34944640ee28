"""Which part of a host somebody registered."""

import pytest

from core.text import domains, normalize
from core.text.domains import let_suffixes, registered
from core.text.web_addresses import canonical, registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.alpha-tools.uk.com", "alpha-tools.uk.com"), ("theta.com.de", "theta.com.de"), ("a.b.co.uk", "b.co.uk"),
        ("app.azurewebsites.net", "app.azurewebsites.net"), ("www.acmo.example", "acmo.example"), ("shop.acmo.de", "acmo.de"),
    ],
)  # fmt: skip
def test_files_and_websites_have_one_definition(host, domain):
    assert registered(host) == domain
    assert registrable_domain(host) == domain
    assert normalize.domain(f"https://{host}/a") == domain


def test_names_below_let_suffixes_are_companies_of_their_own():
    assert {"uk.com", "com.de"} <= let_suffixes()
    assert normalize.own_domain("www.alpha-tools.uk.com") == "alpha-tools.uk.com"
    assert normalize.site("https://theta.com.de") == ("https://theta.com.de", "theta.com.de")


def test_a_sharp_s_is_no_double_s():
    assert canonical("https://straße-beispiel.de/") == "https://xn--strae-beispiel-3fb.de/"
    assert normalize.domain("straße-beispiel.de") != normalize.domain("strasse-beispiel.de")


def by_the_lists_own_rules(host: str) -> str | None:
    """Return the registrable domain as publicsuffix.org says it is found: an exception wins, else the longest rule."""
    labels, rules, length = host.split("."), domains._endings(), 0
    for count in range(1, len(labels) + 1):
        tail = ".".join(labels[-count:])
        if f"!{tail}" in rules:
            length = count - 1
            break
        if tail in rules or f"*.{tail.partition('.')[2]}" in rules:
            length = count
    return ".".join(labels[-length - 1 :]) if 0 < length < len(labels) else None


def test_the_quick_walk_follows_the_lists_rules_under_every_ending() -> None:
    for ending in domains._endings():
        bare = ending.lstrip("!*.")
        for host in (bare, f"a.{bare}", f"b.a.{bare}", f"c.b.a.{bare}"):
            assert registered(host) == by_the_lists_own_rules(host), host


def test_the_quick_walk_says_what_the_library_says_of_endings_without_wildcards() -> None:
    starred = {ending.lstrip("!*.") for ending in domains._endings() if ending[0] in "!*"}
    plain = [each for each in sorted(domains._endings()) if not any(each.endswith(star) for star in starred)]
    for bare in plain[::5]:
        for host in (bare, f"a.{bare}", f"b.a.{bare}"):
            assert registered(host) == domains.registered_by_library(host), host
