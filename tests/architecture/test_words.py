"""Words of languages stand in the lexicon, not in code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from core.text.lexicon_keys import PATTERNS, WORDS
from core.text.lexicons import lexicon

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "db", "integrations", "agents", "tasks", "flows", "app")
ALLOWED = {
    "core/agents/answer_text.py": "marks that models put around their answers",
    "core/conformance/crm_samples.py": "made-up names in the letters of many scripts",
    "core/discovery/line_reading.py": "what stands before a number or an address: tel, phone, mail",
    "core/discovery/page_kinds.py": "endings of files",
    "core/discovery/page_scripts.py": "names of attributes and calls of scripts",
    "core/discovery/robots.py": "names of fields of robots.txt, and how they are misspelt",
    "core/discovery/visibility.py": "names of styles and classes",
    "core/enrichment/website_facts.py": "paths of networks that are no profiles",
    "core/imports/csv_encoding.py": "letters by which encodings are told apart",
    "core/outreach/campaigns.py": "words of our own workings, and the check of our own footer",
    "core/outreach/delivery.py": "answers of mail servers",
    "core/qualification/histograms.py": "names of fonts",
    "core/text/header_units.py": "codes of currencies",
    "core/text/normalize.py": "paths of LinkedIn",
}
"""Modules with words of their own, and why."""
WORD = re.compile(r"[^\W\d_]{4,}")
ALTERNATIVES = re.compile(r"(?:[a-z][a-z' ?()\[\]:*+-]{2,}\|){5,}")
"""A pattern of six words or more."""
PATTERN = re.compile(r"(?<!\|)\|(?!\|)|\(\?")
"""Stands in a pattern, where one foreign word is enough."""
RANGES = re.compile(r"\[[^\]]*\]")


def foreign_words() -> frozenset[str]:
    """Return the words of the lexicon that are neither English nor keys."""
    by_code = {
        code: {
            word
            for section in sections.values()
            for entries in section.values()
            for entry in entries
            for word in WORD.findall(entry)
        }
        for code, sections in lexicon().languages.items()
    }
    keys = {key for keys in (*WORDS.values(), *PATTERNS.values()) for key in keys}
    at_home = by_code.pop("en") | by_code.pop("international") | keys
    return frozenset().union(*by_code.values()) - at_home


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the texts of a module that are no docstrings, and those of a collection together, with their lines."""
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken:
            yield node.lineno, node.value
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            yield node.lineno, " ".join(str(each.value) for each in node.elts if isinstance(each, ast.Constant))


def faults(path: Path, foreign: frozenset[str]) -> list[str]:
    """Return what stands in a module's literals and belongs into the lexicon."""
    found = []
    for line, text in literals(ast.parse(path.read_text(encoding="utf-8"))):
        own = sorted(set(WORD.findall(text.lower())) & foreign)
        accented = {word for word in WORD.findall(RANGES.sub(" ", text)) if not word.isascii()}
        if len(own) > (not PATTERN.search(text)) or accented or ALTERNATIVES.search(text):
            found.append(f"line {line}: {', '.join([*own, *accented]) or text[:60]}")
    return found


def test_no_word_of_a_language_stands_in_code() -> None:
    foreign = foreign_words()
    found = {}
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        name = str(path.relative_to(ROOT))
        if name not in ALLOWED and (here := faults(path, foreign)):
            found[name] = here
    assert found == {}


def test_what_belongs_into_the_lexicon_is_found(tmp_path: Path) -> None:
    foreign = foreign_words()
    (tmp_path / "plain.py").write_text('"""Geschäftsführer und Inhaber."""\nNAMES = ("email", "phone", "name")\n')
    assert faults(tmp_path / "plain.py", foreign) == []
    for written in (
        "TITLES = {'geschaftsfuhrer', 'inhaber'}",
        "TEAM = r'equipe|mitarbeiter'",
        "NOTE = 'Erklärung'",
        "CLOCK = r'\\b(?:PLACE)er zeit'",
        "STORY = r'blogs?|news|press|articles?|posts?|stories'",
    ):
        (tmp_path / "words.py").write_text(written + "\n", encoding="utf-8")
        assert faults(tmp_path / "words.py", foreign), written


def test_what_is_allowed_is_there_and_needs_it() -> None:
    foreign = foreign_words()
    assert [name for name in ALLOWED if not faults(ROOT / name, foreign)] == []
