"""The pieces of a reply: numbers, dates, times of day, time zones, words; and what is none of these."""

import re
from functools import cache
from zoneinfo import available_timezones

from core.text.lexicons import alternatives, phrases

TOKEN = re.compile(
    rf"""
      (?P<iana>\b[A-Za-z]{{3,}}/[A-Za-z_]+(?:/[A-Za-z_]+)?)
    | (?P<offset>\b(?:UTC|GMT)\s?(?:(?P<sign>[+−-])\s?(?P<offset_h>\d{{1,2}})(?::?(?P<offset_m>\d{{2}}))?)?(?!\w))
    | (?P<iso>\b(?P<iso_y>\d{{4}})-(?P<iso_m>\d{{1,2}})-(?P<iso_d>\d{{1,2}})\b)
    | (?P<range>\b(?P<from_h>\d{{1,2}})\s?[:.hH]\s?(?P<from_m>\d{{2}})\s?(?:[-–—]|{alternatives("letters.range_to")})\s?
        (?P<to_h>\d{{1,2}})\s?[:.hH]\s?
        (?P<to_m>\d{{2}})(?!\d)(?:\s?(?P<range_of>[aApP])\.?[mM]\b\.?)?)
    | (?P<half>\b(?P<half_h>\d{{1,2}})(?:[:.](?P<half_m>\d{{2}}))?\s?(?P<half_of>[aApP])\.?\s?[mM]\b\.?)
    | (?P<time>\b(?P<time_h>\d{{1,2}})(?::|\s?[hH]\s?)(?P<time_m>\d{{2}})(?!\d))
    | (?P<date>\b(?P<date_1>\d{{1,2}})(?P<date_s>[./-])(?P<date_2>\d{{1,2}})
        (?:(?P=date_s)(?P<date_y>\d{{4}}|\d{{2}}))?\.?(?![\d:]))
    | (?P<hour>\b(?P<hour_h>\d{{1,2}})\s?[hH](?!\w))
    | (?P<minutes>\b(?P<minutes_n>\d{{1,3}})[\s-]?(?:{alternatives("letters.minutes")})(?!\w)\.?)
    | (?P<nth>\b(?P<nth_n>\d{{1,2}})(?:{alternatives("letters.ordinal_endings")})(?!\w))
    | (?P<number>\d{{1,4}}(?!\d))
    | (?P<sign_of>[#]|\bn[°º]|\bn[or]\.(?=\s?\d)|№)
    | (?P<word>[^\W\d_]+(?:['-][^\W\d_]+)*)
    | (?P<stop>[.!\n]+)
    | (?P<mark>[\s,;:()¡\[\]"'«»„“”‚‹›*_–—-]+|[👍🙂😊😀👌✅✔️🙏]+)
    | (?P<strange>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
ABBREVIATIONS = {
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("BST",), "Europe/London"),
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CDT",), "America/Chicago"),
    **dict.fromkeys(("MSK",), "Europe/Moscow"),
}
ABBREVIATION = re.compile(rf"\b(?:{'|'.join(ABBREVIATIONS)})\b")
_REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
_OF_A_PLACE = phrases("letters.time_of_place")


@cache
def places() -> dict[str, str]:
    """Return cities, in lower case, with their time zones; those of one name in several zones are left out."""
    found: dict[str, set[str]] = {}
    for name in available_timezones():
        if name.startswith(_REGIONS):
            found.setdefault(name.rpartition("/")[2].replace("_", " ").lower(), set()).add(name)
    found |= {"uk": {"Europe/London"}, "eastern": {"America/New_York"}, "pacific": {"America/Los_Angeles"}}
    return {place: zones.pop() for place, zones in found.items() if len(zones) == 1}


@cache
def of_places() -> re.Pattern[str]:
    """Return what finds a time said to be of a place: `12:00 London time`."""
    names = "|".join(re.escape(place) for place in sorted(places(), key=len, reverse=True))
    found = (rf"\b{wording.replace('PLACE', f'({names})')}\b" for wording in _OF_A_PLACE)
    return re.compile("|".join(found), re.IGNORECASE)
