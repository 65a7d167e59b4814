"""Withdraw a completion (撤回) before anybody acted on what it opened."""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from engine import arming, notices, procedures, steps, worklist
from engine.domain.assignment import role_key
from engine.domain.facts import Actor, Standing, TaskId
from engine.domain.views import Words
from engine.domain.withdrawing import Told, obstacle
from engine.errors import CannotWithdraw, CaseNotActive, GuanjiaError
from engine.retrying import again_when_changed
from engine.store import inbox_rows, locking, repository, rows, saving, taking_back
from engine.store.database import Session
from engine.store.due import note_armed
from engine.store.models import Case, History, Task
from engine.tasks.drafting import typed_of
from engine.tasks.guards import require_lawful
from engine.wiring import Engine

logger = logging.getLogger(__name__)


def may_withdraw(engine: Engine, task_ids: Collection[TaskId], by: Actor) -> frozenset[TaskId]:
    """Which of these tasks a person may withdraw now."""
    with engine.database.look() as session:
        found = set()
        for case, task in taking_back.last_done(session, task_ids):
            try:
                _require(session, case, task, by)
            except GuanjiaError:
                continue
            found.add(TaskId(task.id))
        return frozenset(found)


def withdraw(engine: Engine, task_id: TaskId, *, by: Actor, within: timedelta | None = None) -> None:
    """Take a completion back: the task is open again, with what was answered as its draft.

    What the completion opened is cancelled, what it ended goes on as it stood. ``within`` refuses it when
    more time has passed. Raises :class:`CannotWithdraw`, which says why, :class:`CaseNotActive` and
    :class:`NotPossibleNow`.
    """
    _withdraw(engine, task_id, by, within)
    engine.dispatcher.wake()


@again_when_changed
def _withdraw(engine: Engine, task_id: TaskId, by: Actor, within: timedelta | None) -> None:
    with engine.database.transaction() as session:
        case, task = locking.lock_case_of_task(session, task_id)
        told = _require(session, case, task, by)
        done_at = _done_at(task)
        if within is not None and engine.now() - done_at > within:
            raise CannotWithdraw(why="late", task=task_id)
        published = procedures.of_version(engine, session, case.version_id)
        step = steps.step_for(engine, session, case, published, by)
        before, now = steps.put_back(step, *taking_back.previous(session, case.id))
        step.tell("withdrawn", node=task.node, process=task.process, task_id=task.id)
        _call_off(step, before, now)
        _start_clocks(step, done_at, told)
        _arm_again(step, done_at, before, now)
        worklist.save_awaited(step, now, before)
        _open_again(step, task, before, now)
        numbers = [entry.detail["number"] for entry in told if entry.kind == "number_issued"]
        taking_back.keep_numbers(session, case.id, numbers, step.now)
        saving.append_history(session, case, step.told)
    logger.info(
        "Task %s of case %s withdrawn",
        task.node,
        case.number,
        extra={"action": "task_withdrawn", "case": case.id, "task": task.id},
    )


def _require(session: Session, case: Case, task: Task, by: Actor) -> list[History]:
    """Guard: the task may be withdrawn by this person; what was told since its step began."""
    require_lawful(session, "withdraw", case, task)
    facts = {"task": task.id, "by": task.done_by_name}
    if by.id is None or task.done_by != by.id:
        raise CannotWithdraw(why="other_person", **facts)
    if case.status == "ended" and case.previous_task == task.id:
        raise CannotWithdraw(why="ended", **facts)
    if case.status != "active":
        raise CaseNotActive(case=case.number, status=case.status)
    if case.previous_task != task.id:
        raise CannotWithdraw(why="not_last", **facts)
    if task.signing:
        raise CannotWithdraw(why="signed", **facts)
    told = taking_back.entries_of_step(session, case)
    opened = {entry.task_id for entry in told if entry.kind == "task_opened"}
    beside = {found.id for found in repository.open_tasks(session, case.id)} - opened
    entries = (Told(entry.kind, entry.actor_id, entry.at, entry.task_id) for entry in told)
    why = obstacle(entries, by=by.id, at=_done_at(task), beside=beside)
    if not why and any(map(_is_touched, taking_back.tasks(session, [one for one in opened if one]))):
        why = "acted"
    if why:
        raise CannotWithdraw(why=why, **facts)
    return told


def _is_touched(task: Task) -> bool:
    """Say whether somebody did something with an open task that stands in no history."""
    return bool(task.status != "open" or task.touched_at or task.draft_at or task.urged)


def _done_at(task: Task) -> datetime:
    if task.done_at is None:
        raise CannotWithdraw(why="not_done", task=task.id)
    return task.done_at


def _call_off(step: steps.Step, before: Standing, now: Standing) -> None:
    """Cancel what the completion opened, and tell those who had it."""
    session, kept = step.session, {task.id for task in before.open_tasks}
    gone = [task for task in now.open_tasks if task.id not in kept]
    ids = [task.id for task in gone]
    saving.cancel_tasks(session, ids, step.now)
    taking_back.call_back(session, ids, {"by": step.actor.name, "how": "withdrawn", "reason": ""})
    saving.clear_inbox(session, ids)
    saving.cancel_ladders(session, step.case.id, ids, step.now)
    for task in gone:
        step.tell("task_cancelled", node=task.node, process=task.process, task_id=task.id)
    for found in taking_back.tasks(session, ids):
        if found.assignee_id not in (None, step.actor.id):
            name = step.published.node_name(found.process, found.node)
            said = Words(
                f"{step.actor.name} 撤回了上一步的办理，“{name.zh}”暂不需要办理",
                f"{step.actor.name} withdrew the step before; “{name.en}” is not to be done for now",
            )
            notices.tell(step, [int(found.assignee_id or 0)], said)


def _start_clocks(step: steps.Step, at: datetime, told: list[History]) -> None:
    """Let the clocks of the case run on that the completion met or let fall away."""
    met = {entry.detail.get("clock") for entry in told if entry.kind == "clock_met"}
    running = dict(step.case.clocks or {})
    for clock in taking_back.clocks_stopped(step.session, step.case.id, at):
        if clock.kind in met or clock.met_at is None:
            clock.met_at = clock.dropped_at = None
            running[clock.kind] = clock.id
    if running != (step.case.clocks or {}):
        rows.update(step.session, step.case, clocks=running)


def _arm_again(step: steps.Step, at: datetime, before: Standing, now: Standing) -> None:
    """Cancel the timers that the completion started; arm what it cancelled, for the moments it had."""
    session, case = step.session, step.case
    known = {(timer.id, timer.due_at) for timer in now.timers}
    wanted = {(timer.id, timer.due_at) for timer in before.timers}
    saving.cancel_timers(session, case.id, known - wanted, step.now)
    present = {task.id for task in now.open_tasks}
    ladders: set[str] = {task.id for task in before.open_tasks if task.id not in present}
    ladders |= {arming.clock_key(kind, number) for kind, number in (case.clocks or {}).items()}
    back = set()
    for job in taking_back.jobs_cancelled(session, case.id, at):
        timer = (job.key, job.due_at)
        if job.kind == "timer" and timer in wanted - known:
            back.add(timer)
        elif job.kind == "timer" or job.key.partition(":")[0] not in ladders:
            continue
        stands_still = case.paused_at and (job.kind in arming.STANDING or job.payload.get("pausable"))
        job.status = "paused" if stands_still else "armed"
        job.run_at, job.attempts, job.error, job.done_at = job.due_at, 0, None, None
        if not stands_still:
            note_armed(session, case.id, job.key, job.due_at)
    if back != wanted - known:
        # A timer was moved meanwhile: the state of before would wait for the old moment.
        raise CannotWithdraw(why="not_last", case=case.number)


def _open_again(step: steps.Step, task: Task, before: Standing, now: Standing) -> None:
    """Show again what the completion closed: the task itself, and what was cancelled by it."""
    session, present = step.session, {found.id for found in now.open_tasks}
    back = [found.id for found in before.open_tasks if found.id not in present]
    taking_back.reopen(session, [found for found in back if found != task.id])
    draft = typed_of(step, task, task.answers or {})
    kept = {"draft": draft, "draft_at": step.now, "draft_by": step.actor.id} if draft else {}
    # What was done straight from a role's list is its doer's now, who may put it back.
    offered = task.assigned_because.partition(":")[0] in ("lane", "candidates", "nobody")
    taking_back.reopen(session, [task.id], claimed=task.claimed or offered, touched_at=step.now, **kept)
    for found in taking_back.tasks(session, back):
        worklist.put_into_inbox(step, found)
        for entry in repository.escalations(session, step.case.id, found.id):
            said = {"zh": entry.detail["zh"], "en": entry.detail["en"], "at": entry.at.isoformat()}
            who = role_key(entry.detail["to"], step.case.site)
            label = step.published.label(found.process, found.name)
            inbox_rows.watch(
                session, inbox_rows.row(step.case, found, label, who=who, kind="watch", reason=said)
            )
