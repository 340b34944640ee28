"""What a company's own pages say of it: structured data first, no guessing between values that contradict."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.discovery.document import parse
from core.enrichment.website_facts import SitePage, contact_links, website_facts
from core.text.postal_addresses import PostalAddress, read_addresses

HOME = "https://acme.example/"


def facts(body: str, head: str = "", **more: str) -> dict[str, str]:
    pages = [SitePage(HOME, parse(f"<html><head><title>Acme Tools</title>{head}</head><body>{body}</body></html>"))]
    pages += [SitePage(f"{HOME}{path}", parse(f"<html><body>{markup}</body></html>")) for path, markup in more.items()]
    return {found.field: found.value for found in website_facts(pages)}


def ld(**data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


COMPANY = {
    "@type": "HVACBusiness",
    "name": "Acme Tools GmbH",
    "telephone": "030 555 0199",
    "email": "mailto:info@acme.example",
    "address": {"@type": "PostalAddress", "streetAddress": "Hof 1", "postalCode": "10115", "addressLocality": "Berlin",
                "addressCountry": {"@type": "Country", "name": "DE"}},
    "sameAs": ["https://www.facebook.com/acmetools", "https://de.linkedin.com/company/acme-tools/"],
}  # fmt: skip


def test_structured_data_says_everything() -> None:
    found = facts("<footer>Tel. +1 212 555 0100</footer>", ld(**COMPANY))
    assert found == {
        "company_name": "Acme Tools GmbH",
        "company_phone": "+49305550199",
        "company_email": "info@acme.example",
        "street": "Hof 1",
        "postal_code": "10115",
        "city": "Berlin",
        "country": "DE",
        "facebook_url": "https://www.facebook.com/acmetools",
        "company_linkedin_url": "https://www.linkedin.com/company/acme-tools",
        "website_title": "Acme Tools",
    }


def test_others_on_the_page_are_not_the_company() -> None:
    review = ld(**{"@type": "Review", "author": COMPANY, "itemReviewed": COMPANY})
    product = ld(**{"@type": "Product", "name": "Saw", "brand": COMPANY, "telephone": "030 555 0199"})
    person = ld(**{"@type": "Person", "name": "Ana Sample", "telephone": "030 555 0199", "worksFor": COMPANY})
    assert facts("", review + product + person) == {"website_title": "Acme Tools"}


def test_the_node_that_names_this_site_counts_and_of_strangers_none() -> None:
    other = {**COMPANY, "name": "Other Ltd", "telephone": "030 555 0111"}
    assert "company_phone" not in facts("", ld(**{"@graph": [COMPANY, other]}))
    own = {**COMPANY, "url": HOME}
    assert facts("", ld(**{"@graph": [other, own]}))["company_phone"] == "+49305550199"


def test_microdata_is_structured_data_too() -> None:
    body = (
        '<div itemscope itemtype="https://schema.org/LocalBusiness"><span itemprop="name">Acme</span>'
        '<a itemprop="telephone" href="tel:x">+49 30 5550199</a>'
        '<div itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">'
        '<span itemprop="streetAddress">Hof 1</span><span itemprop="addressLocality">Berlin</span></div></div>'
    )
    found = facts(body.replace(' href="tel:x"', ""))
    assert (found["company_name"], found["company_phone"]) == ("Acme", "+49305550199")
    assert (found["street"], found["city"]) == ("Hof 1", "Berlin")


def test_links_and_meta_tags() -> None:
    head = (
        '<meta name="description" content="Saws and planes for joiners since 1931.">'
        '<meta property="og:site_name" content="Acme">'
    )
    body = (
        '<p>Fax: <a href="tel:+49305550111">+49 30 5550111</a></p><footer><a href="tel:+49305550199">Call</a>'
        '<a href="mailto:ana.sample@acme.example">Ana</a><a href="mailto:info@acme.example">Mail</a>'
        '<a href="mailto:info@agency.example">made by</a>'
        '<a href="https://twitter.com/acmetools">X</a><a href="https://twitter.com/intent/tweet?x">tweet</a>'
        '<a href="https://www.youtube.com/@acmetools">YT</a><a href="https://www.instagram.com/acme.tools/">I</a></footer>'
    )
    assert facts(body, head) == {
        "company_name": "Acme",
        "company_description": "Saws and planes for joiners since 1931.",
        "website_title": "Acme Tools",
        "company_phone": "+49305550199",
        "company_email": "info@acme.example",
        "x_url": "https://x.com/acmetools",
        "youtube_url": "https://www.youtube.com/@acmetools",
        "instagram_url": "https://www.instagram.com/acme.tools",
    }


def test_profiles_of_several_companies_are_nobodys() -> None:
    links = "".join(f'<a href="https://www.linkedin.com/company/client{number}">c</a>' for number in range(3))
    assert "company_linkedin_url" not in facts(f"<main>{links}</main>")
    own = '<footer><a href="https://www.linkedin.com/company/acme">us</a></footer>'
    assert facts(f"<main>{links}</main>{own}")["company_linkedin_url"] == "https://www.linkedin.com/company/acme"


def test_a_profile_outside_of_header_and_footer_is_called_like_the_site() -> None:
    person = '<main><a href="https://twitter.com/ana_sample">Ana</a><a href="https://x.com/acmetools">us</a></main>'
    assert facts(person)["x_url"] == "https://x.com/acmetools"
    assert "x_url" not in facts('<main><a href="https://twitter.com/ana_sample">Ana</a></main>')
    assert "facebook_url" not in facts('<footer><a href="https://www.facebook.com/people/">f</a></footer>')


def test_visible_text_of_a_contact_page() -> None:
    found = facts("<main>Call 12345</main>", imprint="<p>Acme GmbH<br>Hofstraße 12<br>D-10115 Berlin</p>"
                  "<p>Telefax: 030 5550111</p><p>Telefon: 030 5550199</p><p>info (at) acme.example</p>")  # fmt: skip
    assert found["street"] == "Hofstraße 12"
    assert (found["postal_code"], found["city"], found["country"]) == ("10115", "Berlin", "DE")
    assert found["company_phone"] == "+49305550199"


def test_of_two_addresses_none_is_taken() -> None:
    found = facts("", contact="<p>Hof 1<br>10115 Berlin</p><p>Damm 2<br>20095 Hamburg</p>")
    assert {"street", "city", "postal_code"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["12 Mill Road, Springfield, IL 62701"],
         PostalAddress("12 Mill Road", "Springfield", "62701", "IL", "United States")),
        (["500 Main Street Suite 4", "St. Paul, MN 55101-1234"],
         PostalAddress("500 Main Street Suite 4", "St. Paul", "55101-1234", "MN", "United States")),
        (["Acme Ltd, 4 High Street, Leeds LS1 4AP"],
         PostalAddress("4 High Street", "Leeds", "LS1 4AP", "", "United Kingdom")),
        (["Acme GmbH · Hofstraße 12 · 10115 Berlin"], PostalAddress("Hofstraße 12", "Berlin", "10115")),
        (["Bahnweg 5", "CH-8001 Zürich"], PostalAddress("Bahnweg 5", "Zürich", "8001", "", "Switzerland")),
        (["3 rue du Port", "21000 Dijon"], PostalAddress("3 rue du Port", "Dijon", "21000")),
    ],
)  # fmt: skip
def test_addresses_as_offices_write_them(lines: list[str], expected: PostalAddress) -> None:
    assert read_addresses(lines) == [expected]


@pytest.mark.parametrize(
    "line",
    ["In 2019 Berlin", "since 1979 Chemnitz", "Tel. 030 12345 Berlin", "12345 customers trust us", "Order 55 ZZ 12345",
     "Copyright 2024 Acme", "10115 Berlin", "ISO 9001 certified", ""],
)  # fmt: skip
def test_what_is_no_address(line: str) -> None:
    assert read_addresses([line]) == []


def test_contact_pages_are_chosen_by_what_they_are_called() -> None:
    document = parse(
        '<body><a href="/products">Products</a><a href="/about">About us</a><a href="/x">Impressum</a>'
        '<a href="mailto:a@b.c">Contact</a><a href="/kontakt">Kontakt</a></body>'
    )
    assert contact_links(document) == ["/x", "/kontakt"]


@given(st.text(max_size=300))
@settings(max_examples=40)
def test_no_markup_breaks_the_reader(markup: str) -> None:
    for body in (markup, f'<script type="application/ld+json">{markup}</script>', f'<a href="{markup}">x</a>'):
        assert all(value.strip() == value != "" for value in facts(body).values())


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
                        st.sampled_from(["@type", "@graph", "name", "address", "sameAs", "telephone", "url"]),
                        inner, max_size=4), max_leaves=12))  # fmt: skip
@settings(max_examples=40)
def test_no_structured_data_breaks_the_reader(data: object) -> None:
    facts("", f'<script type="application/ld+json">{json.dumps(data)}</script>')
