"""JSON schemas a model is asked to answer in: the strict rules checked, and an answer made.

Source of the strict rules: Cerebras, "Structured outputs", checked August 2026.
"""

import hashlib
import math
import uuid
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from sandbox.models.facts import Facts, plain_name

Schema = dict[str, Any]
LABEL = "[sandbox]"
_MAX_BRANCHES = 5
_MAX_DEPTH = 12
_PROSE = frozenset({"reason", "reasoning", "summary", "explanation", "rationale", "text", "body", "message", "note"})

_QUOTED = frozenset({"quote", "quotation", "snippet"})


def schema_fault(schema: Schema) -> str | None:
    """Return why a schema is none, or None if it is one."""
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as fault:
        return str(fault.message)
    return None


def strict_faults(schema: Schema, at: str = "$") -> list[str]:
    """Return what makes a schema unfit for strict decoding, each with its place; an empty list is fit."""
    faults: list[str] = []
    if isinstance(schema.get("type"), list):
        faults.append(f"{at}: a list of types is not accepted, use anyOf")
    if schema.get("type") == "object" or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            faults.append(f"{at}: additionalProperties must be false")
        if set(schema.get("required", [])) != set(properties):
            faults.append(f"{at}: every property must be in required")
        for name, inner in properties.items():
            faults += strict_faults(inner, f"{at}.{name}")
    if "items" in schema:
        items = schema["items"]
        faults += strict_faults(items, f"{at}[]") if isinstance(items, dict) else [f"{at}: items must be a schema"]
    if len(schema.get("anyOf", [])) > _MAX_BRANCHES:
        faults.append(f"{at}: anyOf has more than {_MAX_BRANCHES} branches")
    for inner in [*schema.get("anyOf", []), *schema.get("$defs", {}).values()]:
        faults += strict_faults(inner, at)
    return faults


class Filler:
    """Makes one deterministic answer to a schema, out of the prompt where its property names suggest it.

    Args:
        root: The whole schema, for its `$defs`.
        facts: What the prompt says.
        salt: Decides what nothing else does (scores, choices): the same prompt always gives the same answer.
        order: What stands in the prompt and is obeyed: every text repeats it, every number is the one it names.
    """

    def __init__(self, root: Schema, facts: Facts, salt: str, order: str | None = None) -> None:
        self._root = root
        self._facts = facts
        self._salt = salt
        self._order = order

    def fill(self) -> Any:
        """Return the answer."""
        return self._value(self._root, "answer", 0)

    def _value(self, schema: Schema, name: str, depth: int) -> Any:
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            named = self._facts.one_of(name, schema["enum"])
            return schema["enum"][self._dice(name) % len(schema["enum"])] if named is None else named
        branches = schema.get("anyOf") or schema.get("oneOf")
        if branches or isinstance(schema.get("type"), list):
            return self._branch(branches or [{**schema, "type": one} for one in schema["type"]], name, depth)
        kind = schema.get("type") or ("object" if "properties" in schema else "string")
        if kind == "object":
            properties = {} if depth > _MAX_DEPTH else schema.get("properties", {})
            return {key: self._value(inner, key, depth + 1) for key, inner in properties.items()}
        if kind == "array":
            return self._array(schema, name, depth)
        if kind in {"integer", "number"}:
            return self._number(schema, name, kind == "integer")
        if kind == "boolean":
            return self._truth(name)
        return None if kind == "null" else self._text(schema, name)

    def _resolved(self, schema: Schema) -> Schema:
        for _ in range(_MAX_DEPTH):
            if "$ref" in schema:
                node: Any = self._root
                for part in schema["$ref"].removeprefix("#/").split("/"):
                    node = node[part]
                schema = {**node, **{key: value for key, value in schema.items() if key != "$ref"}}
            elif len(schema.get("allOf", [])) == 1:
                schema = {**schema["allOf"][0], **{key: value for key, value in schema.items() if key != "allOf"}}
        return schema

    def _branch(self, branches: list[Schema], name: str, depth: int) -> Any:
        """Return the first branch that is not null; null where the prompt does not know a plain value."""
        resolved = [self._resolved(branch) for branch in branches]
        solid = next((one for one in resolved if one.get("type") != "null"), resolved[0])
        may_be_null = any(one.get("type") == "null" for one in resolved)
        is_plain = solid.get("type") in ("string", "integer", "number") and "enum" not in solid
        if may_be_null and is_plain and not self._is_prose(name) and self._facts.about(name) is None:
            return None
        return self._value(solid, name, depth)

    def _array(self, schema: Schema, name: str, depth: int) -> list[Any]:
        count = min(max(schema.get("minItems", 1), 1), schema.get("maxItems", 1) or 0)
        count = max(count, schema.get("minItems", 0))
        held = self._facts.about(name)
        items = schema.get("items", {"type": "string"})
        are_texts = isinstance(held, list) and held and all(isinstance(one, str) for one in held)
        if are_texts and self._resolved(items).get("type") == "string":
            return list(held[: schema.get("maxItems", len(held))])
        single = name.removesuffix("s")
        return [self._value(items, single if n == 0 else f"{single}_{n + 1}", depth + 1) for n in range(count)]

    def _number(self, schema: Schema, name: str, is_whole: bool) -> float | int:
        lowest: Any = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        highest: Any = schema.get("maximum", schema.get("exclusiveMaximum", 1 if "confidence" in name else 100))
        low, high = float(lowest), float(highest)
        low += (1 if is_whole else 1e-3) if "exclusiveMinimum" in schema else 0
        high -= (1 if is_whole else 1e-3) if "exclusiveMaximum" in schema else 0
        said = self._facts.number(name) if self._order is None else Facts.named_in(self._order, otherwise=high)
        if self._order is not None:
            said = min(max(said or 0.0, low), high)
        if said is not None and low <= said <= high:
            return int(said) if is_whole else said
        if is_whole:
            first, last = math.ceil(low), math.floor(max(high, low))
            return first + self._dice(name) % (max(last - first, 0) + 1)
        return round(low + (self._dice(name) % 1000) / 999 * (max(high, low) - low), 3)

    def _truth(self, name: str) -> bool:
        said = str(self._facts.about(name)).lower()
        return said in {"true", "yes", "1"} if said != "none" else self._dice(name) % 2 == 1

    def _text(self, schema: Schema, name: str) -> str:
        said = self._facts.about(name)
        if self._order is not None:
            text = self._order
        elif plain_name(name) in _QUOTED and (quoted := self._facts.quotable(self._dice(name))):
            text = quoted
        elif isinstance(said, str | int | float) and not isinstance(said, bool) and not self._is_prose(name):
            text = str(said)
        elif "mail" in name:
            text = "nobody@sandbox.example"
        elif schema.get("format") in {"uri", "url"} or "url" in name:
            text = "https://sandbox.example/"
        elif schema.get("format") == "date-time":
            text = "2030-01-01T09:00:00+00:00"
        elif schema.get("format") == "uuid":
            text = str(uuid.UUID(int=self._dice(name) % 2**128, version=4))
        elif schema.get("format") == "date":
            text = "2030-01-01"
        else:
            text = f"{LABEL} {name.replace('_', ' ')}, made up for prompt {self._salt[:8]}"
        return text[: schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), ".")

    def _is_prose(self, name: str) -> bool:
        return plain_name(name) in _PROSE

    def _dice(self, name: str) -> int:
        return int(hashlib.sha256(f"{self._salt}/{name}".encode()).hexdigest(), 16)
