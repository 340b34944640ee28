"""What is asked of, and comes of, a turn of a conversation."""

from typing import Literal
from uuid import UUID

from pydantic import Field, model_validator

from core.forms import Form, Report

PLAYBOOK_FILE = "playbook.yaml"
"""Of the data directory: what the conversation agent may say, where a request names no other."""


class TalkRequest(Form):
    """A prospect's turn in a conversation."""

    lead_id: UUID | None = Field(
        default=None, description="The lead to talk with, by its best contact; begins a conversation"
    )
    contact_id: UUID | None = Field(default=None, description="The contact to talk with; begins a conversation")
    thread_id: UUID | None = Field(default=None, description="Goes on with a conversation")
    text: str | None = Field(
        default=None, max_length=20_000, description="What the prospect said; empty: audio, or nothing"
    )
    audio: str | None = Field(
        default=None, max_length=1_000, description="File with what the prospect said, such as WAV"
    )
    turn_id: str | None = Field(
        default=None, max_length=100, description="Names the turn: taken once. Empty: the flow run's own id"
    )
    save_audio: str | None = Field(default=None, max_length=1_000, description="WAV file to write the spoken answer to")
    live: bool = Field(default=False, description="Talked by voice, both ways at once")
    playbook: str | None = Field(
        default=None, max_length=1_000, description="YAML file of what may be said. Default: that of the data directory"
    )
    use_model: bool = Field(default=True, description="Ask the model where one is configured; else rules")
    stream: bool = Field(default=False, description="Publish tokens and states while it runs")

    @model_validator(mode="after")
    def _is_about_somebody(self) -> "TalkRequest":
        if self.lead_id is None and self.contact_id is None and self.thread_id is None:
            raise ValueError("a lead, a contact or a thread is needed")
        if self.text is not None and self.audio is not None:
            raise ValueError("a turn is text or audio, not both")
        return self

    @property
    def is_by_voice(self) -> bool:
        """Whether anything of it is spoken."""
        return self.live or self.audio is not None or self.save_audio is not None

    @property
    def manner(self) -> str:
        """What is to be done, for a run's name."""
        return "open" if self.text is None and self.audio is None else "answer"

    @property
    def about(self) -> UUID | None:
        """Whom it names."""
        return self.contact_id or self.lead_id or self.thread_id


class TalkReport(Report):
    """What came of a turn.

    Attributes:
        status: waiting: for the next turn. ended: by the prospect. stopped: by a limit, may go on.
        turns: those that have ended.
        by: who understood the turn.
        answered_by: whose words the reply is; colleague: it could not be answered.
        refused: sentences of the model that were not said, because the playbook does not say them.
        opted_out: what was suppressed.
        fault: why the reply was not spoken to its end, where it should have been.
        first_audio_ms: from the end of the prospect's turn to the first sound of the answer.
        turn_ms: to the end of the turn, its sound included.
    """

    thread_id: UUID
    lead_id: UUID
    contact_id: UUID | None = None
    status: Literal["waiting", "ended", "stopped"]
    turns: int = 0
    heard: str | None = None
    intent: str | None = None
    by: str | None = None
    topics: list[str] = Field(default_factory=list)
    reply: str | None = None
    answered_by: str | None = None
    refused: int = 0
    opted_out: str | None = None
    was_interrupted: bool = False
    was_spoken: bool = False
    fault: str | None = None
    reason: str | None = None
    first_audio_ms: float | None = None
    turn_ms: float | None = None
    audio: str | None = None
