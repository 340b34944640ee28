import asyncio
import contextlib
import gzip
import socket
import time
import zlib
from dataclasses import replace
from itertools import pairwise

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hostile_site import Answer, endless, gzip_bomb, redirect, slow_drip, website
from hypothesis import given, settings
from hypothesis import strategies as st
from written_addresses import ADDRESSES

from integrations.websites.cache import CachedPage, PageCache
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.network import CheckedResolver, CheckedSession, CheckedSockets, RefusedAddress
from integrations.websites.pages import FetchLimits, PageStatus

STRANGERS = FetchLimits(delay_s=0.0, timeout_s=3.0)
HERE = FetchLimits(delay_s=0.0, allow_private=True, timeout_s=1.0, max_bytes=100_000)


async def fetch(pages, path="/", limits=HERE, cache_dir=None):
    async with website(pages) as site, WebsiteFetcher(limits, cache_dir) as fetcher:
        return await fetcher.fetch(site.url.rstrip("/") + path), site


async def test_a_page():
    page, site = await fetch({"/": "<h1>Hällo</h1>"})
    assert (page.status, page.body, page.http_status) == (PageStatus.OK, "<h1>Hällo</h1>", 200)
    assert site.paths == ["/robots.txt", "/"]


async def test_robots_are_obeyed_and_the_rule_kept():
    page, site = await fetch({"/robots.txt": "User-agent: *\nDisallow: /team\n", "/team": "x"}, "/team")
    assert page.status is PageStatus.DISALLOWED
    assert page.robots is not None
    assert (page.robots.rule, page.robots.line) == ("Disallow: /team", 2)
    assert "/team" not in site.paths


async def test_a_failing_robots_file_closes_the_host():
    page, site = await fetch({"/robots.txt": Answer("", status=500), "/": "x"})
    assert page.status is PageStatus.UNREACHABLE
    assert site.paths == ["/robots.txt"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer("", status=403), PageStatus.FORBIDDEN),
        (Answer("", status=404), PageStatus.NOT_FOUND),
        (Answer("", status=429), PageStatus.THROTTLED),
        (Answer("", status=500), PageStatus.SERVER_ERROR),
        (Answer("%PDF-1.7", headers={"Content-Type": "application/pdf"}), PageStatus.NOT_A_PAGE),
        (Answer(b"\x89PNG\x00\x00", headers={"Content-Type": "text/html"}), PageStatus.NOT_A_PAGE),
        (Answer("not gzip", headers={"Content-Type": "text/html", "Content-Encoding": "gzip"}), PageStatus.BAD_CONTENT),
        (Answer("x", headers={"Content-Type": "text/html", "Content-Encoding": "br"}), PageStatus.BAD_CONTENT),
        (redirect("/"), PageStatus.REDIRECTS),
        (redirect(""), PageStatus.REDIRECTS),
    ],
)
async def test_what_is_no_page_says_so(answer, status):
    page, _ = await fetch({"/": answer})
    assert page.status is status
    assert page.why
    assert page.body == ""


async def test_a_page_with_the_wrong_type_is_read():
    page, _ = await fetch({"/": Answer("<!DOCTYPE html><p>x", headers={"Content-Type": "application/octet-stream"})})
    assert page.status is PageStatus.OK


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"<p>x</p>"), zlib.compress(b"<p>x</p>"), zlib.compress(b"<p>x</p>")[2:-4]],
    ids=["gzip", "zlib", "bare deflate"],  # gzip's own would hold the time of day: no two workers would agree
)
async def test_packed_pages_are_unpacked(packed):
    encoding = "gzip" if packed[:2] == b"\x1f\x8b" else "deflate"
    page, _ = await fetch({"/": Answer(packed, headers={"Content-Type": "text/html", "Content-Encoding": encoding})})
    assert page.body == "<p>x</p>"


async def test_redirects_are_followed_within_the_site_only():
    async with (
        website({"/": "there"}) as other,
        website({"/": redirect("/a"), "/a": redirect("/b"), "/b": "x", "/out": redirect(other.url)}) as site,
        WebsiteFetcher(HERE) as fetcher,
    ):
        page = await fetcher.fetch(site.url)
        assert (page.body, page.final_url) == ("x", f"{site.url}b")
        away = await fetcher.fetch(f"{site.url}out", site=f"127.0.0.1:{site.port}")
    assert away.status is PageStatus.OFF_SITE
    assert other.paths == []


@pytest.mark.parametrize(
    "target",
    [
        "http://xn--0.example/",
        "http://xn--.example/",
        "http://a..example/",
        "http://" + "a" * 64 + ".example/",
        "http://a:99999/",
        "http://a:x/",
        "http://[::1/",
        "http://[v1.a]/",
        "http://user:pw@a.example/",
        "http://a\tb\x00.example/",
        "ftp://a.example/",
        "javascript:alert(1)",
        "mailto:a@a.example",
        "//",
    ],
)
@pytest.mark.parametrize("status", [301, 307])
async def test_a_redirect_to_what_is_no_address_is_an_outcome(target, status):
    pages = {"/robots.txt": redirect(target), "/": redirect(target, status)}
    async with website(pages) as site, WebsiteFetcher(HERE) as fetcher:
        page = await fetcher.fetch(site.url)
        script = await fetcher.resource(site.url)
    assert page.status in (PageStatus.REDIRECTS, PageStatus.UNREACHABLE)
    assert page.why
    assert script is None


LOCATIONS = st.one_of(ADDRESSES, st.text(st.characters(), max_size=80)).map(
    lambda text: "".join(char for char in text if char not in "\r\n\0").encode("utf-8", "surrogatepass")
)


def test_no_location_raises():
    with asyncio.Runner() as runner, contextlib.ExitStack() as stack:
        opened = contextlib.AsyncExitStack()
        site = runner.run(opened.enter_async_context(website({})))
        fetcher = runner.run(opened.enter_async_context(WebsiteFetcher(replace(HERE, timeout_s=5.0))))
        stack.callback(lambda: runner.run(opened.aclose()))

        @settings(max_examples=150, deadline=None)
        @given(headers=st.lists(LOCATIONS, min_size=1, max_size=2), status=st.sampled_from([301, 302, 303, 307, 308]))
        def check(headers, status):
            async def write(writer):
                lines = b"".join(b"Location: " + header + b"\r\n" for header in headers)
                writer.write(b"HTTP/1.1 %d X\r\n%bContent-Length: 0\r\n\r\n" % (status, lines))
                await writer.drain()

            site.pages["/"] = write
            # No name is looked up: what leads to another site ends there.
            page = runner.run(fetcher.fetch(site.url, site=f"127.0.0.1:{site.port}"))
            assert page.why

        check()


async def test_endless_redirects_end():
    page, site = await fetch({f"/{i}": redirect(f"/{i + 1}") for i in range(50)}, "/0")
    assert page.status is PageStatus.REDIRECTS
    assert len(site.paths) <= 8


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost:9/",
        "http://[::1]:9/",
        "http://2130706433/",
        "http://10.0.0.1/",
        "http://0x7f.1/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://[fec0::1]/",
        "http://[64:ff9b:1::808:808]/",
        "http://[::ffff:0:8.8.8.8]/",
        "http://[::8.8.8.8]/",
    ],
)
async def test_private_addresses_are_refused(target):
    async with WebsiteFetcher(STRANGERS) as fetcher:
        page = await fetcher.fetch(target)
        script = await fetcher.resource(target)  # what a page asks for in the browser
    assert page.status is PageStatus.REFUSED
    assert script is None


PRIVATE = ["168.63.129.16", "192.0.0.192", "192.88.99.1", "fec0::1", "5f00::1", "3fff::1", "127.0.0.1", "::1"]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_is_refused_for_what_it_resolves_to(address):
    with pytest.raises(RefusedAddress):
        await CheckedResolver(allow_private=False, timeout_s=1.0).resolve(address, 80, socket.AF_UNSPEC)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_socket_is_made_for_a_private_address(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with pytest.raises(RefusedAddress):
        CheckedSockets(allow_private=False)((family, socket.SOCK_STREAM, 0, "", (address, 80)))


async def test_the_transport_refuses_an_address_that_no_resolver_is_asked_for():
    async with website({"/": "secret"}) as site:
        client = CheckedSession({}, timeout_s=1.0, connections=1, allow_private=False)
        with pytest.raises(RefusedAddress):
            async with client.get(site.url, {}):
                pass
        await client.close()
    assert site.paths == []


class Rebinding(AbstractResolver):
    """Says another address the second time it is asked, as a hostile name server does."""

    def __init__(self):
        self.asked = 0

    async def resolve(self, host, port=0, family=socket.AF_INET):
        self.asked += 1
        address = "192.0.2.1" if self.asked == 1 else "127.0.0.1"
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self):
        pass


async def test_a_name_that_leads_elsewhere_the_second_time_is_refused():
    resolver = Rebinding()
    await resolver.resolve("a.example")
    connector = aiohttp.TCPConnector(resolver=resolver, socket_factory=CheckedSockets(allow_private=False))
    async with website({"/": "secret"}) as site, aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(RefusedAddress):
            await session.get(f"http://a.example:{site.port}/")
    assert resolver.asked == 2
    assert site.paths == []


async def test_idle_connections_of_many_hosts_do_not_pile_up():
    async with contextlib.AsyncExitStack() as stack:
        sites = [await stack.enter_async_context(website({"/": "x"})) for _ in range(80)]
        client = CheckedSession({}, timeout_s=1.0, connections=10, allow_private=True)
        for site in sites:
            async with client.get(site.url, {}) as answer:
                await answer.read()
        await client.close()
    assert [seen.headers.get("connection") for site in sites for seen in site.seen].count("close") >= 15


async def test_a_name_that_resolves_to_a_private_address_is_refused():
    async with website({"/": "secret"}) as site, WebsiteFetcher(FetchLimits(delay_s=0.0)) as fetcher:
        # every system resolves this reserved name to loopback; "localhost" itself is refused before any look-up
        page = await fetcher.fetch(f"http://localhost.:{site.port}/")
        direct = await fetcher.fetch(site.url)
    assert page.status is PageStatus.REFUSED
    assert direct.status is PageStatus.REFUSED
    assert site.paths == []


async def test_a_gzip_bomb_is_cut():
    page, _ = await fetch({"/": gzip_bomb(50_000_000)})
    assert page.status is PageStatus.OK
    assert page.truncated
    assert len(page.body) <= HERE.max_bytes


async def test_an_endless_page_is_cut():
    page, _ = await fetch({"/": endless()})
    assert page.truncated
    assert len(page.body) <= HERE.max_bytes


async def test_a_slow_drip_ends_in_time():
    page, _ = await fetch({"/": slow_drip(0.05)})
    assert page.status is PageStatus.TIMEOUT


async def test_nobody_listens():
    async with WebsiteFetcher(HERE) as fetcher:
        page = await fetcher.fetch("http://127.0.0.1:1/")
    assert page.status is PageStatus.UNREACHABLE


async def test_the_delay_between_requests_is_kept():
    limits = FetchLimits(delay_s=0.2, allow_private=True)
    async with website({"/": "a", "/b": "b", "/c": "c"}) as site, WebsiteFetcher(limits) as fetcher:
        await asyncio.gather(*(fetcher.fetch(site.url + path) for path in ("", "b", "c")))
    times = [request.at for request in site.seen]
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(times))


async def test_a_kept_page_is_used_again_then_asked_for_with_its_tag(tmp_path):
    pages = {"/": Answer("<p>x", headers={"Content-Type": "text/html", "ETag": '"v1"'})}
    async with website(pages) as site:
        async with WebsiteFetcher(HERE, tmp_path) as fetcher:
            await fetcher.fetch(site.url)
            again = await fetcher.fetch(site.url)
        assert again.from_cache
        assert site.paths.count("/") == 1
        site.pages["/"] = Answer("", status=304, headers={})
        stale = FetchLimits(delay_s=0.0, allow_private=True, fresh_for_s=0.0)
        async with WebsiteFetcher(stale, tmp_path) as fetcher:
            third = await fetcher.fetch(site.url)
    assert (third.body, third.http_status, third.from_cache) == ("<p>x", 304, True)
    assert site.seen[-1].headers["if-none-match"] == '"v1"'


def test_a_damaged_cache_file_is_dropped(tmp_path):
    cache = PageCache(tmp_path)
    cache.put(CachedPage("http://example.com/", "http://example.com/", "x", 1.0))
    assert cache.get("http://example.com/") is not None
    for path in tmp_path.glob("??/*.page"):
        path.write_bytes(b"garbage")
    assert cache.get("http://example.com/") is None
    cache.put(CachedPage("http://example.com/", "http://example.com/", "x", 1.0))
    assert cache.prune(older_than=time.time() + 10) == 1
    assert cache.get("http://example.com/") is None
