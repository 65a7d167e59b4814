"""Rows of links by which customers follow their cases, and what they read there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import Case, Comment, FollowLink, History


def find(session: Session, link_id: int) -> FollowLink | None:
    """A link by its id."""
    return session.get(FollowLink, link_id)


def case_of(session: Session, link: FollowLink) -> Case:
    """The case that a link shows, for a look."""
    return session.get_one(Case, link.case_id)


def standing(session: Session, case_id: int) -> FollowLink | None:
    """The link of a case that counts, if it has one."""
    return session.scalars(
        sa.select(FollowLink)
        .where(FollowLink.case_id == case_id, FollowLink.ended_at.is_(None))
        .order_by(FollowLink.id.desc())
        .limit(1)
    ).first()


def told(session: Session, case_id: int, most: int) -> Sequence[Any]:
    """What the customer was told, with ``at`` and ``detail``; the latest first."""
    return session.execute(
        sa.select(History.at, History.detail)
        .where(History.case_id == case_id, History.kind == "customer_told")
        .order_by(History.id.desc())
        .limit(most)
    ).all()


def said(session: Session, case_id: int, most: int) -> Sequence[Any]:
    """What the customer wrote, with ``at`` and ``text``; the latest first."""
    return session.execute(
        sa.select(Comment.at, Comment.text)
        .where(Comment.case_id == case_id, Comment.is_public, Comment.by_id.is_(None))
        .order_by(Comment.id.desc())
        .limit(most)
    ).all()


def said_since(session: Session, case_id: int, since: datetime) -> int:
    """How often the customer wrote since a moment."""
    return (
        session.scalar(
            sa.select(sa.func.count()).where(
                Comment.case_id == case_id, Comment.is_public, Comment.by_id.is_(None), Comment.at > since
            )
        )
        or 0
    )
