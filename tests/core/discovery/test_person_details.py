"""A person's addresses and number: read from their own block, in one spelling, never the company's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.discovery.document import Link
from core.discovery.person_details import (
    ContactDetails,
    details,
    email_of_link,
    is_shared_mailbox,
    linkedin_profile,
    plain_email_text,
)

ORLA = "https://www.linkedin.com/in/orla-fenwick"


def links(*hrefs):
    return [Link(href, "", "", "main", 0.0, 0) for href in hrefs]


@pytest.mark.parametrize(
    ("href", "profile"),
    [
        (ORLA, ORLA),
        ("http://uk.linkedin.com/in/orla-fenwick/?trk=x#top", ORLA),
        ("//linkedin.com/in/orla-fenwick", ORLA),
        ("de.linkedin.com/in/orla-fenwick/de", ORLA),
        ("HTTPS://LinkedIn.com//IN/orla-fenwick", ORLA),
        ("https://www.linkedin.com/in/j%C3%B6rg", "https://www.linkedin.com/in/jörg"),
        ("https://www.linkedin.com/pub/orla-fenwick/1/2a/3b", "https://www.linkedin.com/pub/orla-fenwick/1/2a/3b"),
        ("https://www.linkedin.com/company/acme", None),
        ("https://www.linkedin.com/shareArticle?url=/in/orla", None),
        ("https://linkedin.com.acme.example/in/orla", None),
        ("https://notlinkedin.com/in/orla", None),
        ("ftp://linkedin.com/in/orla", None),
        ("https://www.linkedin.com/in/username", None),
        ("https://www.linkedin.com/in/ab", None),
        ("https://[broken/in/orla", None),
        ("", None),
    ],
)
def test_profiles_in_one_spelling(href, profile):
    assert linkedin_profile(href) == profile
    assert profile is None or linkedin_profile(profile) == profile


@pytest.mark.parametrize(
    ("href", "address"),
    [
        ("mailto:Orla@Acme.example", "orla@acme.example"),
        ("MAILTO:orla@acme.example?subject=Hi", "orla@acme.example"),
        ("mailto:orla%40acme.example", "orla@acme.example"),
        ("mailto:orla [at] acme.example", "orla@acme.example"),
        ("/cdn-cgi/l/email-protection#" + bytes([9, *(byte ^ 9 for byte in b"a@b.example")]).hex(), "a@b.example"),
        ("mailto:", None),
        ("mailto:orla", None),
        ("tel:+441234", None),
        ("orla@acme.example", None),
    ],
)
def test_addresses_that_links_write_to(href, address):
    assert email_of_link(href) == address


@pytest.mark.parametrize(
    "text",
    [
        "orla [at] acme [dot] example",
        "orla(at)acme(dot)example",
        "orla {ät} acme {punkt} example",
        "orla at acme dot example",
        "orla <@> acme.example",
        "orla@acme.example",
    ],
)
def test_hidden_addresses_are_made_plain(text):
    assert plain_email_text(text) == "orla@acme.example"


def test_words_that_only_look_so_are_left():
    for text in ("Meet us at Acme in Linz", "look at dot com", "we are at home"):
        assert plain_email_text(text) == text


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("info@acme.example", True),
        ("INFO2@acme.example", True),
        ("buero@acme.example", True),
        ("orla@acme.example", False),
        ("informatik@acme.example", False),
        ("sales.orla@acme.example", False),
    ],
)
def test_mailboxes_of_companies(address, shared):
    assert is_shared_mailbox(address) is shared


def test_links_come_before_lines_and_the_first_of_each_counts():
    found = details(
        links("mailto:orla@acme.example", ORLA, "tel:+44 (0)20 7946 0000", "mailto:second@acme.example"),
        ["tobias@acme.example", "+49 30 1234567"],
    )
    assert found == ContactDetails(ORLA, "orla@acme.example", "+442079460000")


def test_lines_fill_what_links_leave_open():
    found = details(
        links("mailto:info@acme.example", "tel:12"),
        ["Write: info@acme.example", "orla (at) acme.example", "T +49 30 1234567"],
    )
    assert found == ContactDetails(None, "orla@acme.example", "+49301234567")


def test_what_the_company_shares_is_nobodys():
    shared = frozenset({ORLA, "orla@acme.example"})
    assert details(links(ORLA, "mailto:orla@acme.example"), ["orla@acme.example"], shared=shared) == ContactDetails()


@given(st.lists(st.text(max_size=60), max_size=4), st.lists(st.text(max_size=60), max_size=4))
def test_anything_gives_details_or_none(hrefs, texts):
    found = details(links(*hrefs), texts)
    assert found.email is None or "@" in found.email
    assert found.linkedin_url is None or linkedin_profile(found.linkedin_url) == found.linkedin_url
