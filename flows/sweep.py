"""Close what crashes left open."""

from core.upkeep.sweeping import SweepReport
from tasks.runtime.orchestration import flow
from tasks.upkeep import steps as upkeep


@flow(name="sweep", flow_run_name="sweep up after crashes")
async def sweep() -> SweepReport:
    """Close what a crash left open, drop what is too old, and take up approvals whose run was lost.

    Every 15 minutes. Takes no input; closes reservations in the cost book, ends sessions at Browserbase where that is
    configured, deletes pages of websites kept longer than `WEBSITES_KEEP_S`, answers of providers kept longer than
    `ENRICH_KEEP_S`, and checkpoints of old threads of agents.
    Expires approvals, and starts runs for decided ones. Safe twice: what is closed is not found again, and what is
    still in use is younger than the sweep looks for.
    """
    return SweepReport(
        spending=await upkeep.close_reservations(),
        session_count=await upkeep.release_sessions(),
        page_count=await upkeep.drop_pages(),
        answer_count=await upkeep.drop_answers(),
        threads=await upkeep.prune_threads(),
        approvals=await upkeep.take_up_approvals(),
    )
