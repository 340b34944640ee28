"""What a segment consists of, in sentences that the agents may quote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.outreach.markets import MarketEvidence, carries_address, gives_orders
from core.text.country_readings import shown_country
from core.text.titles import read_title
from db.leads import segments

_OWN = "our own leads"


_TOP = 5


_MAX_VALUE = 60


def statistics_of(frame: pd.DataFrame) -> list[MarketEvidence]:
    """Return, in sentences, what a segment consists of.

    Args:
        frame: one row a contact, or a lead that has none, columns `db.leads.segments.COUNTED`.

    Returns:
        None for an empty segment; else the number of leads and of their contacts, and the most frequent values of what
        is known of them.
    """
    leads, people = frame.drop_duplicates("lead_id"), frame[frame["contact_id"].notna()]
    count = len(leads)
    if not count:
        return []
    said = [(f"The segment has {count:,} leads with {len(people):,} contacts.", count)]
    said += _shares(leads["industry"], "leads", "are in the industry {}")
    said += _shares(leads["country"].map(shown_country, na_action="ignore"), "leads", "are in {}")
    said += _shares(leads["company_size"], "leads", "are companies of {} people")
    roles = people["contact_title"].dropna().map(lambda title: read_title(str(title)).role)
    said += _shares(roles, "contacts", "are the {} of their company, of those whose title says that they decide")
    said += _shares(leads["tier"], "leads", "are {} by our own assessment, of those that were assessed")
    reachable = int(people.loc[people["contact_email"].notna(), "lead_id"].nunique())
    share = _percent(reachable, count)
    said.append((f"{reachable:,} of {count:,} leads ({share}) have a contact with an e-mail address.", count))
    return [
        MarketEvidence(id=f"s{number}", kind="statistic", source=_OWN, text=text, weight=weight)
        for number, (text, weight) in enumerate(said, 1)
    ]


def _shares(values: "pd.Series[Any]", whose: str, what: str) -> list[tuple[str, int]]:
    known = values.dropna().astype(str).map(lambda value: " ".join(value.split()))
    count = len(known)
    tops = known[known.map(_is_plain)].value_counts().head(_TOP)
    return [
        (f"{int(found):,} of {count:,} {whose} ({_percent(int(found), count)}) {what.format(value)}.", count)
        for value, found in tops.items()
        if found > 1
    ]


def _is_plain(value: str) -> bool:
    """Return whether a value is a name of something; whole sentences, orders among them, are not."""
    is_short = 0 < len(value) <= _MAX_VALUE and len(value.split()) <= 6
    return is_short and not carries_address(value) and not gives_orders(value)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %"


def statistics_of_segment(rows: Sequence[Sequence[Any]]) -> list[MarketEvidence]:
    """Return what a segment consists of, from the rows of `db.leads.segments.select_counted`."""
    return statistics_of(pd.DataFrame(rows, columns=list(segments.COUNTED), dtype=object))


def statistics_of_audience(rows: Sequence[Mapping[str, Any]]) -> list[MarketEvidence]:
    """Return whom a campaign addresses, from the rows of `addressed_rows`; their tiers are nobody's business there."""
    columns = {name: "id" if name == "lead_id" else name for name in segments.COUNTED if name != "tier"}
    frame = pd.DataFrame(
        [[row[name] for name in columns.values()] for row in rows], columns=list(columns), dtype=object
    )
    return statistics_of(frame.reindex(columns=list(segments.COUNTED)).assign(tier=None))
