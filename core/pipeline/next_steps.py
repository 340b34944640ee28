"""What is due: the one thing that a person does next, in a sentence, and the command for it."""

from pydantic import Field

from core.forms import Report


class WhatStands(Report):
    """How things stand, as far as it decides what is due next.

    Attributes:
        leads: how many there are.
        interrupted: the file of an import that stopped half way, the last one.
        has_profile: whether the team has an icp.yaml of its own.
        unscored: leads that are due to be scored.
        unresolved: messages of which nobody knows whether they went out.
        pending: approvals that wait for a person.
        failing: records that the CRM does not take; `dead_letters` those that were given up.
        duplicates: pairs that may be one.
        unenriched: leads that were never looked up, or are due again.
        crm: the CRM's name where it is set up, else None; `is_synced`: whether a run has finished.
        sync_is_off: the schedule is there and switched off; None where no server tells.
    """

    leads: int = 0
    interrupted: str | None = None
    has_profile: bool = False
    unscored: int = 0
    unresolved: int = 0
    pending: int = 0
    failing: int = 0
    dead_letters: int = 0
    duplicates: int = 0
    unenriched: int = 0
    crm: str | None = None
    is_synced: bool = False
    sync_is_off: bool | None = None


class NextStep(Report):
    """What is due; the JSON of `sales-agent next --json`, a stable interface."""

    what: str
    command: str | None = Field(description="None where nothing is due")


def next_step(stands: WhatStands) -> NextStep:
    """Return what is due: what broke before what waits for a person, that before what machines have left to do."""
    for is_due, what, command in _steps(stands):
        if is_due:
            return NextStep(what=what, command=command)
    return NextStep(what="Nothing is due.", command=None)


def _steps(stands: WhatStands) -> tuple[tuple[bool, str, str], ...]:
    """List what may be due, the most urgent first: whether it is, in a sentence, and the command."""
    return (
        (
            stands.interrupted is not None,
            f"The import of {stands.interrupted} was interrupted: the same file goes on where it stopped.",
            "sales-agent run FILE",
        ),
        (
            not stands.leads and not stands.has_profile,
            "Nothing is here yet: say first who is worth your time.",
            "sales-agent init",
        ),
        (not stands.leads, "There are no leads yet: take in a file.", "sales-agent run FILE"),
        (
            stands.unresolved > 0,
            f"Nobody knows whether {_count(stands.unresolved, 'message')} went out: look, and say it.",
            "sales-agent outbox list",
        ),
        (
            stands.pending > 0,
            f"{_count(stands.pending, 'approval').capitalize()} {_waits(stands.pending)} for a person's word.",
            "sales-agent approvals list",
        ),
        (
            stands.failing > 0,
            f"The CRM does not take {_count(stands.failing, 'record')}: look why.",
            "sales-agent crm status --state failing",
        ),
        (
            stands.dead_letters > 0,
            f"{_count(stands.dead_letters, 'record').capitalize()} that the CRM refused for good "
            f"{_waits(stands.dead_letters)}: try again or drop.",
            "sales-agent dead-letters list",
        ),
        (stands.unscored > 0, f"{_count(stands.unscored, 'lead')} not scored yet.", "sales-agent qualify"),
        (
            stands.duplicates > 0,
            f"{_count(stands.duplicates, 'pair')} may be one: merge, or keep apart.",
            "sales-agent duplicates list",
        ),
        (
            stands.crm is not None and not stands.is_synced,
            f"{stands.crm} is set up and was never synchronised: look at the plan.",
            "sales-agent plan",
        ),
        (
            stands.crm is not None and stands.is_synced and stands.sync_is_off is True,
            f"{stands.crm} is synchronised by hand only: its schedule is off.",
            "sales-agent schedule on sync-crm",
        ),
        (
            stands.unenriched > 0,
            f"{_count(stands.unenriched, 'lead')} may have gaps: see whom it would ask, and what that costs.",
            "sales-agent enrich --plan",
        ),
    )


def _count(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _waits(count: int) -> str:
    return "waits" if count == 1 else "wait"
