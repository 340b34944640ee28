"""Numbering plans, read off the metadata of the phonenumbers library: which digits are a number for certain.

The library takes 20 µs and more a number, nearly all of it to find out how a text may be meant. Of digits its metadata
tell that in one match. What is found here is what the library finds; what it would have to decide by rules that are not
followed here (carrier codes, local numbers that get an area code) is left to it.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, cached_property, lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_Match = Callable[[str], re.Match[str] | None]


class _Plan:
    """How numbers of a country are written; each pattern is made when it is first asked for.

    Attributes:
        code: Its calling code.
        lengths: How many digits its numbers have.
        all_lengths: How many those of all countries that share the code have.
        is_free: Whether neither a trunk prefix nor that of calls abroad begins what begins with '00'.
        has_zeros: Whether calls abroad begin with '00'.
    """

    def __init__(self, data: PhoneMetadata, general: PhoneNumberDesc) -> None:
        self.code = str(data.country_code)
        self._trunk, self._abroad = data.national_prefix_for_parsing or "", data.international_prefix or ""
        self._possible = general.national_number_pattern or "(?!)"
        self.lengths = frozenset(general.possible_length)
        sharing = (each.general_desc for each in _sharing(int(self.code)))
        self.all_lengths = frozenset(length for each in sharing if each for length in each.possible_length)
        self._are_digits = all(prefix.isdigit() for prefix in (self._trunk, self._abroad) if prefix)
        self.is_free = self._are_digits and not {self._trunk[:2], self._abroad[:2]} & {"0", "00"}
        self.has_zeros = self._abroad == "00"

    @cached_property
    def is_number(self) -> _Match:
        """Matches a whole valid number after the calling code, of any country that shares the code."""
        return _compiled(_valid(int(self.code))).fullmatch

    @cached_property
    def is_plain(self) -> _Match:
        """Matches the same with '+' and the calling code, where no trunk prefix can stand between."""
        return _compiled(f"\\+{self.code}{_not(self._trunk)}(?:{_valid(int(self.code))})").fullmatch

    @cached_property
    def as_dialled(self) -> _Match | None:
        """Matches a valid number as it is dialled there, its group what follows the calling code.

        None where the prefixes are more than some digits.
        """
        if not self._are_digits:
            return None
        with_trunk = f"|{_not(rf'(?:{self._possible})$')}{self._trunk}{_of_length(self.lengths)}" if self._trunk else ""
        start = f"{_not(self._abroad)}(?!{self.code})(?:{_not(self._trunk)}{with_trunk})"
        return _compiled(f"{start}({_valid(int(self.code))})").fullmatch

    @cached_property
    def is_possible(self) -> _Match:
        """Matches what the plan has room for, valid or not."""
        return _compiled(self._possible).fullmatch

    @cached_property
    def trunk(self) -> _Match | None:
        """Matches a trunk prefix at the start; None where there is none."""
        return _compiled(self._trunk).match if self._trunk else None

    @cached_property
    def abroad(self) -> _Match | None:
        """Matches the prefix of calls abroad at the start; None where there is none."""
        return _compiled(self._abroad).match if self._abroad else None

    def without_trunk(self, digits: str) -> str | None:
        """Return the digits without a trunk prefix; None where only the library can tell."""
        found = self.trunk(digits) if self.trunk else None
        if found is None:
            return digits
        if found.lastindex:
            return None
        rest = digits[found.end() :]
        if self.is_possible(digits) and not self.is_possible(rest):
            return digits
        return rest if len(rest) in self.lengths else None


def international(number: str) -> str | None:
    """Return a number with its calling code in E.164 where it is valid, or leave it to the library.

    Args:
        number: '+', and what may be digits.
    """
    plan = _plan_at(number[:4])
    if plan is None:
        return None
    if plan.is_plain(number):
        return number
    digits = number[1 + len(plan.code) :]
    rest = plan.without_trunk(digits) if digits.isdigit() else None
    return f"+{plan.code}{rest}" if rest is not None and plan.is_number(rest) else None


def as_dialled(digits: str, country: str | None) -> str | None:
    """Return digits as they are dialled in a country in E.164 where they are valid, or leave them to the library.

    '00' before a calling code is understood everywhere where it means nothing else.

    Args:
        digits: ASCII digits only.
        country: ISO alpha-2 code; None where it is not known.
    """
    plan = _plan_of(country) if country else None
    if digits[:2] == "00":
        if plan is None or plan.has_zeros or (plan.is_free and len(digits) not in plan.all_lengths):
            return international("+" + digits[2:])
        return _with_prefix(digits, plan)
    if plan is None:
        return None
    if plan.as_dialled and (found := plan.as_dialled(digits)):
        return f"+{plan.code}{found[1]}"
    return _with_prefix(digits, plan)


def _with_prefix(digits: str, plan: _Plan) -> str | None:
    if plan.abroad and (prefix := plan.abroad(digits)):
        return international("+" + digits[prefix.end() :])
    if digits.startswith(plan.code):
        return _with_code(digits, plan)
    rest = plan.without_trunk(digits)
    if rest is None:
        return None
    if len(rest) in plan.all_lengths and plan.is_number(rest):
        return f"+{plan.code}{rest}"
    return international("+" + digits[2:]) if digits.startswith("00") else None


def _with_code(digits: str, plan: _Plan) -> str | None:
    """Read digits that begin with the country's own calling code, where they can be nothing else."""
    rest = digits[len(plan.code) :]
    if plan.is_possible(digits) or not plan.is_possible(rest) or (plan.trunk and plan.trunk(rest)):
        return None
    return international("+" + digits)


def calling_code(digits: str) -> str | None:
    """Return the calling code that digits begin with; None where they begin with none."""
    return next((digits[:size] for size in (1, 2, 3) if digits[:size] in _CODES), None)


@lru_cache(maxsize=1024)
def _plan_at(start: str) -> _Plan | None:
    """Return the plan of the calling code after a '+': that of the code's main country."""
    code = calling_code(start[1:])
    if code is None:
        return None
    country = phonenumbers.region_code_for_country_code(int(code))
    data = PhoneMetadata.metadata_for_region_or_calling_code(int(code), country)
    return _plan(data) if data else None


@cache
def _plan_of(country: str) -> _Plan | None:
    data = PhoneMetadata.metadata_for_region(country, None)
    return _plan(data) if data else None


def _plan(data: PhoneMetadata) -> _Plan | None:
    return _Plan(data, data.general_desc) if data.general_desc else None


def _not(pattern: str) -> str:
    return f"(?!{pattern})" if pattern else ""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


@cache
def _valid(code: int) -> str:
    """Return the pattern of the valid numbers of a calling code.

    Of the countries that share it, one whose numbers begin with certain digits has all that begin so.
    """
    sharing = _sharing(code)
    taken: list[str] = []
    patterns: list[str] = []
    for data in sharing:
        others = f"(?!{'|'.join(taken)})" if taken else ""
        own = ""
        if data.leading_digits and len(sharing) > 1:
            own = f"(?={data.leading_digits})"
            taken.append(data.leading_digits)
        patterns.append(f"{others}{own}{_kinds(data)}")
    return "|".join(patterns)


def _sharing(code: int) -> list[PhoneMetadata]:
    """Return the metadata of the countries that share a calling code, in the order in which the library asks them."""
    countries = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    found = (PhoneMetadata.metadata_for_region_or_calling_code(code, country) for country in countries)
    return [data for data in found if data is not None]


def _kinds(data: PhoneMetadata) -> str:
    """Return the pattern of a country's valid numbers: possible ones that are of some kind."""
    general = data.general_desc
    if general is None:
        return "(?!)"
    kinds = [getattr(data, name) for name in _KINDS]
    # As they stand, each once: where mobile and fixed lines share numbers, both say the same.
    patterns = dict.fromkeys(filter(None, (_pattern(kind, general.possible_length) for kind in kinds)))
    return f"{_of_length(general.possible_length)}(?=(?:{general.national_number_pattern})\\Z)(?:{'|'.join(patterns)})"


def _pattern(kind: PhoneNumberDesc | None, general: Iterable[int]) -> str | None:
    if kind is None or not kind.national_number_pattern:
        return None
    length = "" if tuple(kind.possible_length) == tuple(general) else _of_length(kind.possible_length)
    return f"{length}(?:{kind.national_number_pattern})"


def _of_length(lengths: Iterable[int]) -> str:
    sizes = [size for size in lengths if size > 0]
    return f"(?=(?:{'|'.join(f'[0-9]{{{size}}}' for size in sizes)})\\Z)" if sizes else ""
