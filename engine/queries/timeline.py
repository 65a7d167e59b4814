"""What happened in a case, its files, its rungs still to come: what the pages of a task and a case share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.case_clocks import CLOCK_WORDS
from engine.domain.ladders import ACTIONS
from engine.domain.views import Attachment, CaseClockLine, Entry, LadderLine, PauseLine, Words
from engine.procedures import Published
from engine.queries.limits import clock_of, recipient_words
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


def ladder(session: Session, engine: Engine, case_id: int, **about: object) -> tuple[LadderLine, ...]:
    """The moments at which something happens over a task (``task=``) or a case's clock (``clock_id=``)."""
    rows = session.execute(
        sa.select(Job.due_at, Job.kind, Job.payload, Job.status)
        .where(Job.case_id == case_id, Job.kind.in_(ACTIONS), Job.status.in_(("armed", "paused")))
        .order_by(Job.due_at, Job.id)
    )
    return tuple(
        LadderLine(
            at=row.due_at,
            action=row.kind,
            to=recipient_words(engine, str(row.payload.get("to", ""))),
            when=Words(str(row.payload.get("when", "")), str(row.payload.get("when_en", ""))),
            paused=row.status == "paused",
        )
        for row in rows
        if all(row.payload.get(key) == value for key, value in about.items())
    )


def case_clocks(engine: Engine, session: Session, case: models.Case) -> tuple[CaseClockLine, ...]:
    """The clocks of a whole case: those that run, and what became of its response and its solution."""
    if case.clocks is None:
        return ()
    found = session.scalars(
        sa.select(models.CaseClock).where(models.CaseClock.case_id == case.id).order_by(models.CaseClock.id)
    ).all()
    now = case.paused_at or engine.now()
    return tuple(
        CaseClockLine(
            kind=row.kind,
            name=CLOCK_WORDS[row.kind],
            clock=clock_of(
                engine,
                site=case.site,
                start=row.started_at,
                due=row.due_at,
                deadline=row.deadline,
                limit=row.limit,
                at=row.met_at,
                paused=case.paused_at,
            ),
            met_at=row.met_at,
            missed=(row.met_at or now) > row.due_at,
            ladder=ladder(session, engine, case.id, clock_id=row.id) if row.met_at is None else (),
        )
        for row in found
        if row.dropped_at is None and not (row.kind == "update" and row.met_at is not None)
    )


def pauses(engine: Engine, session: Session, case_id: int) -> tuple[PauseLine, ...]:
    """The times in which the clocks of a case stood still, the latest first."""
    rows = session.scalars(
        sa.select(models.Pause)
        .where(models.Pause.case_id == case_id)
        .order_by(models.Pause.started_at.desc(), models.Pause.id.desc())
    )
    return tuple(
        PauseLine(
            reason=pause_words(engine, row.reason),
            note=row.note,
            by=row.by,
            started_at=row.started_at,
            ended_at=row.ended_at,
        )
        for row in rows
    )


def pause_words(engine: Engine, code: str) -> Words:
    """Why clocks stand still; a reason that the organisation has no more stands for itself."""
    found = engine.organisation.pauses.get(code)
    return Words(found.zh, found.en) if found else Words(code, code)
