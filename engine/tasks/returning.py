"""Send a task back to a step that was done before (退回)."""

from __future__ import annotations

import logging
from typing import Any

from engine import notices, procedures, steps, worklist
from engine.domain.facts import Actor, TaskId
from engine.domain.views import Return, Words
from engine.errors import CannotSendBack, ReasonMissing
from engine.procedures import Published
from engine.retrying import again_when_changed
from engine.store import locking, repository, rows
from engine.store.database import Session
from engine.store.models import Task
from engine.tasks.drafting import typed_of
from engine.tasks.guards import require_may_complete
from engine.wiring import Engine

logger = logging.getLogger(__name__)

#: Characters of a reason.
REASON_SIZE = 500


def lawful_returns(engine: Engine, task_id: TaskId, by: Actor) -> list[Return]:
    """The steps to which a task may be sent back, the nearest process first, with what each calls back.

    Raises as :func:`send_back`.
    """
    with engine.database.look() as session:
        case, task = repository.case_of_task(session, task_id)
        require_may_complete(session, case, task, by, verb="send_back")
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        tasks = {found.id: found for found in repository.open_tasks(session, case.id)}
        return [
            Return(
                node=way.node,
                name=published.node_name(way.process, way.node),
                by=_name(session, way.by),
                calls_back=tuple(
                    (
                        published.node_name(tasks[one].process, tasks[one].node),
                        _name(session, tasks[one].assignee_id),
                    )
                    for one in way.calls_back
                    if one in tasks
                ),
            )
            for way in steps.restored(step).ways_back(task_id)
        ]


def send_back(engine: Engine, task_id: TaskId, *, by: Actor, to: str, reason: str) -> None:
    """Send a task back to an earlier step, a node of the drawing, and say why.

    The task and what runs beside it in the parallel parts that are left are called back. The step is opened
    anew for whoever did it last, with their answers as its draft and a deadline of its own, from now.

    Raises :class:`CannotSendBack`, :class:`ReasonMissing`, and as :func:`complete_task`.
    """
    if not reason.strip():
        raise ReasonMissing
    _send_back(engine, task_id, by, to, reason.strip()[:REASON_SIZE])
    engine.dispatcher.wake()


@again_when_changed
def _send_back(engine: Engine, task_id: TaskId, by: Actor, to: str, reason: str) -> None:
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        require_may_complete(session, case, task, by, verb="send_back")
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        step.sent_back, step.sent_to = task_id, to
        name = _name_of(published, to)
        before = repository.open_tasks(session, case.id)
        step.tell(
            "sent_back",
            node=task.node,
            process=task.process,
            task_id=task.id,
            to=to,
            back_to={"zh": name.zh, "en": name.en},
            reason=reason,
        )
        snapshot = steps.take(step, lambda run: run.send_back(task_id, to))

        open_now = {found.id for found in snapshot.open_tasks}
        gone = [found for found in before if found.id not in open_now]
        _call_back(step, task_id, gone, reason)
        for found in step.opened:
            if found.node == to:
                _hand_over(step, found, task, reason)
    logger.info(
        "Task %s of case %s sent back to %s",
        task.node,
        case.number,
        to,
        extra={"action": "task_sent_back", "case": case.id, "task": task.id},
    )


def _call_back(step: steps.Step, sent: TaskId, gone: list[Task], reason: str) -> None:
    """Note on what is not to be done any more who ended it; tell those who had it, but for who did."""
    called = {"by": step.actor.name, "how": "sent_back", "reason": reason}
    for found in gone:
        found.called_back = called
        people = {found.assignee_id, found.draft_by} - {None, step.actor.id}
        name = step.published.node_name(found.process, found.node)
        said = Words(
            f"{step.actor.name} 退回了案件 {step.case.number}，“{name.zh}”不再需要办理。理由：{reason}",
            f"{step.actor.name} sent case {step.case.number} back; “{name.en}” is not to be done: {reason}",
        )
        notices.tell(step, sorted(person for person in people if person), said, kind="called_back")
    step.session.flush()


def _hand_over(step: steps.Step, opened: Task, sent: Task, reason: str) -> None:
    """Give a step that is opened anew to whoever did it last, with what they answered then."""
    session, case = step.session, step.case
    told: dict[str, Any] = {
        "sent_back": {
            "by": step.actor.name,
            "at": step.now.isoformat(),
            "reason": reason,
            "process": sent.process,
            "from": sent.node,
        }
    }
    last = repository.done_last(session, opened)
    if last is not None:
        draft = typed_of(step, opened, last.answers or {})
        if draft:
            told |= {"draft": draft, "draft_at": step.now, "draft_by": last.done_by}
        if last.done_by is not None and opened.assignee_id is None:
            holders = repository.holders(session, opened.candidates, case.site)
            if any(last.done_by in held for held in holders.values()):
                told |= {"assignee_id": last.done_by, "claimed": True, "assigned_because": "sent_back"}
    rows.update(session, opened, **told)
    worklist.put_into_inbox(step, opened)
    if opened.assignee_id is None:
        notices.opened(step, [opened])
    elif opened.assignee_id != step.actor.id:
        name = step.published.node_name(opened.process, opened.node)
        said = Words(
            f"{step.actor.name} 把案件 {case.number} 退回到“{name.zh}”，请您重新办理。理由：{reason}",
            f"{step.actor.name} sent case {case.number} back to “{name.en}”, for you to do again: {reason}",
        )
        notices.tell(step, [opened.assignee_id], said, task=opened, kind="sent_back")


def _name_of(published: Published, node: str) -> Words:
    for found in published.specification.nodes.values():
        if found.id == node:
            return published.node_name(found.process, node)
    raise CannotSendBack(why="unknown", node=node)


def _name(session: Session, account_id: Any) -> str:
    found = repository.account(session, account_id) if isinstance(account_id, int) else None
    return found.name if found else ""
