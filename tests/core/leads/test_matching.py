"""Random files: nobody is lost, strangers are not merged, and the order of rows and files decides nothing unsaid."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.leads.identities import IdsOf, own_address
from core.leads.known import KnownContact, KnownLead, KnownPerson
from core.leads.lead import FIELDS
from core.leads.matching import Matching
from core.leads.merging import ConflictPolicy
from core.leads.names import Likeness, people_likeness
from core.leads.rows import NewRow, new_row

Said = dict[str, str]

companies = st.sampled_from(["Acme GmbH", "ACME", "Acme Holding", "Beta AG", "Gamma", "Beta Foods", "Beta Logistics"])
people = st.sampled_from(["Jane Doe", "Doe Jane", "Dr. Jane Doe", "J. Doe", "Max Roe", "Jane Roe", "Eva Poe"])
emails = st.sampled_from(
    ["jane@acme.example", "max@acme.example", "jd@gmail.com", "eva@gmail.com", "info@acme.example", "eva@beta.example"]
)
said_rows = st.fixed_dictionaries(
    {},
    optional={
        "company_name": companies,
        "company_domain": st.sampled_from(["acme.example", "beta.example", "holding.example"]),
        "company_linkedin_url": st.sampled_from(["https://www.linkedin.com/company/acme"]),
        "city": st.sampled_from(["Ulm", "Köln"]),
        "contact_name": people,
        "contact_title": st.sampled_from(["CEO"]),
        "contact_email": emails,
        "linkedin_url": st.sampled_from(["https://www.linkedin.com/in/jane", "https://www.linkedin.com/in/max"]),
        "external_id": st.sampled_from(["1", "2"]),
        "source": st.just("fair"),
    },
).filter(lambda row: any(row.get(name) for name in ("company_name", "company_domain", "contact_email")))
files = st.lists(said_rows, min_size=1, max_size=7)
whose = st.sampled_from(["person", "company", "none"])


def rows_of(said: Iterable[Said], ids_of: IdsOf) -> list[NewRow]:
    return [new_row([row.get(field) for field in FIELDS], ids_of=ids_of) for row in said]


class Store:
    """What importing does, in memory: what one file brought is stored when the next one comes."""

    def __init__(self, policy: ConflictPolicy = ConflictPolicy.FILL_EMPTY) -> None:
        self.leads: list[KnownLead] = []
        self.contacts: list[KnownContact] = []
        self.owners: dict[str, KnownLead | KnownPerson] = {}
        self.pairs: set[tuple[str, str]] = set()
        self.other_names: list[tuple[str, str, KnownContact]] = []
        self._numbers = count(1)
        self._policy = policy

    def new_id(self, _: str) -> str:
        return f"{next(self._numbers):08}"

    def load(self, said: Sequence[Said], ids_of: IdsOf, batch_rows: int = 100) -> dict[str, int]:
        for record in (*self.leads, *self.contacts):
            record.is_new = record.is_own = False
        for lead in self.leads:
            lead.is_named = False
        ends = {"inserted": 0, "matched": 0, "repeated": 0}
        rows = rows_of(said, ids_of)
        for start in range(0, len(rows), batch_rows):
            for end in self._batch(rows[start : start + batch_rows], ids_of):
                ends[end] += 1
        return ends

    def _batch(self, rows: Sequence[NewRow], ids_of: IdsOf) -> list[str]:
        matching = Matching(self._policy, self.new_id, ids_of=ids_of, owners=self.owners)
        for lead in self.leads:
            matching.know_lead(lead)
        for contact in self.contacts:
            contact.person.contacts.clear()
        for contact in self.contacts:
            contact.stored, contact.changes = None, 0
            matching.know_contact(contact)
        for lead_id, name_key, contact in self.other_names:
            matching.at_lead.setdefault((lead_id, name_key), []).append(contact)
        ends = [matching.place(row) for row in rows]
        gone = {alone.id for alone, _ in matching.absorbed}
        self.leads = [lead for lead in (*self.leads, *matching.leads) if lead.id not in gone]
        self.contacts += matching.contacts
        self.pairs |= matching.pairs.keys()
        self.other_names = [
            (lead_id, name_key, contact)
            for (lead_id, name_key), contacts in matching.at_lead.items()
            for contact in contacts
            if contact.name_key != name_key
        ]
        for record in (*matching.leads, *matching.contacts):
            record.is_new = False
        assert all(contact.lead in self.leads for contact in self.contacts)
        return list(ends)

    def picture(self) -> set[tuple[frozenset[str], ...]]:
        """Who is there, without ids: each lead by its identities and names, with its contacts by theirs."""
        keys: dict[int, set[str]] = {}
        for key, owner in self.owners.items():
            keys.setdefault(id(owner), set()).add(key)
        return {
            (
                frozenset(keys.get(id(contact.person), ())),
                frozenset({contact.name_key or ""}),
                frozenset({contact.lead.name_key or ""}),
            )
            for contact in self.contacts
        } | {(frozenset(), frozenset(), frozenset({lead.name_key or ""})) for lead in self.leads}


def names_of(store: Store, contact: KnownContact) -> Iterator[str | None]:
    """Yield what a contact is called, what its person is called elsewhere, and what else it was met under."""
    yield contact.name
    yield from (each.name for each in contact.person.contacts)
    yield from (name_key for _, name_key, other in store.other_names if other is contact)


def is_found(store: Store, row: Said) -> bool:
    """Return whether a row's person, at a lead with its company's name, is there."""
    company, person = row.get("company_name"), row.get("contact_name")
    leads = [
        lead for lead in store.leads if company is None or (lead.likeness(company) or Likeness.OTHER) >= Likeness.PART
    ]
    if not leads:
        return False
    if person is None and not own_address(row.get("contact_email")) and not row.get("linkedin_url"):
        return True
    for contact in store.contacts:
        if contact.lead not in leads:
            continue
        for name in names_of(store, contact):
            likeness = people_likeness(name, person)
            if likeness is None or likeness >= Likeness.NEAR:
                return True
    return False


# Whose name changes is met under three spellings of two names, one turned round: they are one by their address.
@example(
    [
        {"contact_name": "Jane Doe", "contact_email": "eva@beta.example"},
        {"company_domain": "acme.example", "contact_name": "Jane Roe", "contact_email": "eva@beta.example"},
    ],
    [
        {
            "company_name": "Acme GmbH", "company_domain": "acme.example", "contact_name": "Doe Jane",
            "contact_email": "eva@beta.example",
        }
    ],
    "person",
    ConflictPolicy.FILL_EMPTY,
)  # fmt: skip
@settings(max_examples=200, deadline=None)
@given(files, files, whose, st.sampled_from(ConflictPolicy))
def test_nobody_is_missing(first: list[Said], second: list[Said], ids_of: IdsOf, policy: ConflictPolicy) -> None:
    store = Store(policy)
    for file in (first, second):
        ends = store.load(file, ids_of)
        assert sum(ends.values()) == len(file)
    if policy is ConflictPolicy.FILL_EMPTY:
        for row in (*first, *second):
            assert is_found(store, row), row


@settings(max_examples=200, deadline=None)
@given(files, files, whose)
def test_people_with_other_addresses_of_their_own_are_not_merged(
    first: list[Said], second: list[Said], ids_of: IdsOf
) -> None:
    store = Store()
    told: dict[str, list[Said]] = {}
    for row in (*first, *second):
        store.load([row], ids_of)
        (placed,) = rows_of([row], ids_of)
        owners = {owner.id for _, key in placed.person_ids if isinstance(owner := store.owners.get(key), KnownPerson)}
        if len(owners) == 1 and own_address(row.get("contact_email")):
            told.setdefault(owners.pop(), []).append(row)
    for said in told.values():
        if len({row["contact_email"] for row in said}) > 1:
            assert any("contact_name" in row for row in said)
            assert any(_has_strong_identity(row, ids_of) for row in said) or _companies(said) <= 2


def _has_strong_identity(row: Said, ids_of: IdsOf) -> bool:
    return bool(row.get("linkedin_url") or (ids_of == "person" and row.get("external_id")))


def _companies(said: list[Said]) -> int:
    return len({row.get("company_name") for row in said})


@settings(max_examples=200, deadline=None)
@given(files, whose, st.sampled_from(ConflictPolicy))
def test_the_same_file_again_brings_nobody(file: list[Said], ids_of: IdsOf, policy: ConflictPolicy) -> None:
    store = Store(policy)
    store.load(file, ids_of)
    leads, contacts = len(store.leads), len(store.contacts)
    again = store.load(file, ids_of)
    assert (len(store.leads), len(store.contacts), again["inserted"]) == (leads, contacts, 0)


@settings(max_examples=200, deadline=None)
@given(files, whose, st.integers(1, 3))
def test_the_size_of_batches_decides_nothing(file: list[Said], ids_of: IdsOf, size: int) -> None:
    whole, parts = Store(), Store()
    assert whole.load(file, ids_of) == parts.load(file, ids_of, size)
    assert whole.picture() == parts.picture()


@settings(max_examples=200, deadline=None)
@given(
    files.filter(lambda file: all(row.get("contact_name") != "J. Doe" for row in file)),
    whose,
    st.randoms(use_true_random=False),
)
def test_another_order_gives_the_same_or_says_so(file: list[Said], ids_of: IdsOf, random) -> None:
    turned = list(file)
    random.shuffle(turned)
    one, other = Store(), Store()
    one.load(file, ids_of)
    other.load(turned, ids_of)
    if not one.pairs and not other.pairs:
        assert (len(one.leads), len(one.contacts)) == (len(other.leads), len(other.contacts))
