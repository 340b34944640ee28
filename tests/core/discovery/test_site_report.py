"""A look at a website as the command prints it: a stable shape, with nothing made up."""

import json

import pytest

from core.discovery.mentions import Person
from core.discovery.site_report import PageNote, SiteReport

ORLA = Person(
    "Orla Fenwick", "CEO", "CEO", False, None, "orla@acme.example", None, "https://acme.example/team", "x", 0.9
)
OWNER = Person("Tobias Ryland", "Founder", None, True, None, None, None, "https://acme.example/", "y", 0.8, ("former",))
PAGES = (
    PageNote("https://acme.example/", "ok", "home page"),
    PageNote("https://acme.example/x", "gone", "a usual path"),
    PageNote("https://acme.example/team", "ok", "people page by address"),
)


def test_people_pages_and_sources_are_told():
    report = SiteReport("acme.example", (ORLA,), (OWNER,), PAGES, "hit", None).as_json()
    assert json.loads(json.dumps(report)) == report
    (contact,), (other,) = report["atl_contacts"], report["other_people"]
    assert (contact["name"], contact["role"], contact["email"], contact["phone"]) == (
        "Orla Fenwick",
        "CEO",
        "orla@acme.example",
        None,
    )
    assert (contact["source"], contact["source_url"], contact["evidence"]) == ("website", ORLA.source_url, "x")
    assert "doubts" not in contact
    assert (other["role"], other["is_owner_like"], other["doubts"]) == (None, True, ["former"])
    assert report["pages"][1] == {"url": "https://acme.example/x", "status": "gone", "why": "a usual path"}
    (source,) = report["sources"]
    assert (source["source"], source["outcome"], source["pages"]) == ("website", "hit", 2)


@pytest.mark.parametrize("reason", ["people are named, but without titles", None])
def test_a_website_without_people_says_why(reason):
    report = SiteReport("acme.example", (), (), (), "miss", reason).as_json()
    assert (report["atl_contacts"], report["other_people"], report["reason"]) == ([], [], reason)
    assert report["outcome"] == report["sources"][0]["outcome"] == "miss"
    assert report["sources"][0]["pages"] == 0
