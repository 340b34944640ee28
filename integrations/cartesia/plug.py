"""Cartesia, speech, as a plug: what is true of it alone."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from core.errors import Gone, Rejected
from core.ledger.spend import Period, Unit
from core.settings.providers import ProviderSettings, own_default
from core.settings.sections import tuning
from integrations.checking import KeyCheck, key_check
from integrations.plug import Examination, Paid, Plug, PlugContext

if TYPE_CHECKING:
    from integrations.cartesia.client import CartesiaClient

NAME = "cartesia"


class CartesiaSettings(ProviderSettings):
    """Cartesia, speech."""

    prefix: ClassVar[str] = "CARTESIA_"

    base_url: str = own_default("base_url", "https://api.cartesia.ai")
    speech_model: str = tuning(default="sonic-3.5", description="Model that speaks")
    transcription_model: str = tuning(default="ink-whisper", description="Model that listens")
    turn_model: str = tuning(default="ink-2", description="Model that listens and finds where turns begin and end")
    voice_id: str | None = Field(default=None, description="Voice that speaks")
    concurrency: int = tuning(default=2, ge=1, le=100, description="Calls at once, as the plan allows")


async def open_client(opening: PlugContext) -> "CartesiaClient":
    """Open a client. Raises ProviderNotConfigured."""
    from integrations.cartesia.client import CartesiaClient
    from integrations.resilience.rate_limit import Slots

    section = opening.read(CartesiaSettings)
    key, guard = section.key(), opening.guard(NAME)
    slots = Slots(NAME, section.concurrency, opening.store)
    client = CartesiaClient(section.base_url, key, guard, slots=slots, timeout_s=section.timeout_s)
    return await opening.stack.enter_async_context(client)


async def _open_speech(opening: PlugContext) -> Any:
    from integrations.cartesia.speech import CartesiaSpeech

    return CartesiaSpeech(await open_client(opening), opening.read(CartesiaSettings))


async def _ask(examination: Examination) -> KeyCheck:
    client, voice = await open_client(examination), examination.read(CartesiaSettings).voice_id
    await client.voices()
    if voice is None:
        return KeyCheck()
    try:
        await client.has_voice(voice)
    except (Gone, Rejected):
        return KeyCheck(complaint="it has no voice of this id", advice="set CARTESIA_VOICE_ID to one the key may use")
    return KeyCheck()


PLUG = Plug(
    name=NAME,
    title="Cartesia",
    sections=(CartesiaSettings,),
    words=(NAME,),
    client=open_client,
    ports=dict.fromkeys(("speech_to_text", "turn_taking", "text_to_speech"), _open_speech),
    is_strict=True,
    paid=(Paid(Unit.CREDITS, "characters", "Characters spoken", {Period.DAY: Decimal(100_000)}),),
    check=key_check(NAME, _ask),
)
