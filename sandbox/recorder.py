"""What was asked of the sandbox: every request, everything a real provider would have refused, every charge."""

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

SECRET_HEADERS = frozenset({"authorization", "x-api-key", "x-bb-api-key", "cookie", "api-key"})
_SECRET_QUERY = re.compile(r"((?:^|&)(?:api_key|access_token|token|signingKey)=)[^&]*", re.IGNORECASE)


@dataclass(slots=True)
class Exchange:
    """One request and how it was answered.

    Attributes:
        number: Counts from 1 over all providers; charges and violations name it.
        at: Seconds since 1970 on the sandbox's clock, when the request had been read.
        headers: Lower-case names; the values of secret ones are replaced by a fingerprint.
        body: Text, or base64 where `is_binary`; for a websocket the text frames the client sent, a line each.
        status: What was answered; None while open, and for a connection that was dropped.
        fault: The scripted fault that struck it, if any.
    """

    number: int
    provider: str
    at: float
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str = ""
    is_binary: bool = False
    status: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """A request the real provider would refuse, or a rule of good conduct towards it that was broken."""

    exchange: int
    provider: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class Charge:
    """What the provider would put on the bill for one exchange; `units` are credits, tokens, characters, seconds."""

    exchange: int
    provider: str
    units: dict[str, Decimal]
    detail: dict[str, Any]


def fingerprint(secret: str) -> str:
    """Name a secret without telling it."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()[:12]


def redacted(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text, secrets replaced by their fingerprints."""
    shown: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        shown[name] = fingerprint(value) if name in SECRET_HEADERS else value
    return shown


class Recorder:
    """Keeps exchanges, violations and charges in the order they came; of exchanges the last `KEPT` at least."""

    KEPT = 20_000

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.violations: list[Violation] = []
        self.charges: list[Charge] = []
        self._count = 0

    def open(self, provider: str, scope: Mapping[str, Any], body: bytes, at: float) -> Exchange:
        """Record a request that has been read completely (or a websocket that asks to be opened)."""
        self._count += 1
        if len(self.exchanges) >= 2 * self.KEPT:
            del self.exchanges[: self.KEPT]
        exchange = Exchange(
            number=self._count,
            provider=provider,
            at=at,
            method=scope.get("method", "WEBSOCKET"),
            path=scope["path"],
            query=_SECRET_QUERY.sub(r"\1[redacted]", scope["query_string"].decode("latin-1")),
            headers=redacted(scope["headers"]),
        )
        try:
            exchange.body = body.decode()
        except UnicodeDecodeError:
            exchange.body, exchange.is_binary = base64.b64encode(body).decode(), True
        self.exchanges.append(exchange)
        return exchange

    def violate(self, exchange: Exchange, rule: str, detail: str) -> None:
        """Note that `exchange` broke `rule` (a fixed snake_case word)."""
        self.violations.append(Violation(exchange.number, exchange.provider, rule, detail))

    def charge(self, exchange: Exchange, units: Mapping[str, Decimal | float], **detail: object) -> None:
        """Put `units` on the bill for `exchange`."""
        exact = {name: Decimal(str(amount)) for name, amount in units.items()}
        self.charges.append(Charge(exchange.number, exchange.provider, exact, dict(detail)))

    def forget(self, provider: str | None = None) -> None:
        """Drop all that is recorded of `provider`, or of everyone; numbers then start from 1 again."""
        if provider is None:
            self._count = 0
        self.exchanges = [entry for entry in self.exchanges if provider not in (None, entry.provider)]
        self.violations = [entry for entry in self.violations if provider not in (None, entry.provider)]
        self.charges = [entry for entry in self.charges if provider not in (None, entry.provider)]


def shown(entry: Exchange | Violation | Charge) -> dict[str, Any]:
    """Return an entry as plain JSON values; decimals become strings."""
    plain = asdict(entry)
    if isinstance(entry, Charge):
        plain["units"] = {name: str(amount) for name, amount in entry.units.items()}
    return plain
