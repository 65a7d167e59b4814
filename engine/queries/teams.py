"""Who leads whom: the roles below a person's own, and the people who hold them."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import EVERYWHERE, Actor, UserId
from engine.domain.views import Member
from engine.store.models import Account, AccountRole
from engine.wiring import Engine


def led(engine: Engine, actor: Actor) -> frozenset[tuple[str, str]]:
    """The (role, site) that a person leads, however far below; an administrator leads all."""
    organisation = engine.organisation
    inside = [role.id for role in organisation.roles.values() if not role.outside]
    if actor.admin:
        return frozenset((role, site) for role in inside for site in organisation.sites)
    found: set[tuple[str, str]] = set()
    for role in inside:
        above = {one.id for one in organisation.supervisors(role)}
        for held, site in actor.roles:
            if held in above:
                sites = organisation.sites if site == EVERYWHERE else (site,)
                found.update((role, one) for one in sites)
    return frozenset(found)


def members(session: Session, roles: Collection[tuple[str, str]]) -> list[Member]:
    """The people who hold one of these (role, site), by name; a role held everywhere is held at each."""
    if not roles:
        return []
    rows = session.execute(
        sa.select(Account.id, Account.name, AccountRole.role, AccountRole.site)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.active, AccountRole.role.in_({role for role, _ in roles}))
        .order_by(Account.name, Account.id, AccountRole.role, AccountRole.site)
    )
    wanted = {role for role, _ in roles}
    held: dict[int, tuple[str, list[tuple[str, str]]]] = {}
    for row in rows:
        if (row.role, row.site) in roles or (row.site == EVERYWHERE and row.role in wanted):
            held.setdefault(row.id, (row.name, []))[1].append((row.role, row.site))
    return [Member(UserId(id_), name, tuple(own)) for id_, (name, own) in held.items()]
