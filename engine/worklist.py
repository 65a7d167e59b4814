"""What a step leaves for people and clocks: open tasks in inboxes, timers and ladders as jobs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from engine.domain import assignment
from engine.domain.facts import ArmedTimer, Data, OpenTask, Snapshot, Visited
from engine.domain.filling import fill
from engine.domain.sla import Deadline, Limit, Rung
from engine.errors import ExpressionFailed, RuntimeFailed
from engine.lending import deadline_named
from engine.runtime.workflow import Run
from engine.store import inbox_rows, repository
from engine.store.database import Session
from engine.store.models import Job, Task

if TYPE_CHECKING:
    from engine.steps import Step

#: What goes on its way though its case may be over by then.
SENT = frozenset({"message", "signal"})
#: Nodes whose opening is told with its due moment and to whom it went.
TOLD = frozenset({"userTask", "manualTask", "task"})


def is_opening(visited: Visited) -> bool:
    """Say whether a visit is the opening of a task, which is told as such."""
    return visited.event == "entered" and visited.kind in TOLD


def save_tasks(step: Step, run: Run, snapshot: Snapshot, *, renamed: bool) -> None:
    """Open and cancel tasks as the snapshot says; those that stay are found by a subject that changed."""
    session = step.session
    known = {task.id: task for task in repository.open_tasks(session, step.case.id)}
    present = {task.id for task in snapshot.open_tasks}
    gone = [task for task in known.values() if task.id not in present]
    for task in gone:
        task.status = "cancelled"
        task.done_at = step.now
        step.tell("task_cancelled", node=task.node, process=task.process, task_id=task.id)
    repository.clear_inbox(session, [task.id for task in gone])
    _cancel_rungs(step, [task.id for task in gone])
    if renamed:
        for task in known.values():
            if task.id in present:
                inbox_rows.rename(session, step.case, task, step.published.label(task.process, task.name))
    came_from = {seen.task: seen.came_from for seen in snapshot.visited if is_opening(seen)}
    for opened in snapshot.open_tasks:
        if opened.id not in known:
            _open(step, run, opened, came_from.get(opened.id))


def _open(step: Step, run: Run, opened: OpenTask, came_from: str | None) -> None:
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
    task = Task(
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
    session.add(task)
    session.flush()
    put_into_inbox(step, task, is_new=True)
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
    if deadline is not None and due is not None:
        _arm_rungs(step, task, deadline, due)


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


def put_into_inbox(step: Step, task: Task, *, is_new: bool = False) -> None:
    """Show an open task to its assignee, or to the holders of its candidate roles."""
    label = step.published.label(task.process, task.name)
    who = (
        [f"u:{task.assignee_id}"]
        if task.assignee_id is not None
        else [assignment.role_key(role, step.case.site) for role in task.candidates]
    )
    rows = [inbox_rows.row(step.case, task, label, who=key, kind="work") for key in who]
    if is_new:
        step.session.add_all(rows)
    else:
        repository.write_inbox(step.session, task, rows)


def job_of(step: Step, kind: str, key: str, due: datetime, **values: Any) -> Job:
    return Job(
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


def _arm_rungs(step: Step, task: Task, deadline: Deadline, due: datetime) -> None:
    calendar = step.engine.calendar_of(step.case.site, deadline)
    for number, (moment, rung) in enumerate(deadline.rungs_at(step.now, due, calendar)):
        step.session.add(
            job_of(
                step,
                rung.action,
                f"{task.id}:{number}",
                moment,
                node=task.node,
                name=task.name,
                process=task.process,
                payload=_rung(task, number, rung, deadline),
            )
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


def _cancel_rungs(step: Step, task_ids: list[str]) -> None:
    if not task_ids:
        return
    rungs = [
        job.id
        for job in repository.standing_jobs(step.session, step.case.id)
        if job.kind in ("remind", "escalate") and job.payload.get("task") in task_ids
    ]
    repository.drop_jobs(step.session, rungs, step.now)


def close_task(step: Step, task: Task) -> None:
    """Take a task that was just done out of every inbox, and stop its ladder."""
    repository.clear_inbox(step.session, [task.id])
    _cancel_rungs(step, [task.id])


def save_timers(step: Step, snapshot: Snapshot) -> None:
    session, now = step.session, step.now
    standing = repository.standing_jobs(session, step.case.id)
    if snapshot.ended:
        repository.drop_jobs(session, [job.id for job in standing if job.kind not in SENT], now)
        return
    present: dict[tuple[str, datetime], ArmedTimer] = {(t.id, t.due_at): t for t in snapshot.timers}
    known = {(job.key, job.due_at): job for job in standing if job.kind == "timer"}
    gone = [job.id for identity, job in known.items() if identity not in present]
    repository.drop_jobs(session, gone, now)
    for identity, timer in present.items():
        if identity not in known:
            session.add(
                job_of(
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
            )


def keep_message(step: Step, message: str, payload: Data, correlation: str | None) -> None:
    """Keep a message that came while the case is suspended; it is received when the case is resumed."""
    kept = {"message": message, "data": payload, "correlation": correlation}
    step.session.add(job_of(step, "receive", uuid4().hex, step.now, name=message, payload=kept))


def keep_signal(step: Step, signal: str) -> None:
    """Note that a case has to hear a signal, once nothing keeps it from going on."""
    step.session.add(job_of(step, "hear", uuid4().hex, step.now, name=signal, payload={"signal": signal}))
