"""What a run of an import shows in the Prefect UI."""

from pathlib import Path
from typing import Any

from prefect.artifacts import acreate_link_artifact, acreate_table_artifact

from core.imports.columns import ColumnMapping
from core.imports.preview import PreviewReport
from core.imports.runs import ImportReport, UndoReport
from db.imports import history as imports
from tasks.runtime.orchestration import in_flow_run, task
from tasks.runtime.policies import STEP
from tasks.runtime.resources import database

_FIRST_REJECTS = 20


@task(name="publish-import", **STEP)
async def publish_import(report: ImportReport, mapping: ColumnMapping) -> ImportReport:
    """Show the report, the mapping, the first rejects, and where the rejects file is."""
    if in_flow_run():
        await _table("import-report", _rows(report.model_dump(mode="json")), "What became of the file's rows")
        await _table(
            "column-mapping", _mapping_rows(mapping.mapping, mapping.confidence), "Which column is which field"
        )
        if report.rejects_file:
            await _show_rejects(report, Path(report.rejects_file))
    return report


async def _show_rejects(report: ImportReport, file: Path) -> None:
    async with database() as connection:
        first = await imports.first_rejects(connection, report.import_id, _FIRST_REJECTS)
    rows = [
        {"line": r.line, "column": r.reject.column, "value": r.reject.value, "reason": r.reject.reason} for r in first
    ]
    await _table("first-rejects", rows, f"The first of {report.rejected} rejected rows; all are in {file}")
    await acreate_link_artifact(
        link=file.as_uri(),
        link_text=file.name,
        key="rejects-file",
        description=f"Rejected rows with `_line` and `_error`: mend and import them as they are. `{file}`",
    )


@task(name="publish-preview", **STEP)
async def publish_preview(report: PreviewReport) -> PreviewReport:
    """Show what an import would do."""
    if in_flow_run():
        facts = report.to_json()
        mapping = facts.pop("mapping")
        confidence = facts.pop("mapping_confidence")
        await _table("preview", _rows(facts), "What an import would do; nothing was written")
        await _table("column-mapping", _mapping_rows(mapping, confidence), "Which column is which field")
    return report


@task(name="publish-undo", **STEP)
async def publish_undo(report: UndoReport) -> UndoReport:
    """Show what an undo did and what it left alone."""
    if in_flow_run():
        facts = report.model_dump(mode="json")
        kept = facts.pop("kept")
        await _table("undo-report", _rows(facts), "What the undo did, in leads")
        if kept:
            await _table("kept-leads", kept, "Leads it left as they are, and why")
    return report


def _rows(facts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"what": name.replace("_", " "), "value": value} for name, value in facts.items()]


def _mapping_rows(mapping: dict[str, str], confidence: dict[str, float]) -> list[dict[str, Any]]:
    return [
        {"column": column, "field": field, "confidence": round(confidence.get(column, 0.0), 2)}
        for column, field in mapping.items()
    ]


async def _table(key: str, rows: list[dict[str, Any]], description: str) -> None:
    await acreate_table_artifact(table=rows, key=key, description=description)
