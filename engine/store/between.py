"""What passes between people: signers, copies, comments. The case is locked by whoever writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Account, AccountRole, Copy, History, Signer


def colleagues(session: Session, ids: Collection[int], site: str) -> dict[int, Account]:
    """Of these people those who work at a site and may sign in."""
    holds = sa.exists().where(AccountRole.account_id == Account.id, AccountRole.site.in_([site, "*"]))
    rows = session.scalars(sa.select(Account).where(Account.id.in_(ids), Account.active, holds))
    return {found.id: found for found in rows}


def signers(session: Session, task_id: str, *, everybody: bool = False) -> list[Signer]:
    """Who signs a task, in their order; ``everybody`` gives those too who were taken off again."""
    statement = sa.select(Signer).where(Signer.task_id == task_id)
    if not everybody:
        statement = statement.where(Signer.removed_at.is_(None))
    return list(session.scalars(statement.order_by(Signer.place, Signer.seq, Signer.id)))


def in_turn(found: Iterable[Signer], place: str) -> list[Signer]:
    """Those of a place whose turn it is: who has not answered, of the earliest turn that is open."""
    waiting = [one for one in found if one.place == place and one.answer is None]
    first = min((one.seq for one in waiting), default=0)
    return [one for one in waiting if one.seq == first]


def copy_of(session: Session, case_id: int, account_id: int) -> Copy | None:
    """The copy of a case that a person has, the unread one first."""
    return session.scalars(
        sa.select(Copy)
        .where(Copy.case_id == case_id, Copy.account_id == account_id)
        .order_by(Copy.read_at.is_not(None), Copy.id)
        .limit(1)
    ).first()


def mark_read(session: Session, case_id: int, account_id: int, at: datetime) -> int:
    """Note that a person read what they have of a case in copy; how many copies that were."""
    done = session.execute(
        sa.update(Copy)
        .where(Copy.case_id == case_id, Copy.account_id == account_id, Copy.read_at.is_(None))
        .values(read_at=at)
        .execution_options(synchronize_session=False)
    )
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


def last_urged(session: Session, case_id: int, task_id: str, account_id: int) -> datetime | None:
    """When a person urged a task last."""
    return session.scalar(
        sa.select(sa.func.max(History.at)).where(
            History.case_id == case_id,
            History.kind == "urged",
            History.task_id == task_id,
            History.actor_id == account_id,
        )
    )
