"""People of several sources become one list, and whoever is missed was really looked for."""

import json
from dataclasses import replace
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from core.discovery.company_contacts import (
    Contact,
    Provenance,
    SourceAttempt,
    as_json,
    conclude,
    from_json,
    merge_contacts,
    missing_roles,
    worth_buying,
)
from core.discovery.known_people import StoredContact, fields_of, is_gone, known_among, source_of, with_own_details
from core.discovery.site_report import PageNote
from core.text.titles import ROLES

SOURCES = ("website", "linkedin", "apollo")
NAMES = ("Jane Smith", "J. Smith", "Dr. Jane A. Smith", "Jane Smithe", "Orla Fenwick", "José Pérez", "Jose Perez", "X")


def contact(name="Jane Smith", role="CEO", source="website", url="https://acme.example/team", **fields):
    found = Provenance(source, url, f"{role}", f"{name}, {role}", 0.9)
    details = {"linkedin_url": None, "email": None, "phone": None} | fields
    return Contact(name=name, title=f"{role}", role=role, is_owner_like=False, provenance=(found,), **details)


contacts = st.lists(
    st.builds(
        contact,
        name=st.sampled_from(NAMES),
        role=st.sampled_from([*ROLES, None]),
        source=st.sampled_from(SOURCES),
        email=st.sampled_from([None, "jane@acme.example"]),
    ),
    max_size=6,
)


@given(contacts, contacts)
def test_merging_loses_nobody_and_no_source(known, more):
    merged = merge_contacts(merge_contacts((), known), more)
    keys = [one.key for one in merged]
    assert len(keys) == len(set(keys))
    assert {found.source for one in merged for found in one.provenance} == {
        found.source for one in (*known, *more) for found in one.provenance
    }
    assert all(len({found.source for found in one.provenance}) == len(one.provenance) for one in merged)


@given(contacts)
def test_merging_what_is_known_changes_nothing(known):
    merged = merge_contacts((), known)
    assert merge_contacts(merged, merged) == merged


@given(contacts)
def test_contacts_survive_json(found):
    assert [from_json(json.loads(json.dumps(as_json(one)))) for one in found] == found


def test_a_further_source_fills_and_does_not_overwrite():
    known = contact(email="jane@acme.example")
    more = contact("Jane A. Smith", "CFO", "apollo", None, email="other@acme.example", phone="+44123456789")
    (merged,) = merge_contacts((known,), (more,))
    assert (merged.name, merged.role, merged.email, merged.phone) == (
        "Jane Smith",
        "CEO",
        "jane@acme.example",
        "+44123456789",
    )
    assert [found.source for found in merged.provenance] == ["website", "apollo"]


def test_an_initial_with_another_role_is_another_person():
    assert len(merge_contacts((contact(),), (contact("J. Smith", "CFO"),))) == 2
    assert len(merge_contacts((contact(),), (contact("J. Smith", "CEO"),))) == 1


def test_owners_are_no_role():
    owner = replace(contact(role=None), is_owner_like=True)
    assert missing_roles((contact(), owner)) == ROLES[1:]
    assert missing_roles((contact(), owner), ("CEO",)) == ()


def stored(name="Jane Smith", role="CEO", places=None, **fields):
    return StoredContact(uuid4(), name, role, {"website": None} if places is None else places, **fields)


def test_a_person_is_known_under_another_spelling():
    jane, orla = stored("J. Smith"), stored("Orla Fenwick", "CFO")
    found = (contact(), contact("Orla Fenwick", "COO"), contact("Ada Moor"))
    assert known_among(found, [jane, orla]) == {0: jane, 1: orla}


def test_names_that_agree_with_several_name_nobody():
    assert known_among((contact("Jane Smith"), contact("John Smith")), [stored("J. Smith")]) == {}
    assert known_among((contact("J. Smith"),), [stored("Jane Smith"), stored("John Smith")]) == {}
    assert known_among((contact("J. Smith", "CFO"),), [stored("Jane Smith", "CEO")]) == {}


def test_an_address_or_profile_of_their_own_makes_another_person_of_one_name():
    profile = "https://www.linkedin.com/in/jane"
    other = stored(contact_email="jane.other@acme.example", linkedin_url=profile)
    assert known_among((contact(email="jane@acme.example"),), [other]) == {}
    assert known_among((contact(linkedin_url=profile + "2"),), [other]) == {}
    assert known_among((contact(linkedin_url=profile),), [other]) == {0: other}
    shared = stored(contact_email="info@acme.example")
    assert known_among((contact(email="jane@acme.example"),), [shared]) == {0: shared}


def test_what_many_share_is_nobodys_own():
    number = "+49 30 901820-0"
    found = (
        contact(email="info@acme.example", phone=number, linkedin_url="https://linkedin.com/in/Jane-S/"),
        contact("Orla Fenwick", email="noemail@noemail.com", phone="+49 (30) 901820-0"),
        contact("Ada Moor", email="Ada@Acme.example", phone="+49 30 901822"),
        contact("Ben Moor", email="moor@acme.example"),
        contact("Cleo Moor", email="moor@acme.example"),
    )
    jane, orla, ada, *moors = with_own_details(found)
    assert (jane.email, jane.phone, jane.linkedin_url) == (None, None, "https://www.linkedin.com/in/jane-s")
    assert (orla.email, orla.phone) == (None, None)
    assert (ada.email, ada.phone) == ("ada@acme.example", "+49 30 901822")
    assert [one.email for one in moors] == [None, None]
    said = fields_of(ada, company_phone=None, country="DE")
    assert (said["contact_phone"], said["contact_email"]) == ("+4930901822", "ada@acme.example")
    assert "contact_phone" not in fields_of(ada, company_phone="+4930901822", country="DE")


def test_what_a_further_source_filled_is_said_to_be_from_it():
    more = contact(source="apollo", url=None, email="jane@acme.example", phone="+4930901822")
    (merged,) = merge_contacts((contact(phone="+4930901820"),), (more,))
    assert source_of(merged, "contact_email").source == "apollo"
    assert source_of(merged, "contact_phone").source == source_of(merged, "contact_title").source == "website"
    assert from_json(json.loads(json.dumps(as_json(merged)))) == merged


STORED = stored(places={"website": "https://acme.example/team"})
HIT = SourceAttempt("website", "hit")


def test_gone_is_only_who_was_looked_for():
    team, other = PageNote("https://acme.example/team", "ok", ""), PageNote("https://acme.example/x", "ok", "")
    refused = PageNote("https://acme.example/team", "forbidden", "HTTP 403")
    assert is_gone(STORED, [HIT], [team], now_seen=[])
    assert is_gone(STORED, [HIT], [other], now_seen=[])
    assert is_gone(STORED, [HIT], [replace(team, status="not found")], now_seen=[])
    assert not is_gone(STORED, [HIT], [team], now_seen=[STORED.id])
    assert not is_gone(STORED, [HIT], [other, refused], now_seen=[])
    assert not is_gone(STORED, [replace(HIT, outcome="error")], [team], now_seen=[])


def test_a_source_that_was_not_asked_misses_nobody():
    both = replace(STORED, places={"website": STORED.places["website"], "apollo": None})
    page = PageNote("https://acme.example/team", "ok", "")
    skipped = SourceAttempt("apollo", "skipped", "not configured")
    assert not is_gone(both, [HIT, skipped], [page], now_seen=[])
    assert is_gone(both, [HIT, replace(skipped, outcome="miss")], [page], now_seen=[])


def test_nobody_only_where_every_source_has_answered():
    website, skipped = (
        SourceAttempt("website", "miss", "no page names people"),
        SourceAttempt("apollo", "skipped", "no"),
    )
    assert conclude((), (website, skipped), (), website.reason).outcome == "nobody"
    late = replace(skipped, outcome="due", reason="the budget is used up")
    look = conclude((), (website, late), (), website.reason)
    assert (look.outcome, look.reason) == ("unknown", "no page names people; apollo: the budget is used up")
    assert conclude((contact(),), (replace(website, outcome="error"),), (), None).outcome == "found"
    walled = SourceAttempt("linkedin", "error", "a wall", names_people=False)
    assert conclude((), (website, walled, skipped), (), website.reason).outcome == "nobody"


def test_an_attempt_stored_in_older_words_is_read_in_todays():
    for old, now in (("later", "due"), ("unknown", "error"), ("hit", "hit"), ("miss", "miss"), ("skipped", "skipped")):
        stored = {"source": "apollo", "outcome": old, "reason": None, "people": 0}
        read = SourceAttempt.from_json(stored)
        assert read.outcome == now
        assert SourceAttempt.from_json(read.as_json()) == read
    page = SourceAttempt("linkedin", "error", "a wall", details={"city": "Leeds"}, names_people=False)
    assert SourceAttempt.from_json(page.as_json()) == page


def test_one_person_a_missing_role_is_worth_buying():
    hits = [
        ("1", "Head of Sales"),
        ("2", "Chief Financial Officer"),
        ("3", "CFO, EMEA"),
        ("4", "Former CEO"),
        ("5", None),
        ("6", "Finance Chief of Staff"),
        ("7", "Founder & CEO"),
        ("8", "CEO"),
        ("9", "COO"),
    ]
    assert worth_buying(hits, ("CEO", "CFO", "CTO"), most=3) == ["7", "2"]
    assert worth_buying(hits, ("CEO", "COO", "CFO"), most=2) == ["7", "9"]
    assert worth_buying(hits, ("CTO",), most=2) == []
    assert worth_buying(hits, ("CEO",), most=0) == []
