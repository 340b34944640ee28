"""One sandbox for all of its tests, emptied before each; a test must take the violations it provokes."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import Sandbox, SandboxControl


@pytest.fixture(scope="session")
def running() -> Iterator[SandboxControl]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxControl) -> Iterator[SandboxControl]:
    running.reset()
    yield running
    running.assert_clean()


@pytest.fixture
def close(sandbox: SandboxControl) -> Iterator[httpx.Client]:
    url, key = sandbox.environment["CLOSE_BASE_URL"], sandbox.environment["CLOSE_API_KEY"]
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def apollo(sandbox: SandboxControl) -> Iterator[httpx.Client]:
    url, key = sandbox.environment["APOLLO_BASE_URL"], sandbox.environment["APOLLO_API_KEY"]
    with httpx.Client(base_url=url, headers={"x-api-key": key}, trust_env=False) as client:
        yield client
