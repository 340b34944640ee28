"""Job titles to roles by plain keywords: the reading a profile uses where no better one is plugged in."""

import re

from core.lead import fold

_ROLES: tuple[tuple[str, str], ...] = (
    ("CEO", r"ceo|chief executive|managing director|geschaftsfuhrer(?:in)?|directeur general|director general|"
     r"amministratore delegato|algemeen directeur|diretor geral|president"),
    ("COO", r"coo|chief operating|chief operations"),
    ("CFO", r"cfo|chief financial|chief finance|finanzvorstand"),
    ("CTO", r"cto|chief technology|chief technical"),
    ("VP Finance", r"(?:vp|vice president|svp|evp|head|director) (?:of )?finance|finance director|finanzleiter(?:in)?|"
     r"directeur financier|director financiero"),
    ("VP Operations", r"(?:vp|vice president|svp|evp|head|director) (?:of )?operations|operations director"),
    ("Owner", r"owner|co ?owner|founder|co ?founder|inhaber(?:in)?|grunder(?:in)?|proprietor|managing partner|"
     r"proprietaire|fondateur|fundador|titolare"),
)  # fmt: skip
_PATTERNS = [(role, re.compile(rf"\b(?:{words})\b")) for role, words in _ROLES]
_NEAR = re.compile(r"\b(?:assistant|assistenz|assistentin?|secretary|vice|deputy|former|ex|intern|to the)\b")
_VICE_PRESIDENT = re.compile(r"\b(?:s|e)?vice president\b")
_SPACES = re.compile(r"[^\w&]+")


def role_in_title(title: str) -> str | None:
    """Give the first role whose keyword stands in a title; None where none does or somebody else holds it."""
    text = _SPACES.sub(" ", fold(title[:200]))
    if _NEAR.search(_VICE_PRESIDENT.sub("", text)):
        return None
    for role, pattern in _PATTERNS:
        searched = _VICE_PRESIDENT.sub("vp", text)
        if pattern.search(searched):
            return role
    return None
