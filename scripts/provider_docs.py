"""Make `docs/providers.md` from the plugs: `python -m scripts.provider_docs`."""

from collections.abc import Iterator
from pathlib import Path

from core.enrichment.offers import SourceOffer
from core.leads.fields import ENRICHABLE
from core.ledger.spend import Unit
from core.settings.sections import is_tuning, variables
from integrations.plug import PORTS, Plug
from integrations.plugs import PLUGS, offering, word_of
from tasks.enrichment.offers import OFFERS

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "providers.md"
_HEAD = """# Providers

Whom the program talks to. A provider is a plug: a folder in `integrations/` whose `plug.py` says all that is true of
it alone, and a line in `integrations/plugs.py`. Settings, guards, budgets, health checks, webhook routes and this
page are made from the plugs; this page by `python -m scripts.provider_docs`.

`name` is what settings and configuration files call it. What is paid in US dollars (language models) is not listed
under "paid in". A provider that announces its limits replaces those of its settings by what its answers say.
"""
_SOURCES = (
    "What `enrichment.yaml` may name under `ask`, in the order in which they are asked unless it says otherwise.\n"
    "`agent` is the program's own: a model that reads the company's website."
)
_ADDING = """
## Adding one

A folder, its place in `integrations/plugs.py` and a stand-in in `sandbox/`.
[Adding a source of enrichment](adding/source.md) and [adding a CRM](adding/crm.md) tell it step by step; the other
ports (`core/ports.py`) go the same way. A test fails where the name of a provider stands anywhere else
(`tests/architecture/test_provider_names.py`).
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
    lines += ["", "## Sources of enrichment", "", _SOURCES, ""]
    lines += [
        "| source | is asked with | can know | a question costs at most | questions a call |",
        "|---|---|---|---|---|",
    ]
    lines += map(_source_row, OFFERS.values())
    return "\n".join(lines) + "\n" + _ADDING


def _source_row(offer: SourceOffer) -> str:
    word = word_of(offer.account or "", Unit.CREDITS)
    cost = f"{offer.price.credits.normalize():f} of {offer.account}'s {word}" if offer.price.credits else ""
    cost = f"{offer.price.usd.normalize():f} US dollars" if offer.price.usd else cost
    known = ", ".join(f"`{name}`" for name in ENRICHABLE if name in offer.gives)
    return f"| `{offer.name}` | {offer.asked_with} | {known} | {cost or 'nothing'} | {offer.bulk} |"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
