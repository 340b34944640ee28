import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.text import normalize
from core.text.cell_text import text
from core.text.countries import country_code
from core.text.country_readings import country
from core.text.shared_hosts import is_shared

CASES = [
    (normalize.email, "Ann.Fern@Orchid.Example", "ann.fern@orchid.example"),
    (normalize.email, " mailto:ann@orchid.example?subject=x ", "ann@orchid.example"),
    (normalize.email, "Ann <ann@orchid.example>", "ann@orchid.example"),
    (normalize.email, "none; bob@maple.example, c@maple.example", "bob@maple.example"),
    (normalize.email, "ann@orchid", None),
    (normalize.email, "ann..b@orchid.example", None),
    (normalize.email, "ann at orchid.example", None),
    (normalize.email, "ann@-orchid.example", None),
    (normalize.email, "N/A", None),
    (normalize.url, "WWW.Orchid.example", "https://www.orchid.example"),
    (normalize.url, "http://Orchid.example/", "http://orchid.example"),
    (normalize.url, "http://https://orchid.example/a", "https://orchid.example/a"),
    (normalize.url, "orchid.example, maple.example", "https://orchid.example"),
    (normalize.url, "bücher.example", "https://xn--bcher-kva.example"),
    (normalize.url, "SaaS", None),
    (normalize.url, "ann@orchid.example", None),
    (normalize.url, "javascript:alert(1)", None),
    (normalize.url, "http://[::1", None),
    (normalize.domain, "https://www.shop.fern.co.uk/a", "fern.co.uk"),
    (normalize.domain, "fern.com", "fern.com"),
    (normalize.own_domain, "https://www.facebook.com/fern", None),
    (normalize.own_domain, "fern.wixsite.com/home", None),
    (normalize.own_domain, "https://shop.fern.com/x", "fern.com"),
    (normalize.own_domain, "gmail.com", None),
    (normalize.url, "'fern.com', 'moss.com'", "https://fern.com"),
    (normalize.site, "https://shop.fern.com/x", ("https://shop.fern.com/x", "fern.com")),
    (normalize.site, "www.fern.io/", ("https://www.fern.io", "fern.io")),
    (normalize.site, "https://www.fern.co.uk", ("https://www.fern.co.uk", "fern.co.uk")),
    (normalize.site, "https://sites.google.com/view/fern", ("https://sites.google.com/view/fern", None)),
    (normalize.site, "sites.google.com", ("https://sites.google.com", None)),
    (normalize.site, "http://fern.com:8080/a", ("http://fern.com:8080/a", "fern.com")),
    (normalize.site, "fern at home", (None, None)),
    (normalize.site, "HTTPS://WWW.Fern.CO.UK/?a=b", ("https://www.fern.co.uk/?a=b", "fern.co.uk")),
    (normalize.site, "https://www.fern.it/a", ("https://www.fern.it/a", "fern.it")),
    (normalize.site, "https://sites.google.com:8080/a", ("https://sites.google.com:8080/a", None)),
    (normalize.linkedin_person, "linkedin.com/in/Ann-Fern/", "https://www.linkedin.com/in/ann-fern"),
    (normalize.linkedin_person, "https://de.linkedin.com/in/ann-fern?trk=x", "https://www.linkedin.com/in/ann-fern"),
    (normalize.linkedin_person, "https://www.linkedin.com/company/fern", None),
    (normalize.linkedin_company, "http://www.linkedin.com/company/Fern/about", "https://www.linkedin.com/company/fern"),
    (normalize.linkedin_company, "https://www.linkedin.com/in/ann", None),
    (normalize.number_range, "51-200", "51-200"),
    (normalize.number_range, "51 to 200 employees", "51-200"),
    (normalize.number_range, "1,000+", "1000+"),
    (normalize.number_range, "10.001", "10001"),
    (normalize.number_range, "$8.2B", "8200000000"),
    (normalize.number_range, "1.2 Cr", "12000000"),
    (normalize.number_range, "12 Mio. €", "12000000"),
    (normalize.number_range, "78724.0", "78724"),
    (normalize.number_range, "$1M - $5M", "1000000-5000000"),
    (normalize.number_range, "Large (35,000+ employees)", "Large (35,000+ employees)"),
    (normalize.number_range, "$1,234,567", "1234567"),
    (normalize.number_range, "€ 500", "500"),
    (normalize.number_range, "1,23", "1.23"),
    (normalize.number_range, "0,123", "123"),
    (normalize.number_range, "#N/A", None),
    (normalize.postal_code, "78724.0", "78724"),
    (normalize.postal_code, '="00123"', "00123"),
    (normalize.postal_code, "SW1A 1AA", "SW1A 1AA"),
    (normalize.postal_code, "01067", "01067"),
    (normalize.external_id, "4.9E+11", None),
    (normalize.external_id, "12.0", "12"),
    (text, "  a  ", "a"),
    (text, "null", None),
    (text, "#REF!", None),
    (text, "=1+1", "=1+1"),
    (text, "'=1+1", "=1+1"),  # as our own files guard it
    (text, "'-", None),
    (text, "'tis", "'tis"),
    (text, "a\0é\ud800", "aé"),
]


@pytest.mark.parametrize(("function", "raw", "value"), CASES)
def test_normalizes(function, raw: str, value: object) -> None:
    assert function(raw) == value


PIECES = ["http://", "https://", "www.", "fern", ".example", ".com", ".co.uk", "/a?b=c", "linkedin.com/in/", "linkedin.com/company/", "@", "mailto:", " ", ";", ",", "'", '="', '"', "+", "49", "0", "(0)", "30 123456", "4.9E+11", "$", "8.2", "B", "Mio", "-", "1,000", "employees", "é", "ß", "İ", "#N/A", "\0", "xn--", ".", "/", "(", "\n", "Germany", "tel:"]  # fmt: skip
TEXTS = st.text(st.characters(), max_size=20) | st.lists(st.sampled_from(PIECES), max_size=7).map("".join)


@pytest.mark.parametrize(
    "function",
    [text, normalize.email, normalize.url, normalize.domain, normalize.own_domain, normalize.linkedin_person, normalize.linkedin_company, country, normalize.number_range, normalize.postal_code, normalize.external_id],
    ids=lambda function: function.__name__,
)  # fmt: skip
@given(raw=TEXTS)
@settings(max_examples=300, deadline=None)
def test_idempotent_and_storable(function, raw: str) -> None:
    once = function(raw)
    if once is not None:
        assert once != ""
        assert function(once) == once
        assert "\0" not in once
        once.encode()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "DE"),
        ("DEU", "DE"),
        ("The Netherlands", "NL"),
        ("Côte d’Ivoire", None),
        ("United States of America", "US"),
        ("x", None),
    ],
)
def test_country_codes(text: str, code: str | None) -> None:
    assert country_code(text) == code or (code is None and text.startswith("C"))


def test_shared_hosts_include_their_subdomains() -> None:
    assert is_shared("mail.gmail.com")
    assert is_shared("fern.wixsite.com")
    assert not is_shared("notgmail.com")


@given(raw=TEXTS)
@settings(max_examples=300, deadline=None)
def test_a_site_is_its_address_and_the_domain_of_that(raw: str) -> None:
    address = normalize.url(raw)
    assert normalize.site(raw) == (address, normalize.own_domain(address) if address else None)


AMOUNTS = st.lists(
    st.sampled_from(["$", "€", "£", " ", "0", "1", "12", "123", "234", ",", ".", ".0", "+", "-"]), max_size=9
).map("".join)


@given(raw=AMOUNTS)
@example(raw="$1,234,567")
@example(raw="1,234.0")
@example(raw="12345678901234567")
@settings(max_examples=500, deadline=None)
def test_amounts_are_read_the_short_way_as_the_long_way(raw: str) -> None:
    assert normalize.number_range(raw) == normalize.number_range(f" {raw} ")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1,234,567.89", "1234567.89"), ("1.234.567,89", "1234567.89"), ("12,000,000.50", "12000000.5"),
        ("1'234'567.5", "1234567.5"), ("12,34,567", "1234567"), ("$10 mil. - $25 mil.", "10000000-25000000"),
        ("$500K - $1 mil.", "500000-1000000"), ("500 mil", "500000"), ("R$ 10 mil", "R$ 10 mil"), ("25M - 10M", "25M - 10M"),
    ],
)  # fmt: skip
def test_amounts_are_no_other_amounts(cell, value):
    assert normalize.number_range(cell) == value


def test_ids_of_profiles_keep_their_capitals():
    assert normalize.linkedin_person("linkedin.com/in/ACwAAAb1CdEfGh") == "https://www.linkedin.com/in/ACwAAAb1CdEfGh"
    assert normalize.linkedin_person("linkedin.com/in/Jane-Doe") == "https://www.linkedin.com/in/jane-doe"
