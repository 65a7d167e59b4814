"""The inbox: my tasks, my roles' tasks, what I did; and the true counts for the navigation."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor, CaseId, TaskId, UserId
from engine.domain.views import Counts, InboxLine, Page, Words
from engine.queries import seeing
from engine.queries.limits import clock_of
from engine.queries.lines import matches, paged
from engine.store.models import Account, Case, Inbox, Job, Notice, Task
from engine.wiring import Engine

_COLUMNS = (
    Task.id,
    Task.case_id,
    Task.process,
    Task.node,
    Task.name,
    Task.role,
    Task.status,
    Task.visit,
    Task.assignee_id,
    Task.created_at,
    Task.due_at,
    Task.deadline,
    Task.done_at,
    Task.draft_at,
    Task.properties["due"].as_string().label("own_due"),
    Case.number,
    Case.procedure,
    Case.subject,
    Case.site,
    Case.version_id,
    Account.name.label("assignee"),
)

#: What a list may be sorted by; ``-`` turns it round. What has no due moment comes last in both.
SORTS: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "due": (Task.due_at.is_(None), Task.due_at.asc(), Task.created_at.asc()),
    "-due": (Task.due_at.is_(None), Task.due_at.desc(), Task.created_at.desc()),
    "created": (Task.created_at.asc(),),
    "-created": (Task.created_at.desc(),),
    "done": (Task.done_at.asc(),),
    "-done": (Task.done_at.desc(),),
    "number": (Case.number.asc(),),
    "-number": (Case.number.desc(),),
}


def inbox(
    engine: Engine,
    actor: Actor,
    *,
    view: Literal["mine", "claimable", "done"] = "mine",
    text: str = "",
    procedure: str = "",
    sort: str = "due",
    page: int = 1,
    size: int = 50,
) -> Page[InboxLine]:
    """A person's tasks: theirs and those escalated to them, their roles', or those they completed.

    What is due first comes first; what was completed last comes first among the done.
    """
    if view == "done":
        chosen = sa.and_(Task.done_by == actor.id, matches(text, Case.number, Case.subject, Task.name))
        sort = "-done" if sort == "due" else sort
    else:
        rows = _mine(engine, actor) if view == "mine" else _claimable(engine, actor)
        chosen = Task.id.in_(sa.select(Inbox.task_id).where(rows, matches(text, Inbox.search)))
    statement = (
        sa.select(*_COLUMNS)
        .join(Case, Case.id == Task.case_id)
        .outerjoin(Account, Account.id == Task.assignee_id)
        .where(chosen)
        .order_by(*SORTS.get(sort, SORTS["due"]), Task.id)
    )
    if procedure:
        statement = statement.where(Case.procedure == procedure)
    with engine.database.look() as session:
        found, total, page, size = paged(session, statement, page=page, size=size)
        reasons = escalations(engine, session, actor, [row.id for row in found])
        lines = [_line(engine, session, actor, row, reasons.get(row.id)) for row in found]
    return Page(lines, total, page, size)


def counts(engine: Engine, actor: Actor) -> Counts:
    """How much there is in each place of the navigation; incidents for administrators only."""
    mine = sa.select(Inbox.task_id).where(_mine(engine, actor))
    claimable = sa.select(Inbox.task_id).where(_claimable(engine, actor))
    statement = sa.select(
        _count(Task, Task.id.in_(mine)),
        _count(Task, Task.id.in_(claimable)),
        _count(Case, Case.started_by == actor.id, Case.status.in_(("active", "suspended"))),
        _count(Task, Task.id.in_(mine), Task.due_at < engine.now()),
        _count(Notice, Notice.account_id == actor.id, Notice.read_at.is_(None)),
        _count(Job, Job.status == "incident") if actor.admin else sa.literal(0),
    )
    with engine.database.look() as session:
        return Counts(*session.execute(statement).one())


def escalations(engine: Engine, session: Session, actor: Actor, task_ids: list[str]) -> dict[str, Words]:
    """task id → why it was escalated to this person or a role of theirs."""
    if not task_ids:
        return {}
    rows = session.execute(
        sa.select(Inbox.task_id, Inbox.reason)
        .where(
            Inbox.task_id.in_(task_ids),
            Inbox.kind == "watch",
            Inbox.who.in_(seeing.principals(engine, actor)),
        )
        .order_by(Inbox.who)
    )
    return {
        row.task_id: Words(row.reason.get("zh", ""), row.reason.get("en", "")) for row in rows if row.reason
    }


def _mine(engine: Engine, actor: Actor) -> sa.ColumnElement[bool]:
    return sa.or_(
        sa.and_(Inbox.who == f"u:{actor.id}", Inbox.kind == "work"),
        sa.and_(Inbox.who.in_(seeing.principals(engine, actor)), Inbox.kind == "watch"),
    )


def _claimable(engine: Engine, actor: Actor) -> sa.ColumnElement[bool]:
    roles = [who for who in seeing.principals(engine, actor) if who.startswith("r:")]
    return sa.and_(Inbox.who.in_(roles), Inbox.kind == "work")


def _count(table: Any, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(table).where(*conditions).scalar_subquery()


def _line(engine: Engine, session: Session, actor: Actor, row: Any, escalated: Words | None) -> InboxLine:
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
            own_due=bool(row.own_due),
            at=row.done_at,
        ),
        escalated=escalated,
        has_draft=row.draft_at is not None,
        round=row.visit,
    )
