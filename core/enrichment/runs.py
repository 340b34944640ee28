"""What a run may cost at most, and what it did: the plan, the request and the report of enrichment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.batches import BatchRun, LeadRange, Scope, Selection, about, leads_in_words
from core.enrichment.config import EnrichmentConfig
from core.enrichment.questions import KnownRecord, LeadOutcome, LeadRecords, Provider, Question
from core.enrichment.waterfall import is_wanted, own_fields, question_for
from core.forms import Form, Report
from core.ledger.spend import FREE, Budget, Cost, Period, Unit, total
from core.outcomes import Outcome
from core.tiers import Tier


class EnrichRequest(Form):
    """Which leads to enrich, by which configuration, for how much."""

    selection: Selection = Field(
        default="due",
        title="Leads",
        description="due: new or changed leads, those put off, and those whose last look is older than an answer "
        "stays fresh. failed: only those that failed. all: every lead; fresh answers are used again",
    )
    config: Path | None = Field(
        default=None,
        title="Configuration",
        description="Which providers fill which fields, a YAML file. In a form: a file in the data directory, by "
        "name. Empty: the team's enrichment.yaml, else the one that ships",
    )
    limit: int | None = Field(default=None, ge=1, title="At most", description="Leads; empty: all")
    budget_usd: Decimal | None = Field(
        default=None, ge=0, title="Budget in US dollars", description="Of this run, beside the budgets of the settings"
    )
    budget_credits: Decimal | None = Field(
        default=None, ge=0, title="Budget in credits", description="As above, for each provider that is paid in credits"
    )
    budget_calls: int | None = Field(
        default=None, ge=0, title="Budget in paid calls", description="As above, whatever a call costs"
    )
    budget_units: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(
        default={},
        title="Budgets in units of providers' own",
        description="As above, by the word for the unit (docs/providers.md), e.g. sessions",
    )
    plan_only: bool = Field(default=False, title="Only plan", description="Say what would be asked and cost, no more")
    import_id: UUID | None = Field(
        default=None, title="Only of this import", description="Leads that this import brought or named; empty: all"
    )
    tiers: tuple[Tier, ...] = Field(
        default=(), title="Only of these tiers", description="As qualification put them; empty: all", max_length=4
    )

    @property
    def scope(self) -> Scope:
        """Which leads it may take."""
        return Scope(self.import_id, self.tiers)

    @property
    def label(self) -> str:
        """What a run of it is called."""
        return f"{'plan to enrich' if self.plan_only else 'enrich'} {about(self.selection, self.scope)}"

    def budgets(self, paid_in: Callable[[str], Iterable[str]]) -> tuple[Budget, ...]:
        """Return the run's own budgets; credits of different providers cannot be added, so each has the whole.

        Args:
            paid_in: returns who is paid in a unit that people call by this word.
        """
        found = []
        if self.budget_usd is not None:
            found.append(Budget(Period.RUN, Unit.USD, self.budget_usd))
        in_credits = {} if self.budget_credits is None else {"credits": self.budget_credits}
        for word, limit in (in_credits | self.budget_units).items():
            found += [Budget(Period.RUN, Unit.CREDITS, limit, provider, word) for provider in paid_in(word)]
        if self.budget_calls is not None:
            found.append(Budget(Period.RUN, Unit.CALLS, Decimal(self.budget_calls)))
        return tuple(found)


@dataclass(frozen=True)
class EnrichmentRun(BatchRun[LeadRange]):
    """A run that has begun, by what and for whom."""

    request: EnrichRequest
    config: EnrichmentConfig
    version: str


class ProviderPlan(Report):
    """What a run would ask one provider at most.

    `questions` are new ones, after leads with the same company or person were put together; `fresh` have an answer
    that is used again; `open` were asked and wait for an answer; `calls` after questions were put together in bulk.
    """

    provider: Provider
    leads: int
    questions: int
    fresh: int = 0
    open: int = 0
    calls: int
    credits: Decimal
    usd: Decimal
    off: str | None = None


class EnrichmentPlan(Report):
    """What a run would do; the JSON of `sales-agent enrich --plan --json`, a stable interface.

    An upper bound: every provider in a field's order is counted, as if nobody before it knew anything.
    """

    config: str
    config_version: str
    leads: int
    providers: list[ProviderPlan]
    calls: int
    credits: dict[str, Decimal] = Field(description="Account to credits, at most")
    usd: Decimal = Field(description="At most; credits at the configured price included")
    budgets: list[str] = Field(description="What a run may spend")


class ProviderReport(Report):
    """What one provider was asked in a run, in companies or people, and what it cost."""

    provider: Provider
    outcomes: dict[Outcome, int]
    reused: int
    credits: Decimal
    usd: Decimal
    median_latency_ms: int | None


class EnrichmentReport(Report):
    """What a run did; the JSON of `sales-agent enrich --json`, a stable interface.

    `outcomes` count the leads of this run; `spend` is the cost book's, by account: `assumed` is the part of calls
    whose answer never came, which counts as charged, and `asked_again` are questions that a run which was killed had
    asked: as many may have been bought twice. `due` is what is left: put off, new or changed meanwhile, or
    being worked on by another run.
    """

    run_id: UUID
    config: str
    config_version: str
    selection: Selection
    leads: int
    outcomes: dict[LeadOutcome, int]
    enriched_leads: int = Field(description="Leads that got at least one value, whatever else is left to do")
    values: dict[str, int] = Field(description="Field to the number of values it got")
    providers: list[ProviderReport]
    spend: dict[str, dict[str, Decimal]]
    usd_per_enriched_lead: Decimal
    credits_per_enriched_lead: dict[str, Decimal]
    reasons: dict[str, int] = Field(description="Why leads were skipped, failed or put off, the most frequent first")
    asked_again: dict[Provider, int] = Field(default={}, description="Questions that a killed run had asked before")
    due: int
    seconds: float
    leads_per_s: float
    plan: EnrichmentPlan | None = None

    @property
    def in_words(self) -> str:
        """What became of the leads, in a line: "50 leads: 31 got 84 values, 4 failed (apollo: ...), 12 credits"."""
        if not self.leads:
            return "no lead was due to be enriched"
        said = [f"{self.enriched_leads:,} got {sum(self.values.values()):,} values"]
        for outcome, count in self.outcomes.items():
            word = {"nothing_found": "nothing found", "failed": "failed", "due": "put off"}.get(outcome)
            said += [f"{count:,} {word}"] if word and count else []
        why = next(iter(self.reasons), None)
        spent = [
            f"{amounts[unit].normalize():f} {unit} at {account}"
            for account, amounts in self.spend.items()
            for unit in ("credits", "usd")
            if amounts.get(unit)
        ]
        told = f"{leads_in_words(self.leads)}: {', '.join(said)}" + (f" ({why})" if why else "")
        return f"{told}; spent {', '.join(spent) or 'nothing'}"


class EnrichmentStatus(Report):
    """How far enrichment is, over all leads."""

    outcomes: dict[LeadOutcome, int]
    values: int
    runs: list[dict[str, str | int | None]]


@dataclass
class Planner:
    """Adds up what a run would ask; questions about the same company or person count once."""

    config: EnrichmentConfig
    now: datetime
    leads: int = 0
    asked_for: dict[Provider, int] = field(default_factory=dict)
    questions: dict[Provider, set[str]] = field(default_factory=dict)

    def add(self, lead: LeadRecords) -> list[Question]:
        """Count a lead; return the questions it leads to that were not met before."""
        self.leads += 1
        new = []
        asked: set[Provider] = set()
        for record in lead.all:
            for provider in self._providers(record):
                asked.add(provider)
                question = question_for(self.config, provider, record)
                known = self.questions.setdefault(provider, set())
                if isinstance(question, Question) and question.hash not in known:
                    known.add(question.hash)
                    new.append(question)
        for provider in asked:
            self.asked_for[provider] = self.asked_for.get(provider, 0) + 1
        return new

    def _providers(self, record: KnownRecord) -> Iterable[Provider]:
        wanted = {
            step.ask
            for name in own_fields(self.config, record)
            for step in self.config.steps(name)
            if step.when != "along" and is_wanted(step, name, record, self.config, self.now)
        }
        return [provider for provider in self.config.providers if provider in wanted]

    def plan(
        self,
        fresh: Mapping[Provider, int],
        open_: Mapping[Provider, int],
        off: Mapping[Provider, str],
        budgets: Iterable[Budget],
    ) -> EnrichmentPlan:
        """Return the plan.

        Args:
            fresh: questions a provider whose answer is used again.
            open_: questions a provider that wait for an answer.
            off: providers that are not configured, and why.
            budgets: what may be spent.
        """
        plans = [
            self._one(provider, fresh.get(provider, 0), open_.get(provider, 0), off.get(provider))
            for provider in self.config.offers
            if provider in self.asked_for
        ]
        by_account: dict[str, Decimal] = {}
        for one in plans:
            account = self.config.offers[one.provider].account
            if account and one.credits:
                by_account[account] = by_account.get(account, Decimal(0)) + one.credits
        return EnrichmentPlan(
            config=self.config.name,
            config_version=self.config.version,
            leads=self.leads,
            providers=plans,
            calls=sum(one.calls for one in plans),
            credits=by_account,
            usd=sum((one.usd for one in plans), Decimal(0)),
            budgets=[str(budget) for budget in budgets],
        )

    def _one(self, provider: Provider, fresh: int, open_: int, off: str | None) -> ProviderPlan:
        asked = len(self.questions.get(provider, ()))
        new = 0 if off else asked - fresh - open_
        offer = self.config.offers[provider]
        cost = offer.price.times(new) if new else FREE
        return ProviderPlan(
            provider=provider,
            leads=self.asked_for[provider],
            questions=new,
            fresh=fresh,
            open=open_,
            calls=-(-new // offer.bulk),
            credits=cost.credits,
            usd=in_usd(self.config, offer.account, cost),
            off=off,
        )


def in_usd(config: EnrichmentConfig, account: str | None, cost: Cost) -> Decimal:
    """Return a cost in US dollars, credits at the configured price; credits without a price count nothing."""
    prices: dict[str | None, Decimal] = dict(config.credit_usd.items())
    return total([cost, Cost(usd=cost.credits * prices.get(account, Decimal(0)))]).usd
