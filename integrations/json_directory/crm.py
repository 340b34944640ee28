"""A CRM in a directory: one JSON file a company, its people in it. People edit it with any editor.

    {"id": "acme", "own_id": null, "values": {"name": "Acme"}, "contacts": [{"id": "acme-1", "values": {...}}]}

It keeps no log, so every run compares all files, by the time they were written last. Fields may be any; a file
`fields.json` (`{"lead": [...], "contact": [...], "statuses": [...]}`) says which, where that should be checked.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any
from uuid import UUID

from core.crm.opt_outs import RemoteRefusal, refusing
from core.crm.records import (
    Complaint,
    Description,
    RecordKind,
    RecordValues,
    RemoteChange,
    RemoteRecord,
    RemoteUnit,
    SentMessage,
    Stamp,
    Value,
)
from core.errors import ConfigurationError, Gone, Unavailable, UnexpectedAnswer

_FIELDS = "fields.json"
_LEAD_FIELDS = (
    *("name", "url", "description", "status"),
    *("address.street", "address.city", "address.state", "address.postal_code", "address.country"),
)
_CONTACT_FIELDS = ("name", "title", "emails", "phones", "linkedin")
_PAGE = 100
_LONGEST_NAME = 255
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_Entry = dict[str, Any]


class JsonDirectory:
    """A directory of JSON files behind `core.ports.CRMProvider`.

    Args:
        directory: must exist.
    """

    name = "directory"
    clock_offset_s: float | None = 0.0

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.calls = 0

    async def describe(self) -> Description:
        """Read `fields.json`, or give the usual fields."""
        if not self._directory.is_dir():
            raise ConfigurationError(f"there is no directory {self._directory}")
        path = self._directory / _FIELDS
        if not path.exists():
            return Description(_LEAD_FIELDS, _CONTACT_FIELDS)
        told = self._read_object(path)
        statuses = self._listed(told, "statuses") if "statuses" in told else ()
        return Description(self._listed(told, "lead"), self._listed(told, "contact"), statuses)

    def _listed(self, told: _Entry, name: str) -> tuple[str, ...]:
        listed = told.get(name)
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise UnexpectedAnswer(f"{_FIELDS}: {name} is no list of names", provider=self.name)
        return tuple(listed)

    def use(self, description: Description, fields: Mapping[RecordKind, Sequence[str]]) -> None:
        """Need nothing of it: files hold names, not ids."""

    async def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        """Refuse: there is no log."""
        raise Gone(f"a directory keeps no log of changes since {since:%Y-%m-%d}", provider=self.name)
        yield ()

    async def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        """Yield the files, by the time they were written last."""
        page: list[Stamp] = []
        for name in self._names() if ids is None else dict.fromkeys(ids):
            written_at = self._written_at(name)
            if written_at is not None:
                page.append(Stamp(name, written_at))
            if len(page) == _PAGE:
                yield page
                page = []
                # Whoever else has work may do it between two pages.
                await asyncio.sleep(0)
        yield page

    def _names(self) -> Iterator[str]:
        """Name the companies in whatever order, without holding them all."""
        with self._told(self._directory), os.scandir(self._directory) as entries:
            for entry in entries:
                if entry.name.endswith(".json") and entry.name != _FIELDS:
                    yield entry.name.removesuffix(".json")

    async def fetch(self, lead_id: str) -> RemoteUnit:
        """Read a file."""
        return self._unit(self._read(lead_id))

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        """Look for the file that carries our id: the one that was written here, else the first by name."""
        with suppress(Gone):
            unit = self._unit(self._read(own_id.hex))
            if unit.lead.own_id == own_id:
                return unit
        found: RemoteUnit | None = None
        async for page in self.stamps():
            for stamp in page:
                if found is None or stamp.id < found.lead.id:
                    with suppress(Gone):  # removed since it was listed
                        unit = await self.fetch(stamp.id)
                        found = unit if unit.lead.own_id == own_id else found
        return found

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        """Write a new file, named after our id: the same create again finds it there."""
        with suppress(Gone):
            return self._unit(self._read(own_id.hex))
        people = [_person(_id_at(own_id.hex, each), each, person) for each, person in contacts.items()]
        company = _person(own_id.hex, own_id, values) | {"contacts": people}
        return self._unit(self._write(company))

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        """Add a person to a file."""
        company = self._read(lead_id)
        record_id = _id_at(lead_id, own_id)
        person = next((each for each in company["contacts"] if each["id"] == record_id), None)
        if person is None:
            person = _person(record_id, own_id, values)
            company["contacts"] = [*company["contacts"], person]
            self._write(company)
        return self._record(RecordKind.CONTACT, person, company)

    async def update(
        self,
        kind: RecordKind,
        record_id: str,
        changes: RecordValues,
        *,
        seen_at: datetime | None = None,  # noqa: ARG002 - a file is read in any case
    ) -> RemoteRecord:
        """Change values in a file."""
        company = self._of(kind, record_id)
        entry = company if kind is RecordKind.LEAD else next(p for p in company["contacts"] if p["id"] == record_id)
        entry["values"] |= _plain(changes)
        return self._record(kind, entry, self._write(company))

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        """Remove a file, or a person from one."""
        with suppress(Gone):
            if kind is RecordKind.LEAD:
                path = self._path(record_id)
                with self._told(path):
                    path.unlink(missing_ok=True)
                return
            company = self._of(kind, record_id)
            company["contacts"] = [person for person in company["contacts"] if person["id"] != record_id]
            self._write(company)

    async def log_message(self, lead_id: str, message: SentMessage) -> str:
        """Note a message in a file, under `messages`."""
        company = self._read(lead_id)
        noted = company.get("messages", [])
        if all(each.get("id") != message.marker for each in noted):
            said = {"to": message.recipient, "subject": message.subject, "body": message.body}
            self._write(company | {"messages": [*noted, {"id": message.marker, **said}]})
        return message.marker

    async def check(self) -> Complaint | None:
        """Look whether the directory is there and its `fields.json`, where there is one, can be read."""
        await self.describe()
        return None

    def _of(self, kind: RecordKind, record_id: str) -> _Entry:
        """Return the company that is, or has, a record."""
        if kind is RecordKind.LEAD:
            return self._read(record_id)
        home = record_id.rpartition(".")[0]  # of those that were added here
        for name in chain((home,) if home else (), self._names()):
            with suppress(Gone):
                company = self._read(name)
                if any(person["id"] == record_id for person in company["contacts"]):
                    return company
        raise Gone(f"no file has a contact {record_id[:100]!r}", provider=self.name)

    def _path(self, lead_id: str) -> Path:
        """Return a company's file. Raises Gone for what cannot be the name of one."""
        name = f"{lead_id}.json"
        is_name = lead_id and "\0" not in name and Path(name).name == name and name != _FIELDS
        if not is_name or len(name.encode(errors="replace")) > _LONGEST_NAME:
            raise Gone(f"{lead_id[:100]!r} is no name of a file", provider=self.name)
        return self._directory / name

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """Tell what the system does not let us do with a file; that it is not there is for the caller."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            # A file is replaced as a whole or not at all.
            said = f"{path.name} cannot be read or written: {error.strerror or error}"
            raise Unavailable(said, provider=self.name, was_sent=False) from error

    def _written_at(self, lead_id: str) -> datetime | None:
        try:
            written_ns = self._path(lead_id).stat().st_mtime_ns
        except (FileNotFoundError, Gone):
            return None
        return _EPOCH + timedelta(microseconds=written_ns // 1000)

    def _read(self, lead_id: str) -> _Entry:
        self.calls += 1
        path = self._path(lead_id)
        try:
            company = self._read_object(path) | {"id": lead_id}
        except FileNotFoundError:
            raise Gone(f"there is no file {path.name}", provider=self.name) from None
        people = company.get("contacts") or []
        if not isinstance(people, list) or not all(isinstance(each, dict) and each.get("id") for each in people):
            raise UnexpectedAnswer(f"{path.name}: contacts is no list of people with ids", provider=self.name)
        company["contacts"] = [person | {"id": str(person["id"])} for person in people]
        for entry in (company, *company["contacts"]):
            entry["values"] = entry.get("values") or {}
            if not isinstance(entry["values"], dict):
                raise UnexpectedAnswer(f"{path.name}: values of {entry['id']} are no JSON object", provider=self.name)
        return company

    def _read_object(self, path: Path) -> _Entry:
        try:
            with self._told(path):
                written = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise UnexpectedAnswer(f"{path.name} is no JSON: {error}", provider=self.name) from error
        if not isinstance(written, dict):
            raise UnexpectedAnswer(f"{path.name} is no JSON object", provider=self.name)
        return written

    def _write(self, company: _Entry) -> _Entry:
        self.calls += 1
        path = self._path(company["id"])
        draft = path.with_suffix(".tmp")
        written_at = self._written_at(company["id"])
        with self._told(path):
            draft.write_text(json.dumps(company, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            now = _EPOCH + timedelta(microseconds=draft.stat().st_mtime_ns // 1000)
            if written_at is not None and now <= written_at:  # a file system's clock may stand for some milliseconds
                later = (written_at - _EPOCH) // timedelta(microseconds=1) + 1
                os.utime(draft, ns=(later * 1000, later * 1000))
            os.replace(draft, path)  # noqa: PTH105 - the same call, named for being atomic
        return company

    def _unit(self, company: _Entry) -> RemoteUnit:
        people = tuple(self._record(RecordKind.CONTACT, person, company) for person in company["contacts"])
        return RemoteUnit(self._record(RecordKind.LEAD, company, company), people, tuple(_refusals(company)))

    def _record(self, kind: RecordKind, entry: _Entry, company: _Entry) -> RemoteRecord:
        values = {name: _value(value) for name, value in entry["values"].items()}
        return RemoteRecord(kind, entry["id"], values, _own_id(entry.get("own_id")), self._written_at(company["id"]))


def _id_at(lead_id: str, own_id: UUID) -> str:
    """Return the id of a person that is added to a company here: it says where they are."""
    return f"{lead_id}.{own_id.hex}"


def _own_id(written: object) -> UUID | None:
    try:
        return UUID(str(written)) if written else None
    except ValueError:
        return None  # a person's words, no id of ours


def _refusals(company: _Entry) -> Iterator[RemoteRefusal]:
    """Yield who is not to be written to, as a field of the company or of a person says."""
    values, people = company["values"], company["contacts"]
    told = {"company": values.get("name"), "website": values.get("url")}
    if (found := refusing(values, status=values.get("status"))) is not None:
        everybody = tuple(address for person in people for address in _emails(person))
        yield RemoteRefusal(company["id"], *found, of_company=True, addresses=everybody, **told)
    for person in people:
        if (found := refusing(person["values"])) is not None:
            name = person["values"].get("name")
            yield RemoteRefusal(person["id"], *found, addresses=_emails(person), name=name, **told)


def _emails(person: _Entry) -> tuple[str, ...]:
    written = person["values"].get("emails") or ()
    return (written,) if isinstance(written, str) else tuple(written)


def _person(record_id: str, own_id: UUID, values: RecordValues) -> _Entry:
    return {"id": record_id, "own_id": str(own_id), "values": _plain(values)}


def _value(written: object) -> Value:
    """Read a value, which a person may have written as a number."""
    if isinstance(written, list):
        return tuple(map(_text, written))
    return None if written is None else _text(written)


def _text(written: object) -> str:
    if isinstance(written, bool) or not isinstance(written, int | float):
        return str(written).lower() if isinstance(written, bool) else str(written)
    plain = f"{Decimal(str(written)):f}"
    return plain.removesuffix(".0")


def _plain(values: RecordValues) -> dict[str, Any]:
    def plain(value: Value) -> str | list[str] | None:
        return list(value) if isinstance(value, tuple) else value

    return {name: plain(value) for name, value in values.items()}
