"""What a provider may offer us: one small protocol for each kind of thing, met by classes in the providers' folders.

Who uses a port knows no provider's name; which object stands behind it is decided where it is opened. What came of
asking has one vocabulary for all of them: hit, miss, error, skipped, due (`core.outcomes`). Errors that a port raises
are those of `core.errors`. The port of language models is `agents.ports.ChatModels`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from core.conversation.speech import SpeechEvent
from core.crm.records import (
    Complaint,
    Description,
    RecordKind,
    RecordValues,
    RemoteChange,
    RemoteRecord,
    RemoteUnit,
    SentMessage,
    Stamp,
)
from core.discovery.company_contacts import FoundPeople
from core.discovery.runs import Site
from core.enrichment.offers import SourceOffer
from core.enrichment.questions import Answer, Question, Unasked
from core.outreach.meetings import Span
from core.settings.sections import SettingsReader
from core.text.titles import Role


class EnrichmentSource(Protocol):
    """Somebody who can be asked about companies or people. Raises nothing for what its provider does.

    Attributes:
        offer: what is true of it whether or not it is open: its name, fields, price, how much it takes at once.
    """

    @property
    def offer(self) -> SourceOffer: ...  # noqa: D102 - the class tells

    async def ask(self, questions: Sequence[Question]) -> Sequence[Answer] | Unasked:
        """Ask at most `offer.bulk` questions in one call; nothing, where there are none.

        Returns:
            One answer a question, in the order of the questions, each with its share of what the call cost; or that
            certainly none of them was asked, and why.
        """
        ...

    async def collect(self, ticket: str) -> Answer:
        """Fetch an answer that was `due` with this ticket. Costs nothing; safe twice."""
        ...


@dataclass(frozen=True)
class PeopleOffer:
    """What is true of a source of people before anybody opens it.

    Attributes:
        name: as a contact's provenance writes it.
        off: says why it is not to be asked, by the settings; None where it may be.
        place: among those that are asked, the lower first: the cheap before the dear.
        names_people: whether it can name anybody; one that gives facts of the company alone leaves nothing open.
    """

    name: str
    off: Callable[[SettingsReader], str | None]
    place: int = 0
    names_people: bool = True


class PeopleSource(Protocol):
    """Somebody who can be asked who decides at a company. Raises nothing for what its provider does.

    Attributes:
        offer: what is true of it whether or not it is open.
    """

    @property
    def offer(self) -> PeopleOffer: ...  # noqa: D102 - the class tells

    async def find(self, site: Site, missing: Sequence[Role], *, has_ceo: bool) -> FoundPeople:
        """Look for people of one company.

        Args:
            site: the company, as leads name it.
            missing: the roles that nobody is known for, in the order in which they matter; only for these is anything
                bought.
            has_ceo: whether somebody is known to lead the company, so that a president is not made its head.

        Returns:
            Whom it names, and what came of asking; people that were bought are named also where it was cut short.
        """
        ...


class CRMProvider(Protocol):
    """A CRM as we need it. Field names are its own, as `crm.yaml` names them; values are ours, going in and coming out.

    What it must hold is told by `core.conformance.crm_properties`, which any of them can be run through. Errors: Gone
    for every id that is not there (any more), whatever it looks like; Rejected, with `record`, for a value that it does
    not take; Unauthorized; RateLimited or LimitReached with when to come again; else Transient, whose `was_sent` is
    False only where certainly nothing was done. How webhooks prove themselves is said by the plug.

    Attributes:
        name: of the provider.
        clock_offset_s: seconds its clock is ahead of ours, as its answers show; None while nobody knows.
        calls: answers that came so far.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - the class tells

    @property
    def clock_offset_s(self) -> float | None: ...  # noqa: D102 - the class tells

    @property
    def calls(self) -> int: ...  # noqa: D102 - the class tells

    async def describe(self) -> Description:
        """Return what fields and statuses there are."""
        ...

    def use(self, description: Description, fields: Mapping[RecordKind, Sequence[str]]) -> None:
        """Take what `describe` answered, perhaps long ago, and the fields that are wanted from now on."""
        ...

    def changes_since(self, since: datetime) -> AsyncIterator[Sequence[RemoteChange]]:
        """Yield pages of changes, the newest first, back to `since`, none older.

        Raises Gone where the log does not reach back, or there is none: everything is compared then.
        """
        ...

    def stamps(self, ids: Sequence[str] | None = None) -> AsyncIterator[Sequence[Stamp]]:
        """Yield which companies there are, each once: all of them, or those of `ids` that are.

        What is there from the first page to the last is yielded, whatever comes, changes and goes meanwhile.
        """
        ...

    async def fetch(self, lead_id: str) -> RemoteUnit:
        """Return a company with its people. Raises Gone when it is not there (any more)."""
        ...

    async def find(self, own_id: UUID) -> RemoteUnit | None:
        """Return the company that carries our id, the oldest where there are several, or None."""
        ...

    async def create_lead(
        self, own_id: UUID, values: RecordValues, contacts: Mapping[UUID, RecordValues]
    ) -> RemoteUnit:
        """Create a company with its people, once; whether an attempt without an answer was carried out is unknown.

        With an id of ours that is there already, either nothing is created and what is there is returned, or `find`
        goes on to give the first.
        """
        ...

    async def create_contact(self, lead_id: str, own_id: UUID, values: RecordValues) -> RemoteRecord:
        """Create a person at a company; else as `create_lead`."""
        ...

    async def update(
        self, kind: RecordKind, record_id: str, changes: RecordValues, *, seen_at: datetime | None = None
    ) -> RemoteRecord:
        """Change fields, those only; return the record as it is then.

        None, and of a list no item, empties a field. Updates of one record at the same time all stand. `seen_at` is
        when its company had changed last when it was seen: what `stamps` just showed with the same moment needs no
        second look.
        """
        ...

    async def delete(self, kind: RecordKind, record_id: str) -> None:
        """Delete a record. One that is gone already counts as deleted."""
        ...

    async def log_message(self, lead_id: str, message: SentMessage) -> str:
        """Note a sent message at a company, once; return the note's id. Nothing is sent by that."""
        ...

    async def check(self) -> Complaint | None:
        """Look whether it can be worked with, changing nothing; return what is wrong. Raises what a call raises."""
        ...


class Calendar(Protocol):
    """Somebody's calendar: when they are busy, and nothing else."""

    async def busy(self, start: datetime, end: datetime) -> list[Span]:
        """Return when the owner is busy between two moments, aware, in any order; may overlap and reach beyond.

        Raises:
            Unavailable: it cannot be read at the moment.
            UnexpectedAnswer: it is no calendar, or an entry cannot be read: never a free hour.
            ConfigurationError: it is not where it is said to be.
        """
        ...


class LiveSpeech(Protocol):
    """Listens to live sound, a turn after the other."""

    async def send(self, audio: bytes) -> None:
        """Take a piece: `core.conversation.speech.SAMPLE_RATE` samples a second. Raises BudgetExhausted."""
        ...

    async def finalize(self) -> None:
        """Say that the speaker has finished."""
        ...

    async def turn(self) -> str:
        """Return what was said in the turn that was finished."""
        ...


class LiveTurns(Protocol):
    """Listens to live sound, and finds where turns begin and end."""

    async def send(self, audio: bytes) -> None:
        """Take a piece: `core.conversation.speech.SAMPLE_RATE` samples a second. Raises BudgetExhausted."""
        ...

    async def end(self) -> None:
        """Say that no more sound comes."""
        ...

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Yield the events until the end."""
        ...


class SpeechToText(Protocol):
    """Somebody who listens. Raises ProviderNotConfigured, ProviderError, LimitReached."""

    def live(self, language: str) -> AbstractAsyncContextManager[LiveSpeech]:
        """Open speech to text for live sound in a language of two letters."""
        ...

    async def text_of(self, content: bytes, path: Path, language: str) -> str:
        """Return what is said in a file, for its content. Raises InvalidFile."""
        ...


class TurnTaking(Protocol):
    """Somebody who listens and finds the turns. Raises as `SpeechToText`."""

    def turns(self, language: str) -> AbstractAsyncContextManager[LiveTurns]:
        """Open speech to text for live sound in a language of two letters."""
        ...


class Utterance(Protocol):
    """Something that is being said; iterating yields its sound."""

    @property
    def is_cancelled(self) -> bool: ...  # noqa: D102 - the class tells - see `cancel`

    def push(self, text: str) -> None:
        """Say more."""
        ...

    def end(self) -> None:
        """Say that no more comes."""
        ...

    def cancel(self) -> None:
        """Stop at once."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the sound: `core.conversation.speech.SAMPLE_RATE` samples a second."""
        ...


class SpeechConnection(Protocol):
    """An open connection that turns text into speech."""

    def utterance(self, *, most_characters: int = 1000) -> Utterance:
        """Begin to say something of so many characters at most, for which room in the budget is taken."""
        ...


class TextToSpeech(Protocol):
    """Somebody who speaks. Raises ProviderNotConfigured, ProviderError, LimitReached."""

    def voice(self, language: str) -> AbstractAsyncContextManager[SpeechConnection]:
        """Open a line, so that the first word does not wait for it."""
        ...
