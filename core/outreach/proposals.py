"""The message that proposes a meeting: three slots in the prospect's time zone, in words of a template.

The words around a model's opening sentence are ours, and the opening has to pass `checked_opening`: it may say what the
facts say, and nothing that only we should know.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as phone_zones

from core.outreach.meetings import Span, said
from core.text.country_readings import read_country
from core.text.plain_text import plain, plain_line

USED_FACTS = (
    *("lead.company_name", "lead.industry", "lead.country", "lead.contact_name", "lead.first_name"),
    *("lead.contact_email", "lead.contact_title", "lead.contact_phone", "lead.company_phone"),
)
"""Facts of a lead that a proposal may use. Notes are not among them: anybody may have written those."""
SHOWN_FACTS = ("lead.company_name", "lead.industry", "lead.contact_title")
"""What a model is shown."""

_LONGEST_OPENING = 300
_LONGEST_NAME = 40
_MOST_NAMES = 4
_LONGEST_COMPANY = 80
_MOST_WORDS = 8
_WITHHELD = re.compile(
    r"\b(scor\w*|tier\w*|rating|lead list|confidence|qualif\w*|crm|prompt|instruction\w*|system message|language model|"
    r"disqualif\w*|hot lead|warm lead|cold lead|internal\w*|database)\b",
    re.IGNORECASE,
)
_LINK = re.compile(r"https?:|www\.|@|(?<![\w-])-*+\w[\w-]*+\.(?:com|net|org|io|co|de|example)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d.,]*")


def qualifies(facts: Mapping[str, Any]) -> str | None:
    """Return why nobody can propose a meeting here, or None where one may.

    Whom the profile disqualifies may get one: a proposal is always asked for by the lead's id, and its approval says so
    first.
    """
    return None if facts.get("lead.contact_email") else "the lead has no e-mail address"


def greeting_name(facts: Mapping[str, Any]) -> str | None:
    """Return the name to greet by, or None where none is known; a sentence in place of a name is none."""
    for fact in ("lead.first_name", "lead.contact_name"):
        name = plain_line(str(facts.get(fact) or "")).strip()
        is_plain = all(char.isalpha() or char in " .'-’" for char in name) and not _WITHHELD.search(name)
        if name and is_plain and len(name) <= _LONGEST_NAME and len(name.split()) <= _MOST_NAMES:
            return name
    return None


def prospect_names(facts: Mapping[str, Any]) -> list[str]:
    """Return the names a prospect may sign with."""
    return [str(facts[fact]) for fact in ("lead.first_name", "lead.contact_name") if facts.get(fact)]


def company(facts: Mapping[str, Any]) -> str:
    """Return the company's name as it may stand in a message: one short line, or 'your company'."""
    name = " ".join(plain_line(str(facts.get("lead.company_name") or "")).split())
    is_name = name and len(name) <= _LONGEST_COMPANY and len(name.split()) <= _MOST_WORDS
    return name if is_name and not _LINK.search(name) and not _WITHHELD.search(name) else "your company"


def checked_opening(opening: str, facts: Mapping[str, Any]) -> str | None:
    """Return a model's opening sentence where it may be said, else None.

    Refused: links and addresses, numbers that are not in the company's name, words that only we should know, more than
    two sentences.
    """
    text = " ".join(opening.split())
    numbers = set(_NUMBER.findall(text)) - set(_NUMBER.findall(company(facts)))
    too_long = len(text) > _LONGEST_OPENING or len(re.findall(r"[.!?](?:\s|$)", text)) > 2
    if not text or too_long or numbers or _LINK.search(text) or _WITHHELD.search(text) or not text.isprintable():
        return None
    return text


def message(
    facts: Mapping[str, Any],
    slots: Sequence[Span],
    *,
    zone: str,
    minutes: int,
    organizer: str,
    opening: str | None,
    origin: str | None = None,
) -> dict[str, str]:
    """Return subject and body of a proposal; `origin` says where the address is from, to who was never written to."""
    name, firm = greeting_name(facts), company(facts)
    lines = [f"Hello {name}," if name else "Hello,", ""]
    lines += [opening or f"I would like to hear how {firm} works today, and whether we can be of use.", ""]
    lines += [f"Would one of these times suit you for a call of {minutes} minutes?", ""]
    lines += [f"  {number}. {said(slot, zone)}" for number, slot in enumerate(slots, 1)]
    lines += ["", 'Answer with "slot 1", "slot 2" or "slot 3" and I send an invitation.'.replace(*_only(len(slots)))]
    lines += ['If you would rather not hear from me, answer with "unsubscribe".', "", "Kind regards", organizer, ""]
    lines += [origin, ""] if origin else []
    return {"subject": plain_line(f"A call between {firm} and us?"), "body": plain("\n".join(lines))}


def _only(count: int) -> tuple[str, str]:
    """Return what to replace in the sentence that names three slots, where there are fewer."""
    wanted = {1: '"slot 1"', 2: '"slot 1" or "slot 2"', 3: '"slot 1", "slot 2" or "slot 3"'}[count]
    return '"slot 1", "slot 2" or "slot 3"', wanted


def prospect_zone(facts: Mapping[str, Any]) -> str | None:
    """Return the prospect's time zone: of a phone number's area or of a country, where that is one zone; else None."""
    for fact in ("lead.contact_phone", "lead.company_phone"):
        if zone := _single(_zones_of_phone(str(facts.get(fact) or ""))):
            return zone
    code = read_country(str(facts.get("lead.country") or "")).code
    return _single(_zones_by_country().get(code or "", ()))


def _single(zones: tuple[str, ...]) -> str | None:
    """Return the first of some zones where they all keep the same time, in winter and in summer; else None."""
    days = [datetime(2026, month, 15) for month in (1, 7)]  # noqa: DTZ001 - a wall time, asked of each zone
    times = {tuple(day.replace(tzinfo=ZoneInfo(zone)).utcoffset() for day in days) for zone in zones}
    return zones[0] if len(times) == 1 else None


def _zones_of_phone(number: str) -> tuple[str, ...]:
    if not number.startswith("+"):
        return ()
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    return tuple(zone for zone in phone_zones.time_zones_for_number(parsed) if zone != phone_zones.UNKNOWN_TIMEZONE)


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    """Read which zones a country has. Source: IANA time zone database, `zone.tab`."""
    found: dict[str, tuple[str, ...]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found[code] = (*found.get(code, ()), zone)
    return found
