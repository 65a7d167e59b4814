"""Complete a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import procedures, steps
from engine.answers import Asking
from engine.domain.facts import Actor, CaseId, Next, TaskId
from engine.errors import AnswersInvalid
from engine.retrying import again_when_changed
from engine.store import locking, master_rows, saving
from engine.tasks import signed
from engine.tasks.drafting import draft_of, keep
from engine.tasks.finishing import finish
from engine.tasks.guards import require_may_complete
from engine.tasks.opening import Hold
from engine.wiring import Engine
from forms.parsing import MultiMap


def complete_task(
    engine: Engine,
    task_id: TaskId,
    *,
    by: Actor,
    answers: Mapping[str, Any] | MultiMap,
    request_id: str | None = None,
) -> Next:
    """Complete a task and move its case on as far as it goes without people, or put it before its signers.

    Either everything happens (answers, next tasks, timers, history) or nothing does; what was typed is
    kept as a draft when it cannot. The same ``request_id`` a second time gives the same answer.

    Raises :class:`TaskAlreadyDone` (with who and when), :class:`Forbidden`, :class:`CaseNotActive`,
    :class:`AnswersInvalid`, :class:`RuntimeFailed` when the procedure cannot go on.
    """
    try:
        following = _complete(engine, task_id, by, answers, request_id)
    except AnswersInvalid:
        keep(engine, task_id, by, answers)
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
        if request_id and request_id == (task.request_id or signed.request_of(task)):
            return Next(CaseId(case.id), TaskId(task.next_task_id) if task.next_task_id else None)
        state = require_may_complete(session, case, task, by)
        published = procedures.of_version(engine, session, case.version_id)
        asking = Asking(engine, session, case, task, published, by)
        clean = asking.check(answers)
        master_rows.concern(session, case.id, asking.concerned(clean))
        step = steps.step_for(engine, session, case, published, by)
        if not signed.waits_for_signers(task):
            return finish(step, task, clean, request_id=request_id)
        signed.submit(Hold(step, task, state), clean, draft_of(answers, asking.form), request_id)
        saving.append_history(session, case, step.told)
        return Next(CaseId(case.id), None)
