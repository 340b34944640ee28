"""A first ideal customer profile: the example, with what a person said of their customers in its place."""

import json
from collections.abc import Sequence

from core.config_files import parse_config
from core.qualification.icp import Profile
from core.qualification.profiles import example_text

_NAME = "name: Example profile"


def starting_profile(
    *,
    name: str = "",
    industries: Sequence[str] = (),
    regions: Sequence[str] = (),
    employees: tuple[int, int] | None = None,
) -> str:
    """Return a profile's text; what is not said stays as the example has it.

    Args:
        name: what it is called.
        industries: words for those that are wanted.
        regions: countries or groups of them, as DACH.
        employees: the smallest and the largest company that is wanted.
    """
    text = example_text()
    if name:
        text = text.replace(_NAME, f"name: {json.dumps(name, ensure_ascii=False)}")
    if industries:
        lines = ["  - field: industry", "    weight: 30", "    one_of:", "      match: words"]
        lines += ["      values:", *(f"        - {_industry(word)}" for word in industries), "      otherwise: 20"]
        text = _with(text, "  - field: industry", lines)
    if employees:
        smallest, largest = employees
        lines = ["  - field: company_size", "    weight: 25", "    bands:", "      bands:"]
        lines += [f"        - {{from: {smallest}, to: {largest}, points: 100}}", "      otherwise: 20"]
        text = _with(text, "  - field: company_size", lines)
    if regions:
        lines = ["  - name: region", "    weight: 15", "    regions:", f"      values: {_listed(regions)}"]
        text = _with(text, "  - name: region", [*lines, "      otherwise: 20"])
    return text


def _industry(word: str) -> str:
    """Write an industry, with the words in other languages and exports that the example knows for it."""
    example = parse_config(example_text(), Profile, path="the example profile")
    groups = [part.one_of.values for part in example.criteria if part.field == "industry" and part.one_of]
    for choice in (choice for values in groups for choice in values):
        if word.casefold() in map(str.casefold, choice.words):
            others = [other for other in choice.words if other.casefold() != word.casefold()]
            return f"{{value: {json.dumps(word, ensure_ascii=False)}, synonyms: {_listed(others)}}}"
    return json.dumps(word, ensure_ascii=False)


def _listed(words: Sequence[str]) -> str:
    return json.dumps(list(words), ensure_ascii=False)


def _with(text: str, head: str, lines: Sequence[str]) -> str:
    """Put other lines in the place of the block that begins so, up to the next empty line."""
    blocks = text.split("\n\n")
    (place,) = [number for number, block in enumerate(blocks) if head in block]
    before, _, _ = blocks[place].partition(head)  # the first criterion stands below the word for all
    blocks[place] = before + "\n".join(lines)
    return "\n\n".join(blocks)
