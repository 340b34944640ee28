"""A CRM in a directory: one JSON file a company, its people in it. People edit it with any editor.

    {"id": "acme", "own_id": null, "values": {"name": "Acme"}, "contacts": [{"id": "acme-1", "values": {...}}]}

It keeps no log, so every run compares all files, by the time they were written last. Fields may be any; a file
`fields.json` (`{"lead": [...], "contact": [...], "statuses": [...]}`) says which, where that should be checked.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

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
from core.errors import ConfigurationError, Gone, UnexpectedAnswer

_FIELDS = "fields.json"
_LEAD_FIELDS = (
    *("name", "url", "description", "status"),
    *("address.street", "address.city", "address.state", "address.postal_code", "address.country"),
)
_CONTACT_FIELDS = ("name", "title", "emails", "phones", "linkedin")
_PAGE = 100

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
        told = self._read_file(path)
        return Description(tuple(told["lead"]), tuple(told["contact"]), tuple(told.get("statuses", ())))

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
        with os.scandir(self._directory) as entries:
            for entry in entries:
                if entry.name.endswith(".json") and entry.name != _FIELDS:
                    yield entry.name.removesuffix(".json")

    async def fetch(self, lead_id: str) -> RemoteUnit:
        """Read a file."""
        return self._unit(self._read(lead_id))

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        """Look for the file that carries our id."""
        async for page in self.stamps():
            for stamp in page:
                unit = await self.fetch(stamp.id)
                if unit.lead.own_id == own_id:
                    return unit
        return None

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        """Write a new file."""
        people = [_person(uuid4().hex, person_id, person) for person_id, person in contacts.items()]
        company = _person(uuid4().hex, own_id, values) | {"contacts": people}
        return self._unit(self._write(company))

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        """Add a person to a file."""
        company = self._read(lead_id)
        person = _person(f"{lead_id}.{uuid4().hex}", own_id, values)
        company["contacts"] = [*company.get("contacts", []), person]
        return self._record(RecordKind.CONTACT, person, self._write(company))

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
        entry["values"] = {**entry.get("values", {}), **_plain(changes)}
        return self._record(kind, entry, self._write(company))

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        """Remove a file, or a person from one."""
        if kind is RecordKind.LEAD:
            self._path(record_id).unlink(missing_ok=True)
            return
        try:
            company = self._of(kind, record_id)
        except Gone:
            return
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

    def verify_delivery(self, headers: Mapping[str, str], body: bytes) -> bool:  # noqa: ARG002 - the port's
        """Refuse: files tell nobody when they change."""
        raise ConfigurationError(
            f"crm.yaml says provider: {self.name}, which sends no webhooks: a schedule brings the same"
        )

    async def check(self) -> Complaint | None:
        """Look whether the directory is there and its `fields.json`, where there is one, can be read."""
        await self.describe()
        return None

    def _of(self, kind: RecordKind, record_id: str) -> _Entry:
        """Return the company that is, or has, a record."""
        if kind is RecordKind.LEAD:
            return self._read(record_id)
        for name in self._names():
            company = self._read_file(self._path(name)) | {"id": name}
            if any(person["id"] == record_id for person in company.get("contacts", [])):
                return company
        raise Gone(f"no file has a contact {record_id}", provider=self.name)

    def _path(self, lead_id: str) -> Path:
        if not lead_id or Path(lead_id).name != lead_id:
            raise Gone(f"{lead_id!r} is no name of a file", provider=self.name)
        return self._directory / f"{lead_id}.json"

    def _written_at(self, lead_id: str) -> datetime | None:
        try:
            return datetime.fromtimestamp(self._path(lead_id).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _read(self, lead_id: str) -> _Entry:
        self.calls += 1
        try:
            return self._read_file(self._path(lead_id)) | {"id": lead_id}
        except FileNotFoundError:
            raise Gone(f"there is no file {lead_id}.json", provider=self.name) from None

    def _read_file(self, path: Path) -> _Entry:
        try:
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
        draft.write_text(json.dumps(company, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(draft, path)  # noqa: PTH105 - the same call, named for being atomic
        return company

    def _unit(self, company: _Entry) -> RemoteUnit:
        people = tuple(self._record(RecordKind.CONTACT, person, company) for person in company.get("contacts", []))
        return RemoteUnit(self._record(RecordKind.LEAD, company, company), people, tuple(_refusals(company)))

    def _record(self, kind: RecordKind, entry: _Entry, company: _Entry) -> RemoteRecord:
        own_id = entry.get("own_id")
        values = {name: _value(value) for name, value in entry.get("values", {}).items()}
        written_at = self._written_at(company["id"])
        return RemoteRecord(kind, entry["id"], values, UUID(own_id) if own_id else None, written_at)


def _refusals(company: _Entry) -> Iterator[RemoteRefusal]:
    """Yield who is not to be written to, as a field of the company or of a person says."""
    values, people = company.get("values", {}), company.get("contacts", [])
    told = {"company": values.get("name"), "website": values.get("url")}
    if (found := refusing(values, status=values.get("status"))) is not None:
        everybody = tuple(address for person in people for address in _emails(person))
        yield RemoteRefusal(company["id"], *found, of_company=True, addresses=everybody, **told)
    for person in people:
        if (found := refusing(person.get("values", {}))) is not None:
            name = person["values"].get("name")
            yield RemoteRefusal(person["id"], *found, addresses=_emails(person), name=name, **told)


def _emails(person: _Entry) -> tuple[str, ...]:
    written = person.get("values", {}).get("emails") or ()
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
