"""Finds the names of providers in source: in identifiers, literals and imports, not in comments and docstrings."""

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

VERBS_AND_FIELDS = ("close", "linkedin")
"""Names that are words of the program too: a verb, and a field of a lead (`linkedin_url`). They count as a provider's
where they stand alone in a literal, begin the name of a class or a variable of the environment, or are imported."""

OURS = ("app", "flows", "tasks", "agents", "db", "integrations", "core", "langgraph_prefect")


def found(source: str, words: Sequence[str]) -> list[str]:
    """Return `line: what` for each place of a source in which a provider is named."""
    tree = ast.parse(source)
    texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    passed = {id(text) for text in texts if isinstance(text, ast.Constant)}  # docstrings
    foreign = frozenset(_of_libraries(tree))
    hint = re.compile("|".join(words), re.IGNORECASE)
    lines = {number for number, line in enumerate(source.splitlines(), 1) if hint.search(line)}
    nodes = [node for node in ast.walk(tree) if id(node) not in passed and _stands_on(node, lines)]
    places = {
        (getattr(node, "lineno", 0), said) for node in nodes for word in words for said in _said(word, node, foreign)
    }
    return [f"{line}: {what}" for line, what in sorted(places)]


def _stands_on(node: ast.AST, lines: set[int]) -> bool:
    first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
    return any(number in lines for number in range(first, last + 1))


def _said(word: str, node: ast.AST, foreign: frozenset[str]) -> Iterator[str]:
    """Yield what of one node names a provider."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _in_literal(word, node.value):
        yield repr(node.value)[:60]
    elif isinstance(node, ast.Import | ast.ImportFrom) and _is_imported(word, node):
        yield f"import of {word}"
    yield from (name for name in _identifiers(node) if name not in foreign and _in_identifier(word, name))


def _is_imported(word: str, node: ast.Import | ast.ImportFrom) -> bool:
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
    parts = {part for module in modules for part in module.lower().split(".")}
    if modules == ["integrations"]:
        parts |= {one.name for one in node.names}
    return any(_names(word, part) for part in parts)


def _names(word: str, part: str) -> bool:
    return part == word if word in VERBS_AND_FIELDS else word in part


def _in_literal(word: str, text: str) -> bool:
    if word in VERBS_AND_FIELDS:
        return text.strip().lower() == word or re.search(rf"\b{word.upper()}_[A-Z]", text) is not None
    return word in text.lower()


def _in_identifier(word: str, name: str) -> bool:
    if word in VERBS_AND_FIELDS:
        written = {"close": "Close", "linkedin": "LinkedIn"}[word]
        return re.match(rf"_*{written}[A-Z]|{word.upper()}$", name) is not None
    return word in name.lower()


def _identifiers(node: ast.AST) -> Iterator[str]:
    for attribute in ("id", "attr", "arg", "name", "asname"):
        value = getattr(node, attribute, None)
        if isinstance(value, str) and hasattr(node, "lineno"):
            yield value


def _of_libraries(tree: ast.AST) -> Iterator[str]:
    """Yield names that libraries gave to what is imported of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] not in OURS:
            yield from (one.asname or one.name for one in node.names)


def sources(root: Path, exempt: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield path and text of every module of the program, but for those whose path begins with an exempt one."""
    for package in OURS:
        for path in sorted((root / package).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(tuple(exempt)):
                yield name, path.read_text(encoding="utf-8")
