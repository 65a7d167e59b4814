"""The clocks of cases, their pauses, and what screens changed in deadlines and calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from engine.store.models.base import Model


class Schedule(Model):
    """When a start event of a procedure's live version begins a case by itself next, at one site.

    ``armed → armed`` with the next moment when it was done; ``paused`` by somebody; ``incident`` after the
    last try; ``over`` when nothing follows; ``gone`` when the live version has this start no more. It is no
    row of ``job``: a job belongs to a case and is done under that case's lock, and here there is none yet.
    """

    __tablename__ = "schedule"
    __table_args__ = (
        UniqueConstraint("procedure", "node", "site"),
        Index("ix_schedule_due", "status", "due_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    procedure: Mapped[str] = mapped_column(sa.String(100))
    node: Mapped[str] = mapped_column(sa.String(200))
    site: Mapped[str] = mapped_column(sa.String(100))
    #: As the drawing says it: when one says it otherwise, the next moment is worked out anew.
    expression: Mapped[str]
    #: The moment that the next one was worked out from: it can be worked out again.
    since: Mapped[datetime]
    #: The promise.
    due_at: Mapped[datetime]
    #: Tries again not before this moment.
    run_at: Mapped[datetime]
    #: How often it still begins a case; None without end.
    left: Mapped[int | None]
    status: Mapped[str] = mapped_column(sa.String(20))
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    #: What it began last, and when.
    last_at: Mapped[datetime | None]
    last_case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"))


class ScheduleEntry(Model):
    """What happened with a schedule, and who did it; never changed."""

    __tablename__ = "schedule_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    #: armed, fired, started (by hand), paused, resumed, moved, gone, failed, retried.
    kind: Mapped[str] = mapped_column(sa.String(20))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]
    detail: Mapped[dict[str, Any]]


class CaseClock(Model):
    """A promise over a whole case: response, solution or update."""

    __tablename__ = "case_clock"
    __table_args__ = (Index("ix_case_clock_case", "case_id", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    kind: Mapped[str] = mapped_column(sa.String(10))
    #: The name of its deadline.
    deadline: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    #: The limit that it was given: ``3 working days``.
    limit: Mapped[str]
    #: When the promise was kept, in time or late; an update clock is followed by a new one.
    met_at: Mapped[datetime | None]
    #: It fell away with its case, or another one took its place.
    dropped_at: Mapped[datetime | None]


class Pause(Model):
    """A time for which the clocks of a case stood still, and why."""

    __tablename__ = "pause"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"), index=True)
    #: The code of the reason: customer, parts, …
    reason: Mapped[str] = mapped_column(sa.String(40))
    note: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Closure(Model):
    """A day of a calendar that a screen changed: closed, or open at other hours."""

    __tablename__ = "closure"
    __table_args__ = (UniqueConstraint("calendar", "day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(sa.String(100))
    #: ISO 8601: 2026-10-10.
    day: Mapped[str] = mapped_column(sa.String(10))
    #: ``08:30-12:00`` and so on; none for closed.
    hours: Mapped[list[Any]] = mapped_column(default=list)
    name: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]


class DeadlineChange(Model):
    """A deadline that a screen changed, everywhere or for a procedure, a priority, a site.

    The latest one that fits best counts; none is ever edited.
    """

    __tablename__ = "deadline_change"
    __table_args__ = (Index("ix_deadline_change_deadline", "deadline", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    deadline: Mapped[str] = mapped_column(sa.String(100))
    procedure: Mapped[str] = mapped_column(sa.String(100), default="")
    priority: Mapped[str] = mapped_column(sa.String(10), default="")
    site: Mapped[str] = mapped_column(sa.String(100), default="")
    #: As in deadlines.toml; empty to go back to what stands there.
    limit: Mapped[str] = mapped_column(default="")
    #: As in deadlines.toml; None to keep what stands there.
    ladder: Mapped[list[Any] | None] = mapped_column(sa.JSON)
    reason: Mapped[str] = mapped_column(default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    by: Mapped[str]
    at: Mapped[datetime]
