"""Steps of writing a campaign: see who there is, have variants written, make them letters that wait for approval."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pandas as pd

from agents import marketing
from agents.models import Job
from core.errors import InvalidInput, NotPending, Suppressed
from core.outreach.approvals import EXCLUDED, TIER, Kind, Proposal
from core.outreach.campaigns import (
    FIELD_OF,
    PERSONAS,
    Addressee,
    CampaignReport,
    CampaignRequest,
    Letter,
    Skipped,
    Variant,
    write_letter,
)
from core.outreach.first_messages import CAMPAIGN, Moment, Other, obstacle, why
from core.outreach.sending import checked_words
from core.settings.settings import settings
from core.text.names import read_name
from db.leads import segments
from db.outreach import approvals, campaigns, first_messages, suppressions
from db.server.engine import Connection
from langgraph_prefect.values import Finished, Stopped
from tasks.agents.graphs import as_result, model_for, run_thread, thread_for
from tasks.outreach.campaign_artifacts import publish_campaign
from tasks.outreach.keys import tombstone_key
from tasks.outreach.markets import statistics_of
from tasks.runtime.orchestration import task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database

log = logging.getLogger(__name__)

_MOST_PERSONAS = 3
_READ = (*dict.fromkeys(FIELD_OF.values()), "contact_name", "contact_title", "contact_email", "country", "company_size")


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What a campaign works on; its people are read again when their letters are made."""

    campaign_id: UUID
    request: CampaignRequest
    personas: tuple[str, ...]
    statistics: tuple[str, ...]


@task(name="see-audience", **STEP)
async def plan(request: CampaignRequest) -> CampaignPlan:
    """Count who the letters would go to, and choose the personas.

    Raises:
        InvalidInput: a persona is none.
    """
    if unknown := sorted(set(request.personas) - set(PERSONAS)):
        raise InvalidInput(f"no such persona: {', '.join(unknown)}; there are {', '.join(PERSONAS)}")
    rows = await _rows(request)
    asked = bool(request.lead_ids)
    addressees = [each for each in map(_addressee, rows) if each.email and (asked or not each.is_disqualified)]
    counts = Counter(addressee.persona for addressee in addressees)
    chosen = tuple(request.personas) or tuple(persona for persona, _ in counts.most_common(_MOST_PERSONAS))
    columns = [name for name in segments.COUNTED if name in (rows[0] if rows else {})]
    frame = pd.DataFrame([[row[name] for name in columns] for row in rows], columns=columns, dtype=object)
    shown = frame.reindex(columns=list(segments.COUNTED)).assign(tier=None)
    statistics = await asyncio.to_thread(statistics_of, shown)
    return CampaignPlan(thread_for(request.thread_id), request, chosen, tuple(one.text for one in statistics))


async def _rows(request: CampaignRequest) -> list[dict[str, Any]]:
    async with database() as connection:
        return await segments.select_addressed(connection, request.segment, _READ, request.lead_ids)


def _addressee(row: Mapping[str, Any]) -> Addressee:
    values = {field: str(row[field]) for field in FIELD_OF.values() if row[field]}
    stored = {field: (field, value, _provenance(row, field)) for field, value in values.items()}
    name = read_name(row["contact_name"] or "")
    for field, part in (("first_name", name.given if name else ""), ("last_name", name.family if name else "")):
        if part and field not in values:
            values[field] = part
            stored[field] = ("contact_name", str(row["contact_name"]), _provenance(row, "contact_name"))
    secrets = [row["reasoning"] or "", f"{row['score']:f}" if row["score"] is not None and row["score"] % 1 else ""]
    return Addressee(
        row["id"],
        row["contact_email"],
        row["contact_title"],
        values,
        stored,
        secrets,
        is_disqualified=row["tier"] == EXCLUDED,
    )


def _provenance(row: Mapping[str, Any], field: str) -> str:
    """Say where a field's value is from, as far as the lead knows."""
    if row["edited_by"]:
        return f"lead.{field}, edited by {row['edited_by']}"
    label = f" ({row['source']})" if row["source"] else ""
    return f"lead.{field}, import {row['created_import_id']}{label}" if row["created_import_id"] else f"lead.{field}"


async def write(begun: CampaignPlan) -> CampaignReport:
    """Run the agent for the variants; its nodes are the steps. Safe to run again."""
    request = begun.request
    base = CampaignReport(campaign_id=begun.campaign_id, segment=request.segment.name, status="nobody")
    if not begun.personas:
        return base.model_copy(update={"reason": "nobody in the segment has an e-mail address"})
    async with model_for(Job.WRITING, begun.campaign_id, wanted=request.use_model) as model:
        outcome = await run_thread(
            marketing.build(model),
            _input(begun),
            agent=marketing.NAME,
            thread_id=begun.campaign_id,
            request=request.model_dump(mode="json", exclude={"lead_ids"}),
            prompt_version=marketing.PROMPT_VERSION,
            stream=request.stream,
        )
    if isinstance(outcome, Stopped):
        return base.model_copy(update={"status": "stopped", "reason": outcome.reason})
    assert isinstance(outcome, Finished)
    variants = [Variant(**one) for one in outcome.values["variants"]]
    writers = {variant.by for variant in variants}
    by = next(iter(writers)) if len(writers) == 1 else "mixed"
    return base.model_copy(update={"status": "drafted", "variants": variants, "by": by})


def _input(begun: CampaignPlan) -> marketing.MarketingInput:
    request = begun.request
    return marketing.MarketingInput(
        segment=request.segment.name,
        statistics=list(begun.statistics),
        offer=request.offer,
        personas=list(begun.personas),
        tones=list(dict.fromkeys(request.tones)),
    )


@task(name="draft-letters", **STEP)
async def draft(begun: CampaignPlan, report: CampaignReport) -> CampaignReport:
    """Make the variants letters, each one an approval that waits. Safe twice: the same letter is the same approval."""
    if report.status != "drafted":
        return report
    letters, skipped = letters_of(map(_addressee, await _rows(begun.request)), report.variants, begun.request)
    async with database() as connection:
        await first_messages.lock_drafting(connection)
        await campaigns.upsert(connection, begun.campaign_id, report.segment, report.variants, now=datetime.now(UTC))
        written = await first_messages.select_others(connection, {letter.to for letter in letters})
        refused = [(letter, await _refused(connection, begun.campaign_id, letter, written)) for letter in letters]
    counted = Counter([one.reason for one in skipped] + [why for _, why in refused if why])
    drafted = sum(1 for _, why in refused if why is None)
    return report.model_copy(update={"letters": drafted, "skipped": dict(counted)})


async def _refused(
    connection: Connection, campaign_id: UUID, letter: Letter, written: dict[str, list[Other]]
) -> str | None:
    """Ask for the approval of a letter; say why where that cannot be. Keeps in `written` who is written to."""
    proposal = _proposal(campaign_id, letter)
    others = [other for other in written.get(letter.to, []) if other.subject_id != proposal.subject_id]
    if (other := obstacle(proposal, others, Moment.DRAFT)) is not None:
        return why(other)
    lifetime = timedelta(days=settings().outreach.approvals.lifetime_days)
    try:
        checked_words(proposal.content)
        await suppressions.refuse_suppressed(connection, letter.to, tombstone_key(), lead_id=letter.lead_id)
        approval = await approvals.request(connection, proposal, now=datetime.now(UTC), lifetime=lifetime)
    except (InvalidInput, Suppressed, NotPending) as error:
        # Where a refusal was heard is told by the list of suppressions; here they are counted by their reason.
        return error.message.partition(";")[0] if isinstance(error, Suppressed) else type(error).__name__
    await campaigns.upsert_letter(connection, campaign_id, letter, approval.id)
    drafted = Other(
        approval.id, Kind.EMAIL, proposal.subject_id, letter.subject, approval.status, None, datetime.now(UTC)
    )
    written.setdefault(letter.to, []).append(drafted)
    return None


def letters_of(
    addressees: Iterable[Addressee], variants: Sequence[Variant], request: CampaignRequest
) -> tuple[list[Letter], list[Skipped]]:
    """Make each person's letter; the tones take turns by the lead's id, so that they can be compared."""
    letters: list[Letter] = []
    skipped: list[Skipped] = []
    for addressee in addressees:
        if addressee.is_disqualified and not request.lead_ids:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="disqualified by the profile"))
            continue
        fitting = [variant for variant in variants if variant.persona == addressee.persona]
        if not fitting:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="another persona"))
            continue
        if len(letters) == request.limit:
            skipped.append(Skipped(lead_id=addressee.lead_id, reason="beyond the limit"))
            continue
        written = write_letter(fitting[addressee.lead_id.int % len(fitting)], addressee, request.sender)
        if isinstance(written, Letter):
            letters.append(written)
        else:
            skipped.append(written)
    return letters, skipped


def _proposal(campaign_id: UUID, letter: Letter) -> Proposal:
    facts = {f"lead.{fact.stored_field}": fact.stored_value for fact in letter.facts}
    if letter.is_disqualified:
        facts[TIER] = EXCLUDED
    return Proposal(
        kind=Kind.EMAIL,
        subject_id=f"{CAMPAIGN}{campaign_id}/{letter.lead_id}",
        title=f"Campaign letter, {letter.persona}, {letter.tone}",
        content={"to": letter.to, "subject": letter.subject, "body": letter.body},
        facts={**facts, "lead.contact_email": letter.stored_to},
        recipient=letter.to,
        lead_id=letter.lead_id,
        proposed_by=marketing.NAME,
    )


@task(name="publish-campaign", **STEP)
async def publish(report: CampaignReport) -> CampaignReport:
    """Show the variants, and who gets no letter and why."""
    await publish_campaign(report)
    return report


def concluded(report: CampaignReport) -> CampaignReport:
    """Return what the flow returns; of a stopped thread Prefect's state that holds it."""
    result: CampaignReport = as_result(report)
    return result
