"""Take an import back."""

from core.imports import UndoReport, UndoRequest
from tasks import import_artifacts, leads
from tasks.runtime import flow


@flow(name="undo-import", flow_run_name="undo {request.import_id}")
async def undo_import(request: UndoRequest) -> UndoReport:
    """Undo an import: remove what only it brought, give back what it overwrote.

    Started by hand. Writes leads in one transaction. Safe twice: an import that is undone is left alone. Leads that a
    person has edited since are kept unless forced.
    """
    return await import_artifacts.publish_undo(await leads.undo_leads(request))
