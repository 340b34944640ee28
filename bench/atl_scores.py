"""Sums of what is right and wrong over labelled sites: shares with their intervals, by band of confidence, details."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any

from core.discovery.mentions import Person
from core.discovery.person_details import linkedin_profile
from core.text.names import read_name, same_person
from core.text.titles import fold

Known = dict[str, Any]
"""A person as labelled."""
BANDS = (0.0, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
DETAILS = ("email", "phone", "linkedin_url")
_Z = 1.96
_PHONE_END = 7
"""Digits at the end of a number that tell it from others, however its beginning is written."""


def is_same(name: str, other: str) -> bool:
    """Return whether two spellings are of one person: family and given name agree."""
    one, two = read_name(name), read_name(other)
    if one is None or two is None:
        return name.casefold() == other.casefold()
    return same_person(one, two)


def is_damaged(name: str, labelled: str) -> bool:
    """Return whether a name has a word, or an order of words, that the page does not have."""
    ours, theirs = ([word.strip(".,'\"()") for word in fold(text).split()] for text in (name, labelled))
    turned = [*ours[-1:], *ours[:-1]]
    return not any(_in_order(words, theirs) for words in (ours, turned))


def _in_order(words: Iterable[str], within: Sequence[str]) -> bool:
    rest = iter(within)
    return all(word in rest for word in words)


def details_of(known: Known, person: Person) -> list[dict[str, Any]]:
    """Judge each detail that was given for somebody: it is among those the page gives them."""
    given = {name: getattr(person, name) for name in DETAILS}
    return [
        {"detail": name, "right": _is_detail(name, value, known), "confidence": _confidence_of(person, name)}
        for name, value in given.items()
        if value is not None
    ]


def _confidence_of(person: Person, name: str) -> float | None:
    return next((why.confidence for why in person.reasons if why.detail == name), None)


def _is_detail(name: str, value: str, known: Known) -> bool:
    accepted = [known.get(name), *(known.get(f"{name.removesuffix('_url')}_also") or [])]
    return _spelled(name, value) in {_spelled(name, each) for each in accepted if each}


def _spelled(name: str, value: str) -> str:
    if name == "linkedin_url":
        return linkedin_profile(value) or value
    return "".join(filter(str.isdigit, value))[-_PHONE_END:] if name == "phone" else value.lower()


def interval(right: int, of: int) -> list[float]:
    """Return the 95 % interval of a share (Wilson's score interval)."""
    if not of:
        return [0.0, 1.0]
    share, squared = right / of, _Z * _Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = _Z * sqrt(share * (1 - share) / of + squared / (4 * of * of)) / (1 + squared / of)
    return [round(max(middle - half, 0.0), 3), round(min(middle + half, 1.0), 3)]


def ratio(part: int, whole: int) -> float:
    """Return a share; of nothing, all is right."""
    return part / whole if whole else 1.0


def _total(results: Sequence[dict[str, Any]], name: str) -> int:
    return sum(int(result[name]) for result in results)


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the results of sites."""
    hits = [hit for result in results for hit in result["found"]]
    found, wrong, missed = len(hits), _count(results, "wrong"), _count(results, "missed")
    reachable, reached = (sum(result[name] for result in results) for name in ("reachable", "reachable_found"))
    precision, recall = ratio(found, found + wrong), ratio(found, found + missed)
    linkedin = [hit["linkedin"] for hit in hits if hit["linkedin"] is not None]
    details = [detail for result in results for detail in result["details"]]
    wrong_where_nobody = [result["wrong"] for result in results if not result["has_atl"]]
    right_details = sum(detail["right"] for detail in details)
    return {
        "sites": len(results),
        "atl_people": found + missed,
        "found": found,
        "wrong": wrong,
        "precision": round(precision, 4),
        "precision_interval": interval(found, found + wrong),
        "recall": round(recall, 4),
        "recall_interval": interval(found, found + missed),
        "f1": round(2 * precision * recall / (precision + recall), 4) if precision + recall else 0.0,
        "reachable": reachable,
        "recall_reachable": round(ratio(reached, reachable), 4),
        "recall_reachable_interval": interval(reached, reachable),
        "role_accuracy": round(ratio(sum(hit["role_right"] for hit in hits), found), 4),
        "linkedin_accuracy": round(sum(linkedin) / len(linkedin), 4) if linkedin else None,
        "damaged_names": sum(hit["damaged"] for hit in hits),
        "details": len(details),
        "details_right": round(ratio(right_details, len(details)), 4),
        "details_interval": interval(right_details, len(details)),
        "owners": _total(results, "owners"),
        "owners_found": _total(results, "owners_found"),
        "false_people_on_sites_without": sum(map(len, wrong_where_nobody)),
        "sites_without": len(wrong_where_nobody),
        "pages_read_per_site": round(_total(results, "pages_read") / max(len(results), 1), 2),
        "outcomes": dict(Counter(result["outcome"] for result in results)),
        "reliability": reliability([point for result in results for point in result["points"]]),
    }


def _count(results: Sequence[dict[str, Any]], name: str) -> int:
    return sum(len(result[name]) for result in results)


def reliability(points: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Say how many findings are right, by band of the confidence that was claimed."""
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


_ADDED = (
    "sites",
    "atl_people",
    "found",
    "wrong",
    "reachable",
    "reachable_found",
    "damaged_names",
    "details",
    "details_found",
    "owners",
    "owners_found",
    "sites_without",
    "false_people_on_sites_without",
)


def together(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the recorded figures of several batches, as if they were one."""
    rows = [
        {
            **record,
            "reachable_found": round(record["recall_reachable"] * record["reachable"]),
            "details_found": round(record["details_right"] * record["details"]),
        }
        for record in records
    ]
    total = {name: sum(row[name] for row in rows) for name in _ADDED}
    found, named = total["found"], total["found"] + total["wrong"]
    return {
        "batches": [record["batch"] for record in records],
        **total,
        "precision": round(ratio(found, named), 4),
        "precision_interval": interval(found, named),
        "recall": round(ratio(found, total["atl_people"]), 4),
        "recall_interval": interval(found, total["atl_people"]),
        "recall_reachable": round(ratio(total["reachable_found"], total["reachable"]), 4),
        "recall_reachable_interval": interval(total["reachable_found"], total["reachable"]),
        "details_right": round(ratio(total["details_found"], total["details"]), 4),
        "details_interval": interval(total["details_found"], total["details"]),
        "reliability": _joined(record["reliability"] for record in records),
    }


def _joined(tables: Iterable[Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Put tables of reliability together, band by band."""
    bands: dict[tuple[float, float], list[dict[str, Any]]] = {}
    for row in (row for table in tables for row in table):
        bands.setdefault((row["from"], row["to"]), []).append(row)
    return [
        {"from": low, "to": high, "findings": (count := sum(row["findings"] for row in rows))}
        | {
            name: round(sum(row[name] * row["findings"] for row in rows) / count, 3)
            for name in ("mean_confidence", "right")
        }
        for (low, high), rows in sorted(bands.items())
    ]
