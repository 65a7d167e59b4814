"""The rows of who holds which role, and what hangs on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Account, AccountRole, Case, RoleChange, Shift, Task

Held = tuple[str, str]


def roles(session: Session, account_id: int) -> set[Held]:
    """(role, site) that somebody holds."""
    found = sa.select(AccountRole.role, AccountRole.site).where(AccountRole.account_id == account_id)
    return {(row.role, row.site) for row in session.execute(found)}


def administrators(session: Session, *, lock: bool = False) -> set[int]:
    """Those who may look after the installation and sign in; locked: two could dismiss each other."""
    found = sa.select(Account.id).where(Account.admin, Account.active).order_by(Account.id)
    return set(session.scalars(found.with_for_update() if lock else found))


def open_tasks(session: Session, account_id: int) -> list[Any]:
    """The open tasks that are theirs as holders of a role: not what they prepare for somebody."""
    return list(
        session.execute(
            sa.select(
                Task.id,
                Task.node,
                Task.process,
                Task.role,
                Task.candidates,
                Case.number,
                Case.subject,
                Case.site,
                Case.version_id,
            )
            .join(Case, Case.id == Task.case_id)
            .where(
                Task.status == "open",
                Task.assignee_id == account_id,
                sa.func.coalesce(Task.given_how, "") != "delegate",
            )
            .order_by(Task.case_id, Task.id)
        )
    )


def shifts(session: Session, account_id: int, now: datetime) -> list[Shift]:
    """Their shifts that are not over."""
    found = sa.select(Shift).where(Shift.account_id == account_id, Shift.ends_at > now)
    return list(session.scalars(found.order_by(Shift.starts_at, Shift.id)))


def held_by_others(session: Session, account_id: int) -> set[Held]:
    """(role, site) that somebody else holds who may sign in."""
    found = (
        sa.select(AccountRole.role, AccountRole.site)
        .join(Account, Account.id == AccountRole.account_id)
        .where(Account.active, Account.id != account_id)
    )
    return {(row.role, row.site) for row in session.execute(found)}


def change(session: Session, account_id: int, *, added: Collection[Held], removed: Collection[Held]) -> None:
    """Write what somebody holds from now on."""
    for role, site in removed:
        session.execute(
            sa.delete(AccountRole).where(
                AccountRole.account_id == account_id, AccountRole.role == role, AccountRole.site == site
            )
        )
    session.add_all(AccountRole(account_id=account_id, role=role, site=site) for role, site in added)
    session.flush()


def changes(session: Session, account_id: int, most: int) -> list[RoleChange]:
    """What was changed, the latest first."""
    found = sa.select(RoleChange).where(RoleChange.account_id == account_id)
    return list(session.scalars(found.order_by(RoleChange.at.desc(), RoleChange.id.desc()).limit(most)))
