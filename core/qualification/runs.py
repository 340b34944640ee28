"""What qualifying leads is asked for, what becomes of a lead, and what a run answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple, get_args
from uuid import UUID

from pydantic import Field

from core.agents.executions import Execution, ModelTotals
from core.batches import ANY, BatchRun, LeadRange, Scope, Selection, about, leads_in_words
from core.errors import CircuitOpen, LimitReached, MalformedAnswer, ProviderError, RateLimited
from core.forms import Form, Frozen, Report
from core.qualification.criteria import micro
from core.qualification.icp import Profile
from core.qualification.icp_columns import LeadSource
from core.qualification.scoring import thresholds, tier_of
from core.tiers import TIERS, Tier

QualificationOutcome = Literal["scored", "scored_by_rules", "skipped", "failed", "due"]
OUTCOMES: tuple[QualificationOutcome, ...] = get_args(QualificationOutcome)
NOTHING_KNOWN = "nothing the profile asks for is known"
DISQUALIFIED = "a disqualifier applies: no model was asked"


class QualifyRequest(Form):
    """Which leads to qualify, and by which profile."""

    selection: Selection = Field(
        default="due",
        title="Leads",
        description="due: those without an assessment by this profile and their present facts. "
        "failed: only those whose last assessment failed. all: every lead again",
    )
    icp: Path | None = Field(
        default=None,
        title="Profile",
        description="The ideal customer profile, a YAML file. In a form: a file in the data directory, by name. "
        "Empty: the team's icp.yaml, else the example",
    )
    limit: int | None = Field(default=None, ge=1, title="At most", description="Leads; empty: all")
    use_model: bool = Field(
        default=True,
        title="Ask a model",
        description="Where a language model is configured, it assesses beside the rules. Off: the rules alone decide",
    )
    import_id: UUID | None = Field(
        default=None, title="Only of this import", description="Leads that this import brought or named; empty: all"
    )

    @property
    def label(self) -> str:
        """What a run of it is called."""
        return f"score {about(self.selection, Scope(self.import_id))}"


class ModelState(NamedTuple):
    """Whether a run asks a language model.

    Attributes:
        names: `provider:model`, best first; empty: the rules decide.
        why_not: why none is asked although one is named and has a key; None where none is configured.
    """

    names: tuple[str, ...] = ()
    why_not: str | None = None


NO_MODEL = ModelState()


@dataclass(frozen=True)
class QualificationPlan(BatchRun[LeadRange]):
    """A run that has begun, by what and for whom."""

    selection: Selection
    profile: Profile
    sources: tuple[LeadSource, ...]
    model: ModelState = NO_MODEL
    scope: Scope = ANY

    @property
    def sources_names(self) -> list[str]:
        """The names the profile uses, in the order of `LeadFacts.values`."""
        return [source.name for source in self.sources]


class ContactFit(NamedTuple):
    """How well a contact fits: the points of its title, 0-100, and the role that the title holds."""

    contact_id: UUID
    title_points: float
    role: str | None
    is_owner_like: bool


class LeadFacts(NamedTuple):
    """What a profile asks for of one lead.

    Attributes:
        lead_id: whose.
        values: in the order of the plan's sources.
        facts_hash: of all that may matter, by which it is told whether the lead is due, and then of the values.
        best_contact_id: whose values those about a person are; None where there is nobody to write to.
        fits: of all contacts.
        is_unchanged: the assessment there is rests on these values, by this profile: only the rest is new.
    """

    lead_id: UUID
    values: list[str | None]
    facts_hash: str
    best_contact_id: UUID | None = None
    fits: tuple[ContactFit, ...] = ()
    is_unchanged: bool = False


class Opinion(NamedTuple):
    """What a language model says of a lead."""

    score: Decimal
    confidence: Decimal
    reasoning: str
    model: str


@dataclass(frozen=True)
class Assessment:
    """What became of one lead.

    Attributes:
        lead_id: whose.
        facts_hash: of the values it rests on.
        outcome: see `QualificationOutcome`.
        reason: why it was skipped, failed, left due, or scored without a model that was asked; else None.
        score: 0-100; None where there is none.
        rules_score: 0-100, before any model.
        tier: of `score`.
        confidence: 0-1.
        breakdown: JSON array of `core.qualification.scoring.Point`.
        reasoning: a model's.
        model: its name.
        best_contact_id: the contact that it rests on, or None.
        fits: of all contacts of the lead.
    """

    lead_id: UUID
    facts_hash: str
    outcome: QualificationOutcome
    reason: str | None
    score: Decimal | None
    rules_score: Decimal | None
    tier: Tier | None
    confidence: Decimal | None
    breakdown: bytes
    reasoning: str | None = None
    model: str | None = None
    best_contact_id: UUID | None = None
    fits: tuple[ContactFit, ...] = ()


Unanswered = MalformedAnswer | LimitReached | ProviderError
"""Why there is no usable answer of a model."""


class ModelAssessment(NamedTuple):
    """What asking a model about a lead came to, and what it took.

    Attributes:
        answer: its opinion, or why there is none.
        executions: what was run, to be recorded with the assessment.
    """

    answer: Opinion | Unanswered
    executions: tuple[Execution, ...] = ()


AssessByModel = Callable[[LeadFacts, Assessment], Awaitable[ModelAssessment]]
"""Asks a language model about a lead, given the rules' assessment. The one place where a model plugs in."""


def by_rules(lead: LeadFacts, score: Decimal, tier: Tier, confidence: Decimal, breakdown: bytes) -> Assessment:
    """Assess a lead by rules alone; one of which nothing is known is skipped, unless a disqualifier applies."""
    scored = Assessment(
        lead_id=lead.lead_id,
        facts_hash=lead.facts_hash,
        outcome="scored_by_rules",
        reason=None,
        score=score,
        rules_score=score,
        tier=tier,
        confidence=confidence,
        breakdown=breakdown,
        best_contact_id=lead.best_contact_id,
        fits=lead.fits,
    )
    if confidence == 0 and not _has_disqualifier(breakdown):
        return replace(scored, outcome="skipped", reason=NOTHING_KNOWN, score=None, rules_score=None, tier=None)
    return scored


def is_put_before_a_model(rules: Assessment) -> bool:
    """Return whether a model is asked about a lead: not where nothing is known, nor where a disqualifier applies."""
    return rules.rules_score is not None and not _has_disqualifier(rules.breakdown)


def _has_disqualifier(breakdown: bytes) -> bool:
    return b'"disqualified: ' in breakdown


def unasked(rules: Assessment, why: str = DISQUALIFIED) -> Assessment:
    """Return the assessment of a lead that is not put before a model: as the rules say, and why."""
    return rules if rules.outcome == "skipped" else replace(rules, reason=why)


def with_answer(rules: Assessment, answer: Opinion | Unanswered, profile: Profile) -> Assessment:
    """Return what becomes of a lead once a model was asked about it.

    A usable answer is kept within the profile's margin. Where a limit kept the question from being answered the lead is
    due later; where the provider failed it has failed; where the answers were of no use the rules' score stands.
    """
    if isinstance(answer, Opinion):
        return with_opinion(rules, answer, profile)
    if isinstance(answer, MalformedAnswer):
        return replace(rules, reason=f"the model's answer could not be used: {answer.message}")
    is_put_off = isinstance(answer, LimitReached | RateLimited | CircuitOpen)
    return replace(rules, outcome="due" if is_put_off else "failed", reason=answer.message)


def with_opinion(rules: Assessment, opinion: Opinion, profile: Profile) -> Assessment:
    """Return an assessment in which a model's opinion counts.

    Its score is kept within the profile's margin around the rules' score and within 0-100; a disagreement beyond that
    is said in `reason`. Whom a disqualifier meets stays disqualified.

    Raises:
        ValueError: the rules gave no score.
    """
    if rules.rules_score is None:
        raise ValueError("a lead without a rules score is not put before a model")
    margin = profile.model.margin
    low, high = max(rules.rules_score - margin, Decimal(0)), min(rules.rules_score + margin, Decimal(100))
    score = min(max(opinion.score, low), high)
    disagrees = None if score == opinion.score else f"the model said {opinion.score}, beyond the margin of {margin}"
    limits = thresholds(profile.tiers)
    is_out = rules.tier == "disqualified" and tier_of(micro(rules.rules_score), limits) != "disqualified"
    return replace(
        rules,
        outcome="scored",
        reason=disagrees,
        score=score,
        tier="disqualified" if is_out or _has_disqualifier(rules.breakdown) else tier_of(micro(score), limits),
        confidence=min(max(opinion.confidence, Decimal(0)), Decimal(1)),
        reasoning=opinion.reasoning,
        model=opinion.model,
    )


class BestLead(Frozen):
    """One of the best leads, and why, in the order in which a table shows it; `title` is its best contact's there."""

    company: str | None
    contact: str | None = None
    title: str | None = None
    tier: str
    reason: str
    score: float
    confidence: float
    lead_id: UUID
    best_contact_id: UUID | None = None


class SpendLine(Frozen):
    """What was spent with one provider, and the part of it that is assumed: calls whose answers were lost."""

    provider: str
    usd: Decimal
    credits: Decimal
    assumed_calls: int = 0
    assumed_usd: Decimal = Decimal(0)
    assumed_credits: Decimal = Decimal(0)


class QualificationReport(Report):
    """What a run did; the JSON of `sales-agent qualify --json`, a stable interface.

    `outcomes` and `tiers` count the leads this run assessed; `due` is what is left: leads that came or changed
    meanwhile, those another run is working on, and those a limit has put off.
    """

    run_id: UUID
    icp: str
    icp_version: str
    selection: Selection
    leads: int
    outcomes: dict[QualificationOutcome, int]
    tiers: dict[Tier, int]
    reasons: dict[str, int] = Field(description="Why leads were skipped, failed or put off, the most frequent first")
    due: int
    histogram: list[int] = Field(description="Leads by score: 0-9, 10-19, … 90-100")
    tier_of_ten: list[Tier] = Field(description="The tier in which the middle of each of these ten scores lies")
    models: list[ModelTotals] = Field(description="Models that were asked; empty: the rules decided")
    why_no_model: str | None = Field(description="Why none was asked although one is configured")
    spend: list[SpendLine]
    best: list[BestLead]
    seconds: float
    leads_per_s: float

    @property
    def in_words(self) -> str:
        """What became of the leads, in a line: "50 leads: 12 hot, 30 warm, 8 cold; the rules alone decided"."""
        if not self.leads:
            return "no lead was due to be scored"
        said = [f"{self.tiers[tier]:,} {tier}" for tier in TIERS if self.tiers.get(tier)]
        for outcome, count in self.outcomes.items():
            word = {"skipped": "of which too little is known", "failed": "failed", "due": "put off"}.get(outcome)
            said += [f"{count:,} {word}"] if word and count else []
        models = ", ".join(used.model for used in self.models)
        by = f"with {models}" if models else f"by the rules alone ({self.why_no_model or 'no model is configured'})"
        return f"{leads_in_words(self.leads)}: {', '.join(said)}; {by}"


def tiers_of_tens(profile: Profile) -> list[Tier]:
    """Return the tier in which the middle of each ten of scores lies: 5, 15, … 95."""
    return [tier_of(micro(Decimal(10 * ten + 5)), thresholds(profile.tiers)) for ten in range(10)]


class RunSummary(Report):
    """One line of what `sales-agent status` says of the last runs."""

    run_id: UUID
    selection: Selection
    icp_version: str
    started_at: datetime
    finished_at: datetime | None
    leads: int | None


class QualificationStatus(Report):
    """How far qualification is, by the profile that was used last; None where none ever was."""

    icp: str | None
    icp_version: str | None
    outcomes: dict[QualificationOutcome, int]
    tiers: dict[Tier, int]
    due: int
    runs: list[RunSummary]
