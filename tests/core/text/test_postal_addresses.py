"""Street, postal code and city in visible lines, and nothing else taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.postal_addresses import PostalAddress, read_addresses


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        (["Mill Road 3", "10115 Berlin"], PostalAddress("Mill Road 3", "Berlin", "10115")),
        (["Moorweg 3, D-10115 Berlin"], PostalAddress("Moorweg 3", "Berlin", "10115", country="Germany")),
        (["Acme GmbH · Moorweg 3 · 10115 Berlin"], PostalAddress("Moorweg 3", "Berlin", "10115")),
        (["Hauptplatz 1", "A-4020 Linz (Zentrum)"], PostalAddress("Hauptplatz 1", "Linz", "4020", country="Austria")),
        (["1 Mill Rd, Austin, TX 78701"], PostalAddress("1 Mill Rd", "Austin", "78701", "TX", "United States")),
        (
            ["1 Mill Rd", "Austin, TX 78701-1234"],
            PostalAddress("1 Mill Rd", "Austin", "78701-1234", "TX", "United States"),
        ),
        (
            ["12 Mill Lane", "Leeds LS1 4AP"],
            PostalAddress("12 Mill Lane", "Leeds", "LS1 4AP", country="United Kingdom"),
        ),
    ],
)
def test_addresses(lines, address):
    assert read_addresses(lines) == [address]


@pytest.mark.parametrize(
    "lines",
    [
        ["10115 Berlin"],  # no street
        ["Tel. 030 1234", "10115 Berlin"],
        ["Founded 1999", "10115 Berlin"],
        ["Mill Road", "10115 Berlin"],
        ["1 Mill Rd", "Austin, XX 78701"],
        ["We sold 10115 pumps"],
        ["x" * 201 + " 10115 Berlin"],
        [],
    ],
)
def test_no_addresses(lines):
    assert read_addresses(lines) == []


def test_each_address_is_given_once_in_its_order():
    lines = ["Mill Road 3", "10115 Berlin", "text", "Mill Road 3", "10115 BERLIN", "Hafen 2", "20095 Hamburg"]
    assert [address.city for address in read_addresses(lines)] == ["Berlin", "Hamburg"]


def test_fields_are_those_that_are_known():
    address = PostalAddress("Mill Road 3", "Berlin", "10115", country="Germany")
    assert dict(address.fields()) == {
        "street": "Mill Road 3",
        "city": "Berlin",
        "postal_code": "10115",
        "country": "Germany",
    }


@given(st.lists(st.text(alphabet="AB12 ,.-·|D0", max_size=40), max_size=4))
def test_any_lines_give_whole_addresses_that_stand_there(lines):
    text = " ".join(lines)
    for address in read_addresses(lines):
        assert address.postal_code in text
        assert address.city in text
        assert len(address.city) > 1
        assert any(char.isdigit() for char in address.street)
