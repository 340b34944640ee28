"""Numbering plans, read off the metadata of the phonenumbers library: which digits are a number for certain.

The library takes 20 µs and more a number, nearly all of it to find out how a text may be meant. Of digits its metadata
tell that in one match. What is found here is what the library finds; what it would have to decide by rules that are not
followed here (carrier codes, local numbers that get an area code) is left to it.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata
from phonenumbers.phonemetadata import PhoneNumberDesc

_KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
_Match = Callable[[str], re.Match[str] | None]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How numbers of a country are written.

    Attributes:
        code: Its calling code.
        is_number: Matches a whole valid number after the calling code, of any country that shares the code.
        is_plain: Matches the same with the calling code before it, where no trunk prefix can stand between.
        is_possible: Matches what the plan has room for, valid or not.
        trunk: Matches a trunk prefix at the start; None where there is none.
        abroad: Matches the prefix of calls abroad at the start; None where there is none.
        lengths: How many digits its numbers have.
        all_lengths: How many those of all countries that share the code have.
    """

    code: str
    is_number: _Match
    is_plain: _Match
    is_possible: _Match
    trunk: _Match | None
    abroad: _Match | None
    lengths: frozenset[int]
    all_lengths: frozenset[int]

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


def international(digits: str) -> str | None:
    """Return digits that begin with a calling code in E.164 where they are valid, or leave them to the library.

    Args:
        digits: ASCII digits only, without '+' or '00'.
    """
    plan = _plan_at(digits[:3])
    if plan is None:
        return None
    if plan.is_plain(digits):
        return "+" + digits
    rest = plan.without_trunk(digits[len(plan.code) :])
    return f"+{plan.code}{rest}" if rest is not None and plan.is_number(rest) else None


def as_dialled(digits: str, country: str | None) -> str | None:
    """Return digits as they are dialled in a country in E.164 where they are valid, or leave them to the library.

    '00' before a calling code is understood everywhere where it means nothing else.

    Args:
        digits: ASCII digits only.
        country: ISO alpha-2 code; None where it is not known.
    """
    plan = _plan_of(country) if country else None
    if plan is None:
        return international(digits[2:]) if digits.startswith("00") else None
    if plan.abroad and (prefix := plan.abroad(digits)):
        return international(digits[prefix.end() :])
    if digits.startswith(plan.code):
        return _with_code(digits, plan)
    rest = plan.without_trunk(digits)
    if rest is None:
        return None
    if len(rest) in plan.all_lengths and plan.is_number(rest):
        return f"+{plan.code}{rest}"
    return international(digits[2:]) if digits.startswith("00") else None


def _with_code(digits: str, plan: _Plan) -> str | None:
    """Read digits that begin with the country's own calling code, where they can be nothing else."""
    rest = digits[len(plan.code) :]
    if plan.is_possible(digits) or not plan.is_possible(rest) or (plan.trunk and plan.trunk(rest)):
        return None
    return international(digits)


def calling_code(digits: str) -> str | None:
    """Return the calling code that digits begin with; None where they begin with none."""
    codes = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return None if digits[:1] == "0" else next((digits[:n] for n in (1, 2, 3) if int(digits[:n] or 0) in codes), None)


@cache
def _plan_at(start: str) -> _Plan | None:
    """Return the plan of the calling code at the start of some digits: that of the code's main country."""
    code = calling_code(start)
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
    if data.general_desc is None or not data.general_desc.national_number_pattern:
        return None
    code, trunk, abroad = str(data.country_code), data.national_prefix_for_parsing, data.international_prefix
    valid = _valid(int(code))
    no_trunk = f"(?!{trunk})" if trunk else ""
    return _Plan(
        code=code,
        is_number=_compiled(valid).fullmatch,
        is_plain=_compiled(f"{code}{no_trunk}(?:{valid})").fullmatch,
        is_possible=_compiled(data.general_desc.national_number_pattern).fullmatch,
        trunk=_compiled(trunk).match if trunk else None,
        abroad=_compiled(abroad).match if abroad else None,
        lengths=frozenset(data.general_desc.possible_length),
        all_lengths=frozenset(
            length for each in _sharing(int(code)) if each.general_desc for length in each.general_desc.possible_length
        ),
    )


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
