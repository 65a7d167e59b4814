"""Locks, in this order everywhere: case, then task, then job."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.domain.facts import CaseId, TaskId
from engine.errors import CaseNotFound, TaskNotFound
from engine.store.failing import failpoint
from engine.store.models import Case, Task
from engine.store.prepared import Prepared
from engine.store.rows import columns_of, given, loaded, table_of
from engine.store.ruling import LATEST, RULES

case, task = table_of(Case), table_of(Task)

_LOCK_CASE = Prepared(
    sa.select(*columns_of(Case), LATEST).where(case.c.id == given("case")).with_for_update(of=[case])
)
_LOCK_TASK = Prepared(
    sa.select(*columns_of(Case), *columns_of(Task), LATEST)
    .join_from(case, task, task.c.case_id == case.c.id)
    .where(task.c.id == given("task"))
    # Both: PostgreSQL reads anew, after waiting, only the rows that it locks.
    .with_for_update(of=[case, task])
)


def lock_case(session: Session, case_id: CaseId | int) -> Case:
    """The case, locked until the transaction ends; raises :class:`CaseNotFound`."""
    session.flush()
    found = _LOCK_CASE.rows(session, _case=case_id)
    if not found:
        raise CaseNotFound(case=case_id)
    failpoint("locked")
    session.info[RULES] = found[0][RULES]
    return loaded(Case, found[0])


def lock_case_of_task(session: Session, task_id: TaskId | str) -> tuple[Case, Task]:
    """A task with its case, both locked; raises :class:`TaskNotFound`."""
    session.flush()
    found = _LOCK_TASK.rows(session, _task=task_id)
    if not found:
        raise TaskNotFound(task=task_id)
    failpoint("locked")
    session.info[RULES] = found[0][RULES]
    return loaded(Case, found[0]), loaded(Task, found[0])
