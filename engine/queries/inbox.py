"""The inbox: my tasks, my roles' tasks, what I did; and the true counts for the navigation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor, CaseId, TaskId, UserId
from engine.domain.views import MANY, Counts, InboxLine, Page, ViewCounts, Wanted, Words
from engine.queries import ranges, seeing, teams
from engine.queries.between import to_sign
from engine.queries.limits import clock_of
from engine.queries.lines import count_some, matches, sent_back_of, within
from engine.queries.open_tasks import Tasks, View, tasks_of, team_tasks
from engine.store.models import NEVER, Account, Case, Copy, Delivery, Inbox, Job, Notice, Schedule, Task
from engine.store.outgoing import STUCK
from engine.wiring import Engine

InboxView = Literal["mine", "claimable", "team", "watched", "done"]

#: What the list of the done may be sorted by.
_DONE_ORDERS: dict[str, tuple[Any, ...]] = {
    "done": (Task.done_at.asc(), Task.id),
    "-done": (Task.done_at.desc(), Task.id),
    "number": (Case.number.asc(), Task.id),
    "-number": (Case.number.desc(), Task.id),
}

#: Asked by task alone: in the ranges of a supervisor there may be very many.
_WATCHED = (
    sa.select(Inbox.task_id, Inbox.who, Inbox.reason)
    .where(Inbox.task_id.in_(sa.bindparam("tasks", expanding=True)), Inbox.kind == "watch")
    .order_by(Inbox.task_id, Inbox.who)
)


def inbox(
    engine: Engine,
    actor: Actor,
    *,
    view: InboxView = "mine",
    text: str = "",
    procedure: str = "",
    wanted: Wanted | None = None,
    sort: str = "due",
    page: int = 1,
    size: int = 50,
) -> Page[InboxLine]:
    """A person's tasks: theirs and those escalated to them, their roles', their team's, or those they did.

    ``wanted`` narrows the list; ``text`` and ``procedure`` alone are its short form. What is due first
    comes first; what was completed last comes first among the done. Counting stops at MANY.
    """
    page, size = within(page, size)
    wanted = wanted or Wanted(text=text, procedure=procedure)
    with engine.database.look() as session:
        if view == "done":
            chosen = _done(actor, wanted, sort)
            total = count_some(session, chosen)
            found = ranges.plain(session.execute(chosen.limit(size).offset((page - 1) * size)))
        else:
            tasks = narrowed(engine, session, actor, view, wanted)
            total = tasks.count()
            sort = sort if sort in ranges.ORDERS or sort in ranges.BESIDE_ORDERS else "due"
            found = tasks.rows(sort, page=page, size=size, total=total)
        reasons = escalations(engine, session, actor, [row.id for row in found])
        asked = to_sign(session, actor, found)
        lines = [line_of(engine, session, actor, row, reasons.get(row.id), asked) for row in found]
    return Page(lines, min(total, MANY), page, size, more=total > MANY)


def narrowed(engine: Engine, session: Session, actor: Actor, view: View, wanted: Wanted) -> Tasks:
    """The open tasks of a view that are as they are wanted."""
    if view == "team":
        tasks = team_tasks(engine, session, actor, wanted.holder)
    else:
        tasks = tasks_of(engine, session, actor, view)
    first, last = moments_of(engine, actor, wanted.when)
    keys = seeing.principals(engine, actor)
    tasks = replace(
        tasks,
        procedure=wanted.procedure,
        due_from=first,
        due_before=last,
        beside=(*tasks.beside, *_beside(wanted, keys)),
    )
    return tasks.with_text(engine, wanted.text)


def moments_of(engine: Engine, actor: Actor, when: str) -> tuple[datetime | None, datetime | None]:
    """From when until when (not included) something is due that is late, due today or this week."""
    now = engine.now()
    if when == "late":
        return None, now
    if when == "none":
        return NEVER, None
    days = {"today": 1, "week": 7}.get(when)
    if days is None:
        return None, None
    sites = [site for _, site in sorted(actor.roles) if site in engine.organisation.sites]
    zone = engine.zone_of((sites or list(engine.organisation.sites))[0])
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if when == "week":
        days -= midnight.weekday()
    return now, (midnight + timedelta(days=days)).astimezone(UTC)


def _beside(wanted: Wanted, keys: tuple[str, ...]) -> list[tuple[str, Any]]:
    process, _, node = wanted.step.partition("/")
    said = {"process": process, "node": node, "site": wanted.site, "priority": wanted.priority}
    found: list[tuple[str, Any]] = [(name, value) for name, value in said.items() if value]
    found += [(mark, True) for mark in ("draft", "urged") if mark in wanted.marks]
    return [*found, (ranges.ESCALATED, keys)] if ranges.ESCALATED in wanted.marks else found


def view_counts(engine: Engine, actor: Actor) -> ViewCounts:
    """How much there is in the views that only the inbox shows."""
    with engine.database.look() as session:
        leads = bool(teams.led(engine, actor))
        unread = sa.select(Copy.id).where(Copy.account_id == actor.id, Copy.read_at.is_(None))
        return ViewCounts(
            watched=tasks_of(engine, session, actor, "watched").count(),
            team=tasks_of(engine, session, actor, "team").count() if leads else None,
            copied=count_some(session, unread),
        )


def counts(engine: Engine, actor: Actor) -> Counts:
    """How much there is in each place of the navigation; incidents for administrators only."""
    with engine.database.look() as session:
        mine = tasks_of(engine, session, actor, "mine")
        claimable = tasks_of(engine, session, actor, "claimable")
        running = ("active", "suspended")
        started, unread, failed, unbegun, stuck = session.execute(
            sa.select(
                _some(Case.id, Case.started_by == actor.id, Case.status.in_(running)),
                _some(Notice.id, Notice.account_id == actor.id, Notice.read_at.is_(None)),
                _some(Job.id, Job.status == "incident") if actor.admin else sa.literal(0),
                _some(Schedule.id, Schedule.status == "incident") if actor.admin else sa.literal(0),
                _some(Delivery.id, Delivery.status.in_(STUCK)) if actor.admin else sa.literal(0),
            )
        ).one()
        late = replace(mine, due_before=engine.now()).count()
        return Counts(mine.count(), claimable.count(), started, late, unread, failed + unbegun, stuck)


def _done(actor: Actor, wanted: Wanted, sort: str) -> sa.Select[Any]:
    values = dict(_beside(wanted, ()))
    asked = [condition for name, condition in ranges.BESIDE.items() if name in values]
    statement = (
        sa.select(*ranges.COLUMNS)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Account, Account.id == Task.assignee_id)
        .where(Task.done_by == actor.id, matches(wanted.text, Case.number, Case.subject, Task.name))
        .where(*asked)
        .params(**{name: value for name, value in values.items() if value is not True})
        .order_by(*_DONE_ORDERS.get(sort, _DONE_ORDERS["-done"]))
    )
    return statement.where(Case.procedure == wanted.procedure) if wanted.procedure else statement


def _some(column: Any, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(column).where(*conditions).limit(MANY + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def escalations(engine: Engine, session: Session, actor: Actor, task_ids: list[str]) -> dict[str, Words]:
    """task id → why it was escalated to this person or a role of theirs."""
    if not task_ids:
        return {}
    keys = frozenset(seeing.principals(engine, actor))
    rows = session.execute(_WATCHED, {"tasks": task_ids})
    return {
        row.task_id: Words(row.reason.get("zh", ""), row.reason.get("en", ""))
        for row in rows
        if row.who in keys and row.reason
    }


def _absent(actor: Actor, row: Any) -> str | None:
    away = actor.in_place_of(row.assignee_id, row.procedure) if row.status == "open" else None
    return away.name if away else None


def line_of(
    engine: Engine,
    session: Session,
    actor: Actor,
    row: Any,
    escalated: Words | None = None,
    to_sign: Mapping[str, str | None] = MappingProxyType({}),
) -> InboxLine:
    """The line of a row of :data:`ranges.COLUMNS`."""
    published = procedures.of_version(engine, session, row.version_id)
    return InboxLine(
        task_id=TaskId(row.id),
        case_id=CaseId(row.case_id),
        case_number=row.number,
        procedure=row.procedure,
        procedure_name=published.bundle.name,
        subject=row.subject,
        node=row.node,
        step_name=published.of(row.process).words(row.name),
        site=row.site,
        role=row.role,
        assignee=row.assignee,
        assignee_id=UserId(row.assignee_id) if row.assignee_id is not None else None,
        mine=row.assignee_id is not None and row.assignee_id == actor.id,
        status=row.status,
        created_at=row.created_at,
        done_at=row.done_at,
        clock=clock_of(
            engine,
            site=row.site,
            start=row.created_at,
            due=row.due_at,
            deadline=row.deadline,
            own_due=bool(row.own_due) and not row.limit,
            limit=row.limit,
            at=row.done_at,
            paused=row.paused_at,
        ),
        escalated=escalated,
        stands_in=to_sign.get(row.id) or _absent(actor, row),
        has_draft=row.draft_at is not None,
        round=row.visit,
        sent_back=sent_back_of(published, row.sent_back),
        urged=row.urged,
        to_sign=row.id in to_sign,
        priority=row.priority,
    )
