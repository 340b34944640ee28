"""Answers to questions the sandbox knows by their schema: research, messages, subject lines, facts read in a text.

They use what the prompt says, so that whatever checks an answer against its inputs has something to check, and say that
the sandbox speaks.
"""

import json
import re
from typing import Any

from sandbox.models.schemas import LABEL, Schema

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_OFFER = re.compile(r"The offer:\n(.+?)(?:\n\n|\Z)", re.DOTALL)
_LISTED = re.compile(r"^- (.+)$", re.MULTILINE)
_FENCED = re.compile(r"^TEXT (\w+)\n(.*)\nTEXT \1$", re.DOTALL | re.MULTILINE)
_PROSPECT = re.compile(r"^PROSPECT (\w+)\n(.*)\nPROSPECT \1$", re.DOTALL | re.MULTILINE)
_MEANT = (
    ("unsubscribe", re.compile(r"\b(?:unsubscribe|stop (?:calling|writing)|remove me)\b", re.IGNORECASE)),
    ("wrong_person", re.compile(r"\bwrong (?:person|number)\b", re.IGNORECASE)),
    ("end", re.compile(r"\b(?:goodbye|bye|no thank)", re.IGNORECASE)),
    ("not_now", re.compile(r"\b(?:not now|later|busy|another time)\b", re.IGNORECASE)),
    ("question", re.compile(r"\?")),
    ("interested", re.compile(r"\b(?:interested|sounds good|yes|tell me more)\b", re.IGNORECASE)),
)
_READ = {
    "company_description": re.compile(r"^(?=.{40,300}$)(.*\w+ \w+ .*[.])$", re.MULTILINE),
    "company_email": re.compile(r"([\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
    "company_phone": re.compile(r"(\+\d[\d ()-]{6,}\d)"),
    "company_size": re.compile(r"(\d[\d,.]*) (?:people|employees|staff)"),
    "postal_code": re.compile(r"\b(\d{5})(?= [A-Z])"),
    "city": re.compile(r"\b\d{5} ([A-Z]\w+)"),
}


def written(schema: Schema, prompt: str) -> dict[str, Any] | None:
    """Return the answer to a known question, or None."""
    match sorted(schema.get("properties", {})):
        case ["findings"]:
            return {"findings": _findings(prompt)}
        case ["angles"]:
            listed = _LISTED.findall(prompt.rpartition("personas")[2])
            return {"angles": [{"persona": one, "angle": f"{LABEL} {_offer(prompt)}"[:400]} for one in listed]}
        case ["body"]:
            return {"body": _message(prompt)}
        case ["intent", "topics"]:
            return _meaning(prompt)
        case ["readings"]:
            return {"readings": _readings(prompt)}
        case ["subjects"]:
            return {"subjects": [f"{LABEL} A question for {{company}}", f"{LABEL} An idea for {{company}}"]}
    return None


def _findings(prompt: str) -> list[dict[str, Any]]:
    """Repeat the first sentence of each piece of evidence as a finding."""
    found = []
    for line in prompt.splitlines():
        if not line.startswith("{"):
            continue
        try:
            evidence = json.loads(line)
        except ValueError:
            continue
        if isinstance(evidence, dict) and {"id", "text"} <= evidence.keys():
            pieces = (" ".join(piece.split()) for piece in _SENTENCE.split(str(evidence["text"])))
            quote = next((piece for piece in pieces if len(piece) >= 20), "")[:200]
            claim = f"{LABEL} {quote}"
            found.append({"claim": claim, "source": str(evidence["id"]), "quote": quote, "confidence": 0.9})
    return [one for one in found if one["quote"]][:12]


def _meaning(prompt: str) -> dict[str, Any]:
    """Return what a prospect means by plain words, and which listed topics share a word with them."""
    fenced = _PROSPECT.search(prompt)
    words = fenced[2] if fenced else ""
    intent = next((name for name, pattern in _MEANT if pattern.search(words)), "objection")
    listed = [line.partition(": ") for line in _LISTED.findall(prompt.rpartition("Topics:")[2])]
    said = words.lower()
    topics = [name for name, _, heard in listed if any(phrase.lower() in said for phrase in heard.split(", "))]
    return {"intent": intent, "topics": topics[:2]}


def _readings(prompt: str) -> list[dict[str, str]]:
    """Copy the facts that are asked for out of the text between the fences, each with its line."""
    asked = {line.partition(":")[0] for line in _LISTED.findall(prompt)}
    fenced = _FENCED.search(prompt)
    matches = {name: pattern.search(fenced[2]) for name, pattern in _READ.items() if fenced and name in asked}
    return [
        {"field": name, "value": match[1], "quote": _line_of(match)[:200]} for name, match in matches.items() if match
    ]


def _line_of(match: re.Match[str]) -> str:
    """Return the line a match stands in, from the match on where it is long."""
    text, start = match.string, match.string.rfind("\n", 0, match.start()) + 1
    line = text[start : (text + "\n").index("\n", match.end())]
    return line if len(line) <= 200 else text[match.start() : match.end()]


def _offer(prompt: str) -> str:
    match = _OFFER.search(prompt)
    return " ".join(match[1].split()) if match else "the offer"


def _message(prompt: str) -> str:
    return (
        f"Hello {{first_name}},\n\n{LABEL} This message was made up by the sandbox in the place of a model. "
        f"It would tell {{company}} about this.\n\n{_offer(prompt)}\n\n"
        "Would a short call in the next days suit you? I am happy to fit it to your calendar."
    )
