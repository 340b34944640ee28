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
    """Render content for a person, in full: a message as it will read, anything else as indented JSON."""
    if {"to", "subject", "body"} <= content.keys():
        rest = {name: value for name, value in content.items() if name not in ("to", "subject", "body")}
        head = f"To: {content['to']}\nSubject: {content['subject']}\n"
        tail = f"\n---\n{_indented(rest)}" if rest else ""
        return f"{head}\n{content['body']}{tail}"
    return _indented(content)


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
