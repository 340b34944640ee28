"""Scripted faults: what goes wrong, for whom, how often.

General faults strike any provider's calls; a provider may know more of its own (see its `faults`).

    slow            answer after `delay_s` (up to `delay_max_s`, drawn from the seed)
    stall           never answer, nothing is done
    stall_after     do what was asked, never answer
    drop            close the connection, nothing is done
    drop_after      do what was asked, then close the connection without an answer
    status          answer `status` in the provider's own shape, nothing is done
    status_after    do what was asked, then answer `status`
    malformed_json  do what was asked, answer JSON that does not parse
    truncated_body  do what was asked, close the connection half way through the body
    cut_stream      do what was asked, close the connection after `after` pieces of the body
    html            answer a proxy's HTML error page with `status`, nothing is done
    replace         answer `body` as `content_type` with `status`, nothing is done

On a websocket, statuses and pages refuse the handshake, and an answer is a message: `stall` and `stall_after` are
silent once the line is open, `malformed_json` spoils every message, `cut_stream` breaks the line after `after` of them,
and `drop_after` and `truncated_body` before the first.
"""

import random
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

GENERAL_FAULTS = frozenset(
    {
        "slow",
        "stall",
        "stall_after",
        "drop",
        "drop_after",
        "status",
        "status_after",
        "malformed_json",
        "truncated_body",
        "cut_stream",
        "html",
        "replace",
    }
)


class Fault(BaseModel):
    """One scripted fault, as the control endpoint takes it."""

    model_config = ConfigDict(extra="forbid")

    provider: str
    kind: str
    times: int | None = Field(1, ge=1, description="strikes this often; null: until cleared")
    skip: int = Field(0, ge=0, description="let this many matching calls pass first")
    probability: float = Field(1.0, ge=0, le=1)
    seed: int = 0
    method: str | None = Field(None, description="GET, POST, ..., WEBSOCKET; null: any")
    path: str | None = Field(None, description="shell pattern over the path; null: any")
    status: int = Field(500, ge=100, le=999)
    retry_after_s: float | None = Field(None, ge=0)
    delay_s: float = Field(0.5, ge=0)
    delay_max_s: float | None = Field(None, ge=0)
    after: int = Field(1, ge=0, description="pieces sent before a stream breaks")
    body: str = ""
    content_type: str = "application/json"


class _Script:
    """A fault with what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.left = fault.times
        self.to_skip = fault.skip
        self.random = random.Random(fault.seed)

    def strikes(self, provider: str, method: str, path: str) -> bool:
        """Return whether it strikes this call, and count it."""
        fault = self.fault
        if self.left == 0 or fault.provider not in (provider, "*"):
            return False
        if fault.method not in (None, method) or not fnmatchcase(path, fault.path or "*"):
            return False
        if self.to_skip:
            self.to_skip -= 1
            return False
        if self.random.random() >= fault.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def delay_s(self) -> float:
        """Draw how long this strike waits."""
        return self.random.uniform(self.fault.delay_s, self.fault.delay_max_s or self.fault.delay_s)


class Struck(BaseModel):
    """A fault that strikes the call at hand, its delay drawn."""

    fault: Fault
    delay_s: float

    @property
    def kind(self) -> str:
        """Name the fault."""
        return self.fault.kind


class FaultPlan:
    """All scripted faults; the first that matches a call strikes it."""

    def __init__(self) -> None:
        self._scripts: list[_Script] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault behind those already scripted."""
        self._scripts.append(_Script(fault))

    def take(self, provider: str, method: str, path: str) -> Struck | None:
        """Return the fault that strikes this call, or None."""
        for script in self._scripts:
            if script.strikes(provider, method, path):
                return Struck(fault=script.fault, delay_s=script.delay_s())
        return None

    def pending(self) -> list[dict[str, object]]:
        """List what can still strike, with `left`."""
        return [{**s.fault.model_dump(), "left": s.left} for s in self._scripts if s.left != 0]

    def clear(self, provider: str | None = None) -> None:
        """Drop the faults of `provider`, or all."""
        self._scripts = [s for s in self._scripts if provider not in (None, s.fault.provider)]
