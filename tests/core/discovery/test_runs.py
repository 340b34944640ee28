"""Which site is a company's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.runs import Site, choose_site, fresh_for, shared_host


@pytest.mark.parametrize(
    ("website", "domain", "site"),
    [
        ("https://www.example.com/about", None, "example.com"),
        ("shop.acme.co.uk", None, "acme.co.uk"),
        ("http://127.0.0.1:8080/", "acme.example", "127.0.0.1:8080"),
        (None, "acme.example", "acme.example"),
        ("https://www.facebook.com/acme", "acme.example", "acme.example"),
        ("acme.wixsite.com", None, "acme.wixsite.com"),
        ("not a website", "acme.example", "acme.example"),
    ],
)
def test_a_company_has_one_site(website, domain, site):
    chosen = choose_site(website, domain)
    assert isinstance(chosen, Site)
    assert chosen.site == site


@pytest.mark.parametrize(
    ("website", "domain", "word"),
    [
        (None, None, "names no website"),
        ("  ", "", "names no website"),
        ("https://www.facebook.com/acme", None, "facebook.com is shared"),
        ("n/a", None, "no web address"),
        ("mailto:x@acme.example", None, "no web address"),
        ("linkedin.com/company/acme", "gmail.com", "linkedin.com is shared"),
    ],
)
def test_what_is_no_site_of_its_own_says_why(website, domain, word):
    assert word in str(choose_site(website, domain))


@given(st.text(max_size=80) | st.none(), st.text(max_size=40) | st.none())
def test_whatever_a_lead_names_gives_a_site_or_a_reason(website, domain):
    chosen = choose_site(website, domain)
    assert isinstance(chosen, Site) or chosen


def test_other_sources_get_the_companys_domain():
    assert choose_site("http://127.0.0.1:1/", None).domain is None
    assert choose_site("www.acme.example", "acme-group.example").domain == "acme-group.example"
    assert choose_site("www.acme.example", "gmail.com").domain == "www.acme.example"


def test_shared_hosts_cover_their_parts_but_not_their_customers():
    assert shared_host("m.facebook.com") == "facebook.com"
    assert shared_host("acme.wixsite.com") is None
    assert shared_host("acme.example") is None


def test_what_could_not_be_read_is_tried_sooner():
    seconds = {"fresh_for_s": 100.0, "retry_after_s": 10.0}
    assert [fresh_for(outcome, **seconds) for outcome in ("found", "nobody", "skipped")] == [100.0] * 3
    assert [fresh_for(outcome, **seconds) for outcome in ("unknown", "failed")] == [10.0] * 2
