"""The rows of the roster."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Account, AccountRole, Shift


def people(session: Session, role: str, site: str) -> dict[int, tuple[str, str]]:
    """id → (name, login) of the active people who hold a role at a site, by name."""
    rows = session.execute(
        sa.select(Account.id, Account.name, Account.login)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.active, AccountRole.role == role, AccountRole.site.in_([site, "*"]))
        .order_by(Account.name, Account.id)
    )
    return {row.id: (row.name, row.login) for row in rows}


def of_week(session: Session, role: str, site: str, since: datetime, until: datetime) -> list[Shift]:
    """The shifts that begin in a week."""
    statement = sa.select(Shift).where(
        Shift.role == role, Shift.site == site, Shift.starts_at >= since, Shift.starts_at < until
    )
    return list(session.scalars(statement.order_by(Shift.starts_at, Shift.id)))


def times(
    session: Session, account_id: int, role: str, site: str, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """When somebody is on duty in a role at a site, between two moments."""
    rows = session.execute(
        sa.select(Shift.starts_at, Shift.ends_at).where(
            Shift.account_id == account_id,
            Shift.role == role,
            Shift.site == site,
            Shift.starts_at < until,
            Shift.ends_at > since,
        )
    )
    return [(row.starts_at, row.ends_at) for row in rows]
