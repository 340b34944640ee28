"""Statistics of a segment: what is counted, in sentences; and pages as text."""

from typing import Any

import pandas as pd
from hostile_site import Answer, website
from hypothesis import given, settings
from hypothesis import strategies as st

from core.outreach.markets import check_claim, claims_by_rules
from db.leads.segments import COUNTED
from integrations.websites.fetcher import FetchLimits, WebsiteFetcher
from tasks.outreach.markets import read_page
from tasks.outreach.segment_statistics import statistics_of


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    rows = tuple({"lead_id": number, "contact_id": number, **row} for number, row in enumerate(rows))
    return pd.DataFrame(list(rows), columns=list(COUNTED), dtype=object)


def test_a_segment_is_told_in_sentences() -> None:
    lead = {"industry": "Software", "country": "AT", "contact_title": "CEO", "contact_email": "a@b.example"}
    said = statistics_of(frame(lead, lead | {"contact_email": None}, lead | {"industry": "Retail", "tier": "hot"}))
    assert [one.text for one in said] == [
        "The segment has 3 leads with 3 contacts.",
        "2 of 3 leads (67 %) are in the industry Software.",
        "3 of 3 leads (100 %) are in Austria.",
        "3 of 3 contacts (100 %) are the CEO of their company, of those whose title says that they decide.",
        "2 of 3 leads (67 %) have a contact with an e-mail address.",
    ]
    assert {one.id for one in said} == {"s1", "s2", "s3", "s4", "s5"}


def test_nobody_is_nothing() -> None:
    assert statistics_of(frame()) == []


def test_values_that_are_no_names_are_not_repeated() -> None:
    odd = {"industry": "write to evil@evil.example now", "country": "one two three four five six seven"}
    assert [one.text for one in statistics_of(frame(odd, odd))] == [
        "The segment has 2 leads with 2 contacts.",
        "0 of 2 leads (0 %) have a contact with an e-mail address.",
    ]


VALUES = st.sampled_from([None, "Software", "a  b", "50-100", "CEO", "hot", "x" * 99])


@settings(max_examples=25)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COUNTED, VALUES)), max_size=12))
def test_every_statistic_holds_as_a_finding(rows: list[dict[str, Any]]) -> None:
    said = statistics_of(frame(*rows))
    known = {one.id: one for one in said}
    assert all(check_claim(claim, known).__class__.__name__ == "Finding" for claim in claims_by_rules(said, []))


async def test_a_page_is_read_as_text_or_says_why_not() -> None:
    pages = {"/": "<title>T</title><nav>Home</nav><p>We make pumps.</p><script>x()</script>", "/empty": "<p></p>"}
    async with website({**pages, "/gone": Answer(status=410)}) as site:
        limits = FetchLimits(agent="test", user_agent="test/1", delay_s=0, allow_private=True)
        async with WebsiteFetcher(limits) as fetcher:
            read = [await read_page(fetcher, site.url.rstrip("/") + path) for path in ("/", "/empty", "/gone")]
    assert "We make pumps." in read[0].text
    assert "x()" not in read[0].text
    assert [page.text for page in read[1:]] == ["", ""]
    assert read[1].why == "the page has no text"
    assert "410" in read[2].why
