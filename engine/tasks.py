"""The verbs that people have over a task: claim, release, keep a draft, complete."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from engine import procedures, steps, worklist
from engine.answers import Asking, FormState
from engine.cases import next_after
from engine.domain import assignment
from engine.domain.facts import Actor, CaseId, Data, Next, TaskId
from engine.errors import AnswersInvalid, CaseNotActive, Forbidden, Invalid, TaskAlreadyDone, TaskTaken
from engine.retrying import again_when_changed
from engine.store import locking, repository, rows, saving
from engine.store.database import Session
from engine.store.models import Case, Task
from engine.wiring import Engine
from forms.parsing import MultiMap

logger = logging.getLogger(__name__)

#: Characters of a draft as JSON.
DRAFT_SIZE = 65_536


def complete_task(
    engine: Engine,
    task_id: TaskId,
    *,
    by: Actor,
    answers: Mapping[str, Any] | MultiMap,
    request_id: str | None = None,
) -> Next:
    """Complete a task and move its case on as far as it goes without people.

    Either everything happens (answers, next tasks, timers, history) or nothing does; what was typed is
    kept as a draft when it cannot. The same ``request_id`` a second time gives the same answer.

    Raises :class:`TaskAlreadyDone` (with who and when), :class:`Forbidden`, :class:`CaseNotActive`,
    :class:`AnswersInvalid`, :class:`RuntimeFailed` when the procedure cannot go on.
    """
    try:
        following = _complete(engine, task_id, by, answers, request_id)
    except AnswersInvalid:
        _keep(engine, task_id, by, answers)
        raise
    # After the commit: a worker must never look before we are done.
    engine.dispatcher.wake()
    return following


@again_when_changed
def _complete(
    engine: Engine,
    task_id: TaskId,
    by: Actor,
    answers: Mapping[str, Any] | MultiMap,
    request_id: str | None,
) -> Next:
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        if task.status == "done" and request_id and task.request_id == request_id:
            return Next(CaseId(case.id), TaskId(task.next_task_id) if task.next_task_id else None)
        require_may_complete(session, case, task, by)
        published = procedures.of_version(engine, session, case.version_id)
        clean = Asking(engine, session, case, task, published, by).check(answers)

        step = steps.step_for(engine, session, case, published, by)
        step.completed = task_id
        saving.close_task(
            session,
            task,
            done_at=step.now,
            assignee_id=by.id,
            done_by=by.id,
            done_by_name=by.name,
            answers=clean,
            request_id=request_id,
        )
        step.tell(
            "completed",
            node=task.node,
            process=task.process,
            task_id=task.id,
            answers=clean,
            late=bool(task.due_at and step.now > task.due_at),
        )
        steps.take(step, lambda run: run.complete(task_id, clean, by=by.id))
        following = next_after(step)
        if following.task_id is not None:
            rows.update(session, task, next_task_id=following.task_id)
    logger.info(
        "Task %s of case %s completed",
        task.node,
        case.number,
        extra={"action": "task_completed", "case": case.id, "task": task.id},
    )
    return following


@again_when_changed
def claim_task(engine: Engine, task_id: TaskId, *, by: Actor) -> None:
    """Take a task of my roles, or one that was escalated to me, for myself.

    Raises :class:`TaskTaken` when somebody else has it and it was not escalated to me.
    """
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        if task.assignee_id == by.id and task.status == "open":
            return
        watched = repository.is_watched(
            session, task.id, assignment.principals(by, engine.organisation.sites)
        )
        if watched:
            require_open(case, task)
        else:
            require_may_complete(session, case, task, by)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        held_by = repository.account(session, task.assignee_id) if task.assignee_id else None
        rows.update(session, task, assignee_id=by.id, claimed=True)
        worklist.put_into_inbox(step, task)
        step.tell(
            "task_taken_over" if held_by else "task_claimed",
            node=task.node,
            process=task.process,
            task_id=task.id,
            **({"held_by": held_by.name} if held_by else {}),
        )
        saving.append_history(session, case, step.told)


@again_when_changed
def release_task(engine: Engine, task_id: TaskId, *, by: Actor) -> None:
    """Put a claimed task back for my roles; my draft stays with it."""
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        require_may_complete(session, case, task, by)
        if task.assignee_id != by.id or not task.claimed:
            raise Forbidden("Only a task that you claimed can be put back.", task=task_id)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        rows.update(session, task, assignee_id=None, claimed=False)
        worklist.put_into_inbox(step, task)
        step.tell("task_released", node=task.node, process=task.process, task_id=task.id)
        saving.append_history(session, case, step.told)


@again_when_changed
def save_draft(engine: Engine, task_id: TaskId, *, by: Actor, typed: Data) -> None:
    """Keep what was typed, as it was typed; raises :class:`Invalid` when it is too much."""
    if len(json.dumps(typed, ensure_ascii=False)) > DRAFT_SIZE:
        raise Invalid("The draft is too large to be kept.", limit=DRAFT_SIZE)
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        require_may_complete(session, case, task, by)
        rows.update(session, task, draft=typed, draft_at=engine.now(), draft_by=by.id)


def form_fields(
    engine: Engine,
    task_id: TaskId,
    actor: Actor,
    typed: Mapping[str, Any] | MultiMap | None = None,
    *,
    judge: bool = False,
) -> FormState | None:
    """A task's form as it stands for a person: typed, else drafted, else its first values.

    None for a task that is a confirmation. Raises as :func:`complete_task`.
    """
    with engine.database.look() as session:
        case, task = repository.case_of_task(session, task_id)
        require_may_complete(session, case, task, actor)
        published = procedures.of_version(engine, session, case.version_id)
        if typed is None and task.draft is not None:
            typed = _Typed(task.draft)
        return Asking(engine, session, case, task, published, actor).state(typed, judge=judge)


def first_answers(engine: Engine, task_id: TaskId, actor: Actor) -> Data:
    """What a task's form begins with, as answers: what its page sends when nothing is changed."""
    with engine.database.look() as session:
        case, task = repository.case_of_task(session, task_id)
        published = procedures.of_version(engine, session, case.version_id)
        asking = Asking(engine, session, case, task, published, actor)
        return asking.first_values(asking.form) if asking.form else {}


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
    if task.status != "open" or case.status != "active":
        raise CaseNotActive(case=case.number, status=case.status)


def _keep(engine: Engine, task_id: TaskId, by: Actor, answers: Mapping[str, Any] | MultiMap) -> None:
    getlist = getattr(answers, "getlist", None)
    typed = {
        name: getlist(name) if getlist else answers[name]  # type: ignore[index]
        for name in answers.keys()  # noqa: SIM118  # a multimap need not be iterable
        if not name.startswith("_") and name != "csrf_token"
    }
    if getlist and len(json.dumps(typed, ensure_ascii=False)) <= DRAFT_SIZE:
        save_draft(engine, task_id, by=by, typed=typed)


class _Typed(dict[str, Any]):
    """A kept draft as the multimap it was."""

    def getlist(self, key: str) -> list[str]:
        """All texts of a name."""
        value = self.get(key, [])
        return list(value) if isinstance(value, list) else [value]
