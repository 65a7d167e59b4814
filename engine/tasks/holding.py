"""Take a task for oneself, and put it back."""

from __future__ import annotations

from engine import idling, procedures, steps, worklist
from engine.domain import assignment
from engine.domain.facts import Actor, TaskId
from engine.errors import Forbidden
from engine.retrying import again_when_changed
from engine.store import locking, repository, rows, saving
from engine.tasks.guards import require_lawful, require_may_complete
from engine.wiring import Engine


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
            require_lawful(session, "claim", case, task)
        else:
            require_may_complete(session, case, task, by, verb="claim")
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        held_by = repository.account(session, task.assignee_id) if task.assignee_id else None
        rows.update(
            session,
            task,
            assignee_id=by.id,
            claimed=True,
            given_by=None,
            given_how=None,
            touched_at=step.now,
        )
        worklist.put_into_inbox(step, task)
        idling.watch(step, task)
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
        require_may_complete(session, case, task, by, verb="release")
        away = by.in_place_of(task.assignee_id, case.procedure)
        if (task.assignee_id != by.id and away is None) or not task.claimed:
            raise Forbidden("Only a task that you claimed can be put back.", task=task_id)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        step.acts_for = away.name if away else ""
        rows.update(session, task, assignee_id=None, claimed=False)
        worklist.put_into_inbox(step, task)
        step.tell("task_released", node=task.node, process=task.process, task_id=task.id)
        saving.append_history(session, case, step.told)
