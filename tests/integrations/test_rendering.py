"""Pages that scripts build, shown by a real Chromium that reaches the network through our fetcher only."""

from importlib.util import find_spec
from shutil import which

import pytest
from hostile_site import website

from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchedPage, FetchLimits, PageStatus
from integrations.websites.rendering import Renderer
from tasks.discovery.visits import discover_site

pytestmark = [
    pytest.mark.installed,
    pytest.mark.skipif(which("chromium") is None, reason="there is no Chromium on this machine (command `chromium`)"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="Playwright is not installed (extra 'browser')"),
]
LIMITS = FetchLimits(delay_s=0.0, allow_private=True, timeout_s=5.0)

SHELL = (
    "<html><title>Acme Looms</title><body><div id='root'></div><script src='/app.js'></script>"
    "<script src='/tracker.js'></script></body></html>"
)
APP = """
fetch('/people.json').then(answer => answer.json()).then(people => {
  const menu = "<nav><a href='/team'>Team</a></nav>";
  const cards = people.map(one => `<div><h3>${one.name}</h3><p>${one.title}</p></div>`).join('');
  const body = location.pathname === '/team' ? `<h1>Our team</h1>${cards}` : '<h1>Looms</h1><p>Since 1870.</p>';
  document.getElementById('root').innerHTML = menu + body;
});
"""
PEOPLE = '[{"name": "Orla Fenwick", "title": "CEO"}, {"name": "Tobias Ryland", "title": "Fitter"}]'


async def test_a_site_built_by_scripts_is_read_to_its_team():
    robots = "User-agent: *\nDisallow: /tracker.js"
    pages = {"/": SHELL, "/team": SHELL, "/app.js": APP, "/people.json": PEOPLE, "/robots.txt": robots}
    async with website(pages) as site, WebsiteFetcher(LIMITS) as fetcher, Renderer(fetcher) as renderer:
        without = await discover_site(site.url, fetcher)
        report = await discover_site(site.url, fetcher, renderer=renderer)
    assert (without.outcome, without.people) == ("error", ())
    assert [(person.name, person.role) for person in report.people] == [("Orla Fenwick", "CEO")]
    assert report.people[0].source_url == f"{site.url}team"
    assert "/tracker.js" not in site.paths, "robots.txt holds for what scripts ask for"
    assert "shown in a browser" in {page.why for page in report.pages}


async def test_a_site_that_names_its_people_in_markup_starts_no_browser():
    home = "<title>Acme</title><nav><a href='/team'>Team</a></nav><div id='root'></div><script src='/app.js'></script>"
    team = "<h1>Our team</h1><div><h3>Orla Fenwick</h3><p>CEO</p></div><script src='/app.js'></script>"
    async with (
        website({"/": home, "/team": team}) as site,
        WebsiteFetcher(LIMITS) as fetcher,
        Renderer(fetcher) as renderer,
    ):
        report = await discover_site(site.url, fetcher, renderer=renderer)
        assert renderer._browser is None
    assert [person.name for person in report.people] == ["Orla Fenwick"]
    assert "/app.js" not in site.paths


async def test_nothing_of_a_page_reaches_a_private_address():
    async with website({"/": "secret"}) as inside, WebsiteFetcher(FetchLimits(timeout_s=3.0)) as fetcher:
        url = inside.url
        socket = url.replace("http", "ws")
        body = f"""<html><head><link rel=preconnect href='{url}'><link rel=stylesheet href='{url}a.css'></head><body>
        <img src='{url}b.png'><iframe src='{url}c'></iframe><script src='{url}d.js'></script><p>Plain text</p><script>
        fetch('{url}e').then(a => a.text()).then(t => document.body.append(t)).catch(() => document.body.append('no'));
        fetch('http://169.254.169.254/latest/meta-data/').catch(() => document.body.append(' none'));
        navigator.sendBeacon('{url}f'); new WebSocket('{socket}g'); new EventSource('{url}h');
        window.open('{url}i');
        </script></body></html>"""
        page = FetchedPage("http://looms.example/", "http://looms.example/", PageStatus.OK, body=body)
        async with Renderer(fetcher, timeout_s=8.0) as renderer:
            shown = await renderer.render(page)
        assert inside.paths == []
    assert "secret" not in shown.body
    written = shown.body.rpartition("</script>")[2]  # by either of the two, in the order they failed
    assert "none" in written
    assert written.replace("none", "").count("no") == 1


@pytest.mark.soak
async def test_a_page_is_not_led_away_from_its_site():
    async with website({"/": "secret"}) as other, website({"/b": "<p>second"}) as site:
        async with WebsiteFetcher(LIMITS) as fetcher, Renderer(fetcher, timeout_s=6.0) as renderer:

            async def shown(target):
                body = f"<p>first<script>location.href = '{target}'</script>"
                return await renderer.render(FetchedPage(site.url, site.url, PageStatus.OK, body=body))

            assert (await shown(other.url)).status is PageStatus.BAD_CONTENT
            assert "second" in (await shown("/b")).body
        assert other.paths == []


@pytest.mark.parametrize(
    ("script", "status"),
    [
        pytest.param("while (true) {}", PageStatus.TIMEOUT, id="endless"),
        pytest.param(
            "setInterval(() => fetch('/x' + Math.random()), 1)", PageStatus.OK, id="chatty", marks=pytest.mark.soak
        ),
        pytest.param(
            "for (let i = 0; i < 2e5; i++) document.write('<p>Rex Pretender, CEO</p>')",
            PageStatus.OK,
            id="large",
            marks=pytest.mark.soak,
        ),
    ],
)
async def test_scripts_end_within_their_budget(script, status):
    limits = FetchLimits(delay_s=0.0, allow_private=True, timeout_s=3.0, max_bytes=200_000)
    page = f"<div id=root></div><script>{script}</script>"
    async with (
        website({"/": page}) as site,
        WebsiteFetcher(limits) as fetcher,
        Renderer(fetcher, timeout_s=3.0) as renderer,
    ):
        shown = await renderer.render(await fetcher.fetch(site.url))
    assert shown.status in (status, PageStatus.TIMEOUT)
    assert len(shown.body) <= 200_000
    assert len(site.paths) <= 70
