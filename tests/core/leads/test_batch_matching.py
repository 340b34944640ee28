"""Rows that are only noted come to the same as rows that are placed one by one."""

from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.leads.batch_matching import BatchMatching, identities_of
from core.leads.known import LEAD_AT
from core.leads.lead import FIELDS
from core.leads.matching import Matching, contact_values, lead_values_of_person
from core.leads.merging import ConflictPolicy
from core.leads.rows import NewRow, new_row

_ROWS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "company_name": st.sampled_from(["Berg Ltd", "Berg", "Tal GmbH", "Fluss AG", "Wald"]),
            "company_domain": st.sampled_from(["berg.example", "tal.example", "wald.example"]),
            "company_linkedin_url": st.sampled_from(["https://www.linkedin.com/company/berg"]),
            "city": st.sampled_from(["Bonn", "Kiel"]),
            "contact_name": st.sampled_from(["Jane Berg", "J. Berg", "Ann Tal", "Otto Wald"]),
            "contact_email": st.sampled_from(["jane@berg.example", "ann@tal.example", "info@tal.example"]),
            "linkedin_url": st.sampled_from(["https://www.linkedin.com/in/jane", "https://www.linkedin.com/in/ann"]),
            "external_id": st.sampled_from(["1", "2"]),
            "source": st.just("crm"),
        },
    ),
    max_size=9,
)


def _matching(kind: type[Matching], policy: ConflictPolicy, ids_of: Any) -> Matching:
    numbers = count(1)
    return kind(policy, lambda _: f"{next(numbers):08d}", ids_of=ids_of)


def _outcome(matching: Matching, rows: list[NewRow]) -> dict[str, Any]:
    ends = [matching.place(row) for row in rows]
    noted = matching.noted.values()
    leads = {each.id: (each.facts(), each.name_key, each.is_named) for each in matching.leads}
    for row, lead_id, _, _ in noted:
        said = dict(zip(LEAD_AT, lead_values_of_person(row), strict=True))
        facts: dict[str, Any] = {**said, "places": [], "is_domain_shared": False, "stands_for": "company"}
        leads[lead_id] = (facts, row.company_key, True)
    contacts = {
        each.id: (each.lead.id, each.person.id, each.values, each.extra, each.name_key) for each in matching.contacts
    }
    for row, lead_id, person_id, contact_id in noted:
        contacts[contact_id] = (lead_id, person_id, contact_values(row), row.extra or {}, row.person_key)
    added = {each[:3] for each in (*matching.added, *(one for each in noted for one in identities_of(each)))}
    return {
        "ends": ends, "leads": leads, "contacts": contacts, "added": added, "pairs": matching.pairs,
        "apart": matching.apart, "elsewhere": matching.elsewhere,
    }  # fmt: skip


@given(_ROWS, st.sampled_from(list(ConflictPolicy)), st.sampled_from(["none", "company", "person"]))
@settings(max_examples=400, deadline=None)
def test_noted_rows_come_to_the_same_as_placed_ones(
    said: list[dict[str, str]], policy: ConflictPolicy, ids_of: Any
) -> None:
    rows = [
        new_row([each.get(field) for field in FIELDS], {"n": str(number)}, ids_of=ids_of)
        for number, each in enumerate(said)
    ]

    assert _outcome(_matching(BatchMatching, policy, ids_of), rows) == _outcome(
        _matching(Matching, policy, ids_of), rows
    )


def test_a_row_of_nobody_known_is_only_noted() -> None:
    matching = _matching(BatchMatching, ConflictPolicy.FILL_EMPTY, "none")
    said = {"company_name": "Berg", "company_domain": "berg.example", "contact_name": "Jane Berg"}

    matching.place(new_row([said.get(field) for field in FIELDS]))

    assert (len(matching.noted), matching.leads, matching.contacts) == (1, [], [])
