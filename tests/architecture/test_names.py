"""One name, one meaning: a public type has one home, and so has the way to speak to the database (decision 0095)."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAYERS = ("core", "db", "tasks", "agents", "integrations", "app", "flows", "langgraph_prefect")
MODULES = sorted(
    path for layer in LAYERS for path in (ROOT / layer).rglob("*.py") if "versions" not in path.relative_to(ROOT).parts
)


def types_of(tree: ast.Module) -> set[str]:
    """Return the public classes and aliases of types that a module defines at its top: words that begin in upper case.

    Constants (`MAX_BYTES`) and functions (`find`, `record`) are read with their module before them and may repeat.
    """
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return {name for name in names if name[0].isupper() and not name.isupper()}


def homes(modules: dict[str, str]) -> dict[str, list[str]]:
    """Return the types that more than one of some modules defines: name -> modules; each given by its text."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module, text in modules.items():
        for name in types_of(ast.parse(text)):
            found[name].append(module)
    return {name: sorted(places) for name, places in sorted(found.items()) if len(places) > 1}


def test_a_type_has_one_home() -> None:
    modules = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in MODULES}
    assert homes(modules) == {}


def test_what_has_two_homes_is_seen() -> None:
    one = "class Line: ...\nMAX = 1\nValues = dict[str, str]\ndef find(): ...\n"
    other = "Values = list[str]\nclass Row: ...\nMAX = 2\ndef find(): ...\nclass _Line: ...\n"
    assert homes({"one": one, "other": other}) == {"Values": ["one", "other"]}


def test_only_the_engine_and_the_schema_know_sqlalchemy() -> None:
    """Statements are the driver's (decision 0094): SQLAlchemy pools, describes the tables and migrates them."""
    imported = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "db").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy")
        or (isinstance(node, ast.Import) and any(each.name.split(".")[0] == "sqlalchemy" for each in node.names))
    ]
    assert [path for path in imported if not path.startswith(("db/schema/", "db/server/"))] == []


def test_the_drivers_connection_has_one_name() -> None:
    named = [
        str(path.relative_to(ROOT)) for path in MODULES if "psycopg.AsyncConnection" in path.read_text(encoding="utf-8")
    ]
    assert named == ["db/server/engine.py"]
