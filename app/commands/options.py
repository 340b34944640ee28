"""Options that several commands have in common."""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from core.imports.runs import ImportRequest

R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, a stable interface, and nothing else.")]
Icp = Annotated[
    Path | None,
    typer.Option(help="The ideal customer profile; default: icp.yaml in the data directory, or the example."),
]


def _file_options(
    file: Annotated[Path, typer.Argument(help="The CSV file.")],
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", help='A column\'s field, "Firma=company_name"; "Firma=" leaves it out. May be repeated.'),
    ] = None,
    ids: Annotated[
        list[str] | None,
        typer.Option("--id", help='Whose the ids of a column are, "Account ID=company": person, company or none.'),
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="Country of phone numbers without a country code: a code or a name, as DE.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="The file's encoding; detected where not given.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="The file's delimiter; detected where not given.")] = None,
    header: Annotated[
        bool | None, typer.Option("--header/--no-header", help="Whether it has a header row; detected.")
    ] = None,
    preamble: Annotated[int | None, typer.Option(help="Lines above the header; detected where not given.")] = None,
) -> dict[str, Any]:
    """Name the options of reading a CSV file; give them as fields of a request."""
    return {
        "path": file,
        "map_": map_,
        "ids": ids,
        "default_country": country,
        "encoding": encoding,
        "delimiter": delimiter,
        "has_header": header,
        "preamble_lines": preamble,
    }


RequestOf = Callable[..., "ImportRequest"]
"""Makes the request of a command's file options and of what else the command adds, by field."""


def reads_a_file(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the file and the options of reading it, before its own; it gets a `RequestOf` as `request_of`."""
    shared = inspect.signature(_file_options).parameters
    own = [each for name, each in inspect.signature(command).parameters.items() if name != "request_of"]

    @wraps(command)
    def with_options(**given: Any) -> R:
        fields = _file_options(**{name: given.pop(name) for name in shared})
        return command(request_of=lambda **more: _request(**fields, **more), **given)

    with_options.__signature__ = inspect.Signature([*shared.values(), *own])  # type: ignore[attr-defined]  # what typer reads
    with_options.__annotations__ = {each.name: each.annotation for each in [*shared.values(), *own]}
    return with_options


def _request(*, map_: list[str] | None, ids: list[str] | None, **fields: Any) -> "ImportRequest":
    """Make an import request of a command's options; a wrong one is a mistake in how the command was asked for."""
    from pydantic import ValidationError

    from core.imports.columns import parse_override
    from core.imports.csv_rows import open_regular
    from core.imports.runs import ImportRequest

    try:
        said = {"mapping": dict(map(parse_override, map_ or [])), "ids": dict(map(parse_override, ids or []))}
        request = ImportRequest(**said, **fields)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(map(str, problem["loc"]))
        raise typer.BadParameter(f"{name}: {problem['msg']}") from error
    open_regular(request.path.expanduser()).close()  # a wrong name is told at once, not after Prefect is loaded
    return request
