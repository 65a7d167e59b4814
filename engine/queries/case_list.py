"""Cases in lists: what a person sees, newest first, with the steps that wait and the next due moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.facts import Actor, CaseId, CaseStatus
from engine.domain.views import MANY, CaseLine, Clock, Page, Words
from engine.errors import CaseNotFound, Forbidden
from engine.queries import seeing
from engine.queries.limits import clock_of
from engine.queries.lines import count_some, matches, within, words_of
from engine.store import finding
from engine.store.models import Case, Job, Task
from engine.wiring import Engine

#: Everything that a line shows, and not the workflow's state.
COLUMNS = (
    Case.id,
    Case.number,
    Case.procedure,
    Case.version_id,
    Case.subject,
    Case.site,
    Case.status,
    Case.started_at,
    Case.starter_name,
    Case.ended_at,
)


def list_cases(
    engine: Engine,
    actor: Actor,
    *,
    view: Literal["all", "started"] = "all",
    status: CaseStatus | None = None,
    text: str = "",
    page: int = 1,
    size: int = 50,
) -> Page[CaseLine]:
    """The cases that a person sees, or those they started; newest first.

    Counting stops at MANY.
    """
    page, size = within(page, size)
    with engine.database.look() as session:
        chosen = [
            Case.started_by == actor.id if view == "started" else seeing.visible(engine, session, actor),
            Case.status == status if status else sa.true(),
        ]
        if text.strip():
            most = max(MANY, page * size)
            ids = session.scalars(with_text(session, text, *chosen).limit(most + 1)).all()
            chosen, total = [Case.id.in_(ids[:most])], len(ids)
        else:
            total = count_some(session, sa.select(Case.id).where(*chosen))
        newest = sa.select(*COLUMNS).where(*chosen).order_by(Case.started_at.desc(), Case.id.desc())
        rows = session.execute(newest.limit(size).offset((page - 1) * size)).all() if total else []
        lines = case_lines(engine, session, rows)
        return Page(lines, min(total, MANY), page, size, more=total > MANY)


def with_text(session: Session, text: str, *chosen: sa.ColumnElement[bool]) -> sa.Select[int]:
    """The ids of cases in whose number and subject every word of a text stands, the newest first.

    In the order of their ids, in which cases begin: by that an index of texts gives the newest without
    looking at all of them.
    """
    pieces: frozenset[str] = frozenset().union(*(finding.pieces_of(word.lower()) for word in words_of(text)))
    said = matches(text, Case.number, Case.subject)
    return finding.newest(session, Case.__table__, pieces).where(said, *chosen)


def case_by_number(engine: Engine, number: str, actor: Actor) -> CaseId:
    """The case with this number; raises :class:`CaseNotFound`, :class:`Forbidden`."""
    with engine.database.look() as session:
        found = session.execute(
            sa.select(Case.id, seeing.visible(engine, session, actor).label("sees")).where(
                Case.number == number.strip()
            )
        ).one_or_none()
    if found is None:
        raise CaseNotFound(number=number)
    if not found.sees:
        raise Forbidden(case=number)
    return CaseId(found.id)


@dataclass
class _Waiting:
    """What a case of the page waits for."""

    names: list[Words] = field(default_factory=list)
    #: The open task that is due first.
    first: Any = None


def case_lines(engine: Engine, session: Session, rows: Iterable[Any]) -> list[CaseLine]:
    """Lines for rows of :data:`COLUMNS`, with two statements for all of them together."""
    rows = list(rows)
    ids = [row.id for row in rows]
    if not ids:
        return []
    versions = {row.id: row.version_id for row in rows}
    waiting: dict[int, _Waiting] = {}
    open_tasks = session.execute(
        sa.select(
            Task.case_id,
            Task.process,
            Task.name,
            Task.created_at,
            Task.due_at,
            Task.deadline,
            Task.properties["due"].as_string().label("own_due"),
        )
        .where(Task.case_id.in_(ids), Task.status == "open")
        .order_by(Task.due_at.is_(None), Task.due_at, Task.created_at)
    )
    for task in open_tasks:
        published = procedures.of_version(engine, session, versions[task.case_id])
        of_case = waiting.setdefault(task.case_id, _Waiting())
        of_case.names.append(published.of(task.process).words(task.name))
        of_case.first = of_case.first or task
    failed = set(
        session.scalars(sa.select(Job.case_id).where(Job.case_id.in_(ids), Job.status == "incident"))
    )
    return [
        CaseLine(
            case_id=CaseId(row.id),
            number=row.number,
            procedure=row.procedure,
            procedure_name=procedures.of_version(engine, session, row.version_id).bundle.name,
            subject=row.subject,
            site=row.site,
            status=row.status,
            started_at=row.started_at,
            started_by=row.starter_name,
            ended_at=row.ended_at,
            waiting=tuple(dict.fromkeys(waiting[row.id].names)) if row.id in waiting else (),
            clock=_clock(engine, row.site, waiting[row.id].first if row.id in waiting else None),
            incident=row.id in failed,
        )
        for row in rows
    ]


def _clock(engine: Engine, site: str, task: Any) -> Clock:
    if task is None:
        return Clock(None, None, "none")
    return clock_of(
        engine,
        site=site,
        start=task.created_at,
        due=task.due_at,
        deadline=task.deadline,
        own_due=bool(task.own_due),
    )
