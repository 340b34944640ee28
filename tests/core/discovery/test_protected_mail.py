"""Addresses that Cloudflare's protection took out come back, and nothing else does."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from core.discovery.protected_mail import decoded_cloudflare, email_in, reveal_protected

ADDRESSES = st.from_regex(r"[a-z][a-z0-9._-]{0,12}[a-z0-9]@[a-z][a-z0-9-]{0,10}\.(?:example|com|de)", fullmatch=True)


def protected(address, key):
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


@given(ADDRESSES, st.integers(0, 255))
def test_every_address_under_every_key_comes_back(address, key):
    assert decoded_cloudflare(protected(address, key)) == address
    assert decoded_cloudflare(protected(f"{address.upper()}?subject=Hello", key)) == address


@given(st.text(max_size=60))
def test_what_is_no_protected_address_is_none(code):
    decoded = decoded_cloudflare(code)
    assert decoded is None or "@" in decoded


def test_broken_codes_are_none():
    for code in ("", "zz", "42", "00ff", protected("no address", 7), protected("a@b", 7)):
        assert decoded_cloudflare(code) is None


def test_addresses_in_text():
    assert email_in("write to Jane.Doe+x@acme-looms.example, please") == "Jane.Doe+x@acme-looms.example"
    assert email_in("...jane@acme.example") == "jane@acme.example"
    for text in ("", "jane@acme", "@acme.example", "jane at acme.example"):
        assert email_in(text) is None


def test_a_page_gets_its_addresses_back():
    code = protected("jane@acme.example", 42)
    root = html.fragment_fromstring(
        f"<div><a data-cfemail='{code}'>[email&#160;<i>protected</i>]</a><span data-cfemail='00'>kept</span>"
        f"<p data-cfemail='{code}'>not a link</p></div>"
    )
    reveal_protected(root)
    assert root.text_content() == "jane@acme.examplekeptnot a link"
