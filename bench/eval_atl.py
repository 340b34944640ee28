"""How good ATL discovery is: every labelled site is served on its own loopback port and read by the real crawler.

    python -m bench.eval_atl                       # ../shared/atl-dev beside the checkout, else the project's own sites
    SALES_AGENT_EVAL_DATA=/data python -m bench.eval_atl --verbose
    python -m bench.eval_atl --model               # then again with the model for `enrichment`: gain, cost

A person counts as found when given and family name agree. Owner-like, borderline and placeholder people are neutral.
"Reachable" people stand on a page that static links lead to. Figures go to bench/eval_atl.json.
"""

import argparse
import asyncio
import functools
import http.server
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from core.discovery.mentions import Person
from core.discovery.person_details import linkedin_profile
from core.discovery.site_report import SiteReport
from core.settings.settings import Settings
from core.text.names import read_name, same_person
from integrations.websites.fetcher import WebsiteFetcher
from integrations.websites.pages import FetchLimits
from tasks.discovery.people_choice import Asked, ChoosingModel, choosing_model
from tasks.discovery.visits import Choose, discover_site

Known = dict[str, Any]
"""A person as labelled."""
HERE = Path(__file__).resolve().parent
BANDS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)


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


def is_same(name: str, other: str) -> bool:
    one, two = read_name(name), read_name(other)
    if one is None or two is None:
        return name.casefold() == other.casefold()
    return same_person(one, two)


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
    wanted = [known for known in label["people"] if known.get("atl")]
    result: dict[str, Any] = {"site": label["site_id"], "found": [], "wrong": [], "neutral": [], "points": []}
    matched = sort_people(label["people"], report.people, result)
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
        "role_right": person.role in [known["atl_role"], *(known.get("role_also") or [])],
        "role": f"{person.role} for {known['atl_role']}",
        "linkedin": None if not accepted and person.linkedin_url is None else person.linkedin_url in accepted,
    }


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    hits = [hit for result in results for hit in result["found"]]
    found = len(hits)
    wrong = sum(len(result["wrong"]) for result in results)
    missed = sum(len(result["missed"]) for result in results)
    precision, recall = ratio(found, found + wrong), ratio(found, found + missed)
    linkedin = [hit["linkedin"] for hit in hits if hit["linkedin"] is not None]
    return {
        "sites": len(results),
        "atl_people": found + missed,
        "found": found,
        "wrong": wrong,
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
        "recall_reachable": round(
            ratio(sum(result["reachable_found"] for result in results), sum(result["reachable"] for result in results)),
            4,
        ),
        "role_accuracy": round(ratio(sum(hit["role_right"] for hit in hits), found), 4),
        "linkedin_accuracy": round(sum(linkedin) / len(linkedin), 4) if linkedin else None,
        "false_people_on_sites_without": sum(len(result["wrong"]) for result in results if not result["has_atl"]),
        "sites_without": sum(not result["has_atl"] for result in results),
        "pages_read_per_site": round(sum(result["pages_read"] for result in results) / len(results), 2),
        "outcomes": dict(Counter(result["outcome"] for result in results)),
        "reliability": reliability([point for result in results for point in result["points"]]),
    }


def ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def reliability(points: list[tuple[float, bool]]) -> list[dict[str, Any]]:
    """How many findings are right, by band of the confidence that was claimed."""
    return [
        {
            "from": low,
            "to": min(high, 1.0),
            "findings": len(inside),
            "mean_confidence": round(sum(c for c, _ in inside) / len(inside), 3),
            "right": round(sum(r for _, r in inside) / len(inside), 3),
        }
        for low, high in pairwise(BANDS)
        if (inside := [point for point in points if low <= point[0] < high])
    ]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", type=int, default=12, help="pages read of one site at most")
    parser.add_argument("--model", action="store_true", help="then again with a model, and print what it changed")
    parser.add_argument("--only", help="only sites whose id contains this")
    parser.add_argument("--verbose", action="store_true", help="every site, also those without an error")
    arguments = parser.parse_args()
    folder = data_directory()
    figures, results = asyncio.run(evaluate(folder, arguments.budget, arguments.only))
    for result in results:
        print_site(result, verbose=arguments.verbose)
    for key, value in figures.items():
        if key != "reliability":
            print(f"{key:32} {value}")
    print("confidence   findings  mean   right")
    for row in figures["reliability"]:
        band = f"{row['from']:.2f}-{row['to']:.2f}"
        print(f"{band:10}   {row['findings']:6}   {row['mean_confidence']:.3f}  {row['right']:.3f}")
    if arguments.model:
        print_gain(figures, asyncio.run(evaluate_with_model(folder, arguments.budget, arguments.only)))
    if arguments.only is None:
        own = folder == HERE / "sites"
        record = {"data": "own made-up sites" if own else "atl-dev"} | figures
        (HERE / "eval_atl.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
