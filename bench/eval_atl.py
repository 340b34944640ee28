"""How good ATL discovery is: every labelled site is served on its own loopback port and read by the real crawler.

    python -m bench.eval_atl                       # ../shared/atl-dev beside the checkout, else the project's own sites
    SALES_AGENT_EVAL_DATA=/data python -m bench.eval_atl --verbose
    python -m bench.eval_atl --model               # then again with the model for `enrichment`: gain, cost
    python -m bench.eval_atl --batch FOLDER        # sites nobody here has seen; --first-sight also records the figures

A person counts as found when given and family name agree. Owner-like, borderline and placeholder people are neutral.
"Reachable" people stand on a page that static links lead to. Figures go to bench/eval_atl.json; those of batches at
first sight, once each, with the rule by which the sites were chosen and their sources, and nothing of the sites.
"""

import argparse
import asyncio
import functools
import http.server
import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bench.atl_scores import Known, details_of, is_damaged, is_same, summary, together
from core.discovery.mentions import Person
from core.discovery.person_details import linkedin_profile
from core.discovery.site_report import SiteReport
from core.settings.settings import Settings
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits
from tasks.discovery.people_choice import Asked, ChoosingModel, choosing_model
from tasks.discovery.visits import Choose, discover_site

HERE = Path(__file__).resolve().parent


class SiteHandler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder as GitHub Pages does: /x is /x/index.html or /x.html."""

    def translate_path(self, path: str) -> str:
        """Find the file of an address."""
        plain = unquote(urlsplit(path).path)
        base = Path(super().translate_path(plain))
        for option in (base, base / "index.html", base.with_name(base.name + ".html")):
            if option.is_file():
                return str(option)
        return str(base)

    def list_directory(self, path: str) -> None:  # type: ignore[override]  # it only refuses
        """A folder without a page is not found."""
        del path
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def serve(folder: Path) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SiteHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def data_directory() -> Path:
    named = os.environ.get("SALES_AGENT_EVAL_DATA")
    options = [Path(named)] if named else [HERE.parent.parent / "shared"]
    for option in options:
        for folder in (option / "atl-dev", option):
            if (folder / "labels.jsonl").is_file():
                return folder
    return HERE / "sites"


async def look(
    folder: Path, start: str, fetcher: WebsiteFetcher, budget: int, choose: Choose | None = None
) -> SiteReport:
    server = serve(folder)
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/{start.removesuffix('index.html')}"
        return await discover_site(url, fetcher, page_budget=budget, choose=choose)
    finally:
        server.shutdown()
        server.server_close()


def judge(label: dict[str, Any], report: SiteReport) -> dict[str, Any]:
    result: dict[str, Any] = {"site": label["site_id"], "found": [], "wrong": [], "neutral": [], "points": []}
    people = [known | {"borderline": True} if is_disputed(known, label) else known for known in label["people"]]
    wanted = [known for known in people if known.get("atl") and not known.get("borderline")]
    matched = sort_people(people, report.people, result)
    judge_others(people, report, result)
    depths = {page: reach.get("depth") for page, reach in (label.get("reach") or {}).items()}
    reached = {known["name"] for known in wanted if depths.get(known["page"]) is not None}
    missed = [known for known in wanted if known not in matched]
    result["missed"] = [
        {name: known[name] for name in ("name", "title", "page")} | {"reachable": known["name"] in reached}
        for known in missed
    ]
    result["reachable"] = len(reached)
    result["reachable_found"] = sum(known["name"] in reached for known in matched)
    result["has_atl"] = bool(wanted)
    result["pages_read"] = sum(page.status == "ok" for page in report.pages)
    result["outcome"], result["reason"] = report.outcome, report.reason
    return result


def is_disputed(known: Known, label: dict[str, Any]) -> bool:
    """Two labellers did not agree on somebody: neither right nor wrong."""
    disputed = [one.get("name") if isinstance(one, dict) else one for one in label.get("disputed") or ()]
    return known["name"] in disputed


def judge_others(people: list[Known], report: SiteReport, result: dict[str, Any]) -> None:
    """Count the details of everybody who is labelled, and the owners."""
    everybody = [*report.people, *report.other_people]
    pairs = [(known, person) for person in everybody for known in people if is_same(known["name"], person.name)]
    result["details"] = [
        detail for known, person in pairs if person.role or person.is_owner_like for detail in details_of(known, person)
    ]
    owners = [known["name"] for known in people if known.get("owner_like") and not known.get("placeholder")]
    result["owners"] = len(owners)
    result["owners_found"] = len({known["name"] for known, one in pairs if one.is_owner_like or one.role} & set(owners))


def sort_people(people: list[Known], found: Sequence[Person], result: dict[str, Any]) -> list[Known]:
    """Put everybody found under found, wrong or neutral; return whom of the labelled they are."""
    matched: list[Known] = []
    for person in found:
        known = next((known for known in people if is_same(known["name"], person.name)), None)
        if known is not None and is_neutral(known):
            result["neutral"].append(person.name)
            continue
        right = known is not None and bool(known.get("atl"))
        result["points"].append((person.confidence, right))
        if known is None or not right:
            result["wrong"].append(f"{person.name} | {person.title} | {person.role} | {person.source_url}")
        elif known not in matched:
            matched.append(known)
            result["found"].append(hit(known, person))
    return matched


def is_neutral(known: Known) -> bool:
    if known.get("owner_like") or known.get("borderline"):
        return True
    return bool(known.get("placeholder")) and not known.get("external")


def hit(known: Known, person: Person) -> dict[str, Any]:
    urls = [known.get("linkedin_url"), *(known.get("linkedin_also") or [])]
    accepted = {linkedin_profile(url or "") for url in urls} - {None}
    return {
        "name": person.name,
        "damaged": is_damaged(person.name, known["name"]),
        "role_right": person.role in [known["atl_role"], *(known.get("role_also") or [])],
        "role": f"{person.role} for {known['atl_role']}",
        "linkedin": None if not accepted and person.linkedin_url is None else person.linkedin_url in accepted,
    }


async def evaluate(
    folder: Path, budget: int, only: str | None, model: ChoosingModel | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    sites = {site["site_id"]: site for site in json.loads((folder / "sites.json").read_text())}
    labels = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines() if line.strip()]
    results = []
    limits = FetchLimits(delay_s=0.0, allow_private=True)
    started = time.perf_counter()
    asked: list[Asked] = []
    async with WebsiteFetcher(limits) as fetcher:
        for label in labels:
            site = sites[label["site_id"]]
            if only is None or only in label["site_id"]:
                choose = None
                if model is not None:
                    asked.append(Asked(model))
                    choose = asked[-1].choose
                report = await look(folder / site["dir"], site["start_path"], fetcher, budget, choose)
                results.append(judge(label, report))
    figures = summary(results) | {"seconds": round(time.perf_counter() - started, 2)}
    return figures | (_cost(model, asked) if model is not None else {}), results


def _cost(model: ChoosingModel, asked: list[Asked]) -> dict[str, Any]:
    """Return what a model's help cost, from the receipts of its calls."""
    executions = [execution for one in asked for execution in one.executions]
    return {
        "model": model.name,
        "model_questions": len(executions),
        "model_answered": sum(execution.status == "answered" for execution in executions),
        "model_usd_per_site": round(float(sum(execution.cost_usd for execution in executions)) / len(asked), 6),
    }


async def evaluate_with_model(folder: Path, budget: int, only: str | None) -> dict[str, Any]:
    """Read the sites again with the model that the settings name for `enrichment`."""
    chosen = Settings()
    chosen.discovery = chosen.discovery.model_copy(update={"model": True})
    async with choosing_model(chosen, None) as model:
        figures, _ = await evaluate(folder, budget, only, model)
    return figures


def print_gain(alone: dict[str, Any], helped: dict[str, Any]) -> None:
    for key in ("precision", "recall", "f1"):
        print(f"{key + ' with the model':32} {helped[key]} ({helped[key] - alone[key]:+.4f})")
    for key in ("model", "model_questions", "model_answered", "model_usd_per_site"):
        print(f"{key:32} {helped[key]}")


def print_site(result: dict[str, Any], *, verbose: bool) -> None:
    """Print what is not as labelled on a site; all of it where asked."""
    doubtful = [hit for hit in result["found"] if not hit["role_right"]]
    doubtful += [hit for hit in result["found"] if hit["linkedin"] is False]
    if not (verbose or result["wrong"] or result["missed"] or doubtful):
        return
    found = len(result["found"])
    print(f"{result['site']}: {found} found, {result['pages_read']} pages, {result['reason'] or ''}")
    for kind in ("wrong", "missed", "neutral"):
        for entry in result[kind]:
            print(f"    {kind}: {entry}")
    for hit in doubtful:
        print(f"    role or link: {hit}")


def record_first_sight(folder: Path, figures: dict[str, Any], record: dict[str, Any]) -> None:
    """Put a batch's figures to the record; those of a batch that was seen before are not touched."""
    taken = record.setdefault("first_sight", [])
    if any(one["batch"] == folder.name for one in taken):
        print(f"{folder.name} was seen before: its figures at first sight stand")
        return
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True)
    rule = folder.parent / "RULE.md"
    if rule.is_file():
        record["first_sight_rule"] = rule.read_text().splitlines()
    sources = json.loads((folder / "sources.json").read_text())
    about = {
        "batch": folder.name,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "sources": [source["repo"] for source in (sources.values() if isinstance(sources, dict) else sources)],
    }
    taken.append(about | figures)


def print_figures(figures: dict[str, Any]) -> None:
    """Print figures, and of each band of confidence how much is right."""
    for key, value in figures.items():
        if key not in ("reliability", "sources"):
            print(f"{key:32} {value}")
    print("confidence   findings  mean   right")
    for row in figures["reliability"]:
        band = f"{row['from']:.2f}-{row['to']:.2f}"
        print(f"{band:10}   {row['findings']:6}   {row['mean_confidence']:.3f}  {row['right']:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=int, default=12, help="pages read of one site at most")
    parser.add_argument("--batch", type=Path, help="a folder of labelled sites that nobody here has seen")
    parser.add_argument("--first-sight", action="store_true", help="put the batch's figures to the record")
    parser.add_argument("--model", action="store_true", help="then again with a model, and print what it changed")
    parser.add_argument("--only", help="only sites whose id contains this")
    parser.add_argument("--verbose", action="store_true", help="every site, also those without an error")
    arguments = parser.parse_args()
    folder = arguments.batch or data_directory()
    figures, results = asyncio.run(evaluate(folder, arguments.budget, arguments.only))
    for result in results if not arguments.first_sight else ():  # the figures first: errors are looked at afterwards
        print_site(result, verbose=arguments.verbose)
    print_figures(figures)
    if arguments.model:
        print_gain(figures, asyncio.run(evaluate_with_model(folder, arguments.budget, arguments.only)))
    keep(arguments, folder, figures)


def keep(arguments: argparse.Namespace, folder: Path, figures: dict[str, Any]) -> None:
    """Write the figures where they are of all sites, and print what the batches came to at first sight."""
    path = HERE / "eval_atl.json"
    record = json.loads(path.read_text())
    if arguments.batch is not None and arguments.first_sight:
        record_first_sight(folder, figures, record)
    elif arguments.batch is None and arguments.only is None:
        own = folder == HERE / "sites"
        seen = {name: record[name] for name in ("first_sight_rule", "first_sight") if name in record}
        record = {"data": "own made-up sites" if own else "atl-dev"} | figures | seen
    else:
        return
    path.write_text(json.dumps(record, indent=2) + "\n")
    if record.get("first_sight"):
        print("\nAt first sight, the last two batches together:")
        print_figures(together(record["first_sight"][-2:]))


if __name__ == "__main__":
    main()
