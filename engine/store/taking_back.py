"""What withdrawing a completion reads and writes: what the case was before it, and what it changed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from engine.store.models import Case, CaseClock, History, IssuedNumber, Job, Task


def previous(session: Session, case_id: int) -> tuple[str, dict[str, Any]]:
    """The state and the data of a case before its last completion."""
    found = session.execute(
        sa.select(Case.previous_state, Case.previous_data).where(Case.id == case_id)
    ).one()
    return found.previous_state or "", found.previous_data or {}


def entries_of_step(session: Session, case: Case) -> list[History]:
    """The history of a case since its last step began, in order."""
    return list(
        session.scalars(
            sa.select(History)
            .where(History.case_id == case.id, History.revision == case.revision)
            .order_by(History.seq)
        )
    )


def tasks(session: Session, ids: Collection[str]) -> list[Task]:
    """The rows of tasks as they stand now."""
    found = sa.select(Task).where(Task.id.in_(ids)).order_by(Task.created_at, Task.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def last_done(session: Session, ids: Collection[str]) -> list[tuple[Case, Task]]:
    """Of these tasks, those whose completion was the last step of a case that goes on, with their cases."""
    found = (
        sa.select(Case, Task)
        .join(Task, Task.id == Case.previous_task)
        .where(Task.id.in_(ids), Case.status == "active")
        .options(defer(Case.state, raiseload=True), defer(Case.data, raiseload=True))
    )
    return [(row.Case, row.Task) for row in session.execute(found)]


def call_back(session: Session, ids: Collection[str], said: dict[str, Any]) -> None:
    """Write on cancelled tasks who ended them, how and why."""
    _change(session, ids, called_back=said)


def reopen(session: Session, ids: Collection[str], **values: Any) -> None:
    """Let tasks be open again in their old rows."""
    none = {"done_by": None, "done_by_name": None, "request_id": None, "next_task_id": None, "done_at": None}
    nothing = {"answers": sa.null(), "called_back": sa.null()}
    _change(session, ids, status="open", **none, **nothing, **values)


def _change(session: Session, ids: Collection[str], **values: Any) -> None:
    session.flush()
    change = sa.update(Task).where(Task.id.in_(ids)).values(**values)
    session.execute(change.execution_options(synchronize_session=False))


def jobs_cancelled(session: Session, case_id: int, at: datetime) -> list[Job]:
    """The jobs of a case that the step of this moment cancelled."""
    return list(
        session.scalars(
            sa.select(Job).where(Job.case_id == case_id, Job.status == "cancelled", Job.done_at == at)
        )
    )


def clocks_stopped(session: Session, case_id: int, at: datetime) -> list[CaseClock]:
    """The clocks of a case that the step of this moment met, or let fall away."""
    stopped = sa.or_(CaseClock.met_at == at, CaseClock.dropped_at == at)
    return list(session.scalars(sa.select(CaseClock).where(CaseClock.case_id == case_id, stopped)))


def keep_numbers(session: Session, case_id: int, texts: Collection[str], at: datetime) -> None:
    """Let a case keep numbers that it has no use for now, to be given to it again."""
    session.execute(
        sa.update(IssuedNumber)
        .where(IssuedNumber.case_id == case_id, IssuedNumber.text.in_(texts))
        .values(unused_at=at)
        .execution_options(synchronize_session=False)
    )


def kept_number(session: Session, case_id: int, series: str) -> IssuedNumber | None:
    """The first number of a series, whatever its year, that a case was given and does not use."""
    kept = sa.select(IssuedNumber).where(
        IssuedNumber.case_id == case_id,
        sa.or_(IssuedNumber.series == series, IssuedNumber.series.startswith(f"{series}:", autoescape=True)),
        IssuedNumber.unused_at.is_not(None),
        IssuedNumber.void_at.is_(None),
    )
    return session.scalars(kept.order_by(IssuedNumber.id).limit(1)).first()
