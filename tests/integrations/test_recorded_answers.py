"""Answers as providers have really given them parse, and map to what they say.

`tests/data/recorded/` holds made-up twins: the keys, types and oddities of recorded answers with nobody's data in them.
`RECORDED_ANSWERS` names a folder with recordings of one's own, `close*.json` and `apollo*.json`, each a list of
`{"operation": …, "body": …}`; they have to parse as well.
"""

import json
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from shape_checks import shapes_of

from core.crm.records import Description, RecordKind
from core.errors import AnswerPending
from integrations.apollo.client import ApolloClient, PersonQuery
from integrations.close.client import CloseClient
from integrations.close.crm import CloseCRM
from integrations.close.crm_fields import CONTACT_FIELDS, LEAD_FIELDS
from integrations.close.schemas import CloseObject
from integrations.close.webhooks import CloseWebhooks
from tests.integrations.conftest import Reply

TWINS = Path(__file__).parent.parent / "data" / "recorded"
OLD = datetime.fromisoformat("2026-06-19T00:00:00+00:00")
CUSTOMS = ("custom.Revenue", "custom.Tags")
IDS = {"lead.custom.Revenue": "cf_rev", "lead.custom.Tags": "cf_tags", "type.cf_rev": "number"}


def plain(values: Any) -> Any:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


async def fetched(client: CloseClient) -> Any:
    crm = CloseCRM(client)
    fields = {RecordKind.LEAD: (*LEAD_FIELDS, *CUSTOMS), RecordKind.CONTACT: CONTACT_FIELDS}
    crm.use(Description(fields[RecordKind.LEAD], CONTACT_FIELDS, (), IDS), fields)
    unit = await crm.fetch("lead_A1")
    return {
        "lead": plain(unit.lead.values),
        "contacts": [plain(contact.values) for contact in unit.contacts],
        "refusing": [refusal.record_id for refusal in unit.refusals],
    }


async def events(client: CloseClient) -> Any:
    now = OLD.replace(hour=23)
    return [
        [event.id, event.object_type, event.action, event.date_updated.isoformat()]
        async for event in client.events_since(OLD, now=now)
    ]


async def person(client: ApolloClient) -> Any:
    found = await client.match_person(PersonQuery(id="650000000000000000000001"))
    company = found.organization.name if found and found.organization else None
    return found and {"name": found.name, "email": found.email, "company": company}


async def people(client: ApolloClient) -> Any:
    asked = [PersonQuery(id="650000000000000000000001"), PersonQuery(id="650000000000000000000003")]
    return [found.name if found else None for found in (await client.match_bulk(asked)).found]


async def company(client: ApolloClient) -> Any:
    found = await client.organization("fernhill.example.com")
    return found and {"name": found.name, "size": found.estimated_num_employees}


async def numbers(client: ApolloClient) -> Any:
    try:
        result = await client.late_result("-5")
    except AnswerPending:
        return "pending"
    return [phone.sanitized_number for each in result.people for phone in each.phone_numbers]


async def credits_left(client: ApolloClient) -> Any:
    return str((await client.profile()).credits_left)


Reader = Callable[[Any], Awaitable[Any]]
READERS: dict[str, Reader] = {
    "GET /lead/{id}/": fetched,
    "GET /event/": events,
    "POST /data/search/": lambda client: all_ids(client.search_leads([], fields=["id"])),
    "GET /custom_field_schema/lead/": lambda client: definitions(client),
    "GET /status/lead/": lambda client: labels(client),
    "GET /webhook/": lambda client: hooks(client),
    "POST /people/match": person,
    "POST /people/bulk_match": people,
    "POST /mixed_people/api_search": lambda client: all_ids(client.search_people("fernhill.example.com", [])),
    "GET /organizations/enrich": company,
    "GET /webhook_result/{request_id}": numbers,
    "GET /users/api_profile": credits_left,
}


async def all_ids(found: Any) -> list[str]:
    return [each.id async for each in found]


async def definitions(client: CloseClient) -> Any:
    return [[field.id, field.name, field.type] for field in await client.custom_fields(CloseObject.LEAD)]


async def labels(client: CloseClient) -> Any:
    return [status.label for status in await client.lead_statuses()]


async def hooks(client: CloseClient) -> Any:
    return [subscription.url async for subscription in CloseWebhooks(client).subscriptions()]


def cases() -> list[Any]:
    folders = [TWINS, *(Path(folder) for folder in filter(None, [os.environ.get("RECORDED_ANSWERS")]))]
    return [
        pytest.param(
            file.stem.partition(".")[0], case, id=f"{file.stem}: {case['operation']} {case.get('odd', number)}"
        )
        for folder in folders
        for provider in ("close", "apollo")
        for file in sorted(folder.glob(f"{provider}*.json"))
        for number, case in enumerate(json.loads(file.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize(("provider", "case"), cases())
async def test_a_recorded_answer_parses_and_maps(server, guard_of, provider: str, case: dict[str, Any]) -> None:
    server.then(Reply(body=case["body"]))
    guard = guard_of(provider)
    kind = CloseClient if provider.startswith("close") else ApolloClient
    async with kind(server.url, "key", guard, timeout_s=10) as client:
        read = await READERS[case["operation"]](client)
    if "maps" in case:
        assert read == case["maps"]


@pytest.mark.parametrize(("provider", "case"), cases())
def test_a_recorded_answer_fits_the_shapes_that_the_stand_ins_are_held_to(provider: str, case: dict[str, Any]) -> None:
    if "maps" not in case:
        return  # recordings of one's own may hold what is newer than the document
    method, _, path = case["operation"].partition(" ")
    complaints = shapes_of(provider).answer(method, path, 200, case["body"])
    assert not complaints, "\n".join(complaints)
