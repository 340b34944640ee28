"""Erasing a person everywhere: tables, files, and what Prefect keeps. Not a flow: its parameters would name them."""

import logging
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from core.outreach.approvals import person
from core.settings.settings import settings
from core.upkeep.erasure import ErasureReceipt, Subject, named_person
from db.upkeep import erasure, subjects
from integrations import plugs
from integrations.websites.plug import WebsiteSettings
from tasks.outreach.keys import tombstone_key
from tasks.runtime.resources import database
from tasks.upkeep.erasure_prefect import erase_from_prefect

log = logging.getLogger(__name__)

OUTSIDE: tuple[str, ...] = (
    "the CRM: remove the contact there too, the sync does not delete persons",
    "mailboxes of senders and recipients, and the mail server's logs",
    *(plug.keeps_of_persons for plug in plugs.PLUGS if plug.keeps_of_persons),
    "backups made before: erase again after restoring one",
)
"""Where else a person may be, which nothing here reaches."""


async def erase_person(text: str, *, by: str, delete_uploads: bool = False) -> ErasureReceipt:
    """Remove a person from all that is stored here, and leave a tombstone that no import undoes. Safe to repeat.

    Args:
        text: their e-mail address, LinkedIn profile, or the id of one of their contacts.
        by: who erases.
        delete_uploads: also delete files in the upload directory that name the address.

    Raises:
        InvalidInput: it is none of these, or there is no name.
        Conflict: several people have the address.
        ConfigurationError: earlier erasures were made under another key.
    """
    who, name, key, now = named_person(text), person(by), tombstone_key(), datetime.now(UTC)
    async with database() as connection:
        subject, erased = await erasure.erase(connection, who, key, by=name, now=now)
    home = settings().home
    erased["files of rejected rows"] = sum(_without_records(path, subject) for path in _files(home / "rejects", ".csv"))
    erased["cached pages"] = _remove(
        _files(settings().read(WebsiteSettings).cache_dir or home / "cache" / "websites"), _page, subject
    )
    erased["stored results"] = _remove(_files(home / "prefect" / "storage"), Path.read_bytes, subject)
    left = _uploads(subject, erased, delete=delete_uploads)
    counts, remarks = await erase_from_prefect(subject)
    receipt = ErasureReceipt(name, now, key.key_id, {**erased, **counts}, (*left, *remarks), OUTSIDE)
    log.info("person_erased", extra={"by": name, "rows": sum(receipt.erased.values())})
    return receipt


async def namesakes(text: str) -> list[subjects.Namesake]:
    """List who may be the same person and is not erased with them. Raises InvalidInput, Conflict."""
    async with database() as connection:
        return await subjects.select_namesakes(connection, await subjects.find(connection, named_person(text)))


def _files(directory: Path, suffix: str = "") -> Iterator[Path]:
    if directory.is_dir():
        yield from (path for path in sorted(directory.rglob(f"*{suffix}")) if path.is_file())


def _names_subject(content: bytes, subject: Subject) -> bool:
    folded = content.lower()
    words = [*subject.addresses, *(profile.partition("//www.")[2] for profile in subject.profiles)]
    return any(word.encode(encoding) in folded for word in words for encoding in ("utf-8", "utf-16-le", "utf-16-be"))


def _remove(paths: Iterable[Path], read: Callable[[Path], bytes], subject: Subject) -> int:
    removed = 0
    for path in paths:
        if _names_subject(read(path), subject):
            path.unlink()
            removed += 1
    return removed


def _page(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content  # a damaged page


def _without_records(path: Path, subject: Subject) -> int:
    """Take the records that name the person out of a CSV file of ours; return how many."""
    with path.open(encoding="utf-8-sig", newline="") as source:
        records = list(_records(source))
    kept = [record for record in records if not subject.is_named_in(record)]
    if len(kept) != len(records):
        draft = path.with_suffix(".part")
        draft.write_text("".join(kept), encoding="utf-8-sig", newline="")
        draft.replace(path)
    return len(records) - len(kept)


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Join lines to records: a record ends where its quotes are paired."""
    record = ""
    for line in lines:
        record += line
        if record.count('"') % 2 == 0:
            yield record
            record = ""
    if record:
        yield record


def _uploads(subject: Subject, erased: dict[str, int], *, delete: bool) -> list[str]:
    found = [path for path in _files(settings().upload_dir) if _names_subject(path.read_bytes(), subject)]
    erased["uploaded files"] = len(found) if delete else 0
    if delete:
        for path in found:
            path.unlink()
        return []
    return [f"uploaded file {path.name} names the address: delete it, or erase with --delete-uploads" for path in found]
