"""What is around a reply's words: whom it greets, how it ends, the signature, a device's or a company's own lines.

It is taken off only where it is nothing else: a line below the signature that says something is a doubt, not a detail.
"""

import re
from functools import cache
from itertools import takewhile

from core.outreach.reply_words import languages, spelt
from core.text.lexicons import alternatives, phrases, words

ASKS = re.compile("[?¿؟⸮՞፧]|\\.\\.\\.")
"""What makes a question, or a hesitation, of a reply."""
_OTHER_SIGNS = re.compile(r"""[^\w\s.,;:!'’"()\[\]|/&+*@~–—👍🙂😊😀👌✅✔️🙏-]""")
"""Signs that say something: none stands in a line that does nothing but end a letter."""
_REFUSING_SIGNS = re.compile("[👎❌🚫⛔✖✗✘🙅❎]")
_GREETINGS = re.compile(rf"\s*(?:{alternatives('letters.greetings')})(?!\w)", re.IGNORECASE)
_HONORIFICS = words("letters.honorifics")
_CLOSINGS = spelt(phrases("letters.closings"))
"""Words of the line that ends a letter."""
_REFUSALS = spelt(phrases("letters.refusals"))
"""Words that a name or a signature does not hold."""
_DEVICES = re.compile(rf"\s*(?:{alternatives('letters.devices')})\b", re.IGNORECASE)
_DISCLAIMERS = re.compile(alternatives("letters.disclaimers"), re.IGNORECASE)


def _is_plain_name(token: str, known: frozenset[str]) -> bool:
    """Return whether a word may be somebody's name: capitalised, and no word that says something here."""
    word = token.strip(".,!:;").lower()
    if word in known or word in _HONORIFICS:
        return True
    return token[:1].isupper() and word.isalpha() and word not in _REFUSALS and word not in _all_grammar()


@cache
def _all_grammar() -> frozenset[str]:
    found: set[str] = set()
    for language in languages().values():
        found |= {*language.nouns, *language.ordinals, *language.numbers, *language.weekdays, *language.months}
        found |= language.known
    return frozenset(found)


def without_greeting(text: str, known: frozenset[str]) -> str:
    """Take off whom a reply greets, at its beginning."""
    greeting = _GREETINGS.match(text)
    if greeting is None:
        return text
    rest = text[greeting.end() :]
    for _ in range(5):
        word = re.match(r"[ \t]*([\w'.-]+)", rest)
        if word is None or not _is_plain_name(word[1], known):
            break
        rest = rest[word.end() :]
        if word[1].endswith((".", ",")) and word[1].strip(".,").lower() not in _HONORIFICS:
            break
    return rest.lstrip(" \t,!.:-–—") if rest != text else text


def without_signature(text: str, known: frozenset[str]) -> tuple[str, str]:
    """Take off what stands below the letter; return the rest, and a doubt where what is below may belong to it."""
    lines = list(takewhile(lambda line: line.rstrip() != "--", text.split("\n")))
    closing = next((at for at in range(len(lines) - 1, 0, -1) if _is_closing(lines[at], known)), None)
    if closing is None:
        return "\n".join(_unclosed(lines, known)), ""
    for line in lines[closing + 1 :]:
        if _DISCLAIMERS.search(line) and len(line) > 60:
            break
        if line.strip() and not _is_of_signature(line, known):
            return text, "something stands below the signature"
    return "\n".join(lines[:closing]), ""


def _unclosed(lines: list[str], known: frozenset[str]) -> list[str]:
    """Take off the names, device lines and last words of thanks below a letter that no line of its own closes."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or _DEVICES.match(lines[end - 1]) or _is_signed(lines[end - 1], known)):
        end -= 1
    kept = lines[:end]
    sentences = re.split(r"(?<=[.!])\s+", kept[-1]) if kept else []
    if len(sentences) > 1 and _is_closing(sentences[-1], known):
        kept[-1] = " ".join(sentences[:-1])
    return kept


def _is_signed(line: str, known: frozenset[str]) -> bool:
    parts = re.findall(r"[^\W\d_]+", line.lower())
    return bool(parts) and all(part in known for part in parts) and not _OTHER_SIGNS.search(line)


def _is_closing(line: str, known: frozenset[str]) -> bool:
    """Return whether a line does nothing but end a letter: `Best regards, Ada`."""
    tokens = re.findall(r"[\w'.-]+", line)
    if not 0 < len(tokens) <= 7 or re.search(r"\d", line) or _OTHER_SIGNS.search(line):
        return False
    said = 0
    while said < len(tokens) and tokens[said].strip(".").lower() in _CLOSINGS:
        said += 1
    return said > 0 and all(_is_plain_name(token, known) for token in tokens[said:])


_CONTACT = re.compile(r"@|www\.|https?:|\+?\d[\d ()/.-]{5,}\d")
_SMALL = 3


def _is_of_signature(line: str, known: frozenset[str]) -> bool:
    """Return whether a line below a letter's end is a name, a title, an address or a device's advertisement."""
    tokens = re.findall(r"[^\W\d_]+", line)
    lowered = {token.lower() for token in tokens}
    if _DEVICES.match(line) or _is_closing(line, known):
        return True
    grammar = any(
        lowered & (language.weekdays.keys() | (language.nouns - {"nr", "no"})) for language in languages().values()
    )
    if grammar or lowered & _REFUSALS or ASKS.search(line) or _REFUSING_SIGNS.search(line):
        return False
    if _CONTACT.search(line):
        return True
    large = [token for token in tokens if len(token) > _SMALL]
    return all(token[:1].isupper() or token.lower() in known for token in large)
