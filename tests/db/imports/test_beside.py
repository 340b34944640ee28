"""Users and tags from columns of a file: on the lead, kept through merging, taken back by undoing."""

from pathlib import Path
from typing import Any

import psycopg
from importing import import_text, records, take_back

from core.leads.merging import ConflictPolicy

TAGGED = "company,website,contact,email,Owner,Tags,Lists\n"


def beside(url: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT company_name, assigned_to, tags FROM leads ORDER BY 1").fetchall()


async def test_columns_of_users_and_tags_are_the_leads(database: str, tmp_path: Path) -> None:
    rows = "Acme,acme.example,Jo Roe,jo@acme.example,Ana,fair,Q3\nAcme,acme.example,Al Poe,al@acme.example,Bo,old,\n"
    await import_text(database, TAGGED + rows + "Beta,beta.example,,,77,,\n", tmp_path, batch_rows=1)
    assert beside(database) == [("Acme", "Ana", ["fair", "Q3", "old"]), ("Beta", None, [])]
    assert [name for row in records(database) for name in row if name.startswith("extra.")] == ["extra.Owner"]


async def test_a_later_file_adds_tags_and_undoing_takes_just_those(database: str, tmp_path: Path) -> None:
    await import_text(database, "company,website\nAcme,acme.example\n", tmp_path)
    first = await import_text(database, "company,website,Owner,Tags\nAcme,acme.example,Ana,fair\n", tmp_path)
    second = await import_text(database, "company,website,Owner,Tags\nAcme,acme.example,Bo,fair;old\n", tmp_path)
    assert (first.counts.updated, second.counts.updated) == (1, 1)
    assert beside(database) == [("Acme", "Ana", ["fair", "old"])]
    again = await import_text(database, "company,website,Owner,Tags\nAcme,acme.example,Bo,fair;old\n", tmp_path)
    assert (again.counts.updated, again.counts.unchanged) == (0, 1)
    await take_back(database, first.import_id)
    assert beside(database) == [("Acme", None, ["old"])]
    await take_back(database, second.import_id)
    assert beside(database) == [("Acme", None, [])]


async def test_who_wins_is_the_imports_policy_and_a_person_outranks_it(database: str, tmp_path: Path) -> None:
    await import_text(database, "company,website,Owner\nAcme,acme.example,Ana\n", tmp_path)
    text = "company,website,Owner,Tags\nAcme,acme.example,Bo,new\n"
    await import_text(database, text, tmp_path, ConflictPolicy.SKIP)
    assert beside(database) == [("Acme", "Ana", [])]
    await import_text(database, text, tmp_path, ConflictPolicy.OVERWRITE)
    assert beside(database) == [("Acme", "Bo", ["new"])]
    with psycopg.connect(database) as connection:
        connection.execute("""UPDATE leads SET assigned_to = 'Cy', field_edits = '{"assigned_to": {"by": "Cy"}}'""")
    await import_text(database, text, tmp_path, ConflictPolicy.OVERWRITE)
    assert beside(database) == [("Acme", "Cy", ["new"])]


async def test_every_mailbox_and_telephone_of_a_company_is_kept(database: str, tmp_path: Path) -> None:
    rows = "Acme,acme.example,info@acme.example,+49301110000\nAcme,acme.example,sales@acme.example,+49301110001\n"
    header = "company,website,email,phone\n"
    await import_text(database, header + rows, tmp_path)
    third = await import_text(database, header + "Acme,acme.example,jobs@acme.example,+49301110002\n", tmp_path)
    assert third.counts.updated == 1
    again = await import_text(database, header + rows, tmp_path)
    assert again.counts.updated == 0
    with psycopg.connect(database) as connection:
        (said,) = connection.execute("SELECT company_phone, extra FROM leads").fetchall()
    assert said[0] == "+49301110000"
    assert said[1] == {
        "company_email": "info@acme.example, sales@acme.example, jobs@acme.example",
        "contact_phone": "+49301110001, +49301110002",
    }
