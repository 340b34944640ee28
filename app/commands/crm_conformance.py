"""`sales-agent crm conformance`: run a CRM, of somebody's own too, through all that a CRM must hold."""

import asyncio
import importlib
import inspect
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app import terminal
from app.commands.options import AsJson
from core.errors import ConfigurationError, SalesAgentError

if TYPE_CHECKING:
    from core.conformance.crm_case import CRMCase
    from core.conformance.crm_properties import TriedProperty

_NAME = "open_crm"
_PATIENCE_S = 30.0

Tell = Callable[["TriedProperty"], None]


def conformance(
    target: Annotated[
        str,
        typer.Argument(
            metavar="MODULE[:NAME]",
            help="A module, found as Python finds it or in the current directory, and in it something that is called "
            f"without arguments ({_NAME}, unless named) and gives a CRMProvider of core/ports.py, or a CRMCase of "
            "core/conformance/crm_case.py that also says how to make the CRM fail; or an awaitable or an async context "
            "manager of one.",
        ),
    ],
    writes_into_it: Annotated[
        bool,
        typer.Option("--writes-into-it", help="Say that made-up companies may be created in this CRM, and deleted."),
    ] = False,
    many: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Companies that make more than one page; default: 5.")
    ] = None,
    patience: Annotated[
        float | None,
        typer.Option(min=0, max=3600, help="Seconds that lists, searches and the log may lag; default: 30."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try a CRM: what every CRM must hold, a line each. It writes into it; what it makes is named so and deleted.

    Exit code 0: all that could be tried holds; 1: something does not; 2: the module offers no CRM.
    """
    if not writes_into_it:
        _refuse("this creates made-up companies in the CRM and deletes them: say --writes-into-it if that may be")
    offer = _offered(target)
    tried: list[TriedProperty] = []

    def tell(one: "TriedProperty") -> None:
        tried.append(one)
        if not as_json:
            terminal.echo(f"{one.outcome:<9}  {one.name}" + (f": {' '.join(one.said.split())}" if one.said else ""))

    asyncio.run(_try(offer, target, tell, many, patience))
    counts = {outcome: sum(one.outcome == outcome for one in tried) for outcome in ("passed", "failed", "not tried")}
    if as_json:
        properties = [{"name": one.name, "outcome": one.outcome, "said": one.said} for one in tried]
        terminal.print_json({**{name.replace(" ", "_"): n for name, n in counts.items()}, "properties": properties})
    else:
        terminal.say(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))
    if counts["failed"]:
        raise typer.Exit(1)


def _refuse(why: str) -> NoReturn:
    terminal.say(f"sales-agent: {' '.join(why.split())}")
    raise typer.Exit(2)


def _offered(target: str) -> Callable[[], Any]:
    """Import what offers the CRM."""
    module_name, _, name = target.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # noqa: BLE001 - a module of somebody's own may fail in any way
        _refuse(f"{module_name!r} cannot be imported: {type(error).__name__}: {error}")
    offer: object = getattr(module, name or _NAME, None)
    if not callable(offer):
        _refuse(f"{module_name} has nothing named {name or _NAME} that can be called: name it as {module_name}:NAME")
    return offer


async def _try(offer: Callable[[], Any], target: str, tell: Tell, many: int | None, patience_s: float | None) -> None:
    from core.conformance.crm_properties import try_properties

    async with AsyncExitStack() as stack:
        case = _case_of(await _opened(offer, target, stack), target)
        case.many = many or case.many
        case.patience_s = case.patience_s if patience_s is None else patience_s
        if (why := await _why_not(case)) is not None:
            _refuse(why)
        async for one in try_properties(case):
            tell(one)


async def _why_not(case: "CRMCase") -> str | None:
    """Return why nothing can be tried of a case: the CRM has not the fields that it names."""
    from core.conformance.expecting import Unmet

    try:
        await case.begin()
    except Unmet as unmet:
        return str(unmet)
    except Exception:  # noqa: BLE001 - what else goes wrong is told of each property
        return None
    return None


async def _opened(offer: Callable[[], Any], target: str, stack: AsyncExitStack) -> Any:
    """Return what is offered, entered or awaited where it wants that."""
    try:
        made = offer()
        if hasattr(made, "__aenter__"):
            return await stack.enter_async_context(made)
        return await made if inspect.isawaitable(made) else made
    except SalesAgentError:
        raise
    except Exception as error:  # somebody's own code may fail in any way
        raise ConfigurationError(f"{target} could not be opened: {type(error).__name__}: {error}") from error


def _case_of(made: object, target: str) -> "CRMCase":
    from core.conformance.crm_case import CRMCase
    from core.ports import CRMProvider

    if isinstance(made, CRMCase):
        return made
    missing = [name for name in vars(CRMProvider) if not name.startswith("_") and not hasattr(made, name)]
    if missing:
        _refuse(f"{target} gave a {type(made).__name__}, which is no CRMProvider: it has no {', '.join(missing)}")
    return CRMCase(crm=made, patience_s=_PATIENCE_S)  # type: ignore[arg-type]  # looked at above
