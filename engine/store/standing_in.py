"""Who is away just now and who stands in: one narrow statement for whoever stands in for nobody."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import StandIn, UserId
from engine.domain.standing_in import MOST_LINKS
from engine.store.models import Account, Substitution
from engine.store.models.base import UtcDateTime
from engine.store.prepared import Prepared
from engine.store.rows import given, table_of

_away, _people = table_of(Substitution), table_of(Account)
_FOR_WHOM = Prepared(
    sa.select(_away.c.account_id, _people.c.name, _away.c.procedures)
    .join_from(_away, _people, _people.c.id == _away.c.account_id)
    .where(
        _away.c.substitute_id == given("account"),
        _away.c.ends_at > given("now", UtcDateTime()),
        _away.c.starts_at <= given("now", UtcDateTime()),
        _away.c.ended_at.is_(None),
    )
    .order_by(_away.c.account_id)
)


def stands_in_for(session: Session, account_id: int, now: datetime) -> tuple[StandIn, ...]:
    """For whom somebody stands in at a moment: those who chose them, and those for whom these stand in."""
    found: dict[int, StandIn] = {}
    ends = [StandIn(UserId(account_id), "")]
    for _ in range(MOST_LINKS):
        reached: list[StandIn] = []
        for nearer in ends:
            for row in _FOR_WHOM.rows(session, _account=nearer.id, _now=now):
                procedures = frozenset(row["procedures"])
                if nearer.procedures and procedures:
                    procedures &= nearer.procedures
                    if not procedures:
                        continue
                one = StandIn(UserId(row["account_id"]), row["name"], procedures or nearer.procedures)
                if one.id != account_id:
                    reached.append(one)
        for one in reached:
            known = found.get(one.id)
            if known is not None:
                every = not (known.procedures and one.procedures)
                one = StandIn(one.id, one.name, frozenset() if every else known.procedures | one.procedures)
            found[one.id] = one
        if not reached:
            break
        ends = reached
    return tuple(found.values())
