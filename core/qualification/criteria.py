"""Rating a lead's values by one criterion of a profile: points with their evidence, or unknown.

Points are whole millionths, so that adding them up is exact wherever it is done: here lead by lead, or over a million
leads in arrays of integers.
"""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import NamedTuple

from core.leads.fields import BY_NAME, FieldType
from core.qualification.icp import (
    Bands,
    Condition,
    Flag,
    Keywords,
    ListedValue,
    OneOf,
    Present,
    Regex,
    Region,
    Regions,
    Scale,
    Titles,
)
from core.qualification.icp import compile_pattern as _compiled
from core.text import cell_text
from core.text.cell_numbers import exact_number, middle_of, read_number, read_range
from core.text.countries import spellings_of
from core.text.country_readings import shown_country
from core.text.folding import fold
from core.text.lexicons import words
from core.text.regions import countries_of, state_key
from core.text.titles import read_title

MICRO = 1_000_000
"""Points are counted in millionths."""
MAX_AS_IS = 1_000
"""A number beyond plus or minus this is no score: such a value counts as unknown."""
_SHOWN_CHARS = 120
_CACHE = 8192
_WORD = re.compile(r"[^\W_]+[+#]*")
_LONGEST_CODE = 3

_TRUE = words("cells.rule_yes")
_FALSE = words("cells.rule_no")

RoleOf = Callable[[str], str | None]
"""Reads a job title: the ATL role it holds (`core.qualification.icp.RatedRole`), or None."""


class Rating(NamedTuple):
    """What one criterion says of one lead.

    Attributes:
        points: millionths of a point; None where the value is not known.
        field: the field or column the evidence stands in; None where there is none.
        value: what stands there, cut after 120 characters.
        why: what was recognised, for people.
    """

    points: int | None
    field: str | None
    value: str | None
    why: str


Rater = Callable[[Sequence[str | None]], Rating]
"""Rates the values of `icp.Condition.columns`, in their order."""

_Verdict = tuple[int | None, str]
_Single = Callable[[str], _Verdict]


def role_in_title(title: str) -> str | None:
    """Read a job title: its ATL role, `Owner` where it says only that, None where it holds neither (any more)."""
    found = read_title(title)
    if found.role or found.is_past:
        return found.role
    if found.is_president and found.place is None:
        return "CEO"
    return "Owner" if found.is_owner_like else None


def micro(points: Decimal) -> int:
    """Return points in millionths, the last one rounded half to even."""
    return int((points * MICRO).to_integral_value(ROUND_HALF_EVEN))


def rater_of(condition: Condition, role_of: RoleOf) -> Rater:
    """Prepare the function that rates by a condition.

    Args:
        condition: from a profile.
        role_of: how job titles are read.

    Returns:
        A total function: whatever the values hold, it rates or says `unknown`.
    """
    if condition.regions is not None:
        return _regions(condition.regions, condition.columns)
    if condition.present is not None:
        return _present(condition.present, condition.columns)
    single = _single(condition, role_of)
    return _over_texts(single, condition.columns)


def _single(condition: Condition, role_of: RoleOf) -> _Single:
    if condition.one_of is not None:
        return _one_of(condition.one_of, is_about_country=condition.is_about_country)
    if condition.bands is not None:
        return _bands(condition.bands)
    if condition.keywords is not None:
        return _keywords(condition.keywords, is_about_country=condition.is_about_country)
    if condition.regex is not None:
        return _regex(condition.regex)
    if condition.flag is not None:
        return _flag(condition.flag)
    if condition.titles is not None:
        return _titles(condition.titles, role_of)
    return _number(condition.number if isinstance(condition.number, Scale) else None)


def _over_texts(single: _Single, columns: Sequence[str]) -> Rater:
    """Rate each text that is there; the best one is the evidence."""
    readers = list(map(reader_of, columns))

    def rate(values: Sequence[str | None]) -> Rating:
        best = Rating(None, None, None, "unknown")
        for column, read, raw in zip(columns, readers, values, strict=True):
            value = read(raw)
            if value is None:
                continue
            points, why = single(value)
            if best.field is None or (points is not None and (best.points is None or points > best.points)):
                best = Rating(points, column, value[:_SHOWN_CHARS], why)
        return best

    return rate


def known(raw: str | None) -> str | None:
    """Return a value without white space around it; None where it is empty or says that nothing is known ('n/a')."""
    return cell_text.text(raw) if raw else None


def reader_of(column: str) -> Callable[[str | None], str | None]:
    """Return what reads a lead's field or a column of its file: `known`, of a country its name ('NA' is a code)."""
    field = BY_NAME.get(column)
    is_country = field is not None and field.type is FieldType.COUNTRY
    return (lambda raw: known(shown_country(raw)) if raw else None) if is_country else known


@lru_cache(maxsize=_CACHE)
def words_of(text: str) -> str:
    """Return a text's words without case, accents and punctuation, a space around each."""
    return f" {' '.join(_WORD.findall(fold(text)))} "


def _one_of(rule: OneOf, *, is_about_country: bool) -> _Single:
    table = _listed(rule, is_about_country=is_about_country)
    otherwise = (micro(rule.otherwise), "is none of the listed")

    def single(value: str) -> _Verdict:
        parts = value.split(rule.separator) if rule.separator else [value]
        keys = list(map(words_of, _with_countries(parts) if is_about_country else parts))
        if rule.match == "whole":
            found = [table[key] for key in keys if key in table]
        else:
            found = [verdict for phrase, verdict in table.items() if any(phrase in key for key in keys)]
        return max(found, key=lambda verdict: verdict[0], default=otherwise)

    return single


def _with_countries(parts: Sequence[str]) -> list[str]:
    """Return each part, and behind it the country it names."""
    return [name for part in parts for name in (part, shown_country(part))]


def _listed(rule: OneOf, *, is_about_country: bool) -> dict[str, tuple[int, str]]:
    """Return what each listed word is worth, by the words as they are compared; of one listed twice the best."""
    table: dict[str, tuple[int, str]] = {}
    for choice in rule.values:
        points = micro(choice.points)
        words = _countries_too(choice, is_whole=rule.match == "whole") if is_about_country else choice.words
        for key in filter(str.strip, map(words_of, words)):
            if key not in table or table[key][0] < points:
                table[key] = (points, f"is {choice.value}")
    return table


def _bands(rule: Bands) -> _Single:
    bands = [(band.from_, band.to, micro(band.points)) for band in rule.bands]
    otherwise = micro(rule.otherwise)

    def single(value: str) -> _Verdict:
        ends = read_range(value)
        if ends is None:
            return None, "no number"
        number = {"low": ends[0], "high": ends[1], "middle": middle_of(*ends)}[rule.take]
        for low, high, points in bands:
            if (low is None or low <= number) and (high is None or number <= high):
                return points, f"{_plain(number)} is in {_range_text(low, high)}"
        return otherwise, f"{_plain(number)} is in no band"

    return single


def _countries_too(choice: ListedValue, *, is_whole: bool) -> list[str]:
    """Return a choice's words, and where they are countries or groups of them every way to write those.

    Codes are left out where they may stand within a text: there 'IT' and 'IN' are words of other kinds.
    """
    known = [text for word in choice.words for code in countries_of(word) for text in spellings_of(code)]
    return [*choice.words, *(text for text in known if is_whole or len(text) > _LONGEST_CODE)]


def _range_text(low: Decimal | None, high: Decimal | None) -> str:
    if high is None:
        return "any number" if low is None else f"{_plain(low)}+"
    return f"up to {_plain(high)}" if low is None else f"{_plain(low)}-{_plain(high)}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(scale: Scale | None) -> _Single:
    def single(value: str) -> _Verdict:
        number = read_number(value)
        if number is None:
            return None, "no number"
        if scale is None:
            return (micro(number), "as it is") if abs(number) <= MAX_AS_IS else (None, "beyond any score")
        share = (number - scale.from_) / (scale.to - scale.from_)
        return micro(100 * min(max(share, Decimal(0)), Decimal(1))), f"{_plain(scale.from_)} to {_plain(scale.to)}"

    return single


def _phrases(choice: ListedValue) -> list[str]:
    """Return what to look for in the words of a text; an open end for 'install*'."""
    found = []
    for word in choice.words:
        phrase = words_of(word)
        if phrase.strip():
            found.append(phrase.rstrip() if word.rstrip().endswith("*") else phrase)
    return found


def _keywords(rule: Keywords, *, is_about_country: bool) -> _Single:
    def phrases(choice: ListedValue) -> list[str]:
        known = _countries_too(choice, is_whole=False) if is_about_country else choice.words
        return _phrases(choice) + [words_of(word) for word in known[len(choice.words) :]]

    wanted = [(phrase, choice) for choice in rule.any_of for phrase in phrases(choice)]
    unwanted = [(phrase, word) for word in rule.none_of for phrase in phrases(ListedValue(value=word))]
    otherwise = micro(rule.otherwise)

    def single(value: str) -> _Verdict:
        text = words_of(f"{value} {shown_country(value)}" if is_about_country else value)
        bad = next((word for phrase, word in unwanted if phrase in text), None)
        if bad is not None:
            return 0, f"says {bad}"
        found = {choice.value: micro(choice.points) for phrase, choice in wanted if phrase in text}
        if not found:
            return otherwise, "says none of the words"
        if rule.combine == "sum":
            return min(sum(found.values()), 100 * MICRO), f"says {', '.join(found)}"
        best = max(found, key=lambda word: found[word])
        return found[best], f"says {best}"

    return single


def _regex(rule: Regex) -> _Single:
    patterns = [
        (_compiled(entry.pattern, is_case_sensitive=rule.is_case_sensitive), entry.pattern, micro(entry.points))
        for entry in rule.patterns
    ]
    otherwise = (micro(rule.otherwise), "matches no pattern")

    def single(value: str) -> _Verdict:
        text = cell_text.storable(value)
        found = [(points, f"matches {pattern}") for regex, pattern, points in patterns if regex.search(text)]
        return max(found, key=lambda verdict: verdict[0], default=otherwise)

    return single


def _flag(rule: Flag) -> _Single:
    if_true, if_false = (micro(rule.if_true), "yes"), (micro(rule.if_false), "no")

    def single(value: str) -> _Verdict:
        word = words_of(value).strip()
        if word in _TRUE or value in {"✓", "✔"}:
            return if_true
        if word in _FALSE:
            return if_false
        number = exact_number(value)
        if number is not None and number in (0, 1):
            return if_true if number else if_false
        return None, "neither yes nor no"

    return single


def _titles(rule: Titles, role_of: RoleOf) -> _Single:
    roles = {str(role): micro(points) for role, points in rule.roles.items()}
    wanted = [(phrase, choice) for choice in rule.keywords for phrase in _phrases(choice)]
    otherwise = micro(rule.otherwise)

    def single(value: str) -> _Verdict:
        role = role_of(value)
        verdicts = [(roles[role], f"is {role}")] if role in roles else []
        if not verdicts:
            text = words_of(value)
            verdicts = [(micro(choice.points), f"says {choice.value}") for phrase, choice in wanted if phrase in text]
        return max(verdicts, key=lambda verdict: verdict[0], default=(otherwise, "another title"))

    return single


def _present(rule: Present, columns: Sequence[str]) -> Rater:
    if_present, if_absent = micro(rule.if_present), micro(rule.if_absent)
    readers = list(map(reader_of, columns))

    def rate(values: Sequence[str | None]) -> Rating:
        for column, read, raw in zip(columns, readers, values, strict=True):
            value = read(raw)
            if value is not None:
                return Rating(if_present, column, value[:_SHOWN_CHARS], "is there")
        return Rating(if_absent, columns[0], None, "is not there")

    return rate


class _Place(NamedTuple):
    """A region, ready to compare with."""

    countries: frozenset[str]
    states: frozenset[str]
    cities: frozenset[str]
    postal: tuple[str, ...]
    points: int
    name: str

    @classmethod
    def of(cls, region: Region) -> "_Place":
        parts = (region.country, *region.states, *region.cities, *region.postal_prefixes)
        return cls(
            countries_of(region.country) if region.country else frozenset(),
            frozenset(map(state_key, region.states)),
            frozenset(map(words_of, region.cities)),
            tuple(fold(prefix).replace(" ", "") for prefix in region.postal_prefixes),
            micro(region.points),
            "is in " + ", ".join(part for part in parts if part),
        )

    def fits(self, country: str | None, state: str | None, city: str | None, postal: str | None) -> bool | None:
        """Return whether an address lies here; None where it does not say enough."""
        answers: list[bool | None] = []
        if self.countries:
            answers.append(None if country is None else bool(countries_of(country) & self.countries))
        if self.states:
            answers.append(None if state is None else state_key(state) in self.states)
        if self.cities:
            answers.append(None if city is None else words_of(city) in self.cities)
        if self.postal:
            answers.append(None if postal is None else fold(postal).replace(" ", "").startswith(self.postal))
        return False if False in answers else None if None in answers else True


def _regions(rule: Regions, columns: Sequence[str]) -> Rater:
    places = [_Place.of(region) for region in rule.values]
    readers = list(map(reader_of, columns))
    otherwise = micro(rule.otherwise)

    def rate(values: Sequence[str | None]) -> Rating:
        address = [read(value) for read, value in zip(readers, values, strict=True)]
        field, shown = next(
            ((column, value) for column, value in zip(columns, address, strict=True) if value), (None, None)
        )
        text = ", ".join(value for value in address if value)[:_SHOWN_CHARS] or None
        answers = [(place, place.fits(*address)) for place in places]
        here = [place for place, fits in answers if fits]
        if here:
            best = max(here, key=lambda place: place.points)
            return Rating(best.points, field, text, best.name)
        if shown is None or any(fits is None for _, fits in answers):
            return Rating(None, field, text, "unknown")
        return Rating(otherwise, field, text, "is elsewhere")

    return rate
