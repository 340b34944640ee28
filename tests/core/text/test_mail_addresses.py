"""An address has one spelling, whatever was written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.outreach.suppression import address_key, matching_values, target_of
from core.text import normalize
from core.text.mail_addresses import ascii_domain, readable

NORA = "nora@xn--bcher-kva.example"


@pytest.mark.parametrize(
    "written",
    [
        "Nora@BÜCHER.example",
        NORA.upper(),
        "ｎｏｒａ＠ｂüｃｈｅｒ．ｅｘａｍｐｌｅ",
        "nora@bücher。example",
        "nora@bu\u0308cher.example",
        "no\u200bra@bü\u00adcher.example",
        "mailto:nora@bücher.example?subject=x",
        "<Nora@Bücher.Example.>",
    ],
)
def test_spellings_of_one_address_are_one(written: str) -> None:
    assert address_key(written) == NORA
    assert normalize.email(written) == NORA
    assert readable(NORA) == "nora@bücher.example"


@pytest.mark.parametrize(
    ("one", "other"), [("a@straße.example", "a@strasse.example"), ("a@bucher.example", "a@bücher.example")]
)
def test_different_domains_stay_different(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize(
    "domain", ["bücher.example", "xn--bcher-kva.example", "ＢÜＣＨＥＲ．example", "@Bücher.example."]
)
def test_a_domain_covers_every_spelling_of_its_addresses(domain: str) -> None:
    target = target_of(domain)
    assert (target.kind, target.value) == ("domain", "xn--bcher-kva.example")
    for written in ("nora@bücher.example", NORA, "nora@mail.bücher.example"):
        assert target.value in matching_values(written)


def test_what_older_versions_stored_is_met_too() -> None:
    assert {NORA, "nora@bücher.example", "bücher.example"} <= set(matching_values(NORA))


@given(st.text(alphabet=st.characters(categories=["Ll", "Lu", "Lo", "Nd"]), min_size=1, max_size=12))
def test_it_is_idempotent_and_ascii(label: str) -> None:
    found = ascii_domain(f"{label}.example")
    if found is None:
        return
    assert found.isascii()
    assert ascii_domain(found) == found
    address = normalize.email(f"nora@{label}.example")
    if address is not None:
        assert normalize.email(address) == address
        assert normalize.email(unicodedata.normalize("NFD", f"Nora@{label}.example")) in (address, None)
