"""What a person was told, and that they read it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.reach import URGENT_EVENTS, URGENT_PRIORITIES
from engine.domain.views import News, Notice, Page, Words
from engine.queries.lines import paged
from engine.store import models
from engine.wiring import Engine

#: Notices on a page.
SIZE = 30
#: Urgent ones that are shown at once; the others stand in the list.
MOST_NEWS = 3


def list_notices(engine: Engine, actor: Actor, *, page: int = 1) -> Page[Notice]:
    """A person's own notices, the newest first."""
    table = models.Notice
    statement = (
        sa.select(
            table.id, table.at, table.kind, table.zh, table.en, table.case_id, table.task_id, table.read_at
        )
        .where(table.account_id == actor.id, table.account_id.is_not(None))
        .order_by(table.at.desc(), table.id.desc())
    )
    with engine.database.look() as session:
        found, total, page, size = paged(session, statement, page=page, size=SIZE)
    return Page([_notice(row) for row in found], total, page, size)


def news(engine: Engine, actor: Actor, after: int | None) -> News:
    """What is new for a person since the notice numbered ``after``; without it, only where they are now."""
    table = models.Notice
    own = (table.account_id == actor.id, table.account_id.is_not(None))
    with engine.database.look() as session:
        unread, latest = session.execute(
            sa.select(
                sa.func.count().filter(table.read_at.is_(None)), sa.func.coalesce(sa.func.max(table.id), 0)
            ).where(*own)
        ).one()
        fresh = (
            session.execute(
                sa.select(
                    table.id,
                    table.at,
                    table.kind,
                    table.zh,
                    table.en,
                    table.case_id,
                    table.task_id,
                    table.read_at,
                )
                .outerjoin(models.Case, models.Case.id == table.case_id)
                .where(
                    *own,
                    table.id > after,
                    table.read_at.is_(None),
                    sa.or_(table.kind.in_(URGENT_EVENTS), models.Case.priority.in_(URGENT_PRIORITIES)),
                )
                .order_by(table.id)
                .limit(MOST_NEWS)
            ).all()
            if after is not None and after < latest
            else []
        )
    return News(unread, latest, tuple(_notice(row) for row in fresh))


def _notice(row: Any) -> Notice:
    return Notice(
        id=row.id,
        at=row.at,
        kind=row.kind,
        text=Words(row.zh, row.en),
        case_id=CaseId(row.case_id) if row.case_id is not None else None,
        task_id=TaskId(row.task_id) if row.task_id else None,
        read=row.read_at is not None,
    )


def mark_read(engine: Engine, actor: Actor, ids: Collection[int] | None = None) -> int:
    """Mark a person's own notices as read, all of them or these; return how many were unread."""
    if actor.id is None:
        return 0
    table = models.Notice
    statement = (
        sa.update(table)
        .where(table.account_id == actor.id, table.read_at.is_(None))
        .values(read_at=engine.now())
    )
    if ids is not None:
        statement = statement.where(table.id.in_(list(ids)))
    with engine.database.transaction() as session:
        result = session.execute(statement.execution_options(synchronize_session=False))
        return int(result.rowcount)  # type: ignore[attr-defined]
