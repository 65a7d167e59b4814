"""Find a person by two characters of the name, by pinyin or its initials, or by login."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain import spelling
from engine.domain.facts import EVERYWHERE, Actor, UserId
from engine.domain.views import PersonFound
from engine.errors import Forbidden
from engine.queries.lines import role_words
from engine.store.models import Account, AccountRole
from engine.wiring import Engine

#: Characters of a text that are looked at.
LONGEST = 50
#: People that are given at most.
MOST = 50


def find_people(
    engine: Engine, actor: Actor, text: str = "", *, role: str = "", site: str = "", most: int = 8
) -> tuple[PersonFound, ...]:
    """The active people whom a text means, the likeliest first; those of ``site`` before others.

    With ``role`` only those who hold it (at ``site``, when that is given). An empty text means everybody.
    """
    if actor.id is None and not actor.admin:
        raise Forbidden
    conditions: list[sa.ColumnElement[bool]] = [Account.active.is_(True)]
    if role:
        held = sa.select(AccountRole.account_id).where(AccountRole.role == role)
        if site:
            held = held.where(AccountRole.site.in_([site, EVERYWHERE]))
        conditions.append(Account.id.in_(held))
    with engine.database.look() as session:
        known = session.execute(sa.select(Account.id, Account.name, Account.login).where(*conditions)).all()
        ranked = [(spelling.rank(text[:LONGEST], row.name, row.login), row) for row in known]
        meant = [(place, row) for place, row in ranked if place is not None]
        here = _people_of(session, site) if site else set()
        meant.sort(key=lambda one: (one[1].id not in here, one[0], one[1].name, one[1].id))
        chosen = [row for _, row in meant[: min(most, MOST)]]
        roles = _roles_of(session, [row.id for row in chosen])
    return tuple(
        PersonFound(
            id=UserId(row.id),
            name=row.name,
            login=row.login,
            roles=tuple((role_words(engine, held), at) for held, at in roles.get(row.id, ())),
        )
        for row in chosen
    )


def _people_of(session: Session, site: str) -> set[int]:
    statement = sa.select(AccountRole.account_id).where(AccountRole.site.in_([site, EVERYWHERE]))
    return set(session.scalars(statement))


def _roles_of(session: Session, ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    rows = session.scalars(
        sa.select(AccountRole)
        .where(AccountRole.account_id.in_(ids))
        .order_by(AccountRole.role, AccountRole.site)
    )
    for row in rows:
        found.setdefault(row.account_id, []).append((row.role, row.site))
    return found
