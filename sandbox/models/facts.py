"""Finds in a prompt what a property's name asks for; what is not there stays unknown."""

import json
import re
from typing import Any

_PAIR = re.compile(r"""^[\s\-*•>"']*([A-Za-z][\w \-/]{0,40}?)["']?\s*[:=]\s*["']?(.+?)["']?,?\s*$""", re.MULTILINE)
_NEXT_PAIR = re.compile(r"[,;]\s+(?=[A-Za-z][\w \-/]{0,30}[:=]\s)")
_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")
_URL = re.compile(r"https?://[^\s\"'<>)\]]+")
_LINKEDIN = re.compile(r"(?:https?://)?(?:www\.)?linkedin\.com/[\w\-/%.]+")
_DOMAIN = re.compile(r"\b(?:[a-z0-9\-]+\.)+(?:com|net|org|io|example|de|fr|co\.uk)\b")
_PHONE = re.compile(r"\+\d[\d ()\-]{6,}\d")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+\-]\d{2}:\d{2})?)?")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
_BY_NAME = (
    (("linkedin",), _LINKEDIN),
    (("email", "mail"), _EMAIL),
    (("url", "website", "link"), _URL),
    (("domain",), _DOMAIN),
    (("phone", "mobile"), _PHONE),
    (("date", "time", "start", "end", "slot"), _DATE),
)


def plain_name(name: str) -> str:
    """Return a name without case, spaces and punctuation, so that `companyName` meets `Company name`."""
    return re.sub(r"[\W_]", "", name).lower()


class Facts:
    """What can be read out of a prompt: `name: value` lines, JSON objects, addresses, numbers."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self._pairs: dict[str, Any] = {}
        for name, value in _PAIR.findall(_NEXT_PAIR.sub("\n", prompt)):
            if not value.startswith(("{", "[")):
                self._pairs.setdefault(plain_name(name), value.strip())
        self._last: dict[str, Any] = {}
        for found in _json_objects(prompt):
            self._last = found
            for name, value in found.items():
                self._pairs[plain_name(name)] = value

    def about(self, name: str) -> Any:
        """Return the value the prompt gives under this name or, by its kind, anywhere; None if there is none."""
        wanted = plain_name(name)
        if wanted in self._pairs:
            return self._pairs[wanted]
        for held, value in self._pairs.items():
            if len(wanted) > 3 and len(held) > 3 and (held.endswith(wanted) or wanted.endswith(held)):
                return value
        for words, pattern in _BY_NAME:
            if any(word in wanted for word in words):
                match = pattern.search(self.prompt)
                return match[0].rstrip(".,;") if match else None
        return None

    def holds(self, text: str) -> bool:
        """Return whether a text stands in the prompt, as it is or in a JSON value."""
        return text in self.prompt or any(text in str(value) for value in self._pairs.values())

    def quotable(self, dice: int) -> str | None:
        """Return the first words of a text in the prompt's last JSON object, or None where it holds none."""
        texts = [value for value in self._last.values() if isinstance(value, str) and value.strip()]
        return " ".join(texts[dice % len(texts)].split()[:6]) if texts else None

    @staticmethod
    def named_in(order: str, *, otherwise: float) -> float:
        """Return the first number an order names."""
        match = _NUMBER.search(order)
        return float(match[0].replace(",", ".")) if match else otherwise

    def number(self, name: str) -> float | None:
        """Return the number the prompt gives under this name, or None."""
        value = self.about(name)
        if isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return float(value)
        match = _NUMBER.search(str(value)) if value is not None else None
        return float(match[0].replace(",", "")) if match else None

    def one_of(self, name: str, choices: list[Any]) -> Any:
        """Return the choice the prompt names, under this name first, or None."""
        value = self.about(name)
        for choice in choices:
            if value is not None and str(value).lower() == str(choice).lower():
                return choice
        found = [(self._position(str(choice)), choice) for choice in choices if isinstance(choice, str)]
        named = [(place, choice) for place, choice in found if place >= 0]
        return min(named, key=lambda one: one[0])[1] if len(named) == 1 else None

    def _position(self, text: str) -> int:
        match = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", self.prompt, re.IGNORECASE)
        return match.start() if match else -1


def _json_objects(text: str) -> list[dict[str, Any]]:
    """Return the objects that stand in a text, outermost ones only; schemas among them are left out."""
    decoder, found, place = json.JSONDecoder(), [], text.find("{")
    while place >= 0:
        try:
            value, length = decoder.raw_decode(text[place:])
        except ValueError:
            place = text.find("{", place + 1)
            continue
        if isinstance(value, dict) and "properties" not in value and "$defs" not in value:
            found.append(value)
        place = text.find("{", place + max(length, 1))
    return found
