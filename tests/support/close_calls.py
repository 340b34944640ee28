"""Every method of the Close client, as the tests of all of them call it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from provider_calls import Case, Row, all_of

from integrations.close.client import CloseClient
from integrations.close.schemas import CloseObject


async def many_leads(case: Case) -> int:
    """More than a page of leads, with those there are already."""
    case.sandbox.seed("close", count=120)
    return 122


async def leads(case: Case) -> tuple[int, int]:
    wanted = await many_leads(case)
    return len(await all_of(case.client.leads())), wanted


async def found_leads(case: Case) -> tuple[int, int]:
    wanted = await many_leads(case)
    return len(await all_of(case.client.search_leads([], fields=["id"]))), wanted


async def changed_leads(case: Case) -> tuple[int, int]:
    wanted = await many_leads(case)
    day = datetime.now(UTC).date() - timedelta(days=2)
    return len(await all_of(case.client.leads_updated_since(day, fields=["id"]))), wanted


async def lead_events(case: Case) -> tuple[int, int]:
    await many_leads(case)
    ids = {event.object_id for event in await all_of(case.client.events_since(an_hour_ago()))}
    return len(ids), 122


async def contacts(case: Case) -> tuple[int, int]:
    people = [{"name": f"Person {number}"} for number in range(130)]
    lead = case.sandbox.seed("close", leads=[{"name": "Larkhill Foundry", "contacts": people}])["leads"][0]
    return len(await all_of(case.client.contacts(lead))), 130


def an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def anew(case: Case) -> CloseClient:
    """Forget which field holds our ids, so that Close is asked."""
    case.client._own_id_fields.clear()
    return case.client


NEW = {"name": "Larkhill Foundry"}
CLOSE = {
    "me": Row(lambda c: c.client.me()),
    "lead": Row(lambda c: c.client.lead(c.ids["lead"])),
    "leads": Row(lambda c: all_of(c.client.leads()), many=leads),
    "create_lead": Row(lambda c: c.client.create_lead(NEW, uuid4())),
    "post_lead": Row(lambda c: c.client.post_lead(NEW)),
    "post_contact": Row(lambda c: c.client.post_contact({"lead_id": c.ids["lead"], "name": "Ana Sample"})),
    "find_lead": Row(
        lambda c: c.client.find_lead(c.ids["own"]), empty=(lambda c: c.client.find_lead(UUID(int=1)), None)
    ),
    "update_lead": Row(lambda c: c.client.update_lead(c.ids["lead"], {"description": "Foundry"})),
    "delete_lead": Row(lambda c: c.client.delete_lead(c.ids["lead"]), good=lambda got: got is None, gone=None),
    # An answer that cannot be read is looked up, and the lead that is gone shows that they were merged.
    "merge_leads": Row(
        lambda c: c.client.merge_leads(c.ids["lead"], c.ids["other"]), good=lambda got: got is None, spoiled=None
    ),
    "contact": Row(lambda c: c.client.contact(c.ids["contact"])),
    "contacts": Row(
        lambda c: all_of(c.client.contacts(c.ids["lead"])),
        empty=(lambda c: all_of(c.client.contacts(c.ids["other"])), []),
        many=contacts,
    ),
    "create_contact": Row(lambda c: c.client.create_contact(c.ids["lead"], {"name": "Ana Sample"}, uuid4())),
    "find_contact": Row(
        lambda c: c.client.find_contact(c.ids["lead"], c.ids["own"]),
        empty=(lambda c: c.client.find_contact(c.ids["lead"], UUID(int=1)), None),
    ),
    "update_contact": Row(lambda c: c.client.update_contact(c.ids["contact"], {"title": "CFO"})),
    "delete_contact": Row(lambda c: c.client.delete_contact(c.ids["contact"]), good=lambda got: got is None, gone=None),
    "search_leads": Row(lambda c: all_of(c.client.search_leads([], fields=["id"])), many=found_leads),
    "leads_updated_since": Row(
        lambda c: all_of(c.client.leads_updated_since(an_hour_ago().date(), fields=["id"])),
        empty=(
            lambda c: all_of(c.client.leads_updated_since(datetime(2100, 1, 1, tzinfo=UTC).date(), fields=["id"])),
            [],
        ),
        many=changed_leads,
    ),
    "events_since": Row(
        lambda c: all_of(c.client.events_since(an_hour_ago())),
        empty=(lambda c: all_of(c.client.events_since(datetime.now(UTC) + timedelta(hours=1))), []),
        many=lead_events,
    ),
    "custom_fields": Row(lambda c: c.client.custom_fields(CloseObject.LEAD)),
    "lead_statuses": Row(lambda c: c.client.lead_statuses()),
    "own_id_field": Row(lambda c: anew(c).own_id_field(CloseObject.LEAD)),
    "ensure_own_id_field": Row(lambda c: anew(c).ensure_own_id_field(CloseObject.LEAD)),
}
