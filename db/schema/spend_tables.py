"""The cost book's one table, as SQLAlchemy sees it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Integer, Numeric, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.tables import TableBase

_MONEY = Numeric(20, 10)


class SpendRow(TableBase):
    """Money and credits set aside for calls of one provider, and then what they really cost.

    `usd` and `credits` are what counts against budgets right now: the reservation while it is open, the real cost
    once settled, nothing once released. `reserved_*` keeps what was set aside. `assumed_*` is the part of it that no
    answer vouches for, and of how many calls: those whose answer was lost count as charged in full.
    """

    __tablename__ = "spend"
    __table_args__ = (
        CheckConstraint("status IN ('reserved', 'settled', 'released', 'swept')", name="status"),
        CheckConstraint("usd >= 0 AND credits >= 0 AND calls > 0", name="amounts"),
        Index("ix_spend_reserved_at", "reserved_at", "provider"),
        Index("ix_spend_run_id", "run_id", postgresql_where=text("run_id IS NOT NULL")),
        Index("ix_spend_open", "expires_at", postgresql_where=text("status = 'reserved'")),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    provider: Mapped[str]
    operation: Mapped[str]
    run_id: Mapped[UUID | None] = mapped_column(Uuid)
    status: Mapped[str]
    calls: Mapped[int] = mapped_column(Integer)
    usd: Mapped[Decimal] = mapped_column(_MONEY)
    credits: Mapped[Decimal] = mapped_column(_MONEY)
    reserved_usd: Mapped[Decimal] = mapped_column(_MONEY)
    reserved_credits: Mapped[Decimal] = mapped_column(_MONEY)
    assumed_usd: Mapped[Decimal] = mapped_column(_MONEY, server_default=text("0"))
    assumed_credits: Mapped[Decimal] = mapped_column(_MONEY, server_default=text("0"))
    assumed_calls: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    reserved_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
