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


def test_the_quick_walk_says_what_the_librarys_own_says_under_every_ending() -> None:
    # Below psl.hrsn.dev stand the list's own tests: the library forgets a wildcard beside an exception two levels below.
    for ending in [each for each in sorted(domains._endings()) if not each.endswith("psl.hrsn.dev")][::5]:
        bare = ending.lstrip("!*.")
        for host in (bare, f"a.{bare}", f"b.a.{bare}"):
            assert registered(host) == domains.registered_by_library(host), host
