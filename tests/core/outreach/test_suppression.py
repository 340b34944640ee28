"""Suppressions meet every spelling, and tombstones are HMACs, one kind of value apart from the other."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.outreach.suppression import TombstoneKey, address_key, matching_values, target_of


@pytest.mark.parametrize(
    "text", ["Maud@Brightwell.example", " mailto:maud@brightwell.example ", "<maud@brightwell.example>"]
)
def test_an_address_has_one_spelling(text: str) -> None:
    assert target_of(text).value == address_key(text) == "maud@brightwell.example"


@pytest.mark.parametrize("text", ["brightwell.example", "@Brightwell.Example", "brightwell.example."])
def test_a_domain_is_one(text: str) -> None:
    assert (target_of(text).kind, target_of(text).value) == ("domain", "brightwell.example")


@pytest.mark.parametrize("text", ["", "@", "maud", "maud@", "a b", "example", "maud@@brightwell.example ."])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        target_of(text)


def test_a_domains_suppression_covers_what_is_below_it() -> None:
    assert matching_values("maud@mail.brightwell.example") == (
        "maud@mail.brightwell.example",
        "mail.brightwell.example",
        "brightwell.example",
    )


@given(st.binary(min_size=32, max_size=200), st.emails())
def test_a_tombstone_is_an_hmac_that_tells_kinds_apart(secret: bytes, address: str) -> None:
    key = TombstoneKey(secret)
    assert key.digest(address) == hmac.new(secret, address.encode(), hashlib.sha256).digest()
    assert len({key.digest(address), key.digest(address, "profile"), key.digest(address, "phone")}) == 3
    assert secret.hex() not in repr(key)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(InvalidInput):
        TombstoneKey(b"short")
