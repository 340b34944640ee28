"""What a provider wrote is kept without keys and persons, and stays readable."""

import pytest

from integrations.refusals import redacted


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
