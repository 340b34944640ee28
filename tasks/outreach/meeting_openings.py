"""The opening sentence of a proposal, by a model where one is configured; recorded like every model run."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from agents.bdr import WriteOpening
from agents.models import Job
from agents.openings import write_opening
from core.errors import ConfigurationError, LimitReached, MalformedAnswer, ProviderError
from tasks.runtime.providers import outside

log = logging.getLogger(__name__)


@asynccontextmanager
async def opening_writer(run_id: UUID, lead_id: UUID) -> AsyncIterator[WriteOpening | None]:
    """Yield what asks the model for writing, or None where none is configured: the template does without."""
    async with outside(run_id) as world:
        models = world.models()
        if not any(models.endpoints[choice.provider].api_key for choice in models.choices_for(Job.WRITING)):
            yield None
            return
        try:
            async with models.chat_model(Job.WRITING) as model:

                async def write(facts: Mapping[str, Any]) -> str | None:
                    try:
                        return await write_opening(model, facts)
                    except (ProviderError, MalformedAnswer, LimitReached) as error:
                        # The sentence is an ornament: the template's stands in, and the log says so.
                        log.warning("opening_not_written", extra={"lead_id": str(lead_id), "why": type(error).__name__})
                        return None

                yield write
        except ConfigurationError as error:
            log.warning("opening_not_written", extra={"lead_id": str(lead_id), "why": str(error)})
            yield None
