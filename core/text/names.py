"""Is this text a person's name? Parsing of names as pages write them, and a key under which spellings meet."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from core.text import folding
from core.text.lexicons import any_word, folded
from core.text.name_case import INITIAL, calm, cased, shouts
from core.text.name_words import (
    AFTER_HONORIFIC,
    GIVEN,
    HONORIFICS,
    NO_NAME_ENDINGS,
    NOT_NAMES,
    OPENING_PARTICLES,
    PARTICLES,
    PLAIN_HONORIFICS,
    SURNAMES,
    UNSPACED_HONORIFICS,
    UNSPACED_SURNAMES,
)
from core.text.title_words import CREDENTIALS, JOBS
from core.text.titles import fold, read_title

_MAX_NAME = 60
_CHARTERED = frozenset({"CA", "CS", "CMA", "CPA", "ACA", "FCA"})
"""Letters of a profession that stand before a name in India; written in small letters they would be a name."""
_LETTERS = re.compile(r"^(?:(?=\S*[A-Z]\S*[A-Z])[A-Z][A-Za-z.®-]{1,7}(?: |$)){1,2}$")
_WORD = re.compile(r"^[^\W\d_]+(?:['’`´.-][^\W\d_]*)*\.?$")
_SINGLE = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_ABBREVIATED_HALF = re.compile(r"-[^\W\d_]\.$")
_NICKNAME = re.compile(r"\s*[(\"“„«‘'`]\s*([^\W\d_][\w .'’-]{0,18})\s*[)\"”“»’'`](?=\s|$|,)")
_PRONOUNS = re.compile(rf"\s*[(\[]\s*(?:{any_word('names.pronouns')})\s*[/|,].*?[)\]]", re.IGNORECASE)
_PREFIXED = re.compile(r"^(?:Mc|Mac|De|Di|Le|La|Van|Fitz|Du|Da|Del|O)(?=[A-Z])")
_DECORATION = re.compile(r"^(?:\d{1,2}[.)]\s+|[^\w(]+)+|[^\w.)’'\"”“»]+$")
_FIRST_KOREAN = "\uac00"
_FIRST_UNSPACED = "\u3000"
_UNSPACED = re.compile(
    r"([\u3041-\u30ff\u3005\u3400-\u9fff\uac00-\ud7a3]{2,8}+(?: [\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]{1,4})?)"
)
"""Letters of languages that write whole names without a space."""
_LEGAL_FORMS = folded("companies.legal_forms")
_SHORTEST_COMMON = 3
"""Letters of a word that may be a family name wherever a common word is as short: Le, Do, An, Ås."""
_EDGES = ' \t,;:|-–—•·*"“”„«»<>\u2022'


@dataclass(frozen=True)
class PersonName:
    """A person's name.

    Attributes:
        text: as a reader would write it: no honorific, no credential, no nickname, capitals only where they belong.
        given: given names and initials.
        family: the family name with its particles.
        nickname: a name in quotation marks or brackets, or "".
    """

    text: str
    given: str
    family: str
    nickname: str = ""

    @cached_property
    def key(self) -> str:
        """First given name and family name, folded: equal for "Dr. José M. Pérez" and "Jose Perez"."""
        first = re.split(r"[\s-]+", fold(self.given).strip("."))[0].strip(".") if self.given else ""
        return f"{first} {_letters(fold(self.family))}".strip()


def _letters(text: str) -> str:
    return re.sub(r"[^\w]+", "", text)


@lru_cache(maxsize=20_000)
def read_name(text: str) -> PersonName | None:
    """Read a text that may be a person's name and nothing else.

    Returns:
        The name, or None where the text is anything but one name of two to six words.
    """
    text = text.strip(_EDGES)
    if len(text) > 2 * _MAX_NAME:
        return None
    if text[:1] >= _FIRST_UNSPACED:
        return _read_unspaced(text)
    text = _DECORATION.sub("", text)
    if not 4 <= len(text) <= _MAX_NAME or not text[0].isalpha() or any(char.isdigit() for char in text):
        return None
    text = _PRONOUNS.sub("", text)
    if any(char in text for char in "@/\\?!:;=+%$#[]{}…|&•"):
        return None
    apart = _without_nickname(text)
    if apart is None or "(" in apart[0] or ")" in apart[0]:
        return None
    text, nickname = apart
    words = _turned(text)
    if words is None:
        return None
    if len(words[-1]) > 4 and words[-1].endswith(".") and words[-1].count(".") == 1:
        words[-1] = words[-1][:-1]
    words = _stripped(words)
    if not _is_name(words):
        return None
    words = [cased(word) for word in words] if shouts(words) else calm(words)
    split = _family_start(words)
    return PersonName(" ".join(words), " ".join(words[:split]), " ".join(words[split:]), nickname)


def _read_unspaced(text: str) -> PersonName | None:
    """Read a Chinese, Japanese or Korean name: family name first, most often without a space behind it."""
    found = _UNSPACED.fullmatch(text)
    if found is None:
        return None
    whole = found[1]
    ending = next((end for end in UNSPACED_HONORIFICS if whole.endswith(end) and len(whole) > len(end) + 1), "")
    whole = whole.removesuffix(ending).strip()
    family, _, given = (
        (part.strip() for part in re.split(r"([\s·・]+)", whole, maxsplit=1)) if " " in whole else ("", "", "")
    )
    if not family:
        family = next((whole[:size] for size in (3, 2, 1) if whole[:size] in UNSPACED_SURNAMES), "")
        given = whole[len(family) :]
    if family and whole[0] >= _FIRST_KOREAN and family not in UNSPACED_SURNAMES:
        return None
    if not family or given in UNSPACED_HONORIFICS or not 1 <= len(given) <= 3 or len(family) > 3 or " " in given:
        return None
    if any(part in NOT_NAMES for part in (whole, given)) or read_title(whole).is_title or _ends_as_post(whole):
        return None
    return PersonName(whole, given, family)


def _ends_as_post(text: str) -> bool:
    """Return whether a text without spaces ends with a word for a job: a manager, a department's head."""
    return any(text[-size:] in JOBS or text[-size:] in NOT_NAMES for size in (4, 3, 2) if size < len(text) + 1)


def _without_nickname(text: str) -> tuple[str, str] | None:
    """Take out what stands in quotation marks or brackets, and say what of it is a nickname; None: it is no name."""
    found = _NICKNAME.search(text)
    if found is None or found.start() == 0:
        return text, ""
    inner = found[1]
    is_common = _has_common_words(inner)
    if read_title(inner).is_title or (is_common and fold(inner) not in GIVEN):
        return None
    nickname = "" if is_common or fold(inner).strip(".") in CREDENTIALS else inner.strip()
    return (text[: found.start()] + " " + text[found.end() :]).strip(), nickname


@lru_cache(maxsize=5_000)
def read_single(text: str) -> PersonName | None:
    """Read one name alone ("Anna", "Mr. Rashed"), or a whole one whose family name begins small ("Jane doe").

    Only for where something else says that it names somebody: most single words are no names.
    """
    tokens = text.strip(_EDGES).split()
    if not 1 <= len(tokens) <= 3 or not all(_SINGLE.fullmatch(token) for token in tokens):
        return None
    is_addressed = len(tokens) == 2 and (fold(tokens[0]).strip(".") in HONORIFICS or _is_honorific(tokens[0]))
    word = tokens[-1]
    folded = fold(word).strip(".")
    if is_addressed or len(tokens) == 1:
        if not _is_written_as_name(word) or len(folded) < 3 or (_is_common(folded) and folded not in GIVEN):
            return None
        if read_title(word).is_title or folded in HONORIFICS or folded in CREDENTIALS:
            return None
        written = cased(word) if word.isupper() else word
        return PersonName(f"{tokens[0]} {written}", "", written) if is_addressed else PersonName(written, written, "")
    is_small = word.islower() and word.isalpha() and len(word) > _SHORTEST_COMMON and not _is_common(folded)
    return read_name(" ".join([*tokens[:-1], word.capitalize()])) if is_small else None


def same_person(one: PersonName, other: PersonName) -> bool:
    """Return whether two names can be of one person: equal keys, or equal family names with given names that agree."""
    if one.key == other.key:
        return True
    if not (one.family and other.family and one.given and other.given):
        return False
    if _letters(fold(one.text)) == _letters(fold(other.text)):  # "Yara M P" and "Yara Mp"
        return True
    if _letters(fold(one.family)) != _letters(fold(other.family)):
        return False
    given = [frozenset(fold(name.given).replace(".", "").split()) for name in (one, other)]
    if min(map(len, given)) and (given[0] <= given[1] or given[1] <= given[0]) and _is_spelled_out(*given):
        return True
    firsts = [re.split(r"[\s.-]+", fold(name.given))[0] for name in (one, other)]
    nicks = [fold(name.nickname) for name in (one, other)]
    if firsts[0] in (firsts[1], nicks[1]) or firsts[1] == nicks[0] != "":
        return True
    short, long = sorted(firsts, key=len)
    return bool(short) and long.startswith(short) and (len(short) == 1 or len(short) >= 3)


def _is_spelled_out(one: frozenset[str], other: frozenset[str]) -> bool:
    """Two people's given names share one that is no initial: "E. Todd" and "Todd"."""
    return any(len(name) > 1 for name in one & other)


def _has_common_words(text: str) -> bool:
    return any(fold(word) in NOT_NAMES for word in text.split())


def _turned(text: str) -> list[str] | None:
    """Cut into words, credentials after commas dropped; "Surname, Name" is turned around."""
    chunks = [chunk.strip() for chunk in text.split(",") if chunk.strip()]
    while len(chunks) > 1 and (
        all(_credential(word) for word in chunks[-1].split()) or (" " in chunks[0] and _are_letters(chunks[-1]))
    ):
        chunks.pop()
    if len(chunks) == 2:
        family, given = chunks[0].split(), chunks[1].split()
        if len(family) > 3 or len(given) > 3 or (len(family) > 1 and not _leads_family(family)):
            return None
        return given + family
    return chunks[0].split() if len(chunks) == 1 else None


def _leads_family(words: list[str]) -> bool:
    return fold(words[0]) in PARTICLES or all(word.isupper() for word in words)


def _credential(word: str) -> bool:
    return fold(word).strip(".®™()") in CREDENTIALS or fold(word).strip(".").replace(".", "") in CREDENTIALS


def _are_letters(text: str) -> bool:
    """Letters after a full name are a licence or a degree, known or not ("Jane Doe, SE"), where they are no post."""
    return bool(_LETTERS.match(text)) and not read_title(text).is_title


def _stripped(words: list[str]) -> list[str]:
    while len(words) > 2 and words[0] in _CHARTERED:
        words = words[1:]
    while len(words) > 1 and (_is_honorific(words[0]) or (fold(words[0]) in AFTER_HONORIFIC and len(words) > 2)):
        words = words[1:]
    while (
        len(words) > 2
        and words[-1].isascii()
        and _credential(words[-1])
        and (
            sum(char.isupper() for char in words[-1]) > 1 or "." in words[-1] or fold(words[-1]) in ("jr", "phd", "esq")
        )
    ):
        words = words[:-1]
    return words


def _is_honorific(word: str) -> bool:
    """Written with its full stop, or one of those that are no name ("Hon", "Don" and "Dean" can be)."""
    folded = fold(word)
    return folded in PLAIN_HONORIFICS or (folded.endswith(".") and folded.rstrip(".") in HONORIFICS and len(folded) > 2)


def _is_name(words: list[str]) -> bool:
    if not 2 <= len(words) <= 7:
        return False
    full = plain = common = 0
    for position, word in enumerate(words):
        folded = fold(word).strip(".’'")
        is_small = position < len(words) - 1 or word[0].islower()
        if is_small and _is_particle_at(words, position, folded):
            continue
        if position == 0 and _begins_with_particle(words, folded):
            return False
        if _is_initial(words, position, folded):
            continue
        is_last = position == len(words) - 1
        is_common = _is_common_here(words, folded, word=word, is_last=is_last)
        if not _is_written_as_name(word) or not _may_name(folded, is_common=is_common, is_last=is_last):
            return False
        common += is_common
        full += 1
        plain += len(folded) >= 2
    if common == len(words) or _has_common_phrase(words):
        return False
    return full >= 1 and plain >= 1 and (full >= 2 or any(INITIAL.match(word) for word in words))


def _is_common_here(words: list[str], folded: str, *, word: str, is_last: bool) -> bool:
    """Return whether a word of a text says that it is no name."""
    if not _is_common(folded) or (is_last and _may_be_short_surname(words, folded)):
        return False
    return word.isascii() or len(folded) > _SHORTEST_COMMON  # "Lê" is no "le"


def _begins_with_particle(words: list[str], folded: str) -> bool:
    """Return whether the first word is a particle that no name begins with."""
    first = words[0]
    is_particle = folded in PARTICLES and folded not in OPENING_PARTICLES and first.isascii()
    return is_particle and not (first.endswith(".") and INITIAL.match(first))


def _is_initial(words: list[str], position: int, folded: str) -> bool:
    """Return whether a word is an initial, or "Md.", which stands for Mohammed."""
    word = words[position]
    return bool(INITIAL.match(word) and word[0].isupper()) or (position == 0 and folded == "md" and len(words) > 2)


def _has_common_phrase(words: list[str]) -> bool:
    """Two words that are a phrase of headings and menus, each of which may be part of a name ("liên hệ": contact)."""
    return any(f"{fold(one)} {fold(other)}" in NOT_NAMES for one, other in pairwise(words))


def _may_be_short_surname(words: list[str], folded: str) -> bool:
    """Two or three letters behind given names that are no words: "Linh Le", "Jun Du", but not "Sign In"."""
    if len(folded) > _SHORTEST_COMMON or not words[-1][0].isupper() or len(words) > _SHORTEST_COMMON + 1:
        return False
    if folded in JOBS or folded in _LEGAL_FORMS:
        return False
    return not any(word.isascii() and _is_common(fold(word).strip(".")) for word in words[:-1])


def _is_particle_at(words: list[str], position: int, folded: str) -> bool:
    """A particle inside a name ("van", "von und zu"), or behind a name that is whole without it."""
    if not 0 < position < len(words) - 1 + (len(words) > 2):
        return False
    return folded in PARTICLES or (folded == "und" and fold(words[position - 1]) == "von")


def _is_written_as_name(word: str) -> bool:
    """A word with a capital and letters only, no abbreviation and not two words in one."""
    if word.endswith(".") and len(word) > 4 and not _ABBREVIATED_HALF.search(word):
        return False
    return bool(_WORD.match(word)) and _is_capitalised(word) and not _is_joined(word)


def _is_common(folded: str) -> bool:
    """A word of the language, a trade, or such a word behind a hyphen."""
    return (
        folded in NOT_NAMES
        or (folded.endswith("s") and folded[:-1] in JOBS and folded not in SURNAMES)
        or any(bit in NOT_NAMES and bit not in GIVEN and len(bit) > 3 for bit in folded.split("-")[1:])
    )


def _may_name(folded: str, *, is_common: bool, is_last: bool) -> bool:
    """Common words are names where they are known as given names, or as family names at the end."""
    if is_common:
        return folded in GIVEN or (is_last and folded in SURNAMES)
    if folded.endswith("'s"):
        return False
    return not (is_last and len(folded) > 6 and folded.endswith(NO_NAME_ENDINGS) and folded not in GIVEN)


def _is_capitalised(word: str) -> bool:
    return (
        word[0].isupper()
        or (len(word) > 2 and word[1] in "'’" and word[2].isupper())
        or (not word[0].isascii() and not word[0].islower())
    )


def _is_joined(word: str) -> bool:
    """A capital after a small letter: two words that the page's layout holds apart ("JaneDoe"), McDonald apart."""
    word = _PREFIXED.sub("", word)
    return any(one.islower() and other.isupper() for one, other in pairwise(word))


def _family_start(words: list[str]) -> int:
    """The family name is the last word with the particles before it."""
    start = len(words) - 1
    while (
        start > 1 and words[start - 1].isascii() and fold(words[start - 1]) in PARTICLES and len(words[start - 1]) > 1
    ):
        start -= 1
    return start


def person_key(name: str) -> str:
    """Return the key of a name among contacts."""
    read = read_name(name)
    return read.key if read is not None else folding.fold(name)
