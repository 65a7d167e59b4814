"""The rows of procedures that start by themselves: arm, take up, find again, say what happened.

Order of locks: a schedule is locked before anything of the case that it begins, which nobody else knows yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import Actor
from engine.store.due import note_armed
from engine.store.models import Schedule, ScheduleEntry


def of_procedure(session: Session, procedure: str) -> list[Schedule]:
    """The schedules that a procedure has or had, locked."""
    session.flush()
    return list(
        session.scalars(
            sa.select(Schedule)
            .where(Schedule.procedure == procedure)
            .order_by(Schedule.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def standing(session: Session, *, lock: bool = False) -> list[Schedule]:
    """Every schedule that is armed or stands still."""
    every = sa.select(Schedule).where(Schedule.status.in_(("armed", "paused"))).order_by(Schedule.id)
    if not lock:
        return list(session.scalars(every))
    session.flush()
    return list(session.scalars(every.with_for_update().execution_options(populate_existing=True)))


def locked(session: Session, schedule_id: int) -> Schedule | None:
    """A schedule, locked."""
    return session.get(Schedule, schedule_id, with_for_update=True, populate_existing=True)


def found(session: Session, procedure: str, node: str, site: str) -> Schedule | None:
    """The schedule of a start event at a site."""
    return session.scalars(
        sa.select(Schedule).where(
            Schedule.procedure == procedure, Schedule.node == node, Schedule.site == site
        )
    ).first()


def keep_only(session: Session, procedure: str, site: str) -> None:
    """Let the schedules of other procedures and sites stand still: for a story that is not about them."""
    session.execute(
        sa.update(Schedule)
        .where(sa.or_(Schedule.procedure != procedure, Schedule.site != site))
        .values(status="gone")
    )


def arm(session: Session, schedule: Schedule) -> None:
    """Keep an armed schedule, and let the dispatcher hear of it with the commit."""
    session.add(schedule)
    session.flush()
    if schedule.status == "armed":
        note_armed(session, 0, f"schedule:{schedule.id}", schedule.run_at)


def tell(session: Session, schedule: Schedule, kind: str, by: Actor, at: datetime, /, **detail: Any) -> None:
    """Write down what happened with a schedule."""
    session.add(
        ScheduleEntry(schedule_id=schedule.id, kind=kind, by_id=by.id, by=by.name, at=at, detail=detail)
    )


# Taking up -----------------------------------------------------------------------------------


def is_due(session: Session, now: datetime) -> bool:
    """Say whether anything may be taken up."""
    return session.scalar(sa.select(Schedule.id).where(*_is_due(now)).limit(1)) is not None


def take(session: Session, now: datetime, until: datetime) -> tuple[int, int] | None:
    """Take up what is due first, keep it from others ``until`` then; (id, attempts) with this one counted."""
    first = session.scalar(
        sa.select(Schedule.id)
        .where(*_is_due(now))
        .order_by(Schedule.due_at, Schedule.id)
        .limit(1)
        # Who comes second on PostgreSQL passes by; on SQLite there is no second.
        .with_for_update(skip_locked=True)
    )
    if first is None:
        return None
    row = session.execute(
        sa.update(Schedule)
        .where(Schedule.id == first, Schedule.status == "armed")
        .values(attempts=Schedule.attempts + 1, run_at=until)
        .returning(Schedule.id, Schedule.attempts)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return (row.id, row.attempts) if row else None


def held(session: Session, schedule_id: int, attempt: int) -> Schedule | None:
    """What somebody took up, locked, as long as it is still theirs."""
    row = locked(session, schedule_id)
    return row if row is not None and (row.status, row.attempts) == ("armed", attempt) else None


# Looking -------------------------------------------------------------------------------------


def next_run(session: Session) -> datetime | None:
    """When the next one is to run."""
    return session.scalar(sa.select(sa.func.min(Schedule.run_at)).where(Schedule.status == "armed"))


def coming(session: Session, until: datetime, limit: int) -> list[datetime]:
    """When those run that are to run until then."""
    return list(
        session.scalars(
            sa.select(Schedule.run_at)
            .where(Schedule.status == "armed", Schedule.due_at <= until, Schedule.run_at <= until)
            .order_by(Schedule.due_at)
            .limit(limit)
        )
    )


def count_incidents(session: Session) -> int:
    """How many failed for good."""
    return session.scalar(sa.select(sa.func.count(Schedule.id)).where(Schedule.status == "incident")) or 0


def _is_due(now: datetime) -> list[sa.ColumnElement[bool]]:
    return [Schedule.status == "armed", Schedule.due_at <= now, Schedule.run_at <= now]
