"""`sales-agent prices`: what language models cost, where that was read, and how long ago."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app import terminal
from app.commands.options import AsJson

if TYPE_CHECKING:
    from core.ledger.prices import PriceList

OLD_DAYS = 90


def prices(
    provider: Annotated[str | None, typer.Option(help="Of one provider only.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the prices of language models with their page and age; warn of those read more than 90 days ago."""
    from datetime import UTC, datetime
    from pathlib import Path

    from agents.price_file import PRICE_FILE
    from core.ledger.prices import read_prices
    from core.settings.settings import settings
    from integrations.plugs import ModelSettings

    chosen = settings().read(ModelSettings)
    listed = read_prices(Path(chosen.price_file) if chosen.price_file else PRICE_FILE, chosen.unpriced_usd_per_m)
    today = datetime.now(UTC).date()
    rows = [row for row in _rows(listed, today) if provider in (None, row["provider"])]
    named = sorted({model for models in chosen.named().values() for model in models})
    without = [name for name in named if not listed.listed(*name.partition(":")[::2])]
    worst = None if chosen.unpriced_usd_per_m is None else str(chosen.unpriced_usd_per_m)
    if as_json:
        facts = {"checked_on": listed.checked_on.isoformat(), "unpriced_usd_per_m": worst, "without_price": without}
        terminal.print_json({**facts, "prices": rows})
        return
    terminal.print_table(rows)
    terminal.say("US dollars per million tokens; reasoning counts as output.")
    old = [f"{row['provider']}:{row['model']}" for row in rows if row["days"] is not None and row["days"] > OLD_DAYS]
    if old:
        terminal.say(
            f"Read more than {OLD_DAYS} days ago: {', '.join(old)}. Look at the pages, and put "
            "prices that have changed into a file of your own (MODELS_PRICE_FILE)."
        )
    if without:
        said = "they are not used" if worst is None else f"each is taken to cost {worst} per million tokens"
        of_them = f"named in MODELS_... and without a price: {', '.join(without)}"
        terminal.say(f"{of_them}; {said} (MODELS_UNPRICED_USD_PER_M).")


def _rows(listed: "PriceList", today: Any) -> list[dict[str, Any]]:
    rows = []
    for (provider, model), price in sorted(listed.prices.items()):
        seen = price.seen_on or listed.checked_on
        above = price.above
        rows.append(
            {
                "provider": provider,
                "model": model,
                "input": str(price.input_usd),
                "cached": None if price.cached_usd is None else str(price.cached_usd),
                "output": str(price.output_usd),
                "above": None if above is None else f"{price.above_tokens}: {above.input_usd}/{above.output_usd}",
                "page": price.page,
                "seen": seen.isoformat(),
                "days": (today - seen).days,
            }
        )
    for (provider, model), why in sorted(listed.unpriced.items()):
        blank = dict.fromkeys(("input", "cached", "output", "above"))
        rows.append({"provider": provider, "model": model, **blank, "page": why, "seen": None, "days": None})
    return rows
