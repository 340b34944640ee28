"""A confidence lies in its bounds and moves as its reasons do."""

from dataclasses import replace
from itertools import product

import pytest

from core.discovery.confidence import confidence
from core.discovery.mentions import ExtractionMethod, Mention, PageKind
from core.text.names import read_name
from core.text.titles import read_title

MENTION = Mention(read_name("Orla Fenwick"), read_title("CEO"), ExtractionMethod.CARD, 0, "Orla Fenwick, CEO")
ALL = list(product(ExtractionMethod, PageKind, (False, True), (1, 2, 7)))


def of(found, kind, own, seen_on):
    return confidence(replace(MENTION, found=found, in_own_section=own), kind, seen_on=seen_on)


@pytest.mark.parametrize(("found", "kind", "own", "seen_on"), ALL)
def test_it_is_bounded_and_more_evidence_never_lowers_it(found, kind, own, seen_on):
    here = of(found, kind, own, seen_on)
    assert 0.05 <= here <= 0.98
    assert here == round(here, 2)
    assert of(found, kind, own, seen_on + 1) >= here
    assert of(found, kind, True, seen_on) >= of(found, kind, False, seen_on)
    assert here <= of(found, PageKind.PEOPLE, own, seen_on)
    assert here >= of(found, PageKind.STORY, own, seen_on)
    assert (
        of(ExtractionMethod.LINE, kind, own, seen_on)
        >= of(ExtractionMethod.PROSE, kind, own, seen_on)
        > of(ExtractionMethod.CHOSEN, kind, own, 1)
    )


@pytest.mark.parametrize(
    ("found", "kind", "own", "seen_on", "expected"),
    [
        (ExtractionMethod.CARD, PageKind.PEOPLE, True, 1, 0.96),
        (ExtractionMethod.CARD, PageKind.PEOPLE, True, 2, 0.98),
        (ExtractionMethod.CARD, PageKind.HOME, False, 1, 0.80),
        (ExtractionMethod.STRUCTURED, PageKind.ABOUT, True, 1, 0.90),
        (ExtractionMethod.PROSE, PageKind.STORY, False, 1, 0.42),
        (ExtractionMethod.LABEL, PageKind.IMPRINT, False, 1, 0.92),
    ],
)
def test_what_it_is(found, kind, own, seen_on, expected):
    assert of(found, kind, own, seen_on) == expected
