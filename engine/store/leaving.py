"""Everything that names a person: what has to go to others before they leave."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import (
    Account,
    AccountRole,
    CannedReply,
    Case,
    SavedView,
    Shift,
    Signer,
    Substitution,
    Task,
    Version,
)

RUNNING = ("active", "suspended")
_OPEN = (
    sa.select(Task.id, Task.case_id, Task.node, Task.process, Case.number, Case.subject, Case.version_id)
    .join(Case, Case.id == Task.case_id)
    .where(Task.status == "open")
    .order_by(Task.case_id, Task.id)
)


def held(session: Session, account_id: int) -> list[Any]:
    """The open tasks that are theirs."""
    return list(session.execute(_OPEN.where(Task.assignee_id == account_id)))


def given(session: Session, account_id: int) -> list[Any]:
    """The open tasks that they gave to others: these come back to them, or may."""
    return list(session.execute(_OPEN.where(Task.given_by == account_id, Task.assignee_id != account_id)))


def to_sign(session: Session, account_id: int) -> list[Any]:
    """The open tasks that they are still to sign."""
    pending = (
        Signer.account_id == account_id,
        Signer.answered_at.is_(None),
        Signer.removed_at.is_(None),
    )
    return list(
        session.execute(
            _OPEN.join(Signer, Signer.task_id == Task.id)
            .add_columns(Signer.id.label("signer"))
            .where(*pending)
        )
    )


def signer(session: Session, signer_id: int) -> Signer:
    """Somebody's signature that is awaited."""
    return session.get_one(Signer, signer_id)


def signs(session: Session, task_id: str, account_id: int) -> bool:
    """Say whether somebody signs a task already."""
    found = sa.select(Signer.id).where(
        Signer.task_id == task_id, Signer.account_id == account_id, Signer.removed_at.is_(None)
    )
    return session.scalar(found.limit(1)) is not None


def started(session: Session, account_id: int) -> list[Any]:
    """The running cases that they started."""
    return list(
        session.execute(
            sa.select(Case.id, Case.number, Case.subject)
            .where(Case.started_by == account_id, Case.status.in_(RUNNING))
            .order_by(Case.id)
        )
    )


def absences(session: Session, account_id: int, now: datetime) -> list[Substitution]:
    """The absences on either side of which they stand."""
    statement = sa.select(Substitution).where(
        sa.or_(Substitution.account_id == account_id, Substitution.substitute_id == account_id),
        Substitution.ends_at > now,
        Substitution.ended_at.is_(None),
    )
    return list(session.scalars(statement.order_by(Substitution.id)))


def shifts(session: Session, account_id: int, now: datetime) -> list[Shift]:
    """Their shifts that are not over."""
    statement = sa.select(Shift).where(Shift.account_id == account_id, Shift.ends_at > now)
    return list(session.scalars(statement.order_by(Shift.starts_at, Shift.id)))


def shared(session: Session, account_id: int) -> list[tuple[str, str, str]]:
    """(kind, name, role) of the views and texts that they share with a role."""
    views = session.execute(
        sa.select(sa.literal("view"), SavedView.name, SavedView.role).where(
            SavedView.account_id == account_id, SavedView.role != ""
        )
    )
    texts = session.execute(
        sa.select(sa.literal("reply"), CannedReply.title, CannedReply.role).where(
            CannedReply.account_id == account_id, CannedReply.role != ""
        )
    )
    return [tuple(row) for row in [*views, *texts]]


def held_alone(session: Session, account_id: int) -> list[tuple[str, str]]:
    """(role, site) that nobody else holds there."""
    mine = session.execute(
        sa.select(AccountRole.role, AccountRole.site).where(AccountRole.account_id == account_id)
    ).all()
    others = session.execute(
        sa.select(AccountRole.role, AccountRole.site)
        .join(Account, Account.id == AccountRole.account_id)
        .where(Account.active, Account.id != account_id)
    ).all()
    kept = {(row.role, row.site) for row in others}
    return [
        (row.role, row.site)
        for row in mine
        if (row.role, row.site) not in kept and (row.role, "*") not in kept
    ]


def newest_versions(session: Session) -> list[int]:
    """The versions that new cases start on."""
    return list(session.scalars(sa.select(sa.func.max(Version.id)).group_by(Version.procedure)))


def account(session: Session, account_id: int) -> Account | None:
    """Their row."""
    return session.get(Account, account_id)
