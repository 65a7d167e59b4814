"""Rows of a case that its clocks need: its own clocks, its pauses, what is armed, what was done."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Case, CaseClock, Inbox, Job, Pause, Task

RUNNING = ("active", "suspended")


def done_before(session: Session, case_id: int, task_id: str) -> bool:
    """Say whether another task of the case was done before this one."""
    done = sa.select(Task.id).where(Task.case_id == case_id, Task.status == "done", Task.id != task_id)
    return session.scalar(done.limit(1)) is not None


def running_clocks(session: Session, case_id: int) -> list[CaseClock]:
    """The clocks of a case that run."""
    running = (CaseClock.case_id == case_id, CaseClock.met_at.is_(None), CaseClock.dropped_at.is_(None))
    return list(session.scalars(sa.select(CaseClock).where(*running).order_by(CaseClock.id)))


def open_tasks(session: Session, case_id: int) -> list[Task]:
    """The open tasks of a case, as they stand in the table now."""
    found = (
        sa.select(Task)
        .where(Task.case_id == case_id, Task.status == "open")
        .order_by(Task.created_at, Task.id)
    )
    return list(session.scalars(found.execution_options(populate_existing=True)))


def clock(session: Session, clock_id: int) -> CaseClock | None:
    """A clock of a case."""
    return session.get(CaseClock, clock_id)


def pauses(session: Session, case_id: int) -> list[Pause]:
    """The pauses of a case, in order."""
    return list(
        session.scalars(sa.select(Pause).where(Pause.case_id == case_id).order_by(Pause.started_at, Pause.id))
    )


def end_pause(session: Session, case_id: int, at: datetime) -> None:
    """Write that the pause of a case is over."""
    session.flush()
    session.execute(
        sa.update(Pause)
        .where(Pause.case_id == case_id, Pause.ended_at.is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )


def standing_jobs(session: Session, case_id: int) -> list[Job]:
    """The jobs of a case that are still to come, armed or paused."""
    return list(
        session.scalars(
            sa.select(Job)
            .where(Job.case_id == case_id, Job.status.in_(("armed", "paused")))
            .order_by(Job.due_at, Job.id)
        )
    )


def pause_jobs(session: Session, case_id: int, kinds: Collection[str]) -> None:
    """Let the armed rungs of a case wait, and its timers that were drawn to."""
    session.flush()
    stands = sa.or_(
        Job.kind.in_(list(kinds)),
        sa.and_(Job.kind == "timer", Job.payload["pausable"].as_boolean().is_(True)),
    )
    session.execute(
        sa.update(Job)
        .where(Job.case_id == case_id, Job.status == "armed", stands)
        .values(status="paused")
        .execution_options(synchronize_session=False)
    )


def arm_paused(session: Session, case_id: int) -> list[tuple[str, datetime]]:
    """Arm again what waited with the clocks of a case; (key, due) of each."""
    session.flush()
    armed = session.execute(
        sa.update(Job)
        .where(Job.case_id == case_id, Job.status == "paused")
        .values(status="armed", run_at=Job.due_at)
        .returning(Job.key, Job.due_at)
        .execution_options(synchronize_session=False)
    )
    return [(row.key, row.due_at) for row in armed]


def move_task(session: Session, task_id: str, due: datetime) -> None:
    """Write another due moment of an open task, in every inbox too."""
    session.flush()
    for statement in (
        sa.update(Task).where(Task.id == task_id).values(due_at=due),
        sa.update(Inbox).where(Inbox.task_id == task_id).values(due_at=due),
    ):
        session.execute(statement.execution_options(synchronize_session=False))


def running_after(session: Session, day: datetime, *, limit: int | None = None) -> list[int]:
    """The ids of the running cases of which something is due after a moment."""
    due_tasks = sa.select(Task.case_id).where(Task.status == "open", Task.due_at >= day)
    due_jobs = sa.select(Job.case_id).where(Job.status.in_(("armed", "paused")), Job.due_at >= day)
    found = sa.select(Case.id).where(Case.status.in_(RUNNING), Case.id.in_(sa.union(due_tasks, due_jobs)))
    return list(session.scalars(found.order_by(Case.id).limit(limit)))


def running_with(session: Session, deadline: str) -> list[int]:
    """The ids of the running cases of which an open task or a clock has a deadline."""
    tasks = sa.select(Task.case_id).where(Task.status == "open", Task.deadline == deadline)
    clocks = sa.select(CaseClock.case_id).where(
        CaseClock.deadline == deadline, CaseClock.met_at.is_(None), CaseClock.dropped_at.is_(None)
    )
    found = sa.select(Case.id).where(Case.status.in_(RUNNING), Case.id.in_(sa.union(tasks, clocks)))
    return list(session.scalars(found.order_by(Case.id)))
