"""What is true of the plugs, for the doors (`app`); imports no Prefect and opens nothing."""

from collections.abc import Iterator

from core.settings.sections import Section
from core.settings.settings import Settings, settings
from core.settings.shown import variable_secrecy
from integrations import plugs


def sections() -> tuple[type[Section], ...]:
    """Return all sections of settings, in the order in which they are told."""
    return plugs.sections()


def secrecy() -> Iterator[tuple[str, bool]]:
    """Yield each variable's name, in upper case, and whether its value is secret."""
    return variable_secrecy(plugs.sections())


def check_settings(of: Settings | None = None) -> None:
    """Read every setting once, so that a wrong one is told before anything is begun.

    Raises:
        InvalidSetting: naming the variable that is wrong.
        ConfigurationError: a setting names a provider that there is none of.
    """
    chosen = of or settings()
    for section in plugs.sections():
        chosen.read(section)
    if chosen.speech.to_text != "auto":
        plugs.chosen("speech_to_text", chosen.speech.to_text, where="SPEECH_TO_TEXT")
    for job, models in chosen.read(plugs.ModelSettings).named().items():
        for provider, colon, _ in (text.partition(":") for text in models):
            if colon:
                plugs.chosen("chat", provider, where=f"MODELS_{job.upper()}")


def prefixes_of(*ports: str) -> tuple[str, ...]:
    """Return what the variables begin with of everyone with settings who offers one of some ports."""
    return tuple(
        plug.sections[0].prefix for plug in plugs.PLUGS if plug.sections and not set(ports).isdisjoint(plug.all_ports)
    )


def prefix_of(provider: str) -> str:
    """Return what the variables of a provider begin with. Raises ConfigurationError for a name that is none."""
    return plugs.find(provider).sections[0].prefix


def own_units() -> tuple[str, ...]:
    """Return the words for the units that providers are paid in, beside US dollars and calls."""
    return plugs.own_units()


def default_model() -> str:
    """Return the model for jobs that have none of their own, where no setting says otherwise."""
    return plugs.ModelSettings().default
