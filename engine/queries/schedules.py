"""Procedures that start by themselves: in what words, when next, what they began, who changed it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures, rules
from engine.domain.durations import duration_of
from engine.domain.facts import Actor, CaseId
from engine.domain.limits import Limit
from engine.domain.recurring import recurrence_of
from engine.domain.views import ScheduleEntryLine, ScheduleLine, Words
from engine.procedures import Published
from engine.queries import seeing
from engine.queries.clocks import NAMED
from engine.store.models import Case, Schedule, ScheduleEntry
from engine.wiring import Engine

Status = Literal["armed", "paused", "incident", "over"]
#: Entries of its history that a schedule shows.
LATEST = 20
#: How the kinds of a schedule are ordered: what runs first.
_STANDING = ("armed", "paused", "incident", "over")
_CYCLE = re.compile(r"""["']R(?P<times>\d*)/(?P<period>P[^"']*)["']""", re.IGNORECASE)
_AMOUNT = re.compile(r"(?P<word>working_hours|working_days)\((?P<amount>\d{1,3})\)")
_AT = re.compile(r"""at\(["'](?P<clock>\d\d:\d\d)["']\)""")


def list_schedules(engine: Engine, actor: Actor, *, procedure: str = "") -> list[ScheduleLine]:
    """What starts by itself, the next first; of one procedure, or of all."""
    with engine.database.look() as session:
        rules.refresh(engine, session)
        statement = sa.select(Schedule).where(Schedule.status.in_(_STANDING))
        if procedure:
            statement = statement.where(Schedule.procedure == procedure)
        rows = session.scalars(statement.order_by(Schedule.due_at, Schedule.id)).all()
        order = {status: place for place, status in enumerate(_STANDING)}
        return [_line(engine, session, actor, row) for row in sorted(rows, key=lambda row: order[row.status])]


def _line(engine: Engine, session: Session, actor: Actor, row: Schedule) -> ScheduleLine:
    published = procedures.latest(engine, session, row.procedure)
    seen = sa.select(Case).where(Case.id == row.last_case_id, seeing.visible(engine, session, actor))
    last = session.scalars(seen).first() if row.last_case_id is not None else None
    return ScheduleLine(
        id=row.id,
        procedure=row.procedure,
        procedure_name=published.bundle.name,
        node=row.node,
        name=published.node_name(row.procedure, row.node),
        site=row.site,
        when=when_words(engine, published, row.expression),
        status=cast("Status", row.status),
        due_at=row.due_at,
        last_at=row.last_at,
        last_case=(CaseId(last.id), last.number) if last is not None else None,
        attempts=row.attempts,
        error=row.error,
        may_change=published.is_led_by(engine, actor, row.site),
        entries=_entries(session, row),
    )


def _entries(session: Session, row: Schedule) -> tuple[ScheduleEntryLine, ...]:
    found = session.scalars(
        sa.select(ScheduleEntry)
        .where(ScheduleEntry.schedule_id == row.id)
        .order_by(ScheduleEntry.id.desc())
        .limit(LATEST)
    )
    return tuple(
        ScheduleEntryLine(
            kind=one.kind,
            by=one.by,
            at=one.at,
            due=datetime.fromisoformat(one.detail["due"]) if one.detail.get("due") else None,
            detail=one.detail,
        )
        for one in found
    )


def when_words(engine: Engine, published: Published, expression: str) -> Words:
    """How often it starts, in words; an expression that is none of the usual ones stands for itself."""
    try:
        recurrence = recurrence_of(expression)
    except ValueError:
        recurrence = None
    if recurrence is not None:
        return Words(recurrence.words("zh"), recurrence.words("en"))
    if named := NAMED.fullmatch(expression.strip()):
        deadline = engine.deadline(named[1], procedure=published.procedure)
        if deadline is not None:
            return _every(deadline.limit)
    if found := _AT.fullmatch(expression.strip()):
        return Words(f"每个工作日 {found['clock']}", f"every working day at {found['clock']}")
    if found := _AMOUNT.fullmatch(expression.strip()):
        unit = "working hour" if found["word"] == "working_hours" else "working day"
        return _every(Limit(unit, int(found["amount"])))  # type: ignore[arg-type]
    if (found := _CYCLE.fullmatch(expression.strip())) and (limit := _limit(found["period"])):
        every = _every(limit)
        times = found["times"]
        if not times:
            return every
        return Words(f"{every.zh}，共 {times} 次", f"{every.en}, {times} times")
    said = expression.strip().strip("\"'")
    return Words(said, said)


def _every(limit: Limit) -> Words:
    return Words(f"每 {limit.words('zh')}一次", f"every {limit.words('en')}")


def _limit(period: str) -> Limit | None:
    """A period of whole minutes, hours or days."""
    try:
        duration = duration_of(period)
    except ValueError:
        return None
    minutes, rest = divmod(duration.rest.total_seconds(), 60)
    if duration.months or rest or not minutes:
        return None
    if minutes % 1440 == 0:
        return Limit("day", int(minutes // 1440))
    return Limit("hour", int(minutes // 60)) if minutes % 60 == 0 else Limit("minute", int(minutes))
