"""What the rules that choose a person are decided by: shifts, turns, open tasks, who is away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine.store import finding
from engine.store.models import Account, AccountRole, Inbox, Shift, Substitution, Task, Turn


def here(
    session: Session, ids: Iterable[int], now: datetime, procedure: str
) -> tuple[dict[int, str], frozenset[int]]:
    """id → name, of those who may sign in; and who of them has a stand-in for the procedure just now."""
    away = sa.and_(
        Substitution.account_id == Account.id,
        Substitution.starts_at <= now,
        Substitution.ends_at > now,
        Substitution.ended_at.is_(None),
    )
    found = session.execute(
        sa.select(Account.id, Account.name, Substitution.id.label("away"), Substitution.procedures)
        .outerjoin(Substitution, away)
        .where(Account.id.in_(sorted(set(ids))), Account.active)
    ).all()
    return {row.id: row.name for row in found}, frozenset(
        row.id for row in found if row.away and (not row.procedures or procedure in row.procedures)
    )


def handler(session: Session, case_id: int, node: str = "") -> int | None:
    """Who had a step last that is done, or any step; somebody's stand-in did it for them."""
    statement = sa.select(sa.func.coalesce(Task.assignee_id, Task.done_by)).where(
        Task.case_id == case_id, Task.status == "done"
    )
    if node:
        statement = statement.where(Task.node == node)
    return session.scalar(statement.order_by(Task.done_at.desc(), Task.id).limit(1))


def on_shift(
    session: Session, site: str, roles: Collection[str], since: datetime, until: datetime
) -> frozenset[int]:
    """Who is on duty in one of the roles (in any, when there are none) at some time between two moments."""
    statement = sa.select(Shift.account_id).where(
        Shift.site == site, Shift.ends_at > since, Shift.starts_at <= until
    )
    if roles:
        statement = statement.where(Shift.role.in_(sorted(roles)))
    return frozenset(session.scalars(statement))


def load(session: Session, ids: Iterable[int]) -> dict[int, int]:
    """id → how many open tasks they hold; those who hold none are left out."""
    keys = {f"u:{one}": one for one in ids}
    rows = session.execute(
        sa.select(Inbox.who, sa.func.count())
        .where(Inbox.who.in_(sorted(keys)), Inbox.kind == "work")
        .group_by(Inbox.who)
    )
    return {keys[who]: number for who, number in rows}


def of_site(session: Session, ids: Iterable[int], site: str) -> frozenset[int]:
    """Who of these people holds a role at the very site."""
    return frozenset(
        session.scalars(
            sa.select(AccountRole.account_id).where(
                AccountRole.account_id.in_(sorted(set(ids))), AccountRole.site == site
            )
        )
    )


def roles_at(session: Session, ids: Iterable[int], site: str) -> dict[int, list[str]]:
    """id → the roles that they hold at the site."""
    found: dict[int, list[str]] = {}
    rows = session.execute(
        sa.select(AccountRole.account_id, AccountRole.role)
        .where(AccountRole.account_id.in_(sorted(set(ids))), AccountRole.site.in_([site, "*"]))
        .order_by(AccountRole.account_id, AccountRole.role)
    )
    for row in rows:
        found.setdefault(row.account_id, []).append(row.role)
    return found


def last_turn(session: Session, role: str, site: str) -> int | None:
    """Who had the last turn; it stays locked, so that two at once do not both take the next."""
    return session.scalar(
        sa.select(Turn.account_id).where(Turn.role == role, Turn.site == site).with_for_update()
    )


def take_turn(session: Session, role: str, site: str, account_id: int) -> None:
    """Note who had the turn."""
    insert = postgresql.insert if finding.is_postgresql(session.get_bind().dialect) else sqlite.insert
    session.execute(
        insert(Turn)
        .values(role=role, site=site, account_id=account_id)
        .on_conflict_do_update(index_elements=["role", "site"], set_={"account_id": account_id})
    )
