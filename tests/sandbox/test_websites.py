import re
from urllib.robotparser import RobotFileParser

import httpx
import pytest

from sandbox.cast import COMPANIES

PEOPLE_AT = {
    "brackwater-pumps": "/leadership",
    "lindmoor-instrument": "/company",
    "ostraline-freight": "/about-us/management",
    "verdelin": "/equipe",
    "kesselbruck": "/ansprechpartner",
}


def company(slug):
    return next(one for one in COMPANIES if one.slug == slug)


@pytest.mark.parametrize(("slug", "path"), PEOPLE_AT.items())
def test_executives_are_on_one_page_that_links_lead_to(sandbox, plain, slug, path):
    url = sandbox.urls[f"site-{slug}"]
    seen, queue = set(), ["/"]
    while queue:
        here = queue.pop()
        if here in seen:
            continue
        seen.add(here)
        answer = plain.get(url + here)
        assert answer.status_code == 200
        queue += re.findall(r"""href=["'](/[^"']*)""", answer.text)
    assert path in seen
    text = plain.get(url + path).text
    for person in company(slug).people:
        assert person.last_name in text.encode().decode("unicode_escape") or person.last_name in text


def test_a_site_without_people_a_blocked_one_and_a_forbidden_page(sandbox, plain):
    quiet = sandbox.urls["site-quietfield-storage"]
    assert plain.get(f"{quiet}/team").status_code == 200
    assert plain.get(sandbox.urls["site-halvmarine"] + "/").status_code == 403
    shut = sandbox.urls["site-penmarrow-valve"]
    rules = RobotFileParser()
    rules.parse(plain.get(f"{shut}/robots.txt").text.splitlines())
    assert not rules.can_fetch("any", f"{shut}/team/")
    sandbox.assert_clean()
    assert "Marchetti-Rowe" in plain.get(f"{shut}/team/").text
    assert [one["rule"] for one in sandbox.take_violations()] == ["robots_disallow"]


def test_pages_are_not_sent_twice_and_a_sitemap_lists_them(sandbox, plain):
    url = sandbox.urls["site-verdelin"]
    etag = plain.get(f"{url}/equipe").headers["etag"]
    assert plain.get(f"{url}/equipe", headers={"if-none-match": etag}).status_code == 304
    assert f"<loc>{url}/equipe</loc>" in plain.get(f"{url}/sitemap.xml").text
    assert plain.get(f"{url}/nope").status_code == 404
    sandbox.seed("site-verdelin", pages={"/equipe": "<p>Personne</p>"})
    assert plain.get(f"{url}/equipe", headers={"if-none-match": etag}).text == "<p>Personne</p>"


@pytest.mark.parametrize(
    ("slug", "status", "location"),
    [
        ("wall-authwall", 302, "/authwall?trk=public&sessionRedirect=http"),
        ("wall-login", 302, "/uas/login"),
        ("wall-999", 999, None),
        ("wall-captcha", 200, None),
        ("wall-429", 429, None),
        ("odd-unavailable", 302, "/company/unavailable/"),
        ("made-up", 302, "/company/unavailable/"),
    ],
)
def test_the_network_says_no_in_many_ways(sandbox, slug, status, location):
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{sandbox.urls['linkedin']}/company/{slug}/")
    assert answer.status_code == status
    assert answer.headers.get("location", "").startswith(location or "")


def test_a_second_visit_after_a_wall_cookies_and_personal_pages_are_violations(sandbox, plain):
    url = sandbox.urls["linkedin"]
    for _ in range(2):
        plain.get(f"{url}/company/wall-login/")
    plain.get(f"{url}/company/verdelin/", headers={"cookie": "a=b"})
    plain.get(f"{url}/in/someone")
    plain.get(f"{url}/company/verdelin/people/")
    rules = [one["rule"] for one in sandbox.take_violations()]
    assert rules == ["visits_after_wall", "sends_cookies", "personal_page", "personal_page"]


@pytest.mark.parametrize(
    ("slug", "part"),
    [
        ("verdelin", '"value": 46'),
        ("odd-range", '"minValue": 51'),
        ("odd-bare-number", '"numberOfEmployees": 84'),
        ("odd-broken-json", '{"@type": "Organization", </script>'),
        ("odd-graph", '"@graph": {"@type": "Organization"'),
        ("odd-no-count", "View all 84 employees"),
    ],
)
def test_company_pages_have_every_form_of_facts(sandbox, plain, slug, part):
    text = plain.get(f"{sandbox.urls['linkedin']}/company/{slug}/").text
    assert part in text
    assert ("numberOfEmployees" in text) is (slug != "odd-no-count")


def test_guests_see_so_many_pages_and_then_the_wall(sandbox, plain):
    sandbox.settings("linkedin", guest_pages=1)
    url = sandbox.urls["linkedin"]
    statuses = [plain.get(f"{url}/company/{slug}/").status_code for slug in ("verdelin", "kesselbruck")]
    assert statuses == [200, 302]
