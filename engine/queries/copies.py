"""Cases that were put before a person to know of them, what they have not read first."""

from __future__ import annotations

import sqlalchemy as sa

from engine import procedures
from engine.domain.facts import Actor, CaseId
from engine.domain.views import CopyLine, Page
from engine.queries.lines import matches, paged
from engine.store.models import Case, Copy
from engine.wiring import Engine


def list_copies(
    engine: Engine, actor: Actor, *, text: str = "", procedure: str = "", page: int = 1, size: int = 50
) -> Page[CopyLine]:
    """What was copied to a person: unread first, then the newest first."""
    statement = (
        sa.select(
            Copy.id,
            Copy.by,
            Copy.at,
            Copy.note,
            Copy.read_at,
            Case.id.label("case_id"),
            Case.number,
            Case.subject,
            Case.status,
            Case.version_id,
        )
        .join(Case, Case.id == Copy.case_id)
        .where(Copy.account_id == actor.id, matches(text, Case.number, Case.subject, Copy.note, Copy.by))
        .order_by(Copy.read_at.is_not(None), Copy.at.desc(), Copy.id.desc())
    )
    if procedure:
        statement = statement.where(Case.procedure == procedure)
    with engine.database.look() as session:
        rows, total, page, size = paged(session, statement, page=page, size=size)
        lines = [
            CopyLine(
                id=row.id,
                case_id=CaseId(row.case_id),
                case_number=row.number,
                procedure_name=procedures.of_version(engine, session, row.version_id).bundle.name,
                subject=row.subject,
                status=row.status,
                by=row.by,
                at=row.at,
                note=row.note,
                read=row.read_at is not None,
            )
            for row in rows
        ]
    return Page(lines, total, page, size)
