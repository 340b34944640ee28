"""The thread that a run works on."""

from uuid import UUID, uuid4

from prefect import runtime


def thread_for(asked: UUID | None) -> UUID:
    """Return the thread that was asked for, else the flow run's own, so that a retry of the run goes on with it."""
    own = runtime.flow_run.id
    return asked or (UUID(str(own)) if own else uuid4())
