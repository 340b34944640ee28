"""Which of the offered times a reply accepts: beyond doubt, or none, with the reason for a person to see.

Everything somebody wrote has to be understood, in one language (`core.reply_words`): what names a time narrows the
offered ones, and exactly one must be left. A question, a word that is not known, a time that was not offered, two times:
each is a doubt, and a doubt books nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from core.meetings import Span
from core.own_words import own_words
from core.reply_words import CLOSINGS, DEVICES, DISCLAIMERS, GREETINGS, HONORIFICS, LANGUAGES, REFUSALS, Language

_SHOWN = 5


@dataclass(frozen=True)
class Reading:
    """What a reply comes to: the number of the slot it accepts, from 1, or None and why it leaves a doubt."""

    slot: int | None
    doubt: str = ""


def read_reply(
    reply: str, offered: Sequence[Span], *, zone: str, names: Collection[str] = (), ours: str = ""
) -> Reading:
    """Read which of the offered slots a reply accepts.

    Args:
        reply: as it came, with what it quotes.
        offered: in the order of their numbers.
        zone: the time zone they were said in.
        names: of the guest, as they may sign.
        ours: the message it answers, where it is at hand.
    """
    known = frozenset(part for name in names for part in re.findall(r"[^\W\d_]+", name.lower()))
    written = _normal(own_words(reply, ours))
    if not written:
        return Reading(None, "it holds no words of their own")
    if _ASKS.search(written):
        return Reading(None, "it asks something")
    body, signature_doubt = _without_signature(_without_greeting(written, known), known)
    if signature_doubt:
        return Reading(None, signature_doubt)
    readings = {name: _Reader(language, offered, zone, known).read(body) for name, language in LANGUAGES.items()}
    understood = [reading for reading, strange in readings.values() if not strange]
    if not understood:
        fewest = min((strange for _, strange in readings.values()), key=len)
        shown = ", ".join(dict.fromkeys(fewest[:_SHOWN]))
        return Reading(None, f"it says more than is understood: {shown}")
    if len({reading.slot for reading in understood}) > 1:
        return Reading(None, "it reads differently in different languages")
    return understood[0]


_ASKS = re.compile("[?¿؟⸮՞፧]|\\.\\.\\.")


def _normal(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return "".join(char for char in composed if unicodedata.category(char) != "Cf").strip()


def _is_plain_name(token: str, known: frozenset[str]) -> bool:
    """Tell whether a word may be somebody's name: capitalised, and no word that says something here."""
    word = token.strip(".,!:;").lower()
    if word in known or word in HONORIFICS:
        return True
    return token[:1].isupper() and word.isalpha() and word not in REFUSALS and word not in _all_grammar()


@cache
def _all_grammar() -> frozenset[str]:
    found: set[str] = set()
    for language in LANGUAGES.values():
        found |= {*language.nouns, *language.ordinals, *language.numbers, *language.weekdays, *language.months}
        found |= language.known
    return frozenset(found)


def _without_greeting(text: str, known: frozenset[str]) -> str:
    """Take off whom a reply greets, at its beginning."""
    greeting = GREETINGS.match(text)
    if greeting is None:
        return text
    rest = text[greeting.end() :]
    for _ in range(5):
        word = re.match(r"[ \t]*([\w'.-]+)", rest)
        if word is None or not _is_plain_name(word[1], known):
            break
        rest = rest[word.end() :]
        if word[1].endswith((".", ",")) and word[1].strip(".,").lower() not in HONORIFICS:
            break
    return rest.lstrip(" \t,!.:-–—") if rest != text else text


def _without_signature(text: str, known: frozenset[str]) -> tuple[str, str]:
    """Take off what stands below the letter; return the rest, and a doubt where what is below may belong to it."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.rstrip() == "--":
            lines = lines[:number]
            break
    closing = next((at for at in range(len(lines) - 1, 0, -1) if _is_closing(lines[at], known)), None)
    if closing is None:
        while lines and (not lines[-1].strip() or DEVICES.match(lines[-1]) or _is_signed(lines[-1], known)):
            lines.pop()
        return "\n".join(lines), ""
    for line in lines[closing + 1 :]:
        if DISCLAIMERS.search(line) and len(line) > 60:
            break
        if line.strip() and not _is_of_signature(line, known):
            return text, "something stands below the signature"
    return "\n".join(lines[:closing]), ""


def _is_signed(line: str, known: frozenset[str]) -> bool:
    parts = re.findall(r"[^\W\d_]+", line.lower())
    return bool(parts) and all(part in known for part in parts)


def _is_closing(line: str, known: frozenset[str]) -> bool:
    """Tell whether a line does nothing but end a letter: `Best regards, Ada`."""
    tokens = re.findall(r"[\w'.-]+", line)
    if not 0 < len(tokens) <= 7 or re.search(r"\d", line):
        return False
    said = 0
    while said < len(tokens) and tokens[said].strip(".").lower() in CLOSINGS:
        said += 1
    return said > 0 and all(_is_plain_name(token, known) for token in tokens[said:])


_CONTACT = re.compile(r"@|www\.|https?:|\+?\d[\d ()/.-]{5,}\d")
_SMALL = 3


def _is_of_signature(line: str, known: frozenset[str]) -> bool:
    """Tell whether a line below a letter's end is a name, a title, an address or a device's advertisement."""
    tokens = re.findall(r"[^\W\d_]+", line)
    lowered = {token.lower() for token in tokens}
    if DEVICES.match(line) or _is_closing(line, known):
        return True
    grammar = any(lowered & (language.weekdays.keys() | (language.nouns - {"nr", "no"})) for language in LANGUAGES.values())
    if grammar or lowered & REFUSALS or _ASKS.search(line):
        return False
    if _CONTACT.search(line):
        return True
    large = [token for token in tokens if len(token) > _SMALL]
    return all(token[:1].isupper() or token.lower() in known for token in large)


_TOKEN = re.compile(
    r"""
      (?P<iana>\b[A-Za-z]{3,}/[A-Za-z_]+(?:/[A-Za-z_]+)?)
    | (?P<offset>\b(?:UTC|GMT)\s?(?:(?P<sign>[+−-])\s?(?P<offset_h>\d{1,2})(?::?(?P<offset_m>\d{2}))?)?(?!\w))
    | (?P<iso>\b(?P<iso_y>\d{4})-(?P<iso_m>\d{1,2})-(?P<iso_d>\d{1,2})\b)
    | (?P<range>\b(?P<from_h>\d{1,2})\s?[:.hH]\s?(?P<from_m>\d{2})\s?(?:[-–—]|to|bis|à|tot)\s?(?P<to_h>\d{1,2})\s?[:.hH]\s?
        (?P<to_m>\d{2})(?!\d))
    | (?P<half>\b(?P<half_h>\d{1,2})(?:[:.](?P<half_m>\d{2}))?\s?(?P<half_of>[aApP])\.?\s?[mM]\b\.?)
    | (?P<time>\b(?P<time_h>\d{1,2})(?::|\s?[hH]\s?)(?P<time_m>\d{2})(?!\d))
    | (?P<date>\b(?P<date_1>\d{1,2})(?P<date_s>[./-])(?P<date_2>\d{1,2})(?:(?P=date_s)(?P<date_y>\d{4}|\d{2}))?\.?(?![\d:]))
    | (?P<hour>\b(?P<hour_h>\d{1,2})\s?[hH](?!\w))
    | (?P<minutes>\b(?P<minutes_n>\d{1,3})[\s-]?(?:min|mins|minutes?|minuten|minutos|minuti|minuter|minutter|minut|мин|минут)
        (?!\w)\.?)
    | (?P<nth>\b(?P<nth_n>\d{1,2})(?:st|nd|rd|th|er|ère|re|e|è|ème|eme|º|ª|°|ste|de|o|a)(?!\w))
    | (?P<number>\d{1,4}(?!\d))
    | (?P<sign_of>[#]|\bn[°º]|\bn[or]\.(?=\s?\d)|№)
    | (?P<word>[^\W\d_]+(?:['-][^\W\d_]+)*)
    | (?P<stop>[.!\n]+)
    | (?P<mark>[\s,;:()\[\]"'«»„“”‚‹›*_–—-]+|[👍🙂😊😀👌✅✔️🙏]+)
    | (?P<strange>.)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_ABBREVIATIONS = {
    **dict.fromkeys(("CET", "CEST", "MEZ", "MESZ"), "Europe/Berlin"),
    **dict.fromkeys(("BST",), "Europe/London"),
    **dict.fromkeys(("EST", "EDT"), "America/New_York"),
    **dict.fromkeys(("PST", "PDT"), "America/Los_Angeles"),
    **dict.fromkeys(("CDT",), "America/Chicago"),
    **dict.fromkeys(("MSK",), "Europe/Moscow"),
}
_ABBREVIATION = re.compile(rf"\b(?:{'|'.join(_ABBREVIATIONS)})\b")
_REGIONS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific")
_OF_A_PLACE = (
    r"\b({0}) time\b",
    r"\b({0})er zeit\b",
    r"\bheure de ({0})\b",
    r"\bhora de ({0})\b",
    r"\bora di ({0})\b",
    r"\bhorário de ({0})\b",
    r"\b({0})se tijd\b",
    r"\btijd (?:in )?({0})\b",
)


@cache
def _places() -> dict[str, str]:
    """Return cities, in lower case, with their time zones; those of one name in several zones are left out."""
    found: dict[str, set[str]] = {}
    for name in available_timezones():
        if name.startswith(_REGIONS):
            found.setdefault(name.rpartition("/")[2].replace("_", " ").lower(), set()).add(name)
    found |= {"uk": {"Europe/London"}, "eastern": {"America/New_York"}, "pacific": {"America/Los_Angeles"}}
    return {place: zones.pop() for place, zones in found.items() if len(zones) == 1}


@cache
def _of_places() -> re.Pattern[str]:
    names = "|".join(re.escape(place) for place in sorted(_places(), key=len, reverse=True))
    return re.compile("|".join(pattern.format(names) for pattern in _OF_A_PLACE), re.IGNORECASE)


Local = tuple[datetime, datetime]


class _Reader:
    """Reads a text in one language."""

    def __init__(self, language: Language, offered: Sequence[Span], zone: str, names: frozenset[str]) -> None:
        self._language = language
        self._offered = offered
        self._names = names
        self._zone: tzinfo = ZoneInfo(zone)
        self._zones: set[str] = set()
        self._named: list[frozenset[int]] = []
        self._strange: list[str] = []
        self._is_named = False

    def read(self, text: str) -> tuple[Reading, list[str]]:
        """Return what the text comes to, and the words that are strange in this language."""
        if self._language.vetoes.search(text.lower()):
            return Reading(None), [text[:20]]
        bare = self._phrases_out(self._zones_out(text))
        tokens = [found for found in _TOKEN.finditer(bare)]
        self._find_zones(tokens)
        said = [found for found in tokens if found.lastgroup != "mark" and found["mark"] is None]
        is_first = True
        for at, token in enumerate(said):
            if token["stop"]:
                is_first = True
                continue
            if is_first and token["word"] and token["word"].lower() in self._language.asks:
                self._strange.append(token["word"].lower())
            is_first = False
            self._take(said, at)
        return self._verdict(), self._strange

    def _phrases_out(self, text: str) -> str:
        lowered = text.lower()
        if len(lowered) != len(text):  # a letter that has no small form of one letter
            return text
        pieces, last = [], 0
        for found in self._language.phrases.finditer(lowered):
            pieces += [text[last : found.start()], ", "]
            last = found.end()
        return "".join([*pieces, text[last:]])

    # zones

    def _zones_out(self, text: str) -> str:
        def place(found: re.Match[str]) -> str:
            named = next(group for group in found.groups() if group)
            self._zones.add(_places()[named.lower()])
            return " , "

        def abbreviation(found: re.Match[str]) -> str:
            self._zones.add(_ABBREVIATIONS[found[0]])
            return " , "

        text = _of_places().sub(place, text)
        return text if text.isupper() else _ABBREVIATION.sub(abbreviation, text)

    def _find_zones(self, tokens: Sequence[re.Match[str]]) -> None:
        """Take the zone that was said; one that is said as a name and as an offset has to be the same."""
        zones: list[tzinfo] = []
        for name in [*self._zones, *(token["iana"] for token in tokens if token["iana"])]:
            try:
                zones.append(ZoneInfo(name))
            except (ZoneInfoNotFoundError, ValueError):
                self._strange.append(name)
        for token in tokens:
            if token["offset"]:
                hours, minutes = int(token["offset_h"] or 0), int(token["offset_m"] or 0)
                shift = timedelta(hours=hours, minutes=minutes) * (-1 if token["sign"] in ("-", "−") else 1)
                zones.append(timezone(shift) if abs(shift) < timedelta(hours=24) else UTC)
        if zones:
            walls = {tuple(span.starts_at.astimezone(zone).replace(tzinfo=None) for span in self._offered) for zone in zones}
            if len(walls) > 1:
                self._named.append(frozenset())
            self._zone = zones[0]

    def _locals(self) -> Iterator[tuple[int, Local]]:
        for number, span in enumerate(self._offered, 1):
            yield number, (span.starts_at.astimezone(self._zone), span.ends_at.astimezone(self._zone))

    # what narrows the offered times

    def _narrow(self, numbers: frozenset[int]) -> None:
        self._named.append(numbers)
        self._is_named = True

    def _where(self, *, day: int | None = None, month: int | None = None, year: int | None = None) -> frozenset[int]:
        return frozenset(
            number
            for number, (start, _) in self._locals()
            if day in (None, start.day) and month in (None, start.month) and year in (None, start.year)
        )

    def _at(self, hour: int, minute: int, *, is_exact: bool = False) -> frozenset[int]:
        """Return the slots that begin at a time of day; an hour up to 12 may be one of the afternoon."""
        hours = {hour} if is_exact or hour > 12 else {hour, (hour + 12) % 24}
        return frozenset(
            number for number, (start, _) in self._locals() if start.hour in hours and start.minute == minute
        )

    def _take(self, said: Sequence[re.Match[str]], at: int) -> None:
        token = said[at]
        kind = token.lastgroup
        if token["word"]:
            self._take_word(said, at)
        elif token["number"] or token["nth"]:
            self._take_number(said, at)
        elif token["date"]:
            self._take_date(token)
        elif token["range"]:
            self._take_range(token)
        elif token["time"]:
            self._narrow(self._at(int(token["time_h"]), int(token["time_m"]), is_exact=token["time_h"].startswith("0")))
        elif token["half"]:
            hour = int(token["half_h"]) % 12 + (12 if token["half_of"].lower() == "p" else 0)
            self._narrow(self._at(hour, int(token["half_m"] or 0), is_exact=True))
        elif token["hour"]:
            self._narrow(self._at(int(token["hour_h"]), 0))
        elif token["iso"]:
            year, month, day = (int(token[name]) for name in ("iso_y", "iso_m", "iso_d"))
            self._narrow(self._where(day=day, month=month, year=year))
        elif token["minutes"]:
            wanted = timedelta(minutes=int(token["minutes_n"]))
            self._named.append(
                frozenset(number for number, (start, end) in self._locals() if end - start == wanted)
            )
        elif not (token["iana"] or token["offset"] or token["sign_of"]):
            self._strange.append(f"“{token[0].strip()}”" if kind else token[0])

    def _take_date(self, token: re.Match[str]) -> None:
        one, two, year = int(token["date_1"]), int(token["date_2"]), token["date_y"]
        whole = None if year is None else int(year) + (2000 if len(year) == 2 else 0)
        readings = self._where(day=one, month=two, year=whole)
        if token["date_s"] != ".":
            readings |= self._where(day=two, month=one, year=whole)
        elif year is None:
            readings |= self._at(one, two)  # 16.30 is a time
        self._narrow(readings)

    def _take_range(self, token: re.Match[str]) -> None:
        begins, ends = (int(token["from_h"]), int(token["from_m"])), (int(token["to_h"]), int(token["to_m"]))
        fitting = [
            number
            for number, (start, end) in self._locals()
            for shift in (0, 12)
            if (start.hour, start.minute) == (begins[0] + shift, begins[1])
            and (end.hour, end.minute) == (ends[0] + shift, ends[1])
        ]
        self._narrow(frozenset(fitting))

    def _take_word(self, said: Sequence[re.Match[str]], at: int) -> None:
        language, word = self._language, said[at]["word"].lower()
        before, after = _word(said, at - 1), _word(said, at + 1)
        if word in language.weekdays:
            day = language.weekdays[word]
            self._narrow(frozenset(number for number, (start, _) in self._locals() if start.weekday() == day))
        elif word in language.months:
            self._narrow(self._where(month=language.months[word]))
        elif word in language.ordinals and (before in language.articles or after in language.nouns or len(said) == 1):
            self._narrow(frozenset({language.ordinals[word]}))
        elif word in language.numbers and (before in language.nouns or len(said) == 1):
            self._narrow(frozenset({language.numbers[word]}))
        elif not self._is_known(word):
            self._strange.append(word)

    def _is_known(self, word: str) -> bool:
        language = self._language
        neutral = (language.known, language.nouns, language.articles, language.at, language.hours, self._names)
        if any(word in each for each in neutral):
            return True
        parts = re.split("['-]", word)
        return len(parts) > 1 and all(any(part in each for each in neutral) for part in parts)

    def _take_number(self, said: Sequence[re.Match[str]], at: int) -> None:
        token, language = said[at], self._language
        number = int(token["number"] or token["nth_n"])
        before, after = _word(said, at - 1), _word(said, at + 1)
        is_slot = frozenset({number}) & frozenset(range(1, len(self._offered) + 1))
        if number > 31:
            self._narrow(self._where(year=number))
        elif at > 0 and (before in language.nouns or said[at - 1]["sign_of"]) or len(said) == 1:
            self._narrow(is_slot)
        elif after in language.nouns and token["nth"]:
            self._narrow(is_slot)
        elif before in language.months or after in language.months or (after in ("of", "de") and _is_month(said, at + 2, language)):
            self._narrow(self._where(day=number))
        elif after in language.hours or (before in language.at and not token["nth"]):
            self._narrow(self._at(number, 0))
        elif token["nth"]:
            self._narrow(is_slot | self._where(day=number))
        else:
            self._narrow(is_slot | self._where(day=number) | self._at(number, 0))

    def _verdict(self) -> Reading:
        left = frozenset(range(1, len(self._offered) + 1))
        for numbers in self._named:
            left &= numbers
        if not self._is_named:
            return Reading(None, "it names none of the times")
        if not left:
            is_each = all(self._named)
            return Reading(None, "it names several times" if is_each else "it names a time that was not offered")
        if len(left) > 1:
            return Reading(None, f"it fits several of the times: {', '.join(map(str, sorted(left)))}")
        return Reading(min(left))


def _word(said: Sequence[re.Match[str]], at: int) -> str:
    return (said[at]["word"] or "").lower() if 0 <= at < len(said) else ""


def _is_month(said: Sequence[re.Match[str]], at: int, language: Language) -> bool:
    return _word(said, at) in language.months
