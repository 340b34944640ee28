"""What a run of the whole pipeline is asked for, and what it answers, step by step."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import Field

from core.crm.runs import SyncRequest
from core.discovery.runs import DiscoveryRequest
from core.enrichment.runs import EnrichRequest
from core.forms import Report
from core.imports.runs import FileRequest, ImportRequest
from core.qualification.runs import BestLead, QualifyRequest
from core.tiers import Tier

LastStep = Literal["import", "score", "enrich", "discover", "plan"]
LAST_STEPS: tuple[LastStep, ...] = get_args(LastStep)
PipelineStep = Literal["import", "score", "enrich", "discover", "score again", "plan"]
StageOutcome = Literal["done", "nothing", "waiting", "off", "failed"]
"""`nothing`: there was nothing to do. `waiting`: for a person. `off`: whom it takes is not set up."""

BUDGETS = ("budget_usd", "budget_credits", "budget_calls", "budget_units")
WANTED: tuple[Tier, ...] = ("hot", "warm")


class PipelineRequest(FileRequest):
    """Which file to take how far."""

    until: LastStep = Field(
        default="plan",
        title="How far",
        description="import, score, enrich, discover (who decides), or plan: what the CRM would get, which waits for a "
        "yes. Each takes all before it",
    )
    icp: Path | None = Field(
        default=None,
        title="Profile",
        description="The ideal customer profile, a YAML file. In a form: a file in the data directory, by name. "
        "Empty: the team's icp.yaml, else the example",
    )
    use_model: bool = Field(
        default=True, title="Ask a model", description="Where one is configured, it scores beside the rules"
    )
    tiers: tuple[Tier, ...] = Field(
        default=WANTED,
        title="Tiers that are wanted",
        description="Only leads of these are enriched and looked at for who decides; empty: all",
        max_length=4,
    )
    budget_usd: Decimal | None = Field(
        default=None, ge=0, title="Budget in US dollars", description="Of enriching, beside the budgets of the settings"
    )
    budget_credits: Decimal | None = Field(
        default=None, ge=0, title="Budget in credits", description="As above, for each provider that is paid in credits"
    )
    budget_calls: int | None = Field(
        default=None, ge=0, title="Budget in paid calls", description="As above, whatever a call costs"
    )
    budget_units: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(
        default={}, title="Budgets in units of providers' own", description="As above, by the word for the unit"
    )

    def takes(self, step: LastStep) -> bool:
        """Return whether it goes as far as a step."""
        return LAST_STEPS.index(step) <= LAST_STEPS.index(self.until)

    def to_import(self) -> ImportRequest:
        """Return what the import is asked for."""
        return ImportRequest(**{name: getattr(self, name) for name in FileRequest.model_fields})

    def to_score(self, import_id: UUID) -> QualifyRequest:
        """Return what scoring is asked for: the leads of the import."""
        return QualifyRequest(icp=self.icp, use_model=self.use_model, import_id=import_id)

    def to_enrich(self, import_id: UUID) -> EnrichRequest:
        """Return what enriching is asked for: the wanted leads of the import, within the budget."""
        budgets = {name: getattr(self, name) for name in BUDGETS}
        return EnrichRequest(import_id=import_id, tiers=self.tiers, **budgets)

    def to_discover(self, import_id: UUID) -> DiscoveryRequest:
        """Return what looking for who decides is asked for: the wanted leads of the import."""
        return DiscoveryRequest(import_id=import_id, tiers=self.tiers)

    def to_plan(self) -> SyncRequest:
        """Return what the CRM's run is asked for: everything that takes part, and nothing without a yes."""
        return SyncRequest(ask_first=True)


class StageReport(Report):
    """What became of one step: its outcome, a sentence, and its numbers."""

    step: PipelineStep
    outcome: StageOutcome
    sentence: str
    numbers: dict[str, Any] = Field(default_factory=dict)
    seconds: float = 0.0


class PipelineReport(Report):
    """What a run did; the JSON of `sales-agent run --json`, a stable interface.

    Attributes:
        stages: in the order in which they were taken; those beyond `until` are not there.
        best: of the leads that this run scored, the best, and why.
        approval_id: the plan for the CRM that waits for a yes.
        next_step: what a person does now.
    """

    file: str
    until: LastStep
    import_id: UUID
    stages: list[StageReport]
    best: list[BestLead] = Field(default_factory=list)
    approval_id: UUID | None = None
    next_step: str | None = None
    seconds: float = 0.0

    @property
    def in_words(self) -> str:
        """How the steps ended, in a line."""
        return f"{self.file}: " + ", ".join(f"{stage.step} {stage.outcome}" for stage in self.stages)
