"""Configuration files in YAML, read into a checked model; what is wrong is named by line and key.

YAML as people mean it (YAML 1.2, "Core Schema"): `NO` and `on` are text, only `true` and `false` are booleans, dates
are text, numbers are exact decimals. A key that stands twice is refused, where most readers take the last in silence.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from core.errors import ConfigProblem, InvalidConfig

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 1024 * 1024
_MAX_NODES = 100_000  # an alias counts each time it is used: nine lines of aliases can stand for a billion values
_TRUE, _FALSE, _NULL = frozenset({"true", "True", "TRUE"}), frozenset({"false", "False", "FALSE"}), {"", "~", "null"}
_NUMBER = re.compile(r"[-+]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][-+]?\d{1,2})?")
_WHOLE = re.compile(r"[-+]?\d{1,40}")

Location = tuple[str | int, ...]


def read_config(path: Path, model: type[M], *, context: Any = None) -> M:
    """Read a YAML file into a model; `context` is what the model is checked against, where it asks for something.

    Raises:
        InvalidConfig: it cannot be read or says something the model does not allow; all problems, by line and key.
    """
    try:
        with path.expanduser().open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "is no path"
        raise InvalidConfig([ConfigProblem(None, "", f"cannot be read: {why}")], path=str(path)) from error
    if len(content) > MAX_BYTES:
        raise InvalidConfig([ConfigProblem(None, "", f"is larger than {MAX_BYTES // 1024} kB")], path=str(path))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InvalidConfig([ConfigProblem(line, "", "is not UTF-8")], path=str(path)) from error
    return parse_config(text, model, path=str(path), context=context)


def parse_config(text: str, model: type[M], *, path: str, context: Any = None) -> M:
    """Read YAML text into a model.

    Args:
        text: the whole file.
        model: what it must say.
        path: its name, for the errors.
        context: what the model is checked against, where it asks for something.

    Raises:
        InvalidConfig: as `read_config`.
    """
    document = _Document(text, path)
    try:
        return model.model_validate(document.value, context=context)
    except ValidationError as error:
        details = [detail for detail in error.errors(include_url=False) if not _is_only_echo(detail)]
        problems = [_problem(detail, document, model) for detail in details]
        raise InvalidConfig(_worst_first(problems), path=path) from None


class _Document:
    """A YAML document as plain values, remembering on which line each of them stands."""

    def __init__(self, text: str, path: str) -> None:
        self._path = path
        self._nodes = 0
        self.lines: dict[Location, int] = {}
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            self.value = {} if root is None else self._plain(root, ())
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else None
            said = error.problem or error.context or "is no YAML"
            raise InvalidConfig([ConfigProblem(line, "", f"is no YAML: {said}")], path=path) from error
        except (yaml.YAMLError, RecursionError) as error:
            said = "nests too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
            raise InvalidConfig([ConfigProblem(None, "", f"is no YAML: {said}")], path=path) from error

    def _plain(self, node: yaml.Node, at: Location) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > _MAX_NODES:
            raise InvalidConfig([ConfigProblem(line, "", "stands for too many values")], path=self._path)
        self.lines.setdefault(at, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*at, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, at: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise InvalidConfig([ConfigProblem(line, _key(at), "has a key that is no text")], path=self._path)
            key = str(key_node.value)
            if key in values:
                problem = ConfigProblem(line, _key((*at, key)), "stands here a second time")
                raise InvalidConfig([problem], path=self._path)
            self.lines[(*at, key)] = line
            values[key] = self._plain(value_node, (*at, key))
        return values

    def line_of(self, location: Location) -> int | None:
        """Return the line of a value, or of the nearest that holds it."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location)


def _scalar(node: yaml.Node) -> str | bool | int | Decimal | None:
    text = str(node.value)
    if getattr(node, "style", None) is not None:
        return text
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _WHOLE.fullmatch(text) and not (len(text) > 1 and text.startswith("0")):
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) and not text.startswith("00") else text


def _key(location: Iterable[str | int]) -> str:
    """Write a place as people do: `criteria[2].one_of.values[0]`."""
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key


def _problem(detail: ErrorDetails, document: _Document, model: type[BaseModel]) -> ConfigProblem:
    location = _in_document(detail["loc"], document.value)
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        name = str(detail["loc"][-1])
        alike = difflib.get_close_matches(name, _names(model.model_json_schema(by_alias=True)), n=1)
        message = f"there is no such key here{f'; did you mean {alike[0]!r}?' if alike else ''}"
    elif detail["type"] == "missing":
        message = f"is missing: {detail['loc'][-1]!r}"
        location = location[:-1] if location and location[-1] == detail["loc"][-1] else location
    elif isinstance(detail["input"], str | int | Decimal | bool) and detail["type"] != "value_error":
        message = f"{message}, not {str(detail['input'])[:60]!r}"
    return ConfigProblem(document.line_of(location), _key(location), message[:1].lower() + message[1:])


def _is_only_echo(detail: ErrorDetails) -> bool:
    """Return whether a list is called too short only because what stands in it is wrong."""
    return detail["type"] == "too_short" and bool(detail["input"])


def _in_document(location: Sequence[str | int], value: Any) -> Location:
    """Drop the parts of an error's place that name a branch of the model, not a key of the document."""
    kept: list[str | int] = []
    for part in location:
        is_key = isinstance(value, Mapping) and part in value
        is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
        is_missing_key = isinstance(value, Mapping) and part == location[-1]
        if is_key or is_item:
            value = value[part]
        if is_key or is_item or is_missing_key:
            kept.append(part)
    return tuple(kept)


def _names(schema: Any) -> set[str]:
    if isinstance(schema, Mapping):
        own = set(schema["properties"]) if isinstance(schema.get("properties"), Mapping) else set()
        return own.union(*map(_names, schema.values())) if schema else own
    return set().union(*map(_names, schema)) if isinstance(schema, list) else set()


def _worst_first(problems: Iterable[ConfigProblem]) -> list[ConfigProblem]:
    """Keep one problem a place, in the order of the lines."""
    first: dict[tuple[int | None, str], ConfigProblem] = {}
    for problem in problems:
        first.setdefault((problem.line, problem.key), problem)
    return sorted(first.values(), key=lambda problem: problem.line or 0)
