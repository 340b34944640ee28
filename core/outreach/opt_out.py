"""The rule that stands in front of every model: does somebody ask, in their own words, to be left alone?

It looks for wordings, in several languages, in text without case, accents and punctuation, so that typed replies and
transcripts read alike. In doubt it says yes: a letter too few costs less than one that was forbidden.
"""

import re

from core.outreach.own_words import own_words
from core.text.folding import fold
from core.text.lexicons import alternatives, any_word

_NO_WORD = re.compile(r"[^\w]+")
_LONGEST = 20_000

_OPT_OUT = re.compile(rf"\b(?:{alternatives('opt_outs.wordings')})\b|{alternatives('opt_outs.unspaced')}")
"""Wordings of all languages, for text as `_plain` gives it."""
_WHOLE = re.compile(rf"(?:(?:{any_word('opt_outs.please')}) )?(?:{any_word('opt_outs.whole')})")
"""What opts out where it is all that is said, as people answer text messages."""


def said_themselves(text: str, ours: str = "") -> str:
    """Return what somebody wrote themselves: above, between and below what they quote of `ours` or of others."""
    return own_words(text, ours)


def is_opt_out(own_words: str) -> bool:
    """Return whether somebody asks, in their own words, not to be written to or called."""
    plain = _plain(own_words)
    return _OPT_OUT.search(plain) is not None or _WHOLE.fullmatch(plain) is not None


def _plain(text: str) -> str:
    """Return words with one space between them, for wordings that do not depend on how a line was punctuated."""
    return _NO_WORD.sub(" ", fold(text[:_LONGEST])).strip()
