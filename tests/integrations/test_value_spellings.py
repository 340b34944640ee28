"""One spelling inside, each system's own outside: what `docs/values.md` says of each, both ways."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from core.crm.meanings import meaning_of, stored, written
from core.crm.records import Description, RecordKind
from core.enrichment.cleaning import cleaned
from core.enrichment.website_structured import organisations
from core.leads.fields import clean
from integrations.apollo.mapping import company_fields as of_apollo
from integrations.apollo.offers import COMPANY
from integrations.apollo.schemas import ApolloOrganization
from integrations.browserbase.mapping import company_fields as of_linkedin
from integrations.browserbase.mapping import read_page
from integrations.browserbase.offers import COMPANY_PAGE
from integrations.browserbase.schemas import BrowserbasePage
from integrations.calendars.ics import read_busy
from integrations.close.crm_fields import FieldNames
from integrations.close.schemas import CloseContact, CloseEventHead, CloseLead
from integrations.json_directory.crm import JsonDirectory

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
CLOSE = FieldNames(
    Description(
        ("address.country", "address.state", "custom.Land", "custom.Revenue"), ("phones",), (),
        {"lead.custom.Land": "cf_land", "lead.custom.Revenue": "cf_revenue", "type.cf_revenue": "number"},
    )
)  # fmt: skip


def sent(**ours: str) -> dict[str, object]:
    """Return what Close gets of values as they are stored here."""
    names = {"country": "address.country", "state": "address.state", "annual_revenue": "custom.Revenue"}
    return CLOSE.lead_body({names[field]: written(field, value) for field, value in ours.items()}, None)


def kept(**theirs: object) -> dict[str, object]:
    """Return what is stored here of Close's values."""
    address = {key: theirs[key] for key in ("country", "state") if key in theirs}
    lead = CloseLead.model_validate(
        {"id": "lead_1", "addresses": [address], "custom.cf_revenue": theirs.get("revenue")}
    )
    found = CLOSE.values(RecordKind.LEAD, lead)
    names = {"country": "address.country", "state": "address.state", "annual_revenue": "custom.Revenue"}
    return {field: stored(field, found[name]) for field, name in names.items() if found[name] is not None}


@pytest.mark.parametrize(
    ("inside", "there"),
    [("DE", "DE"), ("GB", "GB"), ("US", "US"), ("NA", "NA"), ("HK", "HK"), ("XK", "XK")],
)
def test_close_has_a_country_by_its_code(inside: str, there: str) -> None:
    (address,) = sent(country=inside)["addresses"]
    assert address["country"] == there
    assert kept(country=there) == {"country": inside}


@pytest.mark.parametrize(
    ("inside", "there"),
    [("California", "CA"), ("TX", "TX"), ("US-NY", "NY"), ("Québec", "QC"), ("Bavaria", "Bavaria")],
)  # fmt: skip
def test_close_has_a_state_by_its_postal_code_and_other_regions_by_name(inside: str, there: str) -> None:
    (address,) = sent(state=inside)["addresses"]
    assert address["state"] == there
    same = meaning_of("state")
    assert same(str(kept(state=there)["state"])) == same(inside), "no conflict, and nothing to write"


@pytest.mark.parametrize(
    ("inside", "there"), [("8200000000", 8200000000), ("12345678.5", 12345678.5), ("51-200", "51-200")]
)
def test_close_has_an_amount_as_a_number(inside: str, there: object) -> None:
    assert sent(annual_revenue=inside) == {"custom.cf_revenue": there}
    assert kept(revenue=there) == {"annual_revenue": inside}


def test_a_text_field_of_close_has_a_country_by_its_name() -> None:
    assert CLOSE.lead_body({"custom.Land": written("country", "DE")}, None) == {"custom.cf_land": "Germany"}
    lead = CloseLead.model_validate({"id": "lead_1", "custom.cf_land": "Deutschland"})
    assert stored("country", CLOSE.values(RecordKind.LEAD, lead)["custom.Land"]) == "DE"


@pytest.mark.parametrize(
    ("phone", "inside"),
    [
        ({"phone": "+441134960000", "country": "GB"}, "+441134960000"),
        ({"phone": "0113 496 0000", "country": "GB"}, "+441134960000"),
        ({"phone": "(512) 555-0123", "country": "US"}, "+15125550123"),
        ({"phone": "0113 496 0000", "country": None}, "0113 496 0000"),
        ({"phone": "ext. 12", "country": "GB"}, "ext. 12"),
    ],
)
def test_a_phone_of_close_takes_its_country_and_keeps_its_entry(phone: dict[str, str], inside: str) -> None:
    contact = CloseContact.model_validate({"id": "cont_1", "phones": [phone | {"type": "mobile"}]})
    assert CLOSE.values(RecordKind.CONTACT, contact)["phones"] == (inside,)
    (first, second) = CLOSE.contact_body({"phones": (inside, "+493023456789")}, contact)["phones"]
    assert (first["phone"], first["type"]) == (phone["phone"], "mobile"), "the entry that is there, as it stands there"
    assert second == {"phone": "+493023456789", "type": "office"}


def test_moments_of_close_are_utc_where_they_say_nothing() -> None:
    for text in ("2026-11-30T12:00:00", "2026-11-30T12:00:00+00:00", "2026-11-30T14:00:00+02:00"):
        assert CloseEventHead.model_validate({"object_type": "lead", "date_updated": text}).date_updated == NOW


async def test_the_directory_has_what_people_write_and_read(tmp_path: Path) -> None:
    crm = JsonDirectory(tmp_path)
    values = {"address.country": written("country", "DE"), "revenue": "12345678.5", "phones": ("+441134960000",)}
    made = await crm.create_lead(uuid4(), values, {})
    file = tmp_path / f"{made.lead.id}.json"
    entry = json.loads(file.read_text())
    assert entry["values"]["address.country"] == "Germany"
    assert stored("country", made.lead.values["address.country"]) == "DE"
    assert made.lead.updated_at is not None
    assert made.lead.updated_at.utcoffset() == timedelta(0)
    entry["values"] |= {"address.country": "Frankreich", "revenue": 12345678.5, "size": 42, "whole": 5.0}
    file.write_text(json.dumps(entry))
    now = (await crm.fetch(made.lead.id)).lead.values
    assert stored("country", now["address.country"]) == "FR"
    assert (now["revenue"], now["size"], now["whole"]) == ("12345678.5", "42", "5")


def test_apollo_writes_names_numbers_and_dollars() -> None:
    company = ApolloOrganization.model_validate(
        {"name": "Fernhill", "country": "United Kingdom", "state": "England", "annual_revenue": 5200000.0,
         "estimated_num_employees": 42, "phone": "0113 496 0000", "primary_domain": "fernhill.example"}
    )  # fmt: skip
    found = {one.field: one.value for one in cleaned(of_apollo(company), COMPANY)}
    assert (found["country"], found["state"], found["company_phone"]) == ("GB", "England", "+441134960000")
    assert (found["annual_revenue"], found["company_size"]) == ("5200000", "42")


@pytest.mark.parametrize("country", ["GB", "United Kingdom", {"@type": "Country", "name": "GB"}])
@pytest.mark.parametrize(
    ("employees", "size"),
    [({"value": 42}, "42"), ({"minValue": 11, "maxValue": 50}, "11-50"), (42, "42")],
)
def test_linkedin_writes_codes_and_bands(country: object, employees: object, size: str) -> None:
    address = {"addressLocality": "Leeds", "addressRegion": "England", "addressCountry": country}
    node = {"@type": "Organization", "name": "Fernhill", "address": address, "numberOfEmployees": employees}
    markup = f'<script type="application/ld+json">{json.dumps(node)}</script>'
    url = "https://www.linkedin.com/company/fernhill"
    page = read_page(url, BrowserbasePage(url=url, status=200, html=markup), fetched_at=NOW)
    assert page.facts is not None
    found = {one.field: one.value for one in cleaned(of_linkedin(page.facts), COMPANY_PAGE)}
    assert (found["country"], found["state"], found["company_size"]) == ("GB", "England", size)


@pytest.mark.parametrize("country", ["DE", "Germany", "Deutschland", {"@type": "Country", "name": "DE"}, ["DE"]])
def test_a_website_writes_a_country_as_it_likes(country: object) -> None:
    node = {"@context": "https://schema.org", "@type": "Organization", "name": "Fern", "url": "https://fern.example",
            "telephone": "030 2345 6789", "address": {"@type": "PostalAddress", "addressCountry": country}}  # fmt: skip
    root = html.fromstring(f'<html><script type="application/ld+json">{json.dumps(node)}</script></html>')
    (one,) = organisations(root, "https://fern.example")
    land = clean("country", dict(one.address)["country"])
    assert (land, clean("company_phone", one.phone, land)) == ("DE", "+493023456789")


def test_a_calendars_times_are_in_the_zone_it_names_else_in_ours() -> None:
    lines = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{}END:VCALENDAR\n"
    event = "BEGIN:VEVENT\nUID:{0}\nDTSTAMP:20261101T000000Z\nDTSTART{1}\nDTEND{2}\nEND:VEVENT\n"
    starts = [":20261201T090000Z", ":20261201T100000", ";TZID=Europe/London:20261201T090000"]
    ends = [":20261201T093000Z", ":20261201T103000", ";TZID=Europe/London:20261201T093000"]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        content = lines.format(event.format(number, start, end)).replace("\n", "\r\n").encode()
        (span,) = read_busy(content, NOW, NOW + timedelta(days=2), ZoneInfo("Europe/Berlin"))
        assert span.starts_at == datetime(2026, 12, 1, 9, tzinfo=UTC), start
        assert span.starts_at.astimezone(timezone(timedelta(hours=1))).hour == 10
