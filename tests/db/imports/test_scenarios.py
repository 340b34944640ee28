"""What sales people know happens: companies and people that are one, and that are not, told by files."""

from pathlib import Path

import psycopg
from importing import count, import_text, records, take_back


def people(url: str) -> set[tuple[str | None, str | None]]:
    """Who stands at which company."""
    return {(who.get("company_name"), who.get("contact_name")) for who in records(url)}


def pairs(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT kind, reason FROM possible_duplicates ORDER BY 1, 2").fetchall()


async def test_two_contacts_of_one_company_in_one_file(database: str, tmp_path: Path) -> None:
    text = "company,contact,email\nAcme GmbH,Jane Doe,jane@acme.example\nACME,Max Roe,max@acme.example\n"
    done = await import_text(database, text, tmp_path)
    assert (done.totals.leads.inserted, done.totals.contacts.inserted) == (1, 2)
    assert people(database) == {("Acme GmbH", "Jane Doe"), ("Acme GmbH", "Max Roe")}


async def test_one_person_at_two_companies(database: str, tmp_path: Path) -> None:
    text = "company,contact,email\nAcme,Jane Doe,jane@gmail.com\nBeta,Jane Doe,jane@gmail.com\n"
    done = await import_text(database, text, tmp_path)
    assert (done.totals.leads.inserted, done.totals.contacts.inserted) == (2, 2)
    assert done.warnings == ["1 person also stands at another company"]
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(DISTINCT person_id) FROM contacts").fetchall() == [(1,)]


async def test_a_person_who_changed_company(database: str, tmp_path: Path) -> None:
    profile = "https://www.linkedin.com/in/jane-doe"
    await import_text(database, f"company,contact,linkedin\nAcme,Jane Doe,{profile}\n", tmp_path)
    done = await import_text(database, f"company,contact,linkedin\nBeta,Jane Doe,{profile}\n", tmp_path)
    assert (done.totals.leads.inserted, done.totals.contacts.inserted) == (1, 1)
    assert people(database) == {("Acme", "Jane Doe"), ("Beta", "Jane Doe")}  # no import moves or ends a contact


async def test_a_company_renamed_by_a_file(database: str, tmp_path: Path) -> None:
    await import_text(database, "company,website\nAcme,acme.example\n", tmp_path)
    done = await import_text(database, "company,website\nZeta Works,acme.example\n", tmp_path)
    assert (done.totals.leads.inserted, done.totals.leads.updated) == (0, 1)
    third = await import_text(database, "company\nZeta Works\n", tmp_path)  # found by the name it was met under
    assert third.totals.leads.inserted == 0
    assert people(database) == {("Acme", None)}


async def test_two_companies_of_one_domain(database: str, tmp_path: Path) -> None:
    text = "company,website,contact\nAlpha Bau,holding.example,Ann Berg\nOmega Reisen,holding.example,Bob Cole\n"
    done = await import_text(database, text, tmp_path)
    assert done.totals.leads.inserted == 2
    assert done.totals.possible_duplicates == 1
    again = await import_text(database, text, tmp_path)
    assert (again.totals.leads.inserted, again.totals.contacts.inserted) == (0, 0)
    third = await import_text(database, "company,website,contact\nOmega Reisen,holding.example,Cid Dorn\n", tmp_path)
    assert third.totals.leads.inserted == 0
    assert ("Omega Reisen", "Cid Dorn") in people(database)


async def test_a_mail_providers_address_whose_company_comes_later(database: str, tmp_path: Path) -> None:
    await import_text(database, "contact,email\nJane Doe,jane@gmail.com\n", tmp_path)
    assert people(database) == {(None, "Jane Doe")}
    done = await import_text(database, "company,contact,email\nAcme,Jane Doe,jane@gmail.com\n", tmp_path)
    assert (done.totals.leads.inserted, done.totals.contacts.inserted) == (0, 0)
    assert people(database) == {("Acme", "Jane Doe")}


async def test_a_persons_lead_is_merged_into_the_company_that_is_there(database: str, tmp_path: Path) -> None:
    await import_text(database, "company,website\nAcme,acme.example\n", tmp_path)
    await import_text(database, "contact,email\nJane Doe,jane@gmail.com\n", tmp_path)
    with psycopg.connect(database) as connection:
        old = connection.execute("SELECT id FROM leads WHERE stands_for = 'person'").fetchall()
    text = "company,website,contact,email\nAcme,acme.example,Jane Doe,jane@gmail.com\n"
    await import_text(database, text, tmp_path)
    assert people(database) == {("Acme", "Jane Doe")}
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT old_id FROM merged_records").fetchall() == old


async def test_a_franchise(database: str, tmp_path: Path) -> None:
    rows = "\n".join(f"Blumen Fee,blumenfee.example,City{number}" for number in range(20))
    done = await import_text(database, f"company,website,city\n{rows}\n", tmp_path)
    assert done.totals.leads.inserted == 1
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT city, jsonb_array_length(places) FROM leads").fetchall() == [("City0", 19)]


async def test_undoing_the_first_import_after_a_second_added_people(database: str, tmp_path: Path) -> None:
    first = await import_text(database, "company,website,contact\nAcme,acme.example,Jane Doe\n", tmp_path)
    second = await import_text(database, "company,website,contact\nAcme,acme.example,Max Roe\n", tmp_path)
    undone = await take_back(database, first.import_id)
    assert (undone.removed, undone.contacts_removed, undone.kept_shared) == (0, 1, 1)
    assert people(database) == {("Acme", "Max Roe")}
    undone = await take_back(database, second.import_id)
    assert (undone.removed, undone.contacts_removed) == (1, 1)
    assert [count(database, table) for table in ("leads", "contacts", "identities")] == [0, 0, 0]


async def test_undo_of_people_brought_to_companies_of_another(database: str, tmp_path: Path) -> None:
    await import_text(database, "company,website\nAcme,acme.example\n", tmp_path)
    before = records(database)
    second = await import_text(database, "company,website,contact\nAcme,acme.example,Max Roe\n", tmp_path)
    undone = await take_back(database, second.import_id)
    assert (undone.removed, undone.contacts_removed) == (0, 1)
    assert records(database) == before


async def test_rows_of_branches_with_the_place_as_part_of_the_identity(database: str, tmp_path: Path) -> None:
    rows = "\n".join(f"Blumen Fee,blumenfee.example,City{number}" for number in range(5))
    text = f"company,website,city\n{rows}\n"
    done = await import_text(database, text, tmp_path, are_branches_apart=True)
    assert done.totals.leads.inserted == 5
    assert (await import_text(database, text, tmp_path, are_branches_apart=True)).totals.leads.inserted == 0


async def test_152_rows_of_50_companies_are_50_companies(database: str, tmp_path: Path) -> None:
    lines = ["company,website,contact,email,title"]
    for number in range(50):
        lines += [
            f"Firm {number} GmbH,firm{number}.example,Pat{seat} Roe{number},p{seat}@firm{number}.example,CEO"
            for seat in range(3)
        ]
    lines += ["Firm 0,firm0.example,,info@firm0.example,", "Firm 1 GmbH,firm1.example,,,"]
    done = await import_text(database, "\n".join(lines) + "\n", tmp_path)
    assert (done.counts.rows, done.totals.leads.inserted, done.totals.contacts.inserted) == (152, 50, 150)


async def test_two_companies_of_one_domain_told_by_two_files(database: str, tmp_path: Path) -> None:
    """That the domain is shared is remembered of who had it first, though no row of the second file is theirs."""
    await import_text(database, "company,website,city\nAlpha Bau,holding.example,Ulm\n", tmp_path)
    await import_text(database, "company,website,city\nOmega Reisen,holding.example,Köln\n", tmp_path)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT is_domain_shared FROM leads").fetchall() == [(True,), (True,)]
    text = "company,website,contact\nOmega Reisen,holding.example,Cid Dorn\n"
    third = await import_text(database, text, tmp_path)
    assert (third.totals.leads.inserted, third.totals.leads.updated) == (0, 0)
    assert people(database) == {("Alpha Bau", None), ("Omega Reisen", "Cid Dorn")}
    undone = await take_back(database, third.import_id)
    assert (undone.removed, undone.contacts_removed) == (0, 1)
