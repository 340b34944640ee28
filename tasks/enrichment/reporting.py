"""What a run of enrichment cost, for its report."""

from collections.abc import Mapping
from decimal import Decimal

from core.enrichment.config import EnrichmentConfig
from core.enrichment.runs import EnrichmentRun, ProviderReport, in_usd
from core.ledger.spend import Cost
from db.ledger import spend
from db.server.engine import Engine, transaction


def each_of(amount: Decimal, leads: int) -> Decimal:
    """Return an amount a lead, to a millionth; 0 where there are none."""
    return (amount / leads).quantize(Decimal("0.000001")) if leads else Decimal(0)


def provider_report(config: EnrichmentConfig, row: Mapping[str, object]) -> ProviderReport:
    """Return what one provider was asked in a run, from a row of `attempts_of`."""
    provider = str(row["provider"])
    offer = config.offers.get(provider)  # None: a source that is no longer there
    account = None if offer is None else offer.account
    cost = Cost(Decimal(str(row["usd"])), Decimal(str(row["credits"])))
    return ProviderReport(
        provider=provider,
        outcomes=row["outcomes"],
        reused=row["reused"],
        credits=cost.credits,
        usd=in_usd(config, account, cost),
        median_latency_ms=row["median_latency_ms"],
    )


async def spent_by_account(engine: Engine, begun: EnrichmentRun) -> dict[str, dict[str, Decimal]]:
    """Return what the cost book holds of a run, by account."""
    async with transaction(engine) as connection:
        spent = await spend.by_provider(connection, begun.run_id)
    return {
        name: {
            "usd": in_usd(begun.config, name, one.cost),
            "credits": one.cost.credits,
            "assumed_usd": one.assumed.usd,
            "assumed_credits": one.assumed.credits,
            "assumed_calls": Decimal(one.assumed_calls),
        }
        for name, one in spent.items()
    }
