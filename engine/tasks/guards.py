"""What every verb over a task asks first: may it be done in this state, and is it this person's to do."""

from __future__ import annotations

from engine import errors
from engine.domain import assignment, verbs
from engine.domain.facts import Actor
from engine.domain.verbs import VERBS, State
from engine.errors import (
    CaseNotActive,
    Forbidden,
    NotPossibleNow,
    ReasonMissing,
    TaskAlreadyDone,
    TaskCalledBack,
    TaskTaken,
)
from engine.store import repository
from engine.store.database import Session
from engine.store.models import Case, Task

__all__ = [
    "require_holder",
    "require_lawful",
    "require_may_complete",
    "require_not_called_back",
    "require_open",
    "require_reason",
    "state_of",
]


def state_of(case: Case, task: Task) -> State:
    """The state of a task in the drawn machine."""
    return verbs.state_of(
        status=task.status,
        case_status=case.status,
        assignee=task.assignee_id,
        given_how=task.given_how,
        signing=task.signing,
    )


def require_lawful(session: Session, verb: str, case: Case, task: Task) -> State:
    """Guard: the drawn machine knows this verb in the task's state."""
    require_not_called_back(task)
    state = state_of(case, task)
    refused = verbs.refusal(VERBS[verb], state)
    if not refused:
        return state
    if refused == errors.TaskAlreadyDone.__name__:
        raise TaskAlreadyDone(task=task.id, by=task.done_by_name, at=task.done_at)
    if refused == errors.CaseNotActive.__name__:
        raise CaseNotActive(case=case.number, status=case.status)
    if refused == errors.TaskTaken.__name__:
        raise TaskTaken(task=task.id, by=_name(session, task.assignee_id))
    raise NotPossibleNow(task=task.id, verb=verb, state=state)


def require_may_complete(
    session: Session, case: Case, task: Task, by: Actor, verb: str = "complete"
) -> State:
    """Guard: the verb is lawful now, and the task is this person's to do."""
    state = require_lawful(session, verb, case, task)
    if assignment.may_work_on(
        by,
        assignee=task.assignee_id,
        candidates=task.candidates,
        site=case.site,
        procedure=case.procedure,
    ):
        return state
    if task.assignee_id is not None and _would_be_theirs(case, task, by):
        raise TaskTaken(task=task.id, by=_name(session, task.assignee_id), at=task.touched_at)
    raise Forbidden(task=task.id)


def _would_be_theirs(case: Case, task: Task, by: Actor) -> bool:
    """Say whether somebody could have the task, or had it: they are told who has it now."""
    if any(by.has_role(role, case.site) for role in task.candidates):
        return True
    return by.id is not None and by.id in (task.draft_by, task.given_by, case.started_by)


def require_holder(case: Case, task: Task, by: Actor) -> None:
    """Guard: this person has the task, or stands in for somebody who is away and has it."""
    if by.id is None or (task.assignee_id != by.id and not by.in_place_of(task.assignee_id, case.procedure)):
        raise Forbidden(task=task.id)


def require_open(case: Case, task: Task) -> None:
    """Guard: the task is open and its case is active."""
    if task.status == "done":
        raise TaskAlreadyDone(task=task.id, by=task.done_by_name, at=task.done_at)
    require_not_called_back(task)
    if task.status != "open" or case.status != "active":
        raise CaseNotActive(case=case.number, status=case.status)


def require_not_called_back(task: Task) -> None:
    """Guard: nobody ended the task by sending back or withdrawing."""
    if task.called_back is not None and task.status == "cancelled":
        raise TaskCalledBack(task=task.id, at=task.done_at, **task.called_back)


def require_reason(reason: str) -> str:
    """Guard: a reason was given; the reason without blanks around it."""
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()[:500]


def _name(session: Session, account_id: int | None) -> str:
    holder = repository.account(session, account_id) if account_id is not None else None
    return holder.name if holder else ""
