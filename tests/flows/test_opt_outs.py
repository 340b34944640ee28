"""Refusals that stand in a file: heard, kept, and met wherever somebody would write."""

from pathlib import Path

import forked
import psycopg
import pytest
from importing import session
from people import add_row

from core.conversation.runs import TalkRequest
from core.errors import Suppressed
from core.imports.runs import ImportReport, ImportRequest, UndoRequest
from core.outreach.booking import ProposeRequest
from core.outreach.suppression import TombstoneKey
from db.outreach import suppressions
from flows.import_leads import import_leads
from flows.propose_meeting import propose_meeting
from flows.undo_import import undo_import
from tasks.conversation.steps import plan_turn as begin_talk
from tasks.outreach.suppressions import list_suppressions, unsuppress

KEY = TombstoneKey(b"k" * 32)
FILE = """Company,Contact,Email,Website,City,Unsubscribed,Marketing consent,Hard bounce,Account do not contact
Nixa Bau,Nora Nix,Nora@BÜCHER.example,,,yes,,,
Noda Bau,Nils Nod,nils@noda.example,,,no,no,,
Nuda Bau,Nele Nud,nele@nuda.example,,,0,,2024-05-01,
Jada Bau,Jan Jad,jan@jada.example,,,false,yes,no,0
Nova Bau,Nina Nov,,https://nova.example,,x,,,
Nema Bau,Nick Nem,nick@nema.example,https://nema.example,,,,,1
Gast Bau,,,https://www.facebook.com/gast,Ulm,true,,,
Mida Bau,Mia Mid,mia@mida.example,,,perhaps,,,
"""


@pytest.fixture
def environment(database: str, own_home: Path) -> dict[str, str]:
    return {"POSTGRES_URL": database, "SALES_AGENT_HOME": str(own_home)}


def load(environment: dict[str, str], path: Path, text: str = FILE) -> ImportReport:
    path.write_text(text, encoding="utf-8")
    found: ImportReport = forked.run(environment, import_leads, ImportRequest(path=path))
    return found


def standing(environment: dict[str, str]) -> dict[str, str]:
    return {one.target.value: one.reason for one in forked.run(environment, list_suppressions)}


WHOM = {
    "nora@xn--bcher-kva.example": "opt_out",
    "nils@noda.example": "opt_out",
    "nele@nuda.example": "bounce",
    "person: nina nov, nova bau, nova.example": "opt_out",
    "nick@nema.example": "opt_out",
    "company: nema bau, nema.example": "opt_out",
    "company: gast bau, ulm": "opt_out",
}


def test_a_file_says_who_is_not_written_to(environment: dict[str, str], database: str, tmp_path: Path) -> None:
    report = load(environment, tmp_path / "people.csv")
    assert standing(environment) == WHOM
    assert report.opt_outs == 6
    assert report.opt_out_columns == {
        "Unsubscribed": 3,
        "Marketing consent": 1,
        "Hard bounce": 1,
        "Account do not contact": 1,
    }
    assert report.unclear_opt_outs == {"Unsubscribed": ["perhaps"]}
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT added_by, note FROM suppressions WHERE value = 'nils@noda.example'").fetchone()
    assert row == (f"import {report.import_id}", "column “Marketing consent”")

    # Neither undoing nor importing again lifts it; only a person does, and then the same statement is not heard again.
    forked.run(environment, undo_import, UndoRequest(import_id=report.import_id))
    assert standing(environment) == WHOM
    assert load(environment, tmp_path / "again.csv").opt_outs == 6
    assert standing(environment) == WHOM
    assert forked.run(environment, lift, "nils@noda.example")
    assert forked.run(environment, lift, "person: Nina Nov, Nova Bau, nova.example")
    load(environment, tmp_path / "third.csv")
    left = {value: why for value, why in WHOM.items() if not value.startswith(("nils", "person"))}
    assert standing(environment) == left
    load(environment, tmp_path / "newer.csv", FILE + "Noda Bau,Nils Nod,nils@noda.example,,,unsubscribed,,,\n")
    assert standing(environment)["nils@noda.example"] == "opt_out"


async def lift(whom: str) -> bool:
    return await unsuppress(whom, by="Robin")


NINA = {"contact_name": "Nina Nov", "company_name": "Nova Bau", "company_domain": "nova.example"}


REFUSED = {
    # An address that was found later, of whom no address was known; by the company's domain, or its name.
    "this person": NINA | {"contact_email": "n.nov@nova.example"},
    "opt_out (this person)": NINA | {"contact_name": "Nov, Nina", "contact_email": "nina@private.example"},
    # Another address of somebody who refused with theirs; another spelling of it.
    "opt_out; import": {
        "contact_name": "Nora Nix",
        "company_name": "NIXA BAU GmbH & Co. KG",
        "contact_email": "nn@nixa.example",
    },
    "opt_out": {"contact_name": "N", "company_name": "X", "contact_email": "ＮＯＲＡ＠ｂüｃｈｅｒ．ｅｘａｍｐｌｅ"},
    # A company refused: everybody there.
    "its company": {"contact_name": "Nele Nema", "company_name": "Nema", "contact_email": "nele@nema.example"},
    "bounce": {"contact_name": "Nele Nud", "company_name": "Nuda Bau", "contact_email": "nele@nuda.example"},
}
OTHERS = (
    {"contact_name": "Nina Nov", "company_name": "Other GmbH", "contact_email": "nina@other.example"},
    {"contact_name": "Nadja Nov", "company_name": "Nova Bau", "contact_email": "nadja@nova.example"},
    {"contact_name": "Gerd Gast", "company_name": "Others", "contact_email": "gerd@facebook.com"},
    {"contact_name": "Nele Neu", "company_name": "Nuda Bau", "contact_email": "neu@nuda.example"},
)
"""A namesake, a colleague, somebody at a shared host, a colleague of one whose address bounced."""


async def test_nobody_who_refused_is_written_to(environment: dict[str, str], database: str, tmp_path: Path) -> None:
    load(environment, tmp_path / "people.csv")
    people = {why: add_row(database, lead) for why, lead in REFUSED.items()}
    nina, _ = people["this person"]
    with pytest.raises(Suppressed, match="this person"):
        forked.run(environment, propose_meeting, ProposeRequest(lead_id=nina))
    with pytest.raises(Suppressed, match="this person"):
        forked.run(environment, begin_talk, TalkRequest(lead_id=nina))
    async with session(database) as connection:
        for why, (lead_id, contact_id) in people.items():
            address = REFUSED[why]["contact_email"]
            for whom in (None, contact_id):
                said = await suppressions.why_suppressed(connection, address, KEY, lead_id=lead_id, contact_id=whom)
                assert why in str(said)
        for lead in OTHERS:
            lead_id, contact_id = add_row(database, lead)
            said = await suppressions.why_suppressed(
                connection, lead["contact_email"], KEY, lead_id=lead_id, contact_id=contact_id
            )
            assert said is None


def test_an_address_that_bounced_and_opts_out_has_opted_out(environment: dict[str, str], tmp_path: Path) -> None:
    load(environment, tmp_path / "one.csv", "Company,Email,Hard bounce\nNuda,nele@nuda.example,yes\n")
    assert standing(environment) == {"nele@nuda.example": "bounce"}
    load(environment, tmp_path / "two.csv", "Company,Email,Unsubscribed\nNuda,nele@nuda.example,yes\n")
    load(environment, tmp_path / "three.csv", "Company,Email,Hard bounce\nNuda GmbH,nele@nuda.example,yes\n")
    assert standing(environment) == {"nele@nuda.example": "opt_out"}


async def test_a_refusal_in_a_file_finds_its_person_by_what_they_are_stored_under(
    environment: dict[str, str], database: str, tmp_path: Path
) -> None:
    header = "Contact ID,First name,Last name,Job title,Company,Email,Unsubscribed\n"
    people = "".join(f"00Q{n}K9,Nina{n},Nov{n},Clerk,Nova Bau,,\n" for n in range(20))
    report = load(environment, tmp_path / "people.csv", header + people + "00Q77K9,Nele,Nov,Clerk,Nova Bau,,yes\n")
    assert report.opt_outs == 1
    with psycopg.connect(database) as connection:
        [(contact_id, lead_id)] = connection.execute(
            "UPDATE contacts SET contact_name = 'N. Neu', first_name = NULL, last_name = NULL, "
            "contact_email = 'neu@private.example' WHERE first_name = 'Nele' RETURNING id, lead_id"
        ).fetchall()
        [(other, _)] = connection.execute("SELECT id, lead_id FROM contacts WHERE first_name = 'Nina3'").fetchall()
    async with session(database) as connection:
        for whom, refused in ((contact_id, True), (other, False)):
            said = await suppressions.why_suppressed(
                connection, "neu@private.example" if refused else None, KEY, lead_id=lead_id, contact_id=whom
            )
            assert (said is not None) is refused
