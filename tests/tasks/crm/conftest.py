"""A synchronisation between a real Postgres and the sandbox's Close, and a person at work there."""

from collections.abc import Iterator

import httpx
import pytest
from syncing import PERSON, Work

from sandbox.server import SandboxControl


@pytest.fixture
def person(sandbox: SandboxControl) -> Iterator[httpx.Client]:
    """Work in Close as a person does."""
    sandbox.settings("close", keys=["api_sandbox", PERSON], rate_per_s=None, organization_rate_per_s=None)
    with httpx.Client(base_url=sandbox.environment["CLOSE_BASE_URL"], auth=(PERSON, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def work(database: str, sandbox: SandboxControl, person: httpx.Client) -> Work:
    return Work(database, sandbox)
