"""Whom a refusal means: the row's person; the company only where it is the company's, and never by a shared host."""

from typing import Any
from uuid import uuid4

import pytest

from core.outreach.opt_outs import company_keys, id_keys, keys_of, person_keys, targets

NINA: dict[str, Any] = {
    "contact_name": "Nina Nov",
    "company_name": "Nova Bau GmbH",
    "company_domain": "nova.example",
    "city": "Ulm",
}


def kinds(lead: dict[str, Any], *addresses: str, of_company: bool = False) -> list[str]:
    return [target.kind for target in targets(lead, addresses, of_company=of_company)]


@pytest.mark.parametrize(
    ("lead", "addresses", "of_company", "meant"),
    [
        (NINA, ["nina@nova.example"], False, ["address"]),
        (NINA, [], False, ["person"]),
        (NINA, [], True, ["company"]),
        (NINA, ["nina@nova.example"], True, ["address", "company"]),
        (NINA | {"contact_name": None}, [], False, ["company"]),
        (NINA | {"contact_name": None}, ["info@nova.example"], False, ["address", "company"]),
        # The mailbox is not who refused: an address of their own that is found later is theirs as well.
        (NINA, ["info@nova.example"], False, ["address", "person"]),
        ({"contact_name": "Nina Nov"}, [], False, []),
        ({}, [], False, []),
    ],
)
def test_whom_a_row_means(lead: dict[str, Any], addresses: list[str], of_company: bool, meant: list[str]) -> None:
    assert kinds(lead, *addresses, of_company=of_company) == meant


@pytest.mark.parametrize("shared", [{"company_domain": "facebook.com"}, {"is_domain_shared": True}])
def test_a_domain_of_several_is_no_companys(shared: dict[str, Any]) -> None:
    lead = NINA | shared
    domain = f"company:{lead['company_domain']}"
    assert domain not in company_keys(lead)
    assert domain not in keys_of(lead, [("Nina Nov", None)], f"nina@{lead['company_domain']}")
    assert not any(key.endswith(lead["company_domain"]) for key in person_keys(lead, "Nina Nov", None))


def test_a_company_is_met_by_every_name_it_had() -> None:
    refused = set(company_keys({"company_name": "Nova Bau", "city": "Ulm"}))
    renamed = NINA | {"company_name": "Novum", "company_domain": "novum.example", "aliases": ["Nova Bau GmbH"]}
    assert refused & keys_of(renamed, [], None)
    assert set(person_keys({"company_name": "NOVA Bau AG"}, "Nov, Nina", None)) & keys_of(
        renamed, [("Nina Nov", None)], None
    )


def test_ids_of_people_leads_and_identities_are_different_keys() -> None:
    one = uuid4()
    assert len(set(id_keys(people=[one], leads=[one], identities=[one]))) == 3
