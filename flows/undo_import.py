"""Take an import back."""

from core.imports.runs import UndoReport, UndoRequest
from tasks.imports import steps as imports
from tasks.runtime.orchestration import flow


@flow(name="undo-import", flow_run_name="undo import {request.import_id!s:.8}")
async def undo_import(request: UndoRequest) -> UndoReport:
    """Undo an import: remove what only it brought, give back what it overwrote.

    Started by hand. Writes leads in one transaction. Safe twice: an import that is undone is left alone. Leads that a
    person has edited since are kept unless forced.
    """
    return await imports.publish_undo(await imports.undo_leads(request))
