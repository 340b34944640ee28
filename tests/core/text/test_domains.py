"""Which part of a host somebody registered."""

import pytest

from core.text import normalize
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
