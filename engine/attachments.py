"""Files of a case: checked by what they contain, kept once under their digest, open to who sees the case.

The bytes are on the disk before the row that names them; a crash between the two leaves a file that
nothing names, never a row without its file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from engine import procedures
from engine.domain.facts import Actor, CaseId, TaskId
from engine.domain.filetypes import cleaned_name, kind_of
from engine.domain.views import Attachment
from engine.errors import (
    AttachmentNotFound,
    CaseNotActive,
    CaseNotFound,
    FileRefused,
    Forbidden,
    TaskNotFound,
)
from engine.queries import seeing
from engine.queries.personal import veil_of
from engine.queries.timeline import attachment_row, field_key
from engine.store import locking, models, saving
from engine.store.models import Case, Task
from engine.wiring import Engine

#: Characters of a field's path in the form: ``materials.0.photo``.
LONGEST_FIELD = 200


def add_attachment(
    engine: Engine,
    case_id: CaseId,
    *,
    by: Actor,
    name: str,
    content: bytes,
    mime: str = "",
    task_id: TaskId | None = None,
    field: str = "",
) -> Attachment:
    """Add a file to a case that the person sees and that is active.

    ``mime`` is what the sender said; what the file contains decides. Raises :class:`FileRefused` with the
    fact ``reason`` (``empty``, ``too-large``, ``type``, ``name``), :class:`CaseNotFound`,
    :class:`TaskNotFound`, :class:`Forbidden`, :class:`CaseNotActive`.
    """
    with engine.database.look() as session:
        _require_may_add(engine, session, case_id, by, task_id)
    if not content:
        raise FileRefused(reason="empty", name=name)
    if len(content) > engine.settings.upload_bytes:
        raise FileRefused(
            reason="too-large", name=name, size=len(content), limit=engine.settings.upload_bytes
        )
    kind = kind_of(content)
    if kind is None:
        raise FileRefused(reason="type", name=name, said=mime)
    clean = cleaned_name(name, kind)
    if not clean or len(field) > LONGEST_FIELD:
        raise FileRefused(reason="name", name=name)
    digest = _keep(engine.settings.files, content)
    row = models.Attachment(
        id=uuid4().hex,
        case_id=case_id,
        task_id=task_id,
        field=field,
        name=clean,
        mime=kind.mime,
        size=len(content),
        digest=digest,
        at=engine.now(),
        by=by.name,
        by_id=by.id,
    )
    with engine.database.transaction() as session:
        case = locking.lock_case(session, case_id)
        if case.status != "active":
            raise CaseNotActive(case=case.number, status=case.status)
        session.add(row)
        told = saving.entry(
            by,
            "attached",
            at=row.at,
            process=case.procedure,
            task_id=task_id,
            detail={"name": clean, "field": field},
        )
        saving.append_history(session, case, [told])
    return attachment_row(row)


def attachment_content(engine: Engine, attachment_id: str, actor: Actor) -> tuple[Attachment, bytes]:
    """A file and its bytes; a file of a personal field only for people near the case.

    Raises :class:`AttachmentNotFound`, also when the bytes on the disk are not those that were sent, and
    :class:`Forbidden`.
    """
    with engine.database.look() as session:
        found = session.execute(
            sa.select(models.Attachment, Case)
            .join(Case, Case.id == models.Attachment.case_id)
            .where(models.Attachment.id == attachment_id)
            .options(defer(Case.state, raiseload=True))
        ).one_or_none()
        if found is None:
            raise AttachmentNotFound(attachment=attachment_id)
        row, case = found.Attachment, found.Case
        published = procedures.of_version(engine, session, case.version_id)
        sight = seeing.require_sight(engine, session, case, published, actor)
        if veil_of(published, case.data, near=sight.near).hides(field_key(row.field)):
            raise Forbidden(attachment=attachment_id)
    return attachment_row(row), _kept(engine.settings.files, row.digest)


def _require_may_add(
    engine: Engine, session: Session, case_id: CaseId, by: Actor, task_id: TaskId | None
) -> None:
    case = session.scalars(
        sa.select(Case).where(Case.id == case_id).options(defer(Case.state, raiseload=True))
    ).one_or_none()
    if case is None:
        raise CaseNotFound(case=case_id)
    published = procedures.of_version(engine, session, case.version_id)
    seeing.require_sight(engine, session, case, published, by)
    if case.status != "active":
        raise CaseNotActive(case=case.number, status=case.status)
    if task_id is not None and session.scalar(sa.select(Task.case_id).where(Task.id == task_id)) != case_id:
        raise TaskNotFound(task=task_id)


# On the disk -------------------------------------------------------------------------------------


def _path(folder: Path, digest: str) -> Path:
    return folder / digest[:2] / digest


def _keep(folder: Path, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    path = _path(folder, digest)
    if path.is_file() and path.stat().st_size == len(content):
        return digest
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    # The name is on the disk only when its folder is.
    entry = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)
    return digest


def _kept(folder: Path, digest: str) -> bytes:
    try:
        content = _path(folder, digest).read_bytes()
    except FileNotFoundError as error:
        raise AttachmentNotFound(digest=digest, reason="missing") from error
    if hashlib.sha256(content).hexdigest() != digest:
        raise AttachmentNotFound(digest=digest, reason="damaged")
    return content
