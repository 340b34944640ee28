"""What the steps of a pipeline need: looked at before the first, so that a mistake is told while nothing is done."""

from core.enrichment.runs import EnrichRequest
from core.pipeline.runs import PipelineRequest, PipelineStep
from core.qualification.profiles import current_profile
from core.settings.settings import settings
from integrations import plugs
from tasks.enrichment.configuration import chosen_config
from tasks.enrichment.wiring import used
from tasks.runtime.crm_offers import crm_config
from tasks.runtime.named_files import allowed_config


def check_files(request: PipelineRequest) -> None:
    """Read every configuration that a run goes by.

    Raises:
        InvalidConfig: one cannot be read, or says something that cannot be meant; names file, line and key.
    """
    if request.takes("score"):
        current_profile(allowed_config(request.icp), settings())
    if request.takes("enrich"):
        chosen_config(EnrichRequest())
    if request.takes("plan"):
        crm_config(settings())


def why_off(step: PipelineStep) -> str | None:
    """Return why nobody is there whom a step takes; None where somebody is."""
    if step == "enrich":
        config, off, _ = chosen_config(EnrichRequest())
        return "; ".join(f"{name}: {why}" for name, why in off.items()) if used(config) <= off.keys() else None
    if step == "plan":
        plug = plugs.chosen("crm", crm_config(settings()).provider, where="crm.yaml")
        why = plug.off_because(settings())
        return None if why is None else f"{plug.title}: {why}"
    return None


def partly_off(step: PipelineStep) -> str:
    """Return, for the end of a step's sentence, whom else it would ask who is not set up; '' where all are."""
    if step != "enrich":
        return ""
    _, off, _ = chosen_config(EnrichRequest())
    return f" (not set up: {', '.join(off)})" if off else ""
