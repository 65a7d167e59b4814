"""A supervisor's team: its people with their load, their lateness, and whether they are here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from engine.domain.facts import Actor, UserId
from engine.domain.views import BoardColumn, Member, Wanted
from engine.queries import teams
from engine.queries.inbox import escalations, line_of, narrowed
from engine.store.models import Account, Shift, Substitution
from engine.wiring import Engine

#: Cards of a column; more are counted.
MOST = 30


def team_of(engine: Engine, actor: Actor) -> list[Member]:
    """The people that a person leads, by name."""
    with engine.database.look() as session:
        return teams.members(session, teams.led(engine, actor))


def board(engine: Engine, actor: Actor, *, procedure: str = "", site: str = "") -> list[BoardColumn]:
    """A column for what nobody holds yet, then one for each person of the team; what is due first first."""
    now = engine.now()
    with engine.database.look() as session:
        led = teams.led(engine, actor)
        people = [
            one
            for one in teams.members(session, led)
            if not site or any(held in (site, "*") for _, held in one.roles)
        ]
        away = _away(session, [one.account_id for one in people], now)
        on_duty = _on_duty(session, [one.account_id for one in people], now)
        holders = [("none", Member(UserId(0), "", ())), *((str(one.account_id), one) for one in people)]
        columns = []
        for holder, member in holders:
            wanted = Wanted(holder=holder, procedure=procedure, site=site)
            tasks = narrowed(engine, session, actor, "team", wanted)
            late = narrowed(engine, session, actor, "team", _late(wanted))
            total = tasks.count()
            rows = tasks.rows("due", page=1, size=MOST, total=total)
            reasons = escalations(engine, session, actor, [row.id for row in rows])
            columns.append(
                BoardColumn(
                    member=member if member.account_id else None,
                    lines=tuple(line_of(engine, session, actor, row, reasons.get(row.id)) for row in rows),
                    total=total,
                    late=late.count(),
                    away=away.get(member.account_id),
                    on_duty=member.account_id in on_duty,
                )
            )
    return columns


def _late(wanted: Wanted) -> Wanted:
    return Wanted(holder=wanted.holder, procedure=wanted.procedure, site=wanted.site, when="late")


def _away(session: Session, ids: Iterable[int], now: datetime) -> dict[int, tuple[datetime, str]]:
    """account id → (until when, who stands in) of those who are away now."""
    stand_in = aliased(Account)
    rows = session.execute(
        sa.select(Substitution.account_id, Substitution.ends_at, stand_in.name)
        .join(stand_in, stand_in.id == Substitution.substitute_id)
        .where(
            Substitution.account_id.in_(list(ids)),
            Substitution.starts_at <= now,
            Substitution.ends_at > now,
            Substitution.ended_at.is_(None),
        )
        .order_by(Substitution.ends_at)
    )
    found: dict[int, tuple[datetime, str]] = {}
    names: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        names[row.account_id].append(row.name)
        found[row.account_id] = (row.ends_at, "、".join(dict.fromkeys(names[row.account_id])))
    return found


def _on_duty(session: Session, ids: Iterable[int], now: datetime) -> frozenset[int]:
    duty = sa.select(Shift.account_id).where(
        Shift.account_id.in_(list(ids)), Shift.starts_at <= now, Shift.ends_at > now
    )
    return frozenset(session.scalars(duty))
