"""Starting a run of a deployment, where a Prefect server is there to take it."""

from typing import Any

from prefect.deployments import arun_deployment

from tasks.runtime.orchestration import connected, server_url


async def start_run(deployment: str, parameters: dict[str, Any], *, idempotency_key: str) -> str | None:
    """Start a run, and do not wait for it.

    Args:
        deployment: "flow-name/deployment-name".
        parameters: plain JSON values.
        idempotency_key: with the same key again, no second run is made.

    Returns:
        Where to watch it; None without a server.
    """
    url = server_url()
    if url is None:
        return None
    with connected(url):
        run = await arun_deployment(
            deployment, parameters=parameters, timeout=0, idempotency_key=idempotency_key, as_subflow=False
        )
    return f"{url.removesuffix('/api')}/runs/flow-run/{run.id}"
