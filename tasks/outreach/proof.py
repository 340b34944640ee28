"""What is known of who speaks, beside the name they give."""

import os
import pwd

from prefect.context import FlowRunContext
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_KEY

SHARED_LOGIN = "shared login"
"""Somebody who knows the password of the Prefect server: one for all, so it tells who may, not who did."""


def proved() -> str | None:
    """Return what proves who asked for what this process does.

    Returns:
        `account:NAME`, the account of this machine under which the command runs; `shared login` in a run that was
        started through Prefect's API; None in one that was started through an API that asks nobody for a password.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    if run is not None and run.deployment_id is not None:
        return SHARED_LOGIN if PREFECT_API_AUTH_STRING.value() or PREFECT_API_KEY.value() else None
    user = os.getuid()
    try:
        return f"account:{pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"account:{user}"
