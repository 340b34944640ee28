"""What is due for a run, and which leads of that it may take, in SQL on leads `l`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.batches import Scope

_OF_IMPORT = """(l.created_import_id = %(import_id)s OR l.id IN (
    SELECT unnest(met.lead_ids) FROM import_met met WHERE met.import_id = %(import_id)s
))"""
_OF_TIERS = "EXISTS (SELECT FROM assessments of_tier WHERE of_tier.lead_id = l.id AND of_tier.tier = ANY (%(tiers)s))"


def within(scope: Scope) -> tuple[str, dict[str, Any]]:
    """Return the condition on leads `l` that a scope is, and values of its names; any lead meets an empty one."""
    conditions = [*([_OF_IMPORT] if scope.import_id else ()), *([_OF_TIERS] if scope.tiers else ())]
    names = {"import_id": scope.import_id, "tiers": list(scope.tiers)}
    return " AND ".join(conditions) or "true", {name: value for name, value in names.items() if value}


@dataclass(frozen=True)
class Due:
    """What is due for a kind of work, in SQL of this program's own.

    Attributes:
        claims: table of claims: what is claimed, under the name `column`, and token.
        source: what stands after FROM: `leads l`, and what tells whether a lead is due.
        condition: whether it is.
        names: values of the named placeholders in the condition.
        key: what is claimed, in the words of `source`.
        column: how the table of claims calls it.
    """

    claims: str
    source: str
    condition: str
    names: Mapping[str, Any]
    key: str = "l.id"
    column: str = "lead_id"

    def within(self, scope: Scope) -> "Due":
        """Return what of it a scope allows, where leads are claimed."""
        only, names = within(scope)
        return replace(self, condition=f"{self.condition} AND {only}", names={**self.names, **names})
