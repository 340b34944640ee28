"""Nobody is lost at import: a key that joins strangers joins nobody, whatever the order of rows, batches and files."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from importing import Imported, clear, import_text, records, session, take_back

from core.leads.merging import ConflictPolicy
from db.leads import reading as stored_leads

NUMBERED = "Nr,Firma,Ort\n1,Alpha Bau,Ulm\n2,Beta Technik,Köln\n3,Gamma Reisen,Bonn\n"
OTHERS = "Nr,Firma,Ort\n1,Delta Optik,Wien\n2,Epsilon Wein,Graz\n3,Zeta Druck,Linz\n"


def names(url: str) -> set[str]:
    """Who is there: people, and companies without one."""
    return {who.get("contact_name") or who["company_name"] for who in records(url)}


@pytest.mark.parametrize("policy", ConflictPolicy)
async def test_running_numbers_of_another_file_are_other_companies(
    database: str, tmp_path: Path, policy: ConflictPolicy
) -> None:
    await import_text(database, NUMBERED, tmp_path, source="fair")
    second = await import_text(database, OTHERS, tmp_path, policy, source="fair")
    assert second.counts.model_dump() == {
        "inserted": 3, "updated": 0, "unchanged": 0, "duplicates": 0, "rejected": 0
    }  # fmt: skip
    assert second.warnings[0].startswith("Nr counts the rows: rows that share one were kept apart")
    assert len(names(database)) == 6


@pytest.mark.parametrize("policy", ConflictPolicy)
@pytest.mark.parametrize("batch_rows", [2, 100])
async def test_an_id_that_looks_like_a_records_own_joins_no_strangers(
    database: str, tmp_path: Path, policy: ConflictPolicy, batch_rows: int
) -> None:
    """The name says that it is the record's; only what else the rows say tells that it is not."""
    first = "Record ID,Name,Email,Company\nA1,Ann Berg,ann@alpha.example,Alpha\nA2,Bob Cole,bob@beta.example,Beta\n"
    rows = ["A1,Cid Dorn,cid@gamma.example,Gamma", "A1,Dee Egge,dee@delta.example,Delta", "A2,Bob Cole,,Beta"]
    await import_text(database, first, tmp_path, source="crm")
    text = "\n".join(["Record ID,Name,Email,Company", *rows, *(f"B{n},P{n} Q{n},,C{n}" for n in range(60))]) + "\n"
    second = await import_text(database, text, tmp_path, policy, source="crm", batch_rows=batch_rows)
    assert second.counts.inserted == 62
    assert second.counts.rows == 63
    assert {"Ann Berg", "Bob Cole", "Cid Dorn", "Dee Egge"} <= names(database)
    assert second.warnings == ["2 rows share an id (Record ID) with another person or company and were kept apart"]
    before = records(database)
    third = await import_text(database, text, tmp_path, policy, source="crm", batch_rows=7)
    assert (third.counts.inserted, third.counts.updated) == (0, 0)
    assert records(database) == before
    assert (await take_back(database, second.import_id)).kept_shared == 62


async def test_undo_takes_back_exactly_who_was_kept_apart(database: str, tmp_path: Path) -> None:
    await import_text(database, "Record ID,Name,Email\nA1,Ann Berg,ann@alpha.example\n", tmp_path, source="crm")
    before = records(database)
    text = "Record ID,Name,Email,City\nA1,Cid Dorn,cid@gamma.example,Rom\nA1,Ann Berg,ann@alpha.example,Ulm\n"
    second = await import_text(database, text, tmp_path, source="crm")
    assert (second.counts.inserted, second.counts.updated) == (1, 1)
    report = await take_back(database, second.import_id)
    assert (report.removed, report.restored) == (1, 1)
    assert records(database) == before


@pytest.mark.parametrize("mailbox", ["info@holding.example", "kontakt@holding.example", "ventas@holding.example"])
async def test_a_shared_mailbox_is_nobodys_identity(database: str, tmp_path: Path, mailbox: str) -> None:
    rows = [
        f"Alpha GmbH,Ann Berg,{mailbox}", f"Alpha GmbH,Bob Cole,{mailbox}",
        f"Beta GmbH,,{mailbox}", f"Gamma GmbH,,{mailbox}", f"Alpha,Ann Berg,{mailbox}",
    ]  # fmt: skip
    text = "\n".join(["company,contact,email", *rows]) + "\n"
    first = await import_text(database, text, tmp_path)
    assert (first.counts.inserted, first.counts.duplicates) == (4, 1)
    assert names(database) == {"Ann Berg", "Bob Cole", "Beta GmbH", "Gamma GmbH"}
    turned = "\n".join(["company,contact,email", *reversed(rows)]) + "\n"
    for again in (text, turned):
        assert (await import_text(database, again, tmp_path, batch_rows=2)).counts.inserted == 0
    assert len(records(database)) == 4


async def test_a_made_up_address_is_no_address(database: str, tmp_path: Path) -> None:
    made_up = ["no-email@mailinator.example", "na@na.com", "x@x.com", "keineemail@web.de", "sin.correo@empresa.es",
               "NULL@null.com", "test@acme.com", "00@00.de", "your@email.com"]  # fmt: skip
    rows = [f"Firm {chr(65 + number)},Pat{number} Roe{number},{address}" for number, address in enumerate(made_up)]
    text = "\n".join(["company,contact,email", *rows, "Firm Z,Zed Fox,na@na.com; zed@fox.example"]) + "\n"
    await import_text(database, text, tmp_path)
    found = records(database)
    assert len(found) == len(made_up) + 1
    assert [lead["contact_email"] for lead in found if "contact_email" in lead] == ["zed@fox.example"]
    with psycopg.connect(database) as connection:
        kept = connection.execute(
            "SELECT c.original->>'contact_email' FROM contacts c JOIN leads l ON l.id = c.lead_id"
            " ORDER BY l.company_name"
        ).fetchall()
    assert [text for (text,) in kept] == [*made_up, "na@na.com; zed@fox.example"]


async def test_equal_people_stay_one_however_they_are_written(database: str, tmp_path: Path) -> None:
    text = (
        "Record ID,Name,Email,Company\n"
        "A1,Jane Doe,jane@alpha.example,Alpha Bau GmbH\n"
        'A1,"DOE, Jane",jane@alpha.example,Alpha Bau\n'
        "A1,Dr. Jane Doe,jane.doe@alpha.example,ALPHA BAU\n"
        "A1,J. Doe,,Alpha Bau GmbH\n"
    )
    done = await import_text(database, text, tmp_path, source="crm")
    assert (done.counts.inserted, done.counts.duplicates, done.warnings) == (1, 3, [])


async def test_a_corrected_name_makes_no_second_lead_of_its_file(database: str, tmp_path: Path) -> None:
    from datetime import UTC, datetime

    text = "Name,Email,Company\nJnae Deo,jane@alpha.example,Alpha\n"
    await import_text(database, text, tmp_path)
    async with session(database) as connection:
        cursor = await connection.execute("SELECT lead_id, id FROM contacts")
        ((lead_id, contact_id),) = await cursor.fetchall()
        for record_id, names_of in ((lead_id, {"company_name": "Zeta"}), (contact_id, {"contact_name": "Mary Poe"})):
            await stored_leads.edit(connection, record_id, names_of, by="Ada", now=datetime.now(UTC))
    again = await import_text(database, text, tmp_path)
    assert (again.counts.inserted, again.counts.unchanged) == (0, 1)


PEOPLE = [
    ("Ann Berg", "ann@alpha.example"), ("Bob Cole", "bob@beta.example"), ("Cid Dorn", "cid@gamma.example"),
    ("Dee Egge", ""), ("Eva Falk", "info@shared.example"), ("Fay Gold", "na@na.com"), ("Gus Holm", "gus@alpha.example"),
]  # fmt: skip
COMPANIES = ["Alpha", "Beta", "Gamma", "Delta Bau", "Delta Optik"]
a_row = st.tuples(
    st.sampled_from(["", "1", "2", "3"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(["own", "own", "own", "info@shared.example", "praxis.mitte@shared.example", "na@na.com"]),
    st.sampled_from(["", *COMPANIES]),
    st.sampled_from(["", "Ulm"]),
)
files = st.lists(st.lists(a_row, min_size=1, max_size=12), min_size=1, max_size=2)


def as_csv(rows: list[tuple[str, tuple[str, str], str, str, str]]) -> str:
    lines = ["Record ID,Full Name,Email,Company,City"]
    for number, (name, own), address, company, city in rows:
        lines.append(f"{number},{name},{own if address == 'own' else address},{company},{city}")
    return "\n".join(lines) + "\n"


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(files, st.sampled_from(ConflictPolicy), st.sampled_from([2, 5, 13]))
def test_nobody_is_missing_afterwards(database: str, tmp_path: Path, given_files, policy, batch_rows) -> None:
    clear(database)
    for number, rows in enumerate(given_files):
        rule = policy if number else ConflictPolicy.FILL_EMPTY
        done = asyncio.run(import_text(database, as_csv(rows), tmp_path, rule, source="crm", batch_rows=batch_rows))
        assert done.counts.rows == len(rows)
        assert done.counts.rejected == 0 or any(not company for _, _, _, company, _ in rows)
    found = records(database)
    there = {lead["contact_name"] for lead in found}
    for name, own in (person for rows in given_files for _, person, address, company, _ in rows if company):
        assert name in there, (name, own)
    for lead in found:  # nobody has the address of somebody else
        owners = {name for name, own in PEOPLE if own and own == lead.get("contact_email")}
        assert not owners or lead["contact_name"] in owners or lead["contact_email"].startswith("info@")
    again: Imported = asyncio.run(
        import_text(database, as_csv(given_files[-1]), tmp_path, policy, source="crm", batch_rows=batch_rows)
    )
    assert again.counts.inserted == 0
    if policy is not ConflictPolicy.OVERWRITE:
        assert (again.counts.updated, records(database)) == (0, found)
