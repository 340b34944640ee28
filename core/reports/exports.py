"""What an export of leads is asked for, which columns it has, and what it answers."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from core.errors import InvalidInput
from core.forms import Frozen, Report
from core.leads.exported import ABOUT_LEADS, BESIDE_FIELDS
from core.leads.lead import FIELDS
from core.qualification.scoring import reason_of
from core.tiers import Tier

Format = Literal["csv", "parquet", "xlsx"]
Per = Literal["contact", "lead"]
"""What is a row: each contact, with its company, and each company without one; or each lead, with its best contact."""

NUMBERS = ("score", "confidence", "rules_score")
COLUMNS: tuple[str, ...] = (*ABOUT_LEADS[:2], *FIELDS, *BESIDE_FIELDS, *ABOUT_LEADS[2:])
"""Columns of an export, in order; those of `extra` follow where they are asked for. All but `NUMBERS` are text."""


class ExportRequest(Frozen):
    """Which leads to write, and where to."""

    path: Path
    per: Per = "contact"
    tiers: tuple[Tier, ...] = ()
    min_score: Decimal | None = Field(default=None, ge=0, le=100)
    with_extra: bool = False
    with_owners: bool = False
    limit: int | None = Field(default=None, ge=1)

    @property
    def format(self) -> Format:
        """The format, by the file's name.

        Raises:
            InvalidInput: the name ends in none that is known.
        """
        formats: dict[str, Format] = {".csv": "csv", ".parquet": "parquet", ".xlsx": "xlsx"}
        found = formats.get(self.path.suffix.lower())
        if found is None:
            raise InvalidInput(f"{self.path.name}: an export ends in {', '.join(formats)}")
        return found


def in_words(*, reasoning: str | None, breakdown: Sequence[Mapping[str, Any]] | None, reason: str | None) -> str | None:
    """Return, in a line, why a lead has the score it has.

    Args:
        reasoning: a model's, which stands for the rules' where there is one.
        breakdown: `Point.to_json` values.
        reason: what else there is to say: a disagreement, or why there is no score.
    """
    points = [point for point in breakdown or [] if point["known"] or point["weight"] == 0]
    said = [reasoning or (reason_of(breakdown or []) if points else None), reason]
    return "; ".join(filter(None, said)) or None


class ExportReport(Report):
    """What an export wrote. `cut_cells` are texts too long for the format."""

    file: str
    rows: int
    leads: int
    columns: int
    cut_cells: int
