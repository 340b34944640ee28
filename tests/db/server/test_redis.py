"""Redis answers, and its loss is one of the errors we name."""

import pytest
from private_valkey import private_valkey

from db.server.redis import LOST, open_redis


async def test_a_handle_answers_until_the_server_is_gone() -> None:
    with private_valkey() as server:
        handle = open_redis(f"redis://127.0.0.1:{server.port}/0", timeout_s=1)
        assert await handle.ping()
    with pytest.raises(LOST):
        await handle.ping()
    await handle.aclose()
