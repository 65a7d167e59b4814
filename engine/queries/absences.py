"""Absences on screens: mine, those in which I stand in, those of the people I lead."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine import procedures
from engine.domain.facts import Actor
from engine.domain.views import AbsenceLine, Words
from engine.errors import ProcedureNotFound
from engine.store.models import Account, Substitution
from engine.wiring import Engine

#: Absences that a page shows, the latest.
MOST = 50


def absences(engine: Engine, actor: Actor, *, account_id: int | None = None) -> tuple[AbsenceLine, ...]:
    """Those of a person (the reader), of either side, that are under way, to come, or were over lately."""
    whose = account_id if account_id is not None else actor.id
    absent, substitute = aliased(Account), aliased(Account)
    now = engine.now()
    statement = (
        sa.select(Substitution, absent.name.label("absent"), substitute.name.label("substitute"))
        .join(absent, absent.id == Substitution.account_id)
        .join(substitute, substitute.id == Substitution.substitute_id)
        .where(sa.or_(Substitution.account_id == whose, Substitution.substitute_id == whose))
        .order_by(Substitution.starts_at.desc(), Substitution.id.desc())
        .limit(MOST)
    )
    with engine.database.look() as session:
        rows = session.execute(statement).all()
        names = {name: _name(engine, session, name) for row in rows for name in row.Substitution.procedures}
    return tuple(
        AbsenceLine(
            id=row.Substitution.id,
            absent=row.absent,
            substitute=row.substitute,
            is_mine=row.Substitution.account_id == whose,
            starts_at=row.Substitution.starts_at,
            ends_at=row.Substitution.ended_at or row.Substitution.ends_at,
            procedures=tuple(names[name] for name in row.Substitution.procedures),
            reason=row.Substitution.reason,
            state=_state(row.Substitution, now),
        )
        for row in rows
    )


def _state(row: Substitution, now: datetime) -> str:
    if row.ended_at is not None or row.ends_at <= now:
        return "over"
    return "now" if row.starts_at <= now else "coming"


def _name(engine: Engine, session: Session, procedure: str) -> Words:
    try:
        return procedures.latest(engine, session, procedure).bundle.name
    except ProcedureNotFound:
        return Words(procedure, procedure)
