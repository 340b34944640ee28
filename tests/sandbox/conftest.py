"""Plain HTTP clients of the sandbox, without any of our code."""

from collections.abc import Iterator

import httpx
import pytest

from sandbox.server import SandboxControl


@pytest.fixture(scope="session")
def plain() -> Iterator[httpx.Client]:
    """A client without any key; making one costs more than a call, so there is one for all."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def close_client(serving: SandboxControl) -> Iterator[httpx.Client]:
    url, key = serving.environment["CLOSE_BASE_URL"], serving.environment["CLOSE_API_KEY"]
    with httpx.Client(base_url=url, auth=(key, ""), trust_env=False) as client:
        yield client


@pytest.fixture
def close(sandbox: SandboxControl, close_client: httpx.Client) -> httpx.Client:
    return close_client


@pytest.fixture(scope="session")
def apollo_client(serving: SandboxControl) -> Iterator[httpx.Client]:
    url, key = serving.environment["APOLLO_BASE_URL"], serving.environment["APOLLO_API_KEY"]
    with httpx.Client(base_url=url, headers={"x-api-key": key}, trust_env=False) as client:
        yield client


@pytest.fixture
def apollo(sandbox: SandboxControl, apollo_client: httpx.Client) -> httpx.Client:
    return apollo_client
