"""Values of what is found: each reason and way is said in its own words."""

from dataclasses import FrozenInstanceError

import pytest

from core.discovery.mentions import Doubt, ExtractionMethod, Mention, PageFindings, PageKind
from core.discovery.person_details import ContactDetails
from core.text.names import read_name
from core.text.titles import read_title


@pytest.mark.parametrize("words", [Doubt, ExtractionMethod, PageKind])
def test_every_member_has_words_of_its_own(words):
    said = [member.value for member in words]
    assert len(said) == len(set(said)) >= 6
    assert all(text == text.strip() and len(text) >= 4 for text in said)
    assert all(words(member.value) is member for member in words)


def test_a_mention_has_no_doubts_and_no_details_until_somebody_finds_them():
    mention = Mention(read_name("Orla Fenwick"), read_title("CEO"), ExtractionMethod.CARD, 3, "Orla Fenwick, CEO")
    assert mention.doubts == frozenset()
    assert mention.contact == ContactDetails(None, None, None)
    assert not mention.in_own_section
    assert mention == Mention(
        read_name("Orla Fenwick"), read_title("CEO"), ExtractionMethod.CARD, 3, "Orla Fenwick, CEO"
    )
    with pytest.raises(FrozenInstanceError):
        mention.line = 4


def test_a_page_without_findings_names_nobody():
    page = PageFindings("https://acme.example/", PageKind.HOME, ())
    assert (page.names_without_title, page.why_empty) == ((), None)
