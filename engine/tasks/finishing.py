"""What completing a task does, whoever's last word it was: its holder's, or that of those who sign."""

from __future__ import annotations

import logging

from engine import steps
from engine.cases import next_after
from engine.domain.facts import Data, Next, TaskId
from engine.store import rows, saving
from engine.store.models import Task

logger = logging.getLogger(__name__)


def finish(step: steps.Step, task: Task, clean: Data, *, request_id: str | None = None) -> Next:
    """Close a locked task with its answers, and move its case on; what comes next for who acts."""
    by, task_id = step.actor, TaskId(task.id)
    step.completed = task_id
    away = by.in_place_of(task.assignee_id, step.case.procedure)
    step.acts_for = away.name if away else ""
    saving.close_task(
        step.session,
        task,
        done_at=step.now,
        # It stays theirs for whom it was done: what follows goes to them when they are back.
        assignee_id=away.id if away else by.id,
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
        # While the clocks stand still nothing becomes late.
        late=bool(task.due_at and (step.case.paused_at or step.now) > task.due_at),
    )
    steps.take(step, lambda run: run.complete(task_id, clean, by=by.id))
    following = next_after(step)
    if following.task_id is not None:
        rows.update(step.session, task, next_task_id=following.task_id)
    logger.info(
        "Task %s of case %s completed",
        task.node,
        step.case.number,
        extra={"action": "task_completed", "case": step.case.id, "task": task.id},
    )
    return following
