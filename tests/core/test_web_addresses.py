import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.web_addresses import absolute, canonical, is_public_address, page_key, registrable_domain, site_of


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTP://WWW.Example.COM:80/a/../b//c/?utm_source=x&id=2#top", "http://www.example.com/b/c/?id=2"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com:8443/team members/", "https://example.com:8443/team%20members/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ],
)
def test_addresses_have_one_spelling(url, spelled):
    assert canonical(url) == spelled
    assert canonical(spelled) == spelled


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "javascript:alert(1)",
        "mailto:a@example.com",
        "http://user:pw@example.com/",
        "http://",
        "//x",
        "http://[::1",
        "http://a:99999/",
    ],
)
def test_what_is_no_page(url):
    assert canonical(url) is None


def test_links_are_resolved():
    assert absolute("https://example.com/a/b.html", "../team") == "https://example.com/team"
    assert absolute("https://example.com/", "#team") is None
    assert absolute("https://example.com/", "mailto:x@example.com") is None


def test_sites():
    assert registrable_domain("shop.example.co.uk") == "example.co.uk"
    assert site_of("https://www.example.com/") == site_of("http://de.example.com/x")
    assert site_of("http://127.0.0.1:8000/") != site_of("http://127.0.0.1:8001/")
    assert page_key("https://www.example.com/team/index.html") == page_key("http://example.com/team/")
    assert page_key("https://example.com/team.php") != page_key("https://example.com/team.html")


PRIVATE = """
127.0.0.1 10.1.2.3 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 ::1 fe80::1%eth0 fd00::1 ::ffff:127.0.0.1
64:ff9b::7f00:1 2002:7f00:1:: 224.0.0.1 255.255.255.255 nothing
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_private_addresses(address):
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
def test_public_addresses(address):
    assert is_public_address(address)


@given(st.text(max_size=120))
def test_any_text_is_an_address_or_none(text):
    spelled = canonical(text)
    assert spelled is None or canonical(spelled) == spelled
    absolute("https://example.com/", text)
