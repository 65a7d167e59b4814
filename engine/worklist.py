"""What a step leaves for people and clocks: open tasks in inboxes, timers and ladders as jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine import asking
from engine.domain import assignment
from engine.domain.facts import ArmedTimer, Data, OpenTask, Snapshot, Standing, Visited
from engine.domain.filling import fill
from engine.domain.sla import Deadline, Limit, Rung
from engine.errors import ExpressionFailed, RuntimeFailed
from engine.lending import deadline_named
from engine.runtime.workflow import Run
from engine.store import inbox_rows, repository, rows, saving
from engine.store.database import Session
from engine.store.due import note_armed
from engine.store.models import Inbox, Job, Subscription, Task

if TYPE_CHECKING:
    from engine.steps import Step

#: What goes on its way though its case may be over by then.
SENT = frozenset({"message", "signal"})
#: Nodes whose opening is told with its due moment and to whom it went.
TOLD = frozenset({"userTask", "manualTask", "task"})


def is_opening(visited: Visited) -> bool:
    """Say whether a visit is the opening of a task, which is told as such."""
    return visited.event == "entered" and visited.kind in TOLD


def save_tasks(step: Step, run: Run, before: Standing, snapshot: Snapshot, *, renamed: bool) -> None:
    """Open the tasks that are new, cancel those that came to nothing, take both sorts' inboxes along.

    Those that stay are found by the case's subject when that was ``renamed``.
    """
    session, now = step.session, step.now
    known = {task.id: task for task in before.open_tasks}
    present = {task.id for task in snapshot.open_tasks}
    over = [task for task in known.values() if task.id not in present]
    gone = [task for task in over if task.id != step.completed]
    for task in gone:
        step.tell("task_cancelled", node=task.node, process=task.process, task_id=task.id)
    saving.cancel_tasks(session, [task.id for task in gone], now)
    saving.clear_inbox(session, [task.id for task in over])
    timed = [task.id for task in over if task.properties.get("deadline")]
    saving.cancel_ladders(session, step.case.id, timed, now)
    for task in known.values() if renamed else ():
        if task.id in present:
            inbox_rows.rename(session, step.case, task.id, step.published.label(task.process, task.name))

    came_from = {seen.task: seen.came_from for seen in snapshot.visited if is_opening(seen)}
    opened = [
        _open(step, run, task, came_from.get(task.id)) for task in snapshot.open_tasks if task.id not in known
    ]
    rows.add(session, Task, [found.task for found in opened])
    rows.add(session, Inbox, [row for found in opened for row in _shown(step, found.task)])
    step.jobs += [rung for found in opened for rung in found.rungs]
    for found in opened:
        if found.task.properties.get("answer_link"):
            _ask(step, run, found.task)
    step.opened = [found.task for found in opened]
    step.has_others = not known.keys().isdisjoint(present)


@dataclass(frozen=True)
class _Opened:
    task: Task
    rungs: list[Job]


def _open(step: Step, run: Run, opened: OpenTask, came_from: str | None) -> _Opened:
    engine, session, case = step.engine, step.session, step.case
    properties = dict(opened.properties)
    person = _named(run, properties.get("assignee"), opened.data)
    roles = _named(run, properties.get("candidates"), opened.data)
    lane = engine.organisation.role_named(opened.role) if opened.role else None
    lane_role = lane.id if lane else None
    asked = assignment.asked_roles(engine.organisation, lane_role, roles)
    if isinstance(person, int) and not _active(session, person):
        person = None
    decided = assignment.assign(
        engine.organisation,
        lane_role=lane_role,
        named_person=person,
        named_roles=roles,
        holders=repository.holders(session, asked, case.site),
    )
    if decided.assignee is None and not decided.candidates:
        # A task in nobody's inbox would hold its case for ever without anybody seeing it.
        raise RuntimeFailed("Nobody may do this task.", element=opened.node, name=opened.name)
    deadline = _deadline(step, run, opened)
    due = _due(step, run, opened, deadline)
    task = rows.made(
        Task,
        id=opened.id,
        case_id=case.id,
        process=opened.process,
        node=opened.node,
        name=opened.name,
        role=lane_role,
        candidates=list(decided.candidates),
        properties=properties,
        status="open",
        visit=opened.visit,
        local=opened.data,
        assignee_id=decided.assignee,
        assigned_because=decided.because,
        created_at=step.now,
        due_at=due,
        deadline=deadline.name if deadline else None,
    )
    step.tell(
        "task_opened",
        came_from=came_from,
        node=task.node,
        process=task.process,
        task_id=task.id,
        due=due.isoformat() if due else None,
        because=decided.because,
        to=list(decided.candidates),
        assignee=decided.assignee,
    )
    rungs = _rungs(step, task, deadline, due) if deadline is not None and due is not None else ()
    return _Opened(task, list(rungs))


def _ask(step: Step, run: Run, task: Task) -> None:
    said = task.properties
    asking.ask(
        step,
        task,
        to=_named(run, said.get("answer_to"), task.local),
        contact=_named(run, said.get("answer_contact"), task.local),
        data={**run.data, **task.local},
    )


def _named(run: Run, expression: str | None, local: Data) -> object:
    return run.evaluate(expression, local) if expression else None


def _active(session: Session, account_id: int) -> bool:
    found = repository.account(session, account_id)
    return found is not None and found.active


def _deadline(step: Step, run: Run, opened: OpenTask) -> Deadline | None:
    name = opened.properties.get("deadline")
    if not name:
        return None
    return deadline_named(step.engine, fill(name, {**run.data, **opened.data}))


def _due(step: Step, run: Run, opened: OpenTask, deadline: Deadline | None) -> datetime | None:
    calendar = step.engine.calendar_of(step.case.site, deadline)
    if opened.properties.get("due"):
        value = run.evaluate(opened.properties["due"], opened.data)
        if value:
            try:
                due = datetime.fromisoformat(str(value))
            except ValueError as error:
                raise ExpressionFailed("A due moment is not an instant.", value=value) from error
            return due if due.tzinfo else due.replace(tzinfo=calendar.zone)
    return deadline.due(step.now, calendar) if deadline else None


def put_into_inbox(step: Step, task: Task) -> None:
    """Show an open task to its assignee, or to the holders of its candidate roles, and to nobody else."""
    repository.write_inbox(step.session, task, _shown(step, task))


def _shown(step: Step, task: Task) -> list[Inbox]:
    label = step.published.label(task.process, task.name)
    who = (
        [f"u:{task.assignee_id}"]
        if task.assignee_id is not None
        else [assignment.role_key(role, step.case.site) for role in task.candidates]
    )
    return [inbox_rows.row(step.case, task, label, who=key, kind="work") for key in who]


def job_of(step: Step, kind: str, key: str, due: datetime, **values: Any) -> Job:
    note_armed(step.session, step.case.id, key, due)
    return rows.made(
        Job,
        case_id=step.case.id,
        kind=kind,
        key=key,
        node=values.pop("node", ""),
        name=values.pop("name", ""),
        process=values.pop("process", step.published.procedure),
        due_at=due,
        run_at=due,
        status="armed",
        payload=values.pop("payload", {}),
    )


def _rungs(step: Step, task: Task, deadline: Deadline, due: datetime) -> Iterator[Job]:
    calendar = step.engine.calendar_of(step.case.site, deadline)
    for number, (moment, rung) in enumerate(deadline.rungs_at(step.now, due, calendar)):
        yield job_of(
            step,
            rung.action,
            # saving.cancel_ladders finds them by the task in front.
            f"{task.id}:{number}",
            moment,
            node=task.node,
            name=task.name,
            process=task.process,
            payload=_rung(task, number, rung, deadline),
        )


def _rung(task: Task, number: int, rung: Rung, deadline: Deadline) -> dict[str, Any]:
    return {
        "rung": number,
        "action": rung.action,
        "to": rung.to,
        "when": _when(rung, "zh"),
        "when_en": _when(rung, "en"),
        "task": task.id,
        "deadline": deadline.name,
    }


def _when(rung: Rung, language: str) -> str:
    if isinstance(rung.when, Limit):
        words = rung.when.words(language)
        return f"{words} after it was due" if language == "en" else f"到期后 {words}"
    return f"{rung.when:.0%}"


def save_timers(step: Step, before: Standing, snapshot: Snapshot) -> None:
    """Arm the timers that are new, and cancel those that are not waited for any more."""
    session, case_id = step.session, step.case.id
    if snapshot.ended:
        saving.cancel_jobs(session, case_id, step.now)
        return
    known = {(timer.id, timer.due_at) for timer in before.timers}
    present = {(timer.id, timer.due_at): timer for timer in snapshot.timers}
    saving.cancel_timers(session, case_id, known - present.keys(), step.now)
    step.jobs += [_armed(step, timer) for found, timer in present.items() if found not in known]


def _armed(step: Step, timer: ArmedTimer) -> Job:
    return job_of(
        step,
        "timer",
        timer.id,
        timer.due_at,
        node=timer.node,
        name=timer.name,
        process=timer.process,
        payload={
            "expression": timer.expression,
            "attached_to": timer.attached_to,
            "interrupting": timer.interrupting,
        },
    )


def save_awaited(step: Step, before: Standing, snapshot: Snapshot) -> None:
    """Write what messages and signals the case waits for now."""
    known, present = set(before.awaited), set(snapshot.awaited)
    saving.forget(step.session, [found.id for found in known - present])
    rows.add(
        step.session,
        Subscription,
        [
            rows.made(
                Subscription,
                key=found.id,
                kind=found.kind,
                name=found.name,
                case_id=step.case.id,
                node=found.node,
                correlation=found.correlation,
            )
            for found in snapshot.awaited
            if found not in known
        ],
    )


def thrown(step: Step, kind: str, name: str, payload: Data) -> Job:
    """A message or signal of this step on its way to other cases."""
    return job_of(step, kind, uuid4().hex, step.now, name=name, payload=payload)


def keep_message(step: Step, message: str, payload: Data, correlation: str | None) -> None:
    """Keep a message that came while the case is suspended; it is received when the case is resumed."""
    kept = {"message": message, "data": payload, "correlation": correlation}
    rows.add(step.session, Job, [thrown(step, "receive", message, kept)])


def keep_signal(step: Step, signal: str) -> None:
    """Note that a case has to hear a signal, once nothing keeps it from going on."""
    rows.add(step.session, Job, [thrown(step, "hear", signal, {"signal": signal})])
