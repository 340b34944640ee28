"""Make `docs/providers.md` from the plugs: `python -m scripts.provider_docs`."""

from collections.abc import Iterator
from pathlib import Path

from core.settings.sections import is_tuning, variables
from integrations.plug import PORTS, Plug
from integrations.plugs import PLUGS, offering

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "providers.md"
_HEAD = """# Providers

Whom the program talks to. A provider is a plug: a folder in `integrations/` whose `plug.py` says all that is true of
it alone, and a line in `integrations/plugs.py`. Settings, guards, budgets, health checks, webhook routes and this
page are made from the plugs; this page by `python -m scripts.provider_docs`.

`name` is what settings and configuration files call it. What is paid in US dollars (language models) is not listed
under "paid in". A provider that announces its limits replaces those of its settings by what its answers say.
"""
_ADDING = """
## Adding one

1. `integrations/<name>/plug.py`: a `Plug` with its settings (a `Section` with its prefix; `ProviderSettings` where it
   is called over HTTP), what it offers and how that is opened, what it is paid for, and a check for `doctor`.
2. A line in `integrations/plugs.py`, and the folder in the two lists of `pyproject.toml` (a test compares them).
3. A stand-in in `sandbox/`, whose `name` is the plug's.
4. `python -m scripts.env_example` and `python -m scripts.provider_docs`.

A test (`tests/architecture/test_provider_names.py`) fails where the name of a provider stands anywhere else.
"""


def _row(plug: Plug) -> str:
    cells = (
        f"`{plug.name}`",
        plug.title,
        ", ".join(plug.all_ports),
        ", ".join(_users_settings(plug)),
        ", ".join(f"{paid.word} ({_budgets(plug)})" if paid.budgets else paid.word for paid in plug.paid[:1]),
        "yes" if plug.announces_limits else "",
        "yes" if plug.check else "",
        f"`POST {plug.webhook.path}`" if plug.webhook else "",
    )
    return f"| {' | '.join(cells)} |"


def _users_settings(plug: Plug) -> Iterator[str]:
    for section in plug.sections:
        yield from (f"`{name}`" for name, field in variables(section).items() if not is_tuning(field))


def _budgets(plug: Plug) -> str:
    names = (f"`BUDGET_{plug.name}_{period}_{paid.unit}`".upper() for paid in plug.paid for period in paid.budgets)
    return ", ".join(names)


def render() -> str:
    """Write the page."""
    lines = [_HEAD.rstrip(), "", "## Who there is", ""]
    lines += ["| name | provider | offers | settings | paid in | announces limits | looked at by `doctor` | webhook |"]
    lines += ["|---|---|---|---|---|---|---|---|", *map(_row, PLUGS)]
    lines += ["", "## Who offers what", "", "| port | is a | offered by |", "|---|---|---|"]
    lines += [f"| `{port}` | {what} | {', '.join(offering(port)) or 'nobody yet'} |" for port, what in PORTS.items()]
    return "\n".join(lines) + "\n" + _ADDING


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
