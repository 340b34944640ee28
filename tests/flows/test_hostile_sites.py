"""Sites made to hang whoever reads them, among healthy ones: each gets an outcome of its own, and costs only itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from discovery_process import add_lead, environment, finish, rows, start
from enrich_process import environment as enrichment_environment
from enrich_process import finish as enriched
from enrich_process import start as start_enrichment
from forked import ROOT, sales_agent

CARD = "<div><h3>{0}a Fenwick</h3><p>Chief Executive Officer</p></div>"
HEALTHY = {
    "/": "<title>Acme Looms</title><nav><a href='/team'>Team</a></nav><p>Looms made by hand, by the river.</p>"
    "<footer><a href='mailto:info@acme-looms.example'>Write to us</a></footer>",
    "/team": "<title>Acme Looms</title><h1>Team</h1>" + CARD.format("Orl"),
}
LARGE = "<title>Bad Ltd</title><h1>Team</h1>" + "<p>a" * 1_500_000
"""Takes its reader over ten times as long as it has here, on a quick machine too and whatever is asked of the page."""
HOSTILE = {
    "home": {"/": LARGE},
    "people page": {"/": "<title>Bad Ltd</title><a href='/team'>Team</a><p>We make looms.</p>", "/team": LARGE},
    "sitemap": {"/": "<title>Bad Ltd</title><p>x</p>", "/sitemap.xml": "<urlset>" + "<loc>/team/{}</loc>" * 90_000},
    "robots": {"/robots.txt": "User-agent: *\n" + "Disallow: /*a*b*{}$\n" * 20_000, "/": "<p>x</p>"},
    "redirect": {"/": "http://xn--0.example/"},
}
BUDGET = {"WEBSITES_READING_S": "0.2", "WEBSITES_TIME_BUDGET_S": "30", "WEBSITES_MAX_PAGE_BYTES": "8000000"}


@contextmanager
def served(pages: dict[str, str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path)
            moved = body is not None and body.startswith("http:")
            self.send_response(301 if moved else 200 if body is not None else 404)
            if moved:
                self.send_header("Location", str(body))
            self.send_header("Content-Type", "text/plain" if self.path == "/robots.txt" else "text/html")
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def hostile() -> Iterator[dict[str, str]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(served(pages)) for name, pages in HOSTILE.items()}


def test_healthy_sites_of_the_batch_get_their_outcome(
    database: str, home: Path, tmp_path: Path, hostile: dict[str, str]
) -> None:
    with served(HEALTHY) as first, served(HEALTHY) as last:
        for name, url in {"first": first, **hostile, "last": last}.items():
            add_lead(database, name, url)
        report = tmp_path / "report.json"
        chosen = environment(database, home, tmp_path / "cache", **BUDGET, DISCOVERY_BATCH_SITES="10")
        counted = finish(start(chosen, report), report)
    query = "SELECT company_name, d.outcome, d.reason FROM leads JOIN lead_discoveries d ON d.lead_id = id"
    found = {row["company_name"]: (row["outcome"], row["reason"]) for row in rows(database, query)}
    assert (found["first"], found["last"]) == (("found", None), ("found", None))
    too_long = "reading it takes more than 0.2 s of processor time"
    reasons = {
        "home": f"the home page could not be read: {too_long}",
        "people page": too_long,
        "redirect": "the home page could not be read: a redirect to what is no web address",
    }
    for name, reason in reasons.items():
        assert found[name][0] == "unknown"
        assert reason in str(found[name][1])
    assert found.keys() == {"first", "last", *HOSTILE}
    assert all(reason for outcome, reason in found.values() if outcome != "found")
    assert (counted["left"], counted["failed"]) == (0, 0)


def test_the_command_says_why_a_site_was_given_up(hostile: dict[str, str], tmp_path: Path) -> None:
    done = sales_agent(
        "discover", "--website", hostile["home"], home=tmp_path, WEBSITES_ALLOW_PRIVATE_HOSTS="true",
        WEBSITES_DELAY_S="0", **BUDGET,
    )  # fmt: skip
    assert done.returncode == 3
    assert "could not be read: reading it takes more than 0.2 s" in done.stdout
    assert "Traceback" not in done.stderr


INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in a shell's background is started without one
from app.main import main
main()
"""


def test_the_command_ends_on_interrupt_in_the_midst_of_reading(tmp_path: Path) -> None:
    pages = dict(HOSTILE["home"])
    with served(pages) as url:
        variables = {
            "PATH": os.environ["PATH"], "SALES_AGENT_HOME": str(tmp_path), "WEBSITES_ALLOW_PRIVATE_HOSTS": "true",
            "WEBSITES_DELAY_S": "0", "WEBSITES_READING_S": "600", "WEBSITES_TIME_BUDGET_S": "3600",
            "WEBSITES_MAX_PAGE_BYTES": BUDGET["WEBSITES_MAX_PAGE_BYTES"],
        }  # fmt: skip
        command = [sys.executable, "-c", INTERRUPTIBLE, "discover", "--website", url]
        with subprocess.Popen(command, env=variables, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
            ours = psutil.Process(process.pid)
            while not (readers := [one for one in ours.children(recursive=True) if one.ppid() != process.pid]):
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=900)
        psutil.wait_procs(readers, timeout=900)
    assert process.returncode != 0
    assert "Traceback" not in said
    assert not any(one.is_running() for one in readers)


def test_enrichment_gives_a_site_up_and_goes_on(
    database: str, home: Path, tmp_path: Path, hostile: dict[str, str]
) -> None:
    with served(HEALTHY) as healthy:
        for name, url in {"bad": hostile["home"], "good": healthy}.items():
            add_lead(database, name, url)
        report = tmp_path / "report.json"
        chosen = enrichment_environment(database, home, tmp_path / "cache", **BUDGET)
        enriched(start_enrichment(chosen, report), report)
    query = "SELECT outcome, reason FROM enrichment_questions WHERE provider = 'website' ORDER BY outcome"
    answers = rows(database, query)
    assert [answer["outcome"] for answer in answers] == ["error", "hit"]
    assert "more than 0.2 s of processor time" in answers[0]["reason"]
