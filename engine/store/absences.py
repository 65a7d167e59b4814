"""The rows of absences: those that stand, whose they are, what their stand-ins are told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.standing_in import Absence
from engine.store import finding
from engine.store.models import Account, AccountRole, Notice, Substitution

#: A number of our own among PostgreSQL's advisory locks.
_LOCK = 5_117_301


def lock_all(session: Session) -> None:
    """Let nobody else arrange an absence until the transaction ends: two could close a circle."""
    # SQLite has one writer at a time as it is.
    if finding.is_postgresql(session.get_bind().dialect):
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def people(session: Session, ids: Iterable[int]) -> dict[int, Account]:
    """id → account."""
    found = session.scalars(sa.select(Account).where(Account.id.in_(sorted(set(ids)))))
    return {account.id: account for account in found}


def roles(session: Session, account_id: int) -> list[tuple[str, str]]:
    """(role, site) that somebody holds."""
    rows = session.execute(
        sa.select(AccountRole.role, AccountRole.site).where(AccountRole.account_id == account_id)
    )
    return [(row.role, row.site) for row in rows]


def standing(session: Session, now: datetime) -> list[Absence]:
    """Every absence that is not over."""
    rows = session.scalars(
        sa.select(Substitution).where(Substitution.ends_at > now, Substitution.ended_at.is_(None))
    )
    return [
        Absence(
            row.account_id, row.substitute_id, row.starts_at, row.ends_at, frozenset(row.procedures or ())
        )
        for row in rows
    ]


def tell(
    session: Session, account_id: int, now: datetime, away: str, row: Substitution, zone: ZoneInfo
) -> None:
    """Tell a stand-in for whom they stand in."""
    since, until = row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)
    session.add(
        Notice(
            account_id=account_id,
            at=now,
            kind="substitution",
            zh=f"{since:%m月%d日 %H:%M} 至 {until:%m月%d日 %H:%M}，由您代 {away} 办理待办",
            en=f"You stand in for {away} from {since:%b %d, %H:%M} until {until:%b %d, %H:%M}",
        )
    )
