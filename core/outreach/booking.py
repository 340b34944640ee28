"""What is asked of, and comes of, proposing and booking a meeting."""

from uuid import UUID

from pydantic import Field, model_validator

from core.forms import Form, Report


class ProposeRequest(Form):
    """A meeting to propose."""

    lead_id: UUID | None = Field(default=None, description="The lead whose best contact is asked")
    contact_id: UUID | None = Field(default=None, description="The contact that is asked")

    @model_validator(mode="after")
    def _is_to_somebody(self) -> "ProposeRequest":
        if self.lead_id is None and self.contact_id is None:
            raise ValueError("a lead or a contact is needed")
        return self

    @property
    def about(self) -> UUID | None:
        """Whom it names."""
        return self.contact_id or self.lead_id


class ProposalReport(Report):
    """What proposing came to: an approval that waits, or the reason why there is none."""

    lead_id: UUID
    contact_id: UUID | None = None
    thread_id: UUID
    approval_id: UUID | None
    reason: str | None


class BookRequest(Form):
    """An approved meeting to carry on with."""

    approval_id: UUID = Field(description="The approval of the proposal")
    reply: str | None = Field(
        default=None, max_length=20_000, description="What the prospect answered; empty to send the approved proposal"
    )
    sender: str | None = Field(default=None, max_length=320, description="Who the reply came from; empty: not checked")

    @property
    def label(self) -> str:
        """What a run of it is called."""
        what = "send proposal" if self.reply is None else "take up the reply to proposal"
        return f"{what} {str(self.approval_id)[:8]}"


class BookingReport(Report):
    """How far a meeting is.

    Attributes:
        outcome: 'proposed', 'booked', 'unclear', 'opted out', or why nothing was done.
        crm: the activity in the CRM, or why there is none.
    """

    approval_id: UUID
    outcome: str
    slot: int | None = None
    crm: str | None = None
