import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_addresses import ADDRESSES

from core.text.web_addresses import absolute, canonical, page_key, registrable_domain, site_of


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("HTTP://WWW.Example.COM:80/a/../b//c/?utm_source=x&id=2#top", "http://www.example.com/b/c/?id=2"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com:8443/team members/", "https://example.com:8443/team%20members/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--i-7iq.example/", "https://xn--i-7iq.example/"),
        ("https://my_host.example./", "https://my_host.example/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x5d.0270.0xd822/", "http://93.184.216.34/"),
        ("http://[2606:2800:0::1]/", "http://[2606:2800::1]/"),
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
        "http://xn--0.example/",
        "http://xn--.example/",
        "http://xn--zzzzzzzzzzzzzzzz99999999.example/",
        "http://a..example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 127 + "example/",
        "http://[v1.a]/",
        "http://[fe80::1%25eth0]/",
        "http://1.2.3.400/",
        "http://a b.example/",
        "http://a%00.example/",
        "http://\ud800.example/",
        "http://a.example/\ud800",
        "http://a.example/?\ud800",
        "http://a:-3/",
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


@given(st.one_of(st.text(st.characters(), max_size=120), ADDRESSES))
def test_any_text_is_an_address_or_none(text):
    for spelled in (canonical(text), absolute("https://example.com/", text)):
        if spelled is not None:
            assert canonical(spelled) == spelled
            assert spelled.isascii()
            assert site_of(spelled)
            assert httpx.URL(spelled).raw_host
    site_of(text)
    page_key(text)
