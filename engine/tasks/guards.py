"""What every verb over a task asks first: is it open, is it this person's to do."""

from __future__ import annotations

from engine.domain import assignment
from engine.domain.facts import Actor
from engine.errors import CaseNotActive, Forbidden, TaskAlreadyDone, TaskCalledBack, TaskTaken
from engine.store import repository
from engine.store.database import Session
from engine.store.models import Case, Task


def require_may_complete(session: Session, case: Case, task: Task, by: Actor) -> None:
    """Guard: the task is open, its case is active, and it is this person's to do."""
    require_open(case, task)
    if assignment.may_work_on(by, assignee=task.assignee_id, candidates=task.candidates, site=case.site):
        return
    if task.assignee_id is not None and any(by.has_role(role, case.site) for role in task.candidates):
        holder = repository.account(session, task.assignee_id)
        raise TaskTaken(task=task.id, by=holder.name if holder else "")
    raise Forbidden(task=task.id)


def require_open(case: Case, task: Task) -> None:
    """Guard: the task is open and its case is active."""
    if task.status == "done":
        raise TaskAlreadyDone(task=task.id, by=task.done_by_name, at=task.done_at)
    if task.called_back is not None and task.status == "cancelled":
        raise TaskCalledBack(task=task.id, at=task.done_at, **task.called_back)
    if task.status != "open" or case.status != "active":
        raise CaseNotActive(case=case.number, status=case.status)
