"""Which of the offered times a reply accepts: beyond doubt, or none, with the reason for a person to see.

Everything somebody wrote has to be understood, in one language (`core.outreach.reply_words`): what names a time
narrows the
offered ones, and exactly one must be left. A question, a word that is not known, a time that was not offered, two
times: each is a doubt, and a doubt books nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.outreach.meetings import Span
from core.outreach.own_words import own_words
from core.outreach.reply_texts import ASKS, without_greeting, without_signature
from core.outreach.reply_tokens import ABBREVIATION, ABBREVIATIONS, TOKEN, of_places, places
from core.outreach.reply_words import BESIDES, INDEFINITE, Language, languages

_SHOWN = 5
_LONGEST = 2_000
"""Characters of their own: who only accepts a time writes less."""


@dataclass(frozen=True)
class ReplyReading:
    """What a reply comes to: the number of the slot it accepts, from 1, or None and why it leaves a doubt."""

    slot: int | None
    doubt: str = ""


def read_reply(
    reply: str, offered: Sequence[Span], *, zone: str, names: Collection[str] = (), ours: str = ""
) -> ReplyReading:
    """Read which of the offered slots a reply accepts.

    Args:
        reply: as it came, with what it quotes.
        offered: in the order of their numbers.
        zone: the time zone they were said in.
        names: of the prospect, as they may sign.
        ours: the message it answers, where it is at hand.
    """
    known = frozenset(part for name in names for part in re.findall(r"[^\W\d_]+", name.lower()))
    written = _normal(own_words(reply, ours))
    if not written:
        return ReplyReading(None, "it holds no words of their own")
    if len(written) > _LONGEST:
        return ReplyReading(None, "it is too long to be nothing but a choice")
    if ASKS.search(written):
        return ReplyReading(None, "it asks something")
    body, signature_doubt = without_signature(without_greeting(written, known), known)
    if signature_doubt:
        return ReplyReading(None, signature_doubt)
    readings = {name: _Reader(language, offered, zone, known).read(body) for name, language in languages().items()}
    understood = [reading for reading, strange in readings.values() if not strange]
    if not understood:
        fewest = min((strange for _, strange in readings.values()), key=len)
        shown = ", ".join(dict.fromkeys(fewest[:_SHOWN]))
        return ReplyReading(None, f"it says more than is understood: {shown}")
    if len({reading.slot for reading in understood}) > 1:
        return ReplyReading(None, "it reads differently in different languages")
    return understood[0]


def _normal(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return "".join(char for char in composed if unicodedata.category(char) != "Cf").strip()


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

    def read(self, text: str) -> tuple[ReplyReading, list[str]]:
        """Return what the text comes to, and the words that are strange in this language."""
        if self._language.vetoes.search(text.lower()):
            return ReplyReading(None), [text[:20]]
        bare = self._phrases_out(self._zones_out(text))
        tokens = list(TOKEN.finditer(bare))
        self._find_zones(tokens)
        said = _joined([found for found in tokens if found["mark"] is None], self._language)
        is_first = True
        for at, token in enumerate(said):
            if len(self._strange) > _SHOWN:
                break
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
            self._zones.add(places()[named.lower()])
            return " , "

        def abbreviation(found: re.Match[str]) -> str:
            self._zones.add(ABBREVIATIONS[found[0]])
            return " , "

        text = of_places().sub(place, text)
        return text if text.isupper() else ABBREVIATION.sub(abbreviation, text)

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
            walls = {
                tuple(span.starts_at.astimezone(zone).replace(tzinfo=None) for span in self._offered) for zone in zones
            }
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
            self._named.append(frozenset(number for number, (start, end) in self._locals() if end - start == wanted))
        elif not (token["iana"] or token["offset"] or token["sign_of"]):
            self._strange.append(f"“{token[0].strip()}”")

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
        shifts = (0, 12) if token["range_of"] is None else (12,) if token["range_of"].lower() == "p" else (0,)
        begins, ends = (int(token["from_h"]), int(token["from_m"])), (int(token["to_h"]), int(token["to_m"]))
        fitting = [
            number
            for number, (start, end) in self._locals()
            for shift in shifts
            if (start.hour, start.minute) in (begins, (begins[0] % 12 + shift, begins[1]))
            and (end.hour, end.minute) in (ends, (ends[0] % 12 + shift, ends[1]))
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
        elif word in language.nouns and not self._is_one_of_ours(said, at):
            self._strange.append(f"{before} {word}".strip())
        elif not self._is_known(word):
            self._strange.append(word)

    def _is_one_of_ours(self, said: Sequence[re.Match[str]], at: int) -> bool:
        """Return whether a word for a time names one of the offered ones, and not one among others or another one."""
        language, word = self._language, said[at]["word"].lower()
        after = said[at + 1] if at + 1 < len(said) else None
        is_numbered = _word(said, at - 1) in language.ordinals or (at > 0 and said[at - 1]["nth"] is not None)
        is_numbered |= after is not None and (
            after["number"] is not None or after["sign_of"] is not None or _word(said, at + 1) in language.numbers
        )
        return is_numbered or not (word.startswith(BESIDES) or _word(said, at - 1) in INDEFINITE)

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
        elif len(said) == 1 or self._is_numbered(said, at):
            self._narrow(is_slot)
        elif after in language.hours:
            self._narrow(self._at(number, 0))
        elif (
            before in language.months
            or after in language.months
            or (after in ("of", "de") and _is_month(said, at + 2, language))
        ):
            self._narrow(self._where(day=number))
        elif before in language.at and not token["nth"]:
            self._narrow(self._at(number, 0))
        elif token["nth"]:
            self._narrow(is_slot | self._where(day=number))
        else:
            self._narrow(is_slot | self._where(day=number) | self._at(number, 0))

    def _is_numbered(self, said: Sequence[re.Match[str]], at: int) -> bool:
        """Return whether a number is a slot's: `slot 2`, `#2`, `2nd slot`, `2. Termin`."""
        token, nouns = said[at], self._language.nouns
        if at > 0 and (_word(said, at - 1) in nouns or said[at - 1]["sign_of"] is not None):
            return True
        is_ordinal = token["nth"] is not None or token.string[token.end() : token.end() + 1] == "."
        return is_ordinal and _word(said, at + 1) in nouns

    def _verdict(self) -> ReplyReading:
        left = frozenset(range(1, len(self._offered) + 1))
        for numbers in self._named:
            left &= numbers
        if not self._is_named:
            return ReplyReading(None, "it names none of the times")
        if not left:
            is_each = all(self._named)
            return ReplyReading(None, "it names several times" if is_each else "it names a time that was not offered")
        if len(left) > 1:
            return ReplyReading(None, f"it fits several of the times: {', '.join(map(str, sorted(left)))}")
        return ReplyReading(min(left))


def _joined(said: list[re.Match[str]], language: Language) -> list[re.Match[str]]:
    """Leave out the dot of an ordinal: `24. November`, `2. Termin`."""
    kept = []
    for at, token in enumerate(said):
        is_dot = token["stop"] == "." and 0 < at < len(said) - 1 and said[at - 1]["number"] is not None
        if not (is_dot and _word(said, at + 1) in {*language.months, *language.nouns}):
            kept.append(token)
    return kept


def _word(said: Sequence[re.Match[str]], at: int) -> str:
    return (said[at]["word"] or "").lower() if 0 <= at < len(said) else ""


def _is_month(said: Sequence[re.Match[str]], at: int, language: Language) -> bool:
    return _word(said, at) in language.months
