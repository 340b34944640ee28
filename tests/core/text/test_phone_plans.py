"""Numbering plans as the library's metadata tell them: what they decide, and what they leave to the library."""

import phonenumbers
import pytest

from core.text.phone_plans import as_dialled, calling_code, international


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("+14155552671", "+14155552671"),
        ("+4930123456", "+4930123456"),
        ("+49030123456", "+4930123456"),  # no trunk zero follows the calling code
        ("+1415555", None),
        ("+999123456789", None),
        ("+", None),
    ],
)
def test_numbers_with_their_calling_code(number: str, found: str | None) -> None:
    assert international(number) == found


@pytest.mark.parametrize(
    ("digits", "country", "found"),
    [
        ("4155552671", "US", "+14155552671"),
        ("030123456", "DE", "+4930123456"),
        ("004930123456", "DE", "+4930123456"),
        ("030123456", None, None),
        ("12", "DE", None),
    ],
)
def test_numbers_as_they_are_dialled(digits: str, country: str | None, found: str | None) -> None:
    assert as_dialled(digits, country) == found


@pytest.mark.parametrize(("digits", "code"), [("4930123456", "49"), ("14155552671", "1"), ("35312345678", "353")])
def test_calling_codes(digits: str, code: str) -> None:
    assert calling_code(digits) == code


def test_an_example_of_each_country_is_read_with_its_code() -> None:
    for country in phonenumbers.SUPPORTED_REGIONS:
        example = phonenumbers.example_number(country)
        if example is not None:
            written = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            assert international(written) in (written, None), country
