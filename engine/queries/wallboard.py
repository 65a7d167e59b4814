"""What hangs in the service hall: how much waits where, and how long; nothing about anybody."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine import procedures
from engine.domain.views import HallStage, Wallboard
from engine.errors import NotFound
from engine.store.models import Case, Task
from engine.wiring import Engine

#: Stages that fit on a screen.
MOST = 12


def wallboard(engine: Engine, site: str) -> Wallboard:
    """The numbers of one site; raises :class:`NotFound`.

    Of a case only its step is told: neither number nor subject, nor whose it is.
    """
    if site not in engine.organisation.sites:
        raise NotFound("There is no such site.", site=site)
    now = engine.now()
    midnight = now.astimezone(engine.zone_of(site)).replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight.astimezone(UTC)
    with engine.database.look() as session:
        stages = _stages(engine, session, site, now)
        open_cases = session.scalar(
            sa.select(sa.func.count(Case.id)).where(Case.status == "active", Case.site == site)
        )
        done = session.scalar(
            sa.select(sa.func.count(Task.id))
            .join(Case, Case.id == Task.case_id)
            .where(Task.done_at >= since, Task.status == "done", Case.site == site)
        )
        # Whatever ended them: a person, a timer, a message; but not who gave them up.
        ended = session.scalar(
            sa.select(sa.func.count(Case.id)).where(
                Case.site == site, Case.ended_at >= since, Case.status != "cancelled"
            )
        )
    ordered = sorted(stages, key=lambda one: (-one.late, -one.count, one.step.zh))
    longest = min(stages, key=lambda one: one.oldest, default=None)
    return Wallboard(
        site=site,
        at=now,
        open_cases=open_cases or 0,
        waiting=sum(one.waiting for one in ordered),
        late=sum(one.late for one in ordered),
        done_today=done or 0,
        ended_today=ended or 0,
        longest=longest,
        stages=tuple(ordered[:MOST]),
        more=max(0, len(ordered) - MOST),
    )


def _stages(engine: Engine, session: Session, site: str, now: datetime) -> list[HallStage]:
    """The steps at which cases of a site stand; those of all versions of a procedure together."""
    rows = session.execute(
        sa.select(
            Case.version_id,
            Task.process,
            Task.name,
            sa.func.count().label("cases"),
            sa.func.sum(sa.case((Task.assignee_id.is_(None), 1), else_=0)).label("waiting"),
            sa.func.sum(sa.case((Task.due_at < now, 1), else_=0)).label("late"),
            sa.func.min(Task.created_at).label("oldest"),
        )
        .join(Task, Task.case_id == Case.id)
        .where(Case.status == "active", Case.site == site, Task.status == "open")
        .group_by(Case.version_id, Task.process, Task.name)
    ).all()
    stages: dict[tuple[str, str], HallStage] = {}
    for row in rows:
        published = procedures.of_version(engine, session, row.version_id)
        name, step = published.bundle.name, published.of(row.process).words(row.name)
        key = (name.zh, step.zh)
        stages[key] = _joined(
            stages.get(key), HallStage(name, step, row.cases, row.waiting, row.late, _utc(row.oldest))
        )
    return list(stages.values())


def _joined(one: HallStage | None, other: HallStage) -> HallStage:
    if one is None:
        return other
    return HallStage(
        other.procedure,
        other.step,
        one.count + other.count,
        one.waiting + other.waiting,
        one.late + other.late,
        min(one.oldest, other.oldest),
    )


def _utc(moment: datetime) -> datetime:
    # An aggregate has lost its column's type on SQLite.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
