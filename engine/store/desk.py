"""What people arrange for themselves: the rows of saved views and of texts that are typed often."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa

from engine.errors import NotFound
from engine.store.database import Session
from engine.store.models import CannedReply, SavedView

Own = TypeVar("Own", SavedView, CannedReply)


def own(session: Session, kind: type[Own], row_id: int, account_id: int | None) -> Own:
    """A row that this person made, deleted or not; raises :class:`NotFound`."""
    found = session.get(kind, row_id)
    if found is None or account_id is None or found.account_id != account_id:
        raise NotFound("There is no such view or text of yours.", id=row_id)
    return found


def views_of(session: Session, account_id: int | None, roles: Collection[str]) -> Sequence[SavedView]:
    """A person's own views in their order, then those shared with their roles by name."""
    mine = SavedView.account_id == account_id
    return session.scalars(
        sa.select(SavedView)
        .where(SavedView.removed_at.is_(None), sa.or_(mine, SavedView.role.in_(roles)))
        .order_by(sa.not_(mine), SavedView.place, SavedView.name, SavedView.id)
    ).all()


def own_views(session: Session, account_id: int | None) -> Sequence[SavedView]:
    """A person's own views in their order."""
    return session.scalars(
        sa.select(SavedView)
        .where(SavedView.removed_at.is_(None), SavedView.account_id == account_id)
        .order_by(SavedView.place, SavedView.id)
    ).all()


def replies_of(session: Session, account_id: int | None, roles: Collection[str]) -> Sequence[CannedReply]:
    """A person's own texts and those shared with their roles, the most used first."""
    return session.scalars(
        sa.select(CannedReply)
        .where(
            CannedReply.removed_at.is_(None),
            sa.or_(CannedReply.account_id == account_id, CannedReply.role.in_(roles)),
        )
        .order_by(CannedReply.used.desc(), CannedReply.title, CannedReply.id)
    ).all()


def forget_removed(session: Session, kind: type[Own], account_id: int | None, before: datetime) -> None:
    """Delete for good what a person removed before a moment."""
    session.execute(sa.delete(kind).where(kind.account_id == account_id, kind.removed_at < before))


def count_use(session: Session, reply_id: int) -> None:
    """Note that a text was used once more."""
    session.execute(
        sa.update(CannedReply).where(CannedReply.id == reply_id).values(used=CannedReply.used + 1)
    )
