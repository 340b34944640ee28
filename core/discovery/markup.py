"""Markup cut to what the parser takes in time: it looks through all attributes of a tag for each one more."""

import re

MAX_ATTRIBUTES = 500
"""Attributes kept of one tag; real ones have a dozen."""
_NAME = r"[^\s/>][^\s/>=]*+"
_VALUE = r"\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+)"
_ATTRIBUTE = rf"[\s/]*+{_NAME}(?:{_VALUE})?+"
_FEW = rf"(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+"
_TOKEN = re.compile(
    r"<(?:"
    r"!--(?s:.)*?(?:-->|\Z)"
    rf"|(?P<raw>script|style)(?=[\s/>]){_FEW}(?P<more>(?:{_ATTRIBUTE})++)?+[\s/]*+>(?s:.)*?(?:</(?P=raw)|\Z)"
    rf"|[a-z][^\s/>]*+{_FEW}(?P<rest>(?:{_ATTRIBUTE})++)?+"
    r")",
    re.IGNORECASE,
)


def with_few_attributes(markup: str) -> str:
    """Leave out what a tag has beyond `MAX_ATTRIBUTES`."""
    found = (match.span("more" if match["more"] else "rest") for match in _TOKEN.finditer(markup))
    cuts = [(start, end) for start, end in found if start < end]
    if not cuts:
        return markup
    ends = [0, *(end for _, end in cuts)]
    starts = [*(start for start, _ in cuts), len(markup)]
    return "".join(markup[end:start] for end, start in zip(ends, starts, strict=True))
