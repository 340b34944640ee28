"""Columns of users and tags are read by their whole names, in any language of the lexicon."""

import pytest

from core.imports.beside_columns import beside_columns, meaning_of_label, read_beside, tags_of
from core.imports.columns import map_columns


@pytest.mark.parametrize(
    ("label", "what"),
    [
        ("Owner", "assigned_to"),
        ("Lead Owner", "assigned_to"),
        ("Contact owner", "assigned_to"),
        ("assigned_to", "assigned_to"),
        ("Zuständig", "assigned_to"),
        ("Opiekun", "assigned_to"),
        ("Ответственный", "assigned_to"),
        ("営業担当", "assigned_to"),
        ("Tags", "tags"),
        ("Lists", "tags"),
        ("List Memberships", "tags"),
        ("Schlagwörter", "tags"),
        ("étiquettes", "tags"),
        ("标签", "tags"),
        ("Owner ID", None),
        ("Price list", None),
        ("Assistant", None),
        ("Home owner", None),
    ],
)
def test_a_whole_name_says_it(label: str, what: str | None) -> None:
    assert meaning_of_label(label) == what
    (column,) = [label for label, field, _ in map_columns(["Company", label], [["Acme", "Ana"]]).columns[1:]]
    assert column == label


def test_a_column_that_a_person_maps_or_leaves_out_is_none() -> None:
    header = ["Company", "Owner", "Tags"]
    assert beside_columns(map_columns(header, [["A", "Ana", "x"]])) == {"Owner": "assigned_to", "Tags": "tags"}
    said = map_columns(header, [["A", "Ana", "x"]], overrides={"Owner": "contact_name", "Tags": ""})
    assert beside_columns(said) == {}


def test_cells_become_a_name_and_tags_and_numbers_stay_aside() -> None:
    columns = {"Owner": "assigned_to", "Tags": "tags", "List": "tags"}
    left, said = read_beside({"Owner": " Ana ", "Tags": "fair; old|fair", "List": "Q3", "Floor": "3"}, columns)  # type: ignore[arg-type]
    assert (left, said) == ({"Floor": "3"}, ("Ana", ("fair", "old", "Q3")))
    left, said = read_beside({"Owner": "00512"}, columns)  # type: ignore[arg-type]
    assert (left, said) == ({"Owner": "00512"}, None)
    assert tags_of("a、b，c\nd ; ;") == ["a", "b", "c", "d"]
