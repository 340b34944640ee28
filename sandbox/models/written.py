"""Answers to questions the sandbox knows by their schema: research, letters, subject lines.

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


def written(schema: Schema, prompt: str) -> dict[str, Any] | None:
    """Return the answer to a known question, or None."""
    match sorted(schema.get("properties", {})):
        case ["findings"]:
            return {"findings": _findings(prompt)}
        case ["angles"]:
            listed = _LISTED.findall(prompt.rpartition("personas")[2])
            return {"angles": [{"persona": one, "angle": f"{LABEL} {_offer(prompt)}"[:400]} for one in listed]}
        case ["body"]:
            return {"body": _letter(prompt)}
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


def _offer(prompt: str) -> str:
    match = _OFFER.search(prompt)
    return " ".join(match[1].split()) if match else "the offer"


def _letter(prompt: str) -> str:
    return (
        f"Hello {{first_name}},\n\n{LABEL} This letter was made up by the sandbox in the place of a model. "
        f"It would tell {{company}} about this.\n\n{_offer(prompt)}\n\n"
        "Would a short call in the next days suit you? I am happy to fit it to your calendar."
    )
