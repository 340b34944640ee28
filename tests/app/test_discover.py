import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from discovery_process import add_lead
from forked import sales_agent

PAGES = {
    "/": "<title>Acme Looms</title><nav><a href='/team'>Team</a></nav><p>Looms made by hand, by the river.</p>",
    "/team": "<h1>Team</h1><div><h3>Orla Fenwick</h3><p>CEO</p></div><div><h3>Tobias Ryland</h3><p>Owner</p></div>",
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write((body or "").encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def run(tmp_path, *arguments, **environment):
    return sales_agent("discover", *arguments, home=tmp_path, WEBSITES_DELAY_S="0", **environment)


def test_the_command_prints_the_report_as_json(address, tmp_path):
    done = run(tmp_path, "--website", address, "--json", WEBSITES_ALLOW_PRIVATE_HOSTS="true")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert set(report) >= {"website", "atl_contacts", "other_people", "pages", "sources", "reason"}
    (contact,) = report["atl_contacts"]
    assert set(contact) == {
        "name",
        "title",
        "role",
        "linkedin_url",
        "email",
        "phone",
        "source",
        "source_url",
        "evidence",
        "confidence",
    }
    assert (contact["name"], contact["role"], contact["source"], contact["source_url"]) == (
        "Orla Fenwick",
        "CEO",
        "website",
        f"{address}/team",
    )
    assert [person["name"] for person in report["other_people"] if person["is_owner_like"]] == ["Tobias Ryland"]
    assert {page["status"] for page in report["pages"]} == {"ok"}
    assert report["reason"] is None


def test_the_command_prints_a_table(address, tmp_path):
    done = run(tmp_path, "--website", address, WEBSITES_ALLOW_PRIVATE_HOSTS="true", COLUMNS="200")
    assert done.returncode == 0
    assert "Orla Fenwick" in done.stdout
    assert "Tobias Ryland" in done.stdout


def test_a_private_address_is_refused_by_default(address, tmp_path):
    done = run(tmp_path, "--website", address, "--json")
    assert done.returncode == 3
    assert "public" in json.loads(done.stdout)["reason"]
    assert "Traceback" not in done.stderr


def over_leads(database, home, *arguments, **environment):
    return sales_agent("discover", *arguments, home=home, POSTGRES_URL=database, **environment)


def test_without_a_website_the_leads_that_are_due_are_looked_at(address, database, home, tmp_path):
    add_lead(database, "Acme Looms", address)
    add_lead(database, "Nowhere Ltd", None)
    chosen = {"WEBSITES_ALLOW_PRIVATE_HOSTS": "true", "WEBSITES_DELAY_S": "0", "WEBSITES_CACHE_DIR": str(tmp_path)}
    done = over_leads(database, home, "--json", **chosen)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    counts = {name: report[name] for name in ("leads", "sites", "found", "skipped", "people")}
    assert counts == {"leads": 2, "sites": 1, "found": 1, "skipped": 1, "people": 1}
    assert {"run_id", "nobody", "unknown", "failed", "left", "visited", "pages", "seconds"} <= report.keys()
    again = over_leads(database, home, "--limit", "5", "--again-failed", **chosen)
    assert again.returncode == 0, again.stderr
    assert "leads" in again.stdout


@pytest.mark.parametrize("arguments", [("--website", "x", "--limit", "1"), ("--pages", "3"), ("--limit", "0")])
def test_options_that_do_not_go_together_are_a_wrong_question(database, home, arguments):
    assert over_leads(database, home, *arguments).returncode == 2
