"""What is due on which day: tasks and the promises of cases, with the days on which nobody works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.views import AgendaDay, AgendaItem, Words
from engine.queries import seeing
from engine.queries.inbox import line_of
from engine.queries.open_tasks import tasks_of
from engine.store.models import Case, CaseClock, Task
from engine.wiring import Engine

#: Tasks, and promises of cases, that are shown of a span of days; more are told as more.
MOST = 500
_PROMISES = {
    "response": Words("首次响应", "first response"),
    "solution": Words("解决", "solution"),
    "update": Words("进展告知", "update"),
}


def agenda(
    engine: Engine, actor: Actor, *, first: date, last: date, team: bool = False, site: str = ""
) -> tuple[list[AgendaDay], bool]:
    """The days from ``first`` to ``last`` with what is due on each; and whether there is more.

    ``team``: what the roles that the person leads have, and the promises of every case they see. The days
    are those of ``site``, else of the first site at which the person has a role.
    """
    site = site or site_of(engine, actor)
    zone = engine.zone_of(site)
    begin = datetime.combine(first, time(), zone).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    with engine.database.look() as session:
        found = [
            *_tasks(engine, session, actor, begin, end, team),
            *_promises(engine, session, actor, begin, end, team),
        ]
    by_day: dict[date, list[AgendaItem]] = {}
    for item in sorted(found, key=lambda item: (item.due_at, item.case_number)):
        by_day.setdefault(item.due_at.astimezone(zone).date(), []).append(item)
    calendar = engine.calendar_of(site)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return (
        [AgendaDay(day, calendar.is_working_day(day), tuple(by_day.get(day, ()))) for day in days],
        len(found) >= MOST,
    )


def site_of(engine: Engine, actor: Actor) -> str:
    """The site whose calendar a person lives by."""
    sites = [site for _, site in sorted(actor.roles) if site in engine.organisation.sites]
    return (sites or list(engine.organisation.sites))[0]


def today_at(engine: Engine, site: str) -> date:
    """The day that it is at a site."""
    zone: ZoneInfo = engine.zone_of(site)
    return engine.now().astimezone(zone).date()


def _tasks(
    engine: Engine, session: Session, actor: Actor, begin: datetime, end: datetime, team: bool
) -> Iterator[AgendaItem]:
    tasks = replace(
        tasks_of(engine, session, actor, "team" if team else "mine"), due_from=begin, due_before=end
    )
    for row in tasks.rows("due", page=1, size=MOST, total=tasks.count()):
        line = line_of(engine, session, actor, row)
        yield AgendaItem(
            due_at=row.due_at,
            kind="task",
            case_id=CaseId(row.case_id),
            task_id=TaskId(row.id),
            case_number=row.number,
            subject=row.subject,
            procedure_name=line.procedure_name,
            what=line.step_name,
            who=row.assignee,
            late=row.due_at < engine.now(),
        )


def _promises(
    engine: Engine, session: Session, actor: Actor, begin: datetime, end: datetime, team: bool
) -> Iterator[AgendaItem]:
    has_task = sa.select(Task.id).where(
        Task.case_id == Case.id, Task.status == "open", Task.assignee_id == actor.id
    )
    mine = sa.or_(Case.started_by == actor.id, has_task.exists())
    rows = session.execute(
        sa.select(
            CaseClock.due_at,
            CaseClock.kind,
            Case.id,
            Case.number,
            Case.subject,
            Case.version_id,
        )
        .join(Case, Case.id == CaseClock.case_id)
        .where(
            CaseClock.met_at.is_(None),
            CaseClock.due_at >= begin,
            CaseClock.due_at < end,
            Case.status == "active",
            seeing.visible(engine, session, actor) if team else mine,
        )
        .order_by(CaseClock.due_at, CaseClock.id)
        .limit(MOST)
    )
    for row in rows.all():
        yield AgendaItem(
            due_at=row.due_at,
            kind="case",
            case_id=CaseId(row.id),
            task_id=None,
            case_number=row.number,
            subject=row.subject,
            procedure_name=procedures.of_version(engine, session, row.version_id).bundle.name,
            what=_PROMISES.get(row.kind, Words(row.kind, row.kind)),
            who=None,
            late=row.due_at < engine.now(),
        )
