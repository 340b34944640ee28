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


@pytest.fixture(scope="session")
def plain() -> Iterator[httpx.Client]:
    """A client without any key; making one costs more than a call, so there is one for all."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def close_client(running: SandboxControl) -> Iterator[httpx.Client]:
    url, key = running.environment["CLOSE_BASE_URL"], running.environment["CLOSE_API_KEY"]
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def close(sandbox: SandboxControl, close_client: httpx.Client) -> httpx.Client:
    return close_client


@pytest.fixture(scope="session")
def apollo_client(running: SandboxControl) -> Iterator[httpx.Client]:
    url, key = running.environment["APOLLO_BASE_URL"], running.environment["APOLLO_API_KEY"]
    with httpx.Client(base_url=url, headers={"x-api-key": key}, trust_env=False) as client:
        yield client


@pytest.fixture
def apollo(sandbox: SandboxControl, apollo_client: httpx.Client) -> httpx.Client:
    return apollo_client
