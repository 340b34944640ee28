"""The steps of a pipeline, one after the other: each a run of its own below the pipeline's, each with an outcome.

What a provider does to a step is that step's outcome and not the end of the run; what the next step can do, it does.
Each takes what is due, so the same file again goes on where a killed run stopped.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from core.crm.runs import SyncReport
from core.discovery.runs import DiscoveryReport
from core.enrichment.runs import EnrichmentReport
from core.errors import DatabaseUnavailable, ProviderNotConfigured, SalesAgentError
from core.imports.runs import ImportReport
from core.pipeline.runs import LAST_STEPS, PipelineReport, PipelineRequest, PipelineStep, StageOutcome, StageReport
from core.qualification.runs import BestLead, QualificationReport
from tasks.pipeline.readiness import partly_off, why_off
from tasks.runtime.progress import Progress
from tasks.runtime.telling import tell, unheard

Run = Callable[[Any], Awaitable[Any]]
"""A flow."""

_Report = QualificationReport | EnrichmentReport | DiscoveryReport | SyncReport


class Line:
    """A pipeline on its way, and what its steps came to so far.

    Args:
        request: a checked one.
    """

    def __init__(self, request: PipelineRequest) -> None:
        self._request = request
        self._began = time.monotonic()
        self._imported: ImportReport | None = None
        self._stages: list[StageReport] = []
        self._best: list[BestLead] = []
        self._plan: SyncReport | None = None
        steps = LAST_STEPS.index(request.until) + 1
        self._steps = steps + (1 if request.takes("enrich") else 0)
        self._progress = Progress(self._steps, "steps of the pipeline", is_heard=False)

    async def bring_in(self, import_leads: Run) -> None:
        """Import the file. Raises what the import raises: without leads there is nothing to go on with."""
        await self._progress.advance_to(0)
        began = time.monotonic()
        with unheard():
            report: ImportReport = await import_leads(self._request.to_import())
        self._imported = report
        outcome: StageOutcome = "done" if report.leads.inserted or report.updated else "nothing"
        numbers = report.to_json(without={"rejects_file", "warnings", "import_id", "seconds"})
        sentence = report.in_words + (f"; the rejected are in {report.rejects_file}" if report.rejects_file else "")
        await self._ended("import", outcome, sentence, numbers, began)

    async def score(self, qualify_leads: Run, *, again: bool = False) -> None:
        """Score the leads of the import that are due; again: those that know more by now."""
        if not self._request.takes("enrich" if again else "score"):
            return
        report = await self._take("score again" if again else "score", qualify_leads, self._request.to_score(self._id))
        if isinstance(report, QualificationReport) and report.best:
            self._best = _joined(self._best, report.best)

    async def enrich(self, enrich_leads: Run) -> None:
        """Fill the gaps of the wanted leads."""
        if self._request.takes("enrich"):
            await self._take("enrich", enrich_leads, self._request.to_enrich(self._id))

    async def discover(self, discover_contacts: Run) -> None:
        """Find who decides at the wanted leads."""
        if self._request.takes("discover"):
            await self._take("discover", discover_contacts, self._request.to_discover(self._id))

    async def plan(self, sync_crm: Run) -> None:
        """Plan what the CRM would get, and ask for a yes."""
        if self._request.takes("plan"):
            report = await self._take("plan", sync_crm, self._request.to_plan())
            self._plan = report if isinstance(report, SyncReport) else None

    def report(self) -> PipelineReport:
        """Return what all of it came to."""
        waits = self._plan is not None and self._plan.outcome == "waiting"
        return PipelineReport(
            file=self._request.path.name,
            until=self._request.until,
            import_id=self._id,
            stages=self._stages,
            best=self._best,
            approval_id=self._plan.approval_id if self._plan and waits else None,
            next_step=self._plan.next_step if self._plan else None,
            seconds=round(time.monotonic() - self._began, 3),
        )

    @property
    def _id(self) -> Any:
        assert self._imported is not None
        return self._imported.import_id

    async def _take(self, step: PipelineStep, flow: Run, request: Any) -> _Report | None:
        """Take a step; return its report, None where it was off or failed."""
        began = time.monotonic()
        if (why := why_off(step)) is not None:
            await self._ended(step, "off", why, {}, began)
            return None
        try:
            with unheard():
                report: _Report = await flow(request)
        except DatabaseUnavailable:
            raise
        except ProviderNotConfigured as error:
            await self._ended(step, "off", str(error), {}, began)
            return None
        except SalesAgentError as error:
            await self._ended(step, "failed", str(error), {}, began)
            return None
        await self._ended(step, outcome_of(report), report.in_words + partly_off(step), numbers_of(report), began)
        return report

    async def _ended(
        self, step: PipelineStep, outcome: StageOutcome, sentence: str, numbers: dict[str, Any], began: float
    ) -> None:
        seconds = round(time.monotonic() - began, 3)
        self._stages.append(
            StageReport(step=step, outcome=outcome, sentence=sentence, numbers=numbers, seconds=seconds)
        )
        tell(f"{step}: {sentence}" if outcome in ("done", "nothing") else f"{step}, {outcome}: {sentence}")
        await self._progress.advance_to(len(self._stages))


def outcome_of(report: _Report) -> StageOutcome:
    """Return the outcome of a step that came to its end."""
    if isinstance(report, SyncReport):
        if report.outcome == "waiting":
            return "waiting"
        return "done" if report.plan.counts else "nothing"
    if not report.leads:
        return "nothing"
    failed = report.failed if isinstance(report, DiscoveryReport) else report.outcomes.get("failed", 0)
    return "failed" if failed == report.leads else "done"


def numbers_of(report: _Report) -> dict[str, Any]:
    """Return what a step's report counts."""
    names = {
        *("leads", "outcomes", "tiers", "due", "reasons", "spend", "values", "enriched_leads", "found", "nobody"),
        *("people", "sites", "pages", "states", "done", "calls", "conflicts", "dead_letters"),
    }
    facts = report.to_json()
    counted = {name: value for name, value in facts.items() if name in names and value not in (None, {}, [])}
    return counted | ({"changes": report.plan.counts} if isinstance(report, SyncReport) else {})


def _joined(before: list[BestLead], after: list[BestLead], most: int = 10) -> list[BestLead]:
    """Return the best of both, a lead as it was scored last."""
    known = {lead.lead_id: lead for lead in (*before, *after)}
    return sorted(known.values(), key=lambda lead: (-lead.score, -lead.confidence, str(lead.lead_id)))[:most]
