"""An approval as a person reads it before they decide: its warnings, and its content in full."""

import json
from typing import Any

from core.outreach.approvals import EXCLUDED, TIER, Approval, Json


def warnings(approval: Approval, tier: str | None = None) -> list[str]:
    """Return what stands before an approval's text: that its lead is disqualified, now or when it was drafted."""
    if approval.proposal.facts.get(TIER) == EXCLUDED:
        return ["DISQUALIFIED: the profile excludes this lead; a person asked for this message by the lead's id."]
    return ["DISQUALIFIED: the profile excludes this lead since this was drafted."] if tier == EXCLUDED else []


def text_of(content: Json) -> str:
    """Render content for a person: a message as it will read, changes of a CRM record by record, else indented JSON."""
    if {"to", "subject", "body"} <= content.keys():
        rest = {name: value for name, value in content.items() if name not in ("to", "subject", "body")}
        head = f"To: {content['to']}\nSubject: {content['subject']}\n"
        tail = f"\n---\n{_indented(rest)}" if rest else ""
        return f"{head}\n{content['body']}{tail}"
    if {"why", "in_words", "counts", "changes"} == content.keys():
        return _changes_text(content)
    return _indented(content)


def _changes_text(content: Json) -> str:
    """Write a plan: why it asks, what it is in all, and each change that is listed with its fields."""
    counts = "\n".join(f"{count:>6} × {what}" for what, count in sorted(content["counts"].items()))
    lines = [_change_line(change) for change in content["changes"]]
    rest = sum(content["counts"].values()) - len(lines)
    lines += [f"… and {rest:,} more: `sales-agent plan` lists them"] if rest > 0 else []
    return f"{content['why']}\n{content['in_words']}\n\n{counts}\n\n" + "\n".join(lines)


def _change_line(change: Json) -> str:
    """Write one change in a line: in the CRM or here, what is done with whom, the fields before and after."""
    where = "in the CRM" if change["side"] == "theirs" else "here"
    fields = "; ".join(
        f"{name}: {_value(after)}" if before in (None, "", []) else f"{name}: {_value(before)} → {_value(after)}"
        for name, (before, after) in change["changes"].items()
    )
    return f"- {change['action']} {change['kind']} {where}: {change['name'] or change['record']}" + (
        f" ({fields})" if fields else ""
    )


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else "nothing" if value is None else str(value)


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
