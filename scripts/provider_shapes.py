"""Shapes of a provider's requests and answers, derived from its own OpenAPI document.

    python -m scripts.provider_shapes derive close openapi.yml --source URL --dated 2026-05-08
    python -m scripts.provider_shapes report

`derive` reads a document that stays where it is and writes `tests/data/shapes/NAME.json`: of each operation that the
stand-in of that provider has, the parameters, and of request and answers the keys with their types, what is required
and what may stand in a key. No sentence of the document is kept. `report` says how old each file is and counts.
"""

import argparse
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import yaml
from starlette.routing import Route

from sandbox.provider import ANY_METHOD, World
from sandbox.registry import every_provider

FOLDER = Path(__file__).parent.parent / "tests" / "data" / "shapes"
VERBS = ("get", "post", "put", "patch", "delete")
_KEPT = ("type", "enum", "required", "properties", "items", "additionalProperties", "oneOf", "anyOf", "$ref")
_OLD_DAYS = 180

Shape = dict[str, Any]


def derived(provider: str, document: Mapping[str, Any], *, source: str, dated: date, today: date) -> Shape:
    """Return the shapes of a document's operations that the stand-in of a provider has."""
    operations: dict[str, Shape] = {}
    for path, verbs in document["paths"].items():
        for verb in VERBS:
            if verb in verbs and _is_stood_in(provider, verb, path):
                operations[f"{verb.upper()} {path}"] = _operation(verbs[verb], verbs.get("parameters", []))
    schemas = document.get("components", {}).get("schemas", {})
    names = sorted(_named(operations, schemas, set()))
    return {
        "source": source,
        "title": f"{document['info']['title']} {document['info']['version']}",
        "dated": dated.isoformat(),
        "derived": today.isoformat(),
        "operations": operations,
        "shapes": {name: shape_of(schemas[name]) for name in names},
    }


def shape_of(schema: Any) -> Shape:
    """Return a schema without its words: types, keys, what is required, and what may stand there."""
    if not isinstance(schema, dict):
        return {}
    kept: Shape = {}
    for key in _KEPT:
        if key not in schema:
            continue
        value = schema[key]
        if key == "properties":
            kept[key] = {name: shape_of(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            kept[key] = shape_of(value)
        elif key in ("oneOf", "anyOf"):
            # One of several shapes without their words is often more than one of them.
            kept["anyOf"] = [shape_of(each) for each in value]
        elif key == "$ref":
            kept[key] = f"#/shapes/{value.rsplit('/', 1)[1]}"
        else:
            kept[key] = value
    if schema.get("nullable"):
        kept = {"anyOf": [kept, {"type": "null"}]}
    return kept


def _operation(operation: Mapping[str, Any], shared: list[Any]) -> Shape:
    parameters = [each for each in (*shared, *operation.get("parameters", [])) if each["in"] == "query"]
    found: Shape = {"query": {each["name"]: shape_of(each.get("schema")) for each in parameters}}
    required = [each["name"] for each in parameters if each.get("required")]
    if required:
        found["required"] = required
    if (content := operation.get("requestBody", {}).get("content")) is not None:
        found["body"] = shape_of(_json(content).get("schema"))
    found["answers"] = {
        status: shape
        for status, answer in operation["responses"].items()
        if (shape := _answer(_json(answer.get("content", {}))))
    }
    return found


def _json(content: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = content.get("application/json", {})
    return found


def _answer(content: Mapping[str, Any]) -> Shape:
    """Return an answer's shape; where nothing is called required, the keys that every example of it has are."""
    shape = shape_of(content.get("schema"))
    shown = [each["value"] for each in content.get("examples", {}).values() if isinstance(each.get("value"), dict)]
    if shape.get("type") == "object" and "required" not in shape and shown:
        always = set.intersection(*(set(value) for value in shown))
        shape["required"] = sorted(always & set(shape.get("properties", {})))
    return shape


def _named(value: Any, schemas: Mapping[str, Any], found: set[str]) -> set[str]:
    """Collect the names of the schemas that a value refers to, and those that they refer to."""
    if isinstance(value, dict):
        name = str(value.get("$ref", "")).rpartition("/")[2]
        if name and name not in found:
            found.add(name)
            _named(schemas[name], schemas, found)
        for each in value.values():
            _named(each, schemas, found)
    elif isinstance(value, list):
        for each in value:
            _named(each, schemas, found)
    return found


def _is_stood_in(provider: str, verb: str, path: str) -> bool:
    return any(verb.upper() in verbs and fits(route, path) for route, verbs in routes_of(provider))


def fits(template: str, path: str) -> bool:
    """Return whether a path, or another template, is one of a template's."""
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None


def routes_of(provider: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the path and the verbs of each route of a stand-in, without the path all of them share."""
    stand_in = next(each for each in every_provider(World()) if each.name == provider)
    for route in stand_in.routes():
        if isinstance(route, Route):
            verbs = route.name.split(",") if len(route.methods or ()) == len(ANY_METHOD) else route.methods
            yield route.path.removeprefix(stand_in.base_path), frozenset(verbs or ())


def written(shapes: Shape) -> str:
    """Return a file of shapes: an operation and a shape a line, so that a later one shows what has changed."""
    head = {key: value for key, value in shapes.items() if key not in ("operations", "shapes")}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    for part in ("operations", "shapes"):
        rows = [f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in shapes[part].items()]
        lines.append(f"  {json.dumps(part)}: {{\n" + ",\n".join(rows) + "\n  }" + ("," if part == "operations" else ""))
    return "{\n" + "\n".join(lines) + "\n}\n"


def report(today: date) -> str:
    """Return a line a file: whose it is, how old, and how much is in it."""
    lines = []
    for file in sorted(FOLDER.glob("*.json")):
        shapes = json.loads(file.read_text(encoding="utf-8"))
        age = (today - date.fromisoformat(shapes["dated"])).days
        answers = sum(bool(each) for one in shapes["operations"].values() for each in one.get("answers", {}).values())
        counts = f"{len(shapes['operations'])} operations, {answers} answers, {len(shapes['shapes'])} named shapes"
        old = ", old: derive it from a newer document" if age > _OLD_DAYS else ""
        lines.append(f"{file.stem}: {counts}; of {shapes['dated']}, {age} days{old}; {shapes['source']}")
    return "\n".join(lines)


def main() -> None:
    """Derive or report, as the command line says."""
    today = datetime.now(UTC).date()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("report")
    derive = commands.add_parser("derive")
    derive.add_argument("provider")
    derive.add_argument("document", type=Path)
    derive.add_argument("--source", required=True, help="where the document is published")
    derive.add_argument("--dated", required=True, type=date.fromisoformat, help="day of the copy")
    given = parser.parse_args()
    if given.command == "report":
        print(report(today))
        return
    document = yaml.safe_load(given.document.read_text(encoding="utf-8"))
    shapes = derived(given.provider, document, source=given.source, dated=given.dated, today=today)
    target = FOLDER / f"{given.provider}.json"
    target.write_text(written(shapes), encoding="utf-8")


if __name__ == "__main__":
    main()
