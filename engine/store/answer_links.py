"""Rows of links by which somebody answers a task without signing in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.store.models import AnswerLink, Task


def add(session: Session, link: AnswerLink) -> AnswerLink:
    """Write a new link; it then has its id."""
    session.add(link)
    session.flush()
    return link


def find(session: Session, link_id: int) -> AnswerLink | None:
    """A link by its id."""
    return session.get(AnswerLink, link_id)


def of_task(session: Session, task_id: str) -> AnswerLink | None:
    """The latest link of a task."""
    return session.scalars(
        sa.select(AnswerLink).where(AnswerLink.task_id == task_id).order_by(AnswerLink.id.desc()).limit(1)
    ).first()


def open_at(session: Session, case_id: int, node: str) -> Sequence[AnswerLink]:
    """The links of a case's open tasks at a node."""
    return session.scalars(
        sa.select(AnswerLink)
        .join(Task, Task.id == AnswerLink.task_id)
        .where(AnswerLink.case_id == case_id, Task.node == node, Task.status == "open")
        .order_by(AnswerLink.id)
    ).all()


def use(session: Session, link_id: int, choice: str, at: datetime) -> bool:
    """Note that a link was used; False when it was used before."""
    done = session.execute(
        sa.update(AnswerLink)
        .where(AnswerLink.id == link_id, AnswerLink.used_at.is_(None))
        .values(used_at=at, choice=choice)
    )
    return bool(getattr(done, "rowcount", 0) == 1)
