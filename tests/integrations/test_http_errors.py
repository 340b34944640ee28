"""What a provider wrote is kept without keys and persons, and stays readable."""

import pytest

from integrations.http_errors import http_error, redacted


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("bad key key-7 given", "bad … given"),
        ("Invalid API key: 'abc123'", "Invalid API …"),
        ('{"token": "t0p"}', '{"…'),
        ("Bearer is x_y", "…"),
        ("the key is missing", "the key is missing"),
        ("too many tokens in the prompt", "too many tokens in the prompt"),
        ("no such field: primary key unknown", "no such field: primary key unknown"),
        ("ask ana@fernhill.example.com or +44 20 7946 0000", "ask … or …"),
    ],
)
def test_keys_and_persons_are_taken_out(said: str, kept: str) -> None:
    assert redacted(said) == kept


def test_close_names_what_is_wrong_within_a_list() -> None:
    wrong = {"0": {"errors": [], "field-errors": {"country": "Invalid country code."}}}
    body = {"errors": [], "field-errors": {"addresses": {"errors": wrong}, "name": "Too long."}}
    error = http_error("close", "POST /lead/", 400, body, headers={})
    assert str(error) == "close POST /lead/: 400, addresses.0.country: Invalid country code.; name: Too long."
    general = http_error("close", "POST /lead/", 400, {"errors": ["No.", "Never."], "field-errors": {}}, headers={})
    assert str(general) == "close POST /lead/: 400, No.; Never."
