"""Holds what is sent and answered against the shapes of a provider's own document, and of what was recorded of it.

`tests/data/shapes/NAME.json` is made of the document (`scripts/provider_shapes.py`); `NAME.recorded.json` adds what the
document leaves out and real answers have, each with where that is known from. A key that neither knows is a complaint.
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from scripts.provider_shapes import FOLDER, fits

if TYPE_CHECKING:
    from sandbox.server import SandboxControl

Shape = dict[str, Any]


@dataclass
class Shapes:
    """The shapes of one provider."""

    operations: dict[str, Shape]
    named: dict[str, Shape]
    nulls: bool = False
    checkers: dict[str, Draft202012Validator] = field(default_factory=dict)

    def operation(self, method: str, path: str) -> tuple[str, Shape] | None:
        """Return the operation of a request, those without a parameter in their path first."""
        for name in sorted(self.operations, key=lambda name: name.count("{")):
            verb, _, template = name.partition(" ")
            if verb == method and fits(template, path):
                return name, self.operations[name]
        return None

    def answer(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what of an answer does not fit; nothing is said of an operation or status that has no shape."""
        found = self.operation(method, path)
        shape = found and found[1]["answers"].get(str(status))
        return self._complaints(f"{found[0]} {status}", shape, body) if found and shape else []

    def request(self, method: str, path: str, query: str, body: str) -> list[str]:
        """Return what of a request does not fit."""
        found = self.operation(method, path)
        if found is None:
            return [f"{method} {path}: no such operation"]
        name, shape = found
        sent = [key for key, _ in parse_qsl(query, keep_blank_values=True)]
        complaints = [f"{name}: no parameter {key!r}" for key in sent if key not in shape["query"]]
        complaints += [f"{name}: without parameter {key!r}" for key in shape.get("required", []) if key not in sent]
        if body and "body" not in shape:
            complaints.append(f"{name}: a body, and there is none to send")
        elif body:
            complaints += self._complaints(f"{name} body", shape["body"], json.loads(body))
        return complaints

    def _complaints(self, name: str, shape: Shape, value: Any) -> list[str]:
        if name not in self.checkers:
            known = {each: strict(one, nulls=self.nulls) for each, one in self.named.items()}
            self.checkers[name] = Draft202012Validator({**strict(shape, nulls=self.nulls), "shapes": known})
        return [
            f"{name} {'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in self.checkers[name].iter_errors(value)
        ]


def strict(shape: Any, *, nulls: bool = False) -> Any:
    """Return a shape that knows of no other keys than those it names, and, if `nulls`, takes null for any value."""
    if isinstance(shape, list):
        return [strict(each, nulls=nulls) for each in shape]
    if not isinstance(shape, dict):
        return shape
    made = {
        key: {name: strict(each, nulls=nulls) for name, each in value.items()}
        if key in ("properties", "patternProperties")
        else strict(value, nulls=nulls)
        if key in ("items", "additionalProperties", "anyOf")
        else value
        for key, value in shape.items()
    }
    if made.get("properties") and "additionalProperties" not in made:
        made["additionalProperties"] = False
    if nulls and "type" in made:
        made["type"] = sorted({"null", *([made["type"]] if isinstance(made["type"], str) else made["type"])})
    if nulls and "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


@cache
def shapes_of(provider: str) -> Shapes:
    """Return the shapes of a provider: its document's, with what was recorded beside it."""
    document = json.loads((FOLDER / f"{provider}.json").read_text(encoding="utf-8"))
    recorded = json.loads((FOLDER / f"{provider}.recorded.json").read_text(encoding="utf-8"))
    made = copy.deepcopy(document)
    for part in ("operations", "shapes"):
        for name, more in recorded.get(part, {}).items():
            made[part][name] = _with(made[part].get(name, {}), more)
    _add_keys(made, recorded.get("keys", {}))
    return Shapes(made["operations"], made["shapes"], recorded.get("nulls", False))


def _with(shape: Shape, more: Mapping[str, Any]) -> Shape:
    """Return a shape with what was recorded put into it; what is `optional` is required no more."""
    made = dict(shape)
    for key, value in more.items():
        if key == "optional":
            made["required"] = [name for name in made.get("required", []) if name not in value]
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = _with(made[key], value)
        else:
            made[key] = value
    return made


def _add_keys(shape: Any, keys: Mapping[str, list[str]]) -> None:
    """Let the objects under certain names have keys that were recorded elsewhere, wherever they stand."""
    if isinstance(shape, dict):
        for name, more in keys.items():
            held = shape.get("properties", {}).get(name) if isinstance(shape.get("properties"), dict) else None
            held = held.get("items", held) if isinstance(held, dict) else None
            if isinstance(held, dict) and held.get("properties"):
                held["properties"] = {key: {} for key in more} | held["properties"]
        for each in shape.values():
            _add_keys(each, keys)
    elif isinstance(shape, list):
        for each in shape:
            _add_keys(each, keys)


def foreign_requests(sandbox: "SandboxControl") -> list[str]:
    """Return what of the requests to providers whose shapes are known does not fit their documents.

    What they refused is left out: a refusal is the stand-in's to record.
    """
    complaints: list[str] = []
    for provider, base in (("close", "/api/v1"), ("apollo", "/api/v1")):
        shapes = shapes_of(provider)
        for call in sandbox.requests(provider):
            if call["status"] is not None and call["status"] < 300 and not call["fault"]:
                path = call["path"].removeprefix(base)
                complaints += shapes.request(call["method"], path, call["query"], call["body"])
    return sorted(set(complaints))
