"""What happened in a case, its files, its rungs still to come: what the pages of a task and a case share."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.views import Attachment, Entry, Words
from engine.procedures import Published
from engine.queries.limits import recipient_words
from engine.queries.personal import Veil
from engine.store import models
from engine.store.models import History, Job
from engine.wiring import Engine

#: Entries that one page shows; a case that was reworked a thousand times has more.
LATEST = 500


def entries(
    session: Session, published: Published, case_id: int, veil: Veil, *, latest: int = LATEST
) -> tuple[Entry, ...]:
    """The latest entries of a case's history, oldest first."""
    rows = session.scalars(
        sa.select(History).where(History.case_id == case_id).order_by(History.seq.desc()).limit(latest)
    ).all()
    return tuple(
        Entry(
            seq=row.seq,
            at=row.at,
            actor=row.actor,
            kind=row.kind,
            node=row.node,
            node_name=published.node_name(row.process, row.node) if row.node else None,
            detail=veil.detail(row.detail),
        )
        for row in reversed(rows)
    )


def attachments(session: Session, case_id: int, veil: Veil) -> tuple[Attachment, ...]:
    """The files of a case, oldest first, without those that are personal data behind the veil."""
    rows = session.scalars(
        sa.select(models.Attachment)
        .where(models.Attachment.case_id == case_id)
        .order_by(models.Attachment.at, models.Attachment.id)
    )
    return tuple(attachment_row(row) for row in rows if not veil.hides(field_key(row.field)))


def attachment_row(row: models.Attachment) -> Attachment:
    """A file as pages show it."""
    return Attachment(
        id=row.id, name=row.name, mime=row.mime, size=row.size, at=row.at, by=row.by, field=row.field
    )


def field_key(path: str) -> str:
    """The key of the field at a path: ``materials.0.photo`` is ``materials.photo``."""
    return ".".join(part for part in path.split(".") if not part.isdigit())


def ladder(engine: Engine, session: Session, task_id: str) -> tuple[tuple[datetime, str, Words], ...]:
    """The moments at which somebody will be reminded or told of a task."""
    rows = session.execute(
        sa.select(Job.due_at, Job.kind, Job.payload)
        .where(
            Job.case_id == sa.select(models.Task.case_id).where(models.Task.id == task_id).scalar_subquery(),
            Job.kind.in_(("remind", "escalate")),
            Job.status == "armed",
        )
        .order_by(Job.due_at, Job.id)
    )
    return tuple(
        (row.due_at, row.kind, recipient_words(engine, str(row.payload.get("to", ""))))
        for row in rows
        if row.payload.get("task") == task_id
    )
