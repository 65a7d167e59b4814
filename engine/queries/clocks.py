"""The clocks of all cases: what will fire when and why, what fired, what was late, what failed for good."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures, rules
from engine.arming import STANDING
from engine.case_clocks import CLOCK_WORDS
from engine.domain.facts import Actor, CaseId
from engine.domain.limits import parse_limit
from engine.domain.views import IncidentLine, Page, TimerLine, Words
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.limits import calendar_at, limit_why, rung_why
from engine.queries.lines import paged
from engine.store.models import Case, Job
from engine.wiring import Engine

TimerStatus = Literal["armed", "paused", "done", "late", "incident"]
#: The jobs that are clocks: timers, rungs, the moments at which clocks of cases are missed.
KINDS = ("timer", *sorted(STANDING))

#: What fires within this time of its due moment was on time.
PUNCTUAL = timedelta(seconds=60)
#: Incidents that the list shows, the newest.
MOST = 500

#: A deadline that a timer names: ``due_in("complaint.result")``, ``every("complaint.progress")``.
NAMED = re.compile(r"""\b(?:due_in|every)\(\s*["']([^"']+)["']\s*\)""")

_COLUMNS = (
    Job.id,
    Job.case_id,
    Job.kind,
    Job.node,
    Job.name,
    Job.process,
    Job.due_at,
    Job.run_at,
    Job.status,
    Job.payload,
    Job.attempts,
    Job.error,
    Job.done_at,
    Case.number,
    Case.subject,
    Case.procedure,
    Case.version_id,
    Case.site,
)


def timers(
    engine: Engine,
    actor: Actor,
    *,
    status: TimerStatus = "armed",
    procedure: str = "",
    page: int = 1,
    size: int = 50,
) -> Page[TimerLine]:
    """The timers of the cases that a person sees: what fires next first, what fired last first."""
    now = engine.now()
    with engine.database.look() as session:
        rules.refresh(engine, session)
        ahead = (Job.due_at, Job.id)
        statement = (
            sa.select(*_COLUMNS)
            .join(Case, Case.id == Job.case_id)
            .where(
                Job.kind.in_(KINDS),
                _in_status(status, now),
                seeing.visible(engine, session, actor),
            )
            .order_by(*(ahead if status in ("armed", "paused") else (Job.due_at.desc(), Job.id.desc())))
        )
        if procedure:
            statement = statement.where(Case.procedure == procedure)
        found, total, page, size = paged(session, statement, page=page, size=size)
        lines = [_line(engine, session, row, now) for row in found]
    return Page(lines, total, page, size)


def incidents(engine: Engine, actor: Actor) -> list[IncidentLine]:
    """What failed for good, the latest first; administrators see them all, everybody else none."""
    if not actor.admin:
        return []
    statement = (
        sa.select(*_COLUMNS)
        .join(Case, Case.id == Job.case_id)
        .where(Job.status == "incident")
        .order_by(sa.func.coalesce(Job.done_at, Job.run_at).desc(), Job.id.desc())
        .limit(MOST)
    )
    with engine.database.look() as session:
        return [
            IncidentLine(
                job_id=row.id,
                case_id=CaseId(row.case_id),
                case_number=row.number,
                subject=row.subject,
                node=row.node,
                node_name=_name(procedures.of_version(engine, session, row.version_id), row),
                error=row.error or "",
                attempts=row.attempts,
                failed_at=row.done_at or row.run_at,
            )
            for row in session.execute(statement)
        ]


def lateness_of(row: Any, now: datetime) -> timedelta | None:
    """How long after its due moment a job fired or, still armed, is overdue; None when neither."""
    due: datetime = row.due_at
    done: datetime | None = row.done_at
    if row.status == "done" and done is not None:
        return max(timedelta(), done - due)
    return now - due if row.status == "armed" and now > due else None


def _in_status(status: TimerStatus, now: datetime) -> sa.ColumnElement[bool]:
    if status != "late":
        return Job.status == status
    took = sa.extract("epoch", Job.done_at) - sa.extract("epoch", Job.due_at)
    return sa.or_(
        sa.and_(Job.status == "done", took > PUNCTUAL.total_seconds()),
        sa.and_(Job.status == "armed", Job.due_at < now),
    )


def _line(engine: Engine, session: Session, row: Any, now: datetime) -> TimerLine:
    published = procedures.of_version(engine, session, row.version_id)
    why = _timer_why(engine, published, row) if row.kind == "timer" else rung_why(engine, row.payload)
    return TimerLine(
        job_id=row.id,
        case_id=CaseId(row.case_id),
        case_number=row.number,
        subject=row.subject,
        procedure=row.procedure,
        procedure_name=published.bundle.name,
        node=row.node,
        node_name=_name(published, row),
        kind=row.kind,
        why=why,
        due_at=row.due_at,
        status=row.status,
        done_at=row.done_at,
        late_by=lateness_of(row, now),
        attempts=row.attempts,
        error=row.error,
    )


def _name(published: Published, row: Any) -> Words:
    if row.node:
        return published.node_name(row.process, row.node)
    if "clock" in row.payload:
        return CLOCK_WORDS.get(row.payload["clock"], Words(row.kind, row.kind))
    # What is no node is a message on its way to another case.
    message = str(row.payload.get("message", row.kind))
    return Words(message, message)


def _timer_why(engine: Engine, published: Published, row: Any) -> Words:
    name = _name(published, row)
    expression = str(row.payload.get("expression", ""))
    named = NAMED.search(expression)
    deadline = engine.deadlines.get(named[1]) if named else None
    if deadline is None:
        said = expression.strip("\"' ")
        return Words(f"{name.zh}：{said}", f"{name.en}: {said}") if said else name
    if row.payload.get("limit"):
        deadline = replace(deadline, limit=parse_limit(row.payload["limit"]))
    limit = limit_why(deadline, calendar_at(engine, row.site, deadline))
    return Words(f"{name.zh} · {limit.zh}", f"{name.en} · {limit.en}")
