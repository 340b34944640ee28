import pytest

from core.text.name_case import are_initials, calm, cased, shouts


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Élise BARRAULT", "Élise Barrault"), ("BARRAULT Élise", "Élise Barrault"),
        ("Jan VAN DER MEER", "Jan van der Meer"), ("ABM Karim Hasan", "ABM Karim Hasan"),
        ("Shaun MCDONALD", "Shaun McDonald"), ("Ana O'NEILL", "Ana O'Neill"),
    ],
)  # fmt: skip
def test_a_family_name_in_capitals_is_written_as_names_are(written: str, name: str) -> None:
    assert " ".join(calm(written.split())) == name


def test_initials_keep_their_capitals() -> None:
    assert [cased(word) for word in ("Q.", "J.R.", "DOE")] == ["Q.", "J.R.", "Doe"]
    assert are_initials("ABM")
    assert not are_initials("KIM")


def test_only_a_name_in_capitals_throughout_shouts() -> None:
    assert shouts(["JANE", "Q.", "DOE"])
    assert not shouts(["Jane", "DOE"])
