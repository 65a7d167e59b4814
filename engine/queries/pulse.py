"""Whether anything changed for a person: a mark from one statement, cheap enough for every few seconds.

It changes with what they are told and read, and with the lists of what they and their roles have to do: of
each range of the inbox the newest rows are looked at, which one index gives.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import sqlalchemy as sa

from engine.domain.assignment import principals
from engine.domain.facts import Actor
from engine.store.models import Inbox, Notice
from engine.store.prepared import Prepared
from engine.store.rows import given, table_of
from engine.wiring import Engine

#: Rows of a range that are looked at: what leaves a longer queue is seen when its list is asked for anew.
NEWEST = 100
#: Ranges that one statement looks at; SQLite joins no more than 500 queries.
MOST_RANGES = 400
_inbox, _notice = table_of(Inbox), table_of(Notice)


def pulse(engine: Engine, actor: Actor) -> str:
    """A mark that is the same as long as nothing changed for a person."""
    keys = [*principals(actor, engine.organisation.sites), *(f"u:{one.id}" for one in actor.stands_in_for)]
    ranges = [(key, kind) for key in keys for kind in ("work", "watch", "sign")][:MOST_RANGES]
    asked = {f"_who{number}": key for number, (key, _kind) in enumerate(ranges)}
    kinds = {f"_kind{number}": kind for number, (_key, kind) in enumerate(ranges)}
    with engine.database.look() as session:
        found = statement_of(len(ranges)).rows(session, _account=actor.id or 0, **asked, **kinds)
    told = [f"{row['place']} {row['many']} {row['newest']}" for row in found]
    return hashlib.blake2b("\n".join([str(actor.id), *told]).encode(), digest_size=12).hexdigest()


@cache
def statement_of(ranges: int) -> Prepared:
    """The statement for so many ranges: its parameters are ``account``, ``who0``, ``kind0``, ``who1`` …"""
    told = sa.select(
        sa.literal(-1).label("place"),
        sa.func.count().label("many"),
        sa.cast(sa.func.max(_notice.c.id), sa.Text).label("newest"),
    ).where(_notice.c.account_id == given("account"), _notice.c.read_at.is_(None))
    places = sa.union_all(told, *(_range(number) for number in range(ranges))).subquery()
    return Prepared(sa.select(places).order_by(places.c.place))


def _range(number: int) -> sa.Select[Any]:
    newest = (
        sa.select(_inbox.c.created_at)
        .where(_inbox.c.who == given(f"who{number}"), _inbox.c.kind == given(f"kind{number}"))
        .order_by(_inbox.c.created_at.desc())
        .limit(sa.literal_column(str(NEWEST)))
        .subquery()
    )
    place: Any = sa.literal_column(str(number))
    return sa.select(place, sa.func.count(), sa.cast(sa.func.max(newest.c.created_at), sa.Text))
