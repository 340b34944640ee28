"""How sure a finding is.

A confidence is the share of findings of its class that should be right: how it was found, on what kind of page, under
what heading, on how many pages. The classes' values are set below what the labelled sites show, because those are few;
`bench/eval_atl.py` prints for each band of confidence the share that is right, which must not be lower than the band.
"""

from core.discovery.mentions import ExtractionMethod, Mention, PageKind

_BASE = {
    ExtractionMethod.STRUCTURED: 0.93,
    ExtractionMethod.CARD: 0.94,
    ExtractionMethod.LINE: 0.95,
    ExtractionMethod.LABEL: 0.92,
    ExtractionMethod.PROSE: 0.8,
    ExtractionMethod.CHOSEN: 0.75,
}
_KIND = {
    PageKind.PEOPLE: 0.0,
    PageKind.IMPRINT: 0.0,
    PageKind.ABOUT: -0.03,
    PageKind.CONTACT: -0.04,
    PageKind.HOME: -0.06,
    PageKind.OTHER: -0.12,
    PageKind.STORY: -0.3,
}


def confidence(mention: Mention, kind: PageKind, *, seen_on: int) -> float:
    """Return the confidence of one mention, 0 to 1.

    Args:
        mention: the person's best mention.
        kind: the page it stands on.
        seen_on: how many pages say the same.
    """
    value = _BASE[mention.found] + _KIND[kind]
    if mention.in_own_section and mention.found is not ExtractionMethod.STRUCTURED:
        value += 0.02
    if kind not in (PageKind.PEOPLE, PageKind.IMPRINT) and not mention.in_own_section:
        value -= 0.08
    if seen_on > 1:
        value += 0.02
    return round(min(max(value, 0.05), 0.98), 2)
