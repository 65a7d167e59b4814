"""Take a task from whoever has it and put it back for its roles: what a supervisor decides."""

from __future__ import annotations

from engine.cases import is_supervisor
from engine.domain.facts import Actor, TaskId
from engine.errors import Forbidden, NotPossibleNow
from engine.retrying import again_when_changed
from engine.tasks.guards import require_reason
from engine.tasks.opening import held, name_of
from engine.wiring import Engine


@again_when_changed
def unassign_task(engine: Engine, task_id: TaskId, *, by: Actor, reason: str) -> None:
    """Let the roles of a task have it again; what was typed stays with it.

    Raises :class:`ReasonMissing`, :class:`Forbidden`, :class:`NotPossibleNow` for a task that is one
    person's, or nobody's already.
    """
    reason = require_reason(reason)
    with held(engine, task_id, by=by, verb="reassign") as hold:
        if not is_supervisor(engine, hold.step.case, hold.step.published, by):
            raise Forbidden(task=task_id)
        before = hold.task.assignee_id
        if before is None or not hold.task.candidates:
            raise NotPossibleNow(task=task_id, verb="unassign")
        hold.change(assignee_id=None, given_by=None, given_how=None, claimed=False)
        hold.note("task_unassigned", held_by=name_of(hold.step, before), reason=reason)
        hold.tell([before], "transfer", "{by} 把“{step}”放回了待领", "{by} put “{step}” back for its roles")
