"""How a column's name is read as a row of concepts: cut into known phrases, the longest first.

The phrases of all languages stand in the lexicon, by concept: what a column holds (`headers`), whose it is
(`header_owners`), and words that change nothing or make it something else (`header_words`). What the concepts together
mean is decided in `core.imports.columns`.
Sources of the phrases: the export formats of Apollo, HubSpot, Salesforce, Close, Pipedrive, Zoho, Dynamics, Odoo,
LinkedIn Sales Navigator, Outlook, Google Contacts, Facebook lead ads, Google Ads, Mailchimp, Shopify, WooCommerce,
DATEV, SIRENE.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

from core.text import lexicons
from core.text.lexicon_keys import WORDS

ATTRIBUTES = WORDS["headers"]
"""What a column may hold, by the key of its words; a later one outranks an earlier one where both have a phrase."""
SUBJECTS = WORDS["header_owners"]
"""Whose it is, or which of several; the same holds."""
_WHOLE_NAMES = lexicons.words("header_words.whole_name")
"""'CAP' is a postal code, 'Market Cap' is none."""


_ENDINGS = re.compile(rf"(?<=\w)\((?:{lexicons.any_word('header_words.bracketed_endings')})\)")
"""'Siège(s)', 'Contacto(s)'."""


def fold_header(name: str) -> str:
    """Return a column name as folded words: camelCase and snake_case cut, accents and punctuation gone."""
    name = _ENDINGS.sub("", name) if "(" in name else name
    text = re.sub(r"([a-z0-9à-ÿ])([A-Z])", r"\1 \2", name.lstrip("\ufeff").strip())
    text = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", text)
    text = text.casefold().replace("ß", "ss").replace("ł", "l").replace("ø", "o").replace("æ", "ae").replace("ı", "i")
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    text = text.replace("#", " no ") if re.match(r"\s*+#\s*+(of\s)?\w", text) else text
    text = re.sub(r"([a-z])(\d)", r"\1 \2", text)
    return " ".join(re.sub(r"[^\w]+|_", " ", text).split())


@cache
def lexicon() -> dict[str, str]:
    """Return folded phrase -> concept. An attribute outranks a subject, a subject a blocker, a blocker noise."""
    words: dict[str, str] = dict.fromkeys(map(fold_header, lexicons.phrases("header_words.noise")), "noise")
    words.update((fold_header(phrase), "blocked") for phrase in lexicons.phrases("header_words.blocked"))
    for section, concepts in (("header_owners", SUBJECTS), ("headers", ATTRIBUTES)):
        for concept in concepts:
            words.update((fold_header(phrase), concept) for phrase in lexicons.phrases(f"{section}.{concept}"))
    return words


@cache
def _phrases_for(attribute: str) -> frozenset[str]:
    return frozenset(map(fold_header, lexicons.phrases(f"headers.{attribute}")))


def speaks_of(name: str, attribute: str) -> bool:
    """Return whether a column's name has a word for an attribute, as 'HQ Country' has for `country`."""
    words = fold_header(name)
    return not _phrases_for(attribute).isdisjoint((words, *words.split()))


@cache
def _fuzzy_words() -> list[str]:
    kept = set(ATTRIBUTES) | {"company", "customer"}
    return [phrase for phrase, concept in lexicon().items() if concept in kept and len(phrase) >= 5]


FUZZY_THRESHOLD = 88
_MAX_NAME, _MAX_WORD = 200, 40
"""Characters read of a column's name, and of one word that is looked into; what is longer is no name of a column."""


@lru_cache(maxsize=4096)
def concepts_of(name: str) -> tuple[tuple[str, str], ...]:
    """Read a column name as concepts, in order: ((concept, folded phrase), …); 'unknown' for what no list holds."""
    words = fold_header(name[:_MAX_NAME]).split()
    known = lexicon()
    found: list[tuple[str, str]] = []
    index = 0
    while index < len(words):
        for length in range(min(5, len(words) - index), 0, -1):
            phrase = " ".join(words[index : index + length])
            concept = known.get(phrase)
            if concept and phrase in _WHOLE_NAMES and length < len(words):
                concept = "unknown"
            if concept:
                found.append((concept, phrase))
                index += length
                break
        else:
            found.extend(_unknown(words[index]))
            index += 1
    return tuple(found)


def _unknown(word: str) -> list[tuple[str, str]]:
    """Try a word that no list holds as a compound ('firmenort'), then as a misspelling ('adress')."""
    if len(word) > _MAX_WORD:
        return [("unknown", word)]
    known = lexicon()
    if _EAST.search(word):
        return _cut(word)
    if word.startswith("co") and len(word) > 5 and known.get(word[2:]) in ATTRIBUTES:  # 'coname', 'cophone'
        return [("company", "co"), (known[word[2:]], word[2:])]
    if compound := _compound(word, known):
        return compound
    if len(word) >= 5 and not word.isdecimal():
        from rapidfuzz import fuzz, process  # a quarter of what a process that only reads rows would import

        match = process.extractOne(word, _fuzzy_words(), scorer=fuzz.ratio, score_cutoff=FUZZY_THRESHOLD)
        if match:
            return [(known[match[0]], match[0])]
    return [("number" if word.isdecimal() else "unknown", word)]


def _compound(word: str, known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Cut a word in two that are known, the second one an attribute: 'firmenort'."""
    for cut in range(len(word) - 3, 2, -1):
        left, right = word[:cut], word[cut:]
        tail = known.get(right)
        if tail is None or tail not in ATTRIBUTES:
            continue
        for glue in (left, left.removesuffix("s"), left.removesuffix("n"), left.removesuffix("en")):
            head = known.get(glue)
            if head and len(glue) >= 4 and head != "noise":
                return [(head, glue), (tail, right)]
    return []


_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
"""Letters of scripts that put no space between words."""


def _cut(word: str) -> list[tuple[str, str]]:
    """Cut a word of such a script into known ones, the longest first; what is left over is unknown."""
    known, found, start, unknown = lexicon(), [], 0, 0
    while start < len(word):
        end = next((end for end in range(len(word), start, -1) if _is_part(word, start, end, known)), 0)
        if end:
            found.append((known[word[start:end]], word[start:end]))
        else:
            unknown += 1
        start = end or start + 1
    return [*found, ("unknown", word)] if unknown or not found else found


def _is_part(word: str, start: int, end: int, known: dict[str, str]) -> bool:
    piece = word[start:end]
    return piece in known and (end - start > 1 or piece not in _WHOLE_NAMES)


def concept_of(name: str) -> str | None:
    """Return a word's own concept where the whole name is a known one; None where it says nothing certain."""
    if len(name) > 80:
        return None
    found = concepts_of(name)
    kinds = {concept for concept, _ in found}
    if not found or "unknown" in kinds or kinds <= {"noise", "number"}:
        return None
    return found[0][0]
