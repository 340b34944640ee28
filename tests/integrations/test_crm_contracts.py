"""The CRMs that there are hold what every CRM must."""

import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from core.conformance.crm_case import BehindThePort, CRMCase, SignedDeliveries
from core.conformance.crm_samples import CURRENCIES, DATES, USUAL, Sample
from core.crm.records import RecordKind
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from integrations.close.signing import TRIED_FOR, is_genuine
from integrations.json_directory.crm import JsonDirectory
from sandbox.close.webhooks import signature
from sandbox.server import SandboxControl
from tests.contracts.crm_contract import CRMContract

KEY = "ab" * 32
CUSTOM = {
    "custom.Revenue": Sample("annual_revenue"),
    "custom.Account": Sample("notes", ("00123456789012345678", "0", "1.50", "true")),
    "custom.Since": Sample("notes", DATES),
    "custom.Currency": Sample("notes", CURRENCIES),
    "custom.Tags": Sample("emails", (("one",), ("two", "one", "three"))),
}
"""Fields of a person's own making, on companies."""
TYPES = {"Revenue": "number", "Account": "text", "Since": "date", "Currency": "choices"}


class TestClose(CRMContract):
    crm = "close"

    @pytest.fixture
    async def there(self, sandbox: SandboxControl) -> AsyncIterator[httpx.AsyncClient]:
        """Work in Close as a person does."""
        sandbox.settings("close", keys=["api_sandbox", "api_person"], rate_per_s=None, organization_rate_per_s=None)
        url, auth = sandbox.environment["CLOSE_BASE_URL"], ("api_person", "")
        async with httpx.AsyncClient(base_url=url, auth=auth, trust_env=False) as client:
            for name, kind in TYPES.items():
                body = {"name": name, "type": kind, "choices": [*CURRENCIES] if kind == "choices" else []}
                (await client.post("/custom_field/lead/", json=body)).raise_for_status()
            yield client
        sandbox.take_violations("close")  # what it refuses is asked for here on purpose

    @pytest.fixture
    async def case(
        self, sandbox: SandboxControl, guard_of: Callable, there: httpx.AsyncClient
    ) -> AsyncIterator[CRMCase]:
        env = sandbox.environment
        url, key = env["CLOSE_BASE_URL"], env["CLOSE_API_KEY"]
        async with (
            CloseClient(url, key, guard_of("close")) as client,
            CloseClient(url, key, guard_of("close"), own_id_field="Revenue") as incomplete,
        ):
            yield CRMCase(
                crm=CloseCRM(client),
                fields={**USUAL, RecordKind.LEAD: {**USUAL[RecordKind.LEAD], **CUSTOM}},
                behind=behind_close(sandbox, there, CloseCRM(incomplete)),
                deliveries=SignedDeliveries(
                    is_genuine=lambda headers, body, now: is_genuine(KEY, headers, body, now),
                    signed=signed,
                    late=TRIED_FOR,
                ),
                many=105,
            )


def behind_close(sandbox: SandboxControl, there: httpx.AsyncClient, complaining: CloseCRM) -> BehindThePort:
    def fails(status: int, wait_s: float | None = None) -> None:
        sandbox.fail_next("close", "status", times=None, status=status, retry_after_s=wait_s)

    def lose_answer() -> None:
        for method in ("POST", "PUT"):
            for path in ("/api/v1/lead/*", "/api/v1/contact/*"):
                sandbox.fail_next("close", "drop_after", method=method, path=path)

    async def merge(source: str, destination: str) -> None:
        merged = await there.post("/lead/merge/", json={"source": source, "destination": destination})
        merged.raise_for_status()

    async def opt_out(contact_id: str) -> None:
        emails = (await there.get(f"/contact/{contact_id}/")).json()["emails"]
        marked = [email | {"is_unsubscribed": True} for email in emails]
        (await there.put(f"/contact/{contact_id}/", json={"emails": marked})).raise_for_status()

    return BehindThePort(
        heal=lambda: sandbox.clear_faults("close"),
        refuse_key=lambda: fails(401),
        limit=lambda wait_s: fails(429, wait_s),
        break_down=lambda: fails(500),
        lose_answer=lose_answer,
        calls=lambda: len(sandbox.requests("close")),
        merge=merge,
        opt_out=opt_out,
        refused={
            RecordKind.LEAD: {"custom.Revenue": "between ten and twelve"},
            RecordKind.CONTACT: {"emails": ("no address",)},
        },
        complaining=complaining,
    )


def signed(body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of what Close posts."""
    timestamp = str(int(at.timestamp()))
    return {"Close-Sig-Timestamp": timestamp, "Close-Sig-Hash": signature(KEY, timestamp, body.decode())}


NO_SERVER = {
    "refuses_a_value_and_says_where": "a file takes everything",
    "tells_a_key_that_is_not_taken": "there is no key",
    "waits_as_long_as_it_is_asked_to": "nobody counts",
    "tells_a_break_down_as_transient": "there is no server",
    "leaves_a_lost_answer_open": "a file is written or not",
    "complains_of_what_is_wrong": "what is wrong is an error",
    "takes_its_own_deliveries_alone": "nobody posts anything",
}


class TestJsonDirectory(CRMContract):
    crm = "directory"
    untried = frozenset(NO_SERVER)

    @pytest.fixture
    def case(self, tmp_path: Path) -> CRMCase:
        async def merge(source: str, destination: str) -> None:
            merge_files(tmp_path / f"{source}.json", tmp_path / f"{destination}.json")

        async def opt_out(contact_id: str) -> None:
            mark(tmp_path, contact_id)

        fields = {RecordKind.LEAD: {**USUAL[RecordKind.LEAD], **CUSTOM}, RecordKind.CONTACT: USUAL[RecordKind.CONTACT]}
        described = {str(kind): list(names) for kind, names in fields.items()} | {"statuses": ["New", "Old"]}
        described["lead"].append("status")
        (tmp_path / "fields.json").write_text(json.dumps(described))
        behind = BehindThePort(merge=merge, opt_out=opt_out)
        return CRMCase(crm=JsonDirectory(tmp_path), fields=fields, behind=behind, many=105)


def merge_files(one: Path, other: Path) -> None:
    """Do what a person does who makes one company of two."""
    merged = json.loads(other.read_text())
    merged["contacts"] += json.loads(one.read_text())["contacts"]
    other.write_text(json.dumps(merged))
    one.unlink()


def mark(directory: Path, contact_id: str) -> None:
    """Note at a person that they do not want to be written to."""
    for path in directory.glob("*.json"):
        company = json.loads(path.read_text())
        for person in company.get("contacts", []):
            if person["id"] == contact_id:
                person["values"]["Do not contact"] = True
                written_ns = path.stat().st_mtime_ns
                path.write_text(json.dumps(company))
                os.utime(path, ns=(written_ns + 1_000_000,) * 2)  # a person takes longer than a file system's clock
