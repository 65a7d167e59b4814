"""One step of a case: restore it, let something happen, advance, save everything, in one transaction.

Every verb that moves a case goes through :func:`take` (or :func:`begin` for a new one); nothing else
writes a case's state. Whoever calls holds the case's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from engine.connectors import Connectors
from engine.domain import assignment
from engine.domain.facts import Actor, ArmedTimer, Data, OpenTask, Snapshot, Visited
from engine.domain.filling import fill
from engine.domain.sla import Deadline, Limit, Rung
from engine.domain.worktime import add_working_days, add_working_time, next_at
from engine.errors import ExpressionFailed, RuntimeFailed
from engine.procedures import Published
from engine.runtime.workflow import Run, Tools
from engine.store import repository
from engine.store.database import Session
from engine.store.models import Case, History, Inbox, Job, Subscription, Task
from engine.wiring import Engine

#: Nodes whose passing is told in the history; the others are gateways and joins.
TOLD = frozenset({"userTask", "manualTask", "task"})


@dataclass
class Step:
    """What a step knows while it is being taken."""

    engine: Engine
    session: Session
    case: Case
    published: Published
    actor: Actor
    now: datetime
    told: list[History] = field(default_factory=list)

    def tell(self, kind: str, *, node: str | None = None, process: str = "", **detail: Any) -> None:
        """Add an entry to the case's history, written when the step is saved."""
        self.told.append(
            History(
                at=self.now,
                actor_id=self.actor.id,
                actor=self.actor.name,
                kind=kind,
                node=node,
                came_from=detail.pop("came_from", None),
                process=process or self.published.procedure,
                task_id=detail.pop("task_id", None),
                detail=detail,
            )
        )


def begin(step: Step, data: Data, *, message: str | None = None) -> Snapshot:
    """Start the workflow of a case whose row was just added."""
    run = Run.start(step.published.specification, data, tools(step), message=message)
    return _advance(step, run)


def take(step: Step, act: Callable[[Run], None]) -> Snapshot:
    """Let something happen in a case and save what became of it.

    Raises :class:`RuntimeFailed` when the procedure cannot go on; the caller's transaction then rolls
    back and the case is as it was.
    """
    run = Run.restore(step.published.specification, step.case.state, step.case.data, tools(step))
    act(run)
    return _advance(step, run)


def tools(step: Step) -> Tools:
    """What the engine lends to a run of this case."""
    engine, case, now = step.engine, step.case, step.now
    calendar = engine.calendar_of(case.site)

    def due_in(name: str) -> str:
        deadline = deadline_named(engine, name)
        return deadline.due(now, engine.calendar_of(case.site, deadline)).isoformat()

    def due_again(name: str, after: datetime) -> datetime:
        deadline = deadline_named(engine, name)
        return deadline.due(after, engine.calendar_of(case.site, deadline))

    def at(clock: str) -> str:
        return next_at(now, time.fromisoformat(clock), calendar).isoformat()

    def department(name: str) -> list[str]:
        return [role.id for role in engine.organisation.handlers_of(name)]

    return Tools(
        now=now,
        names={
            "case": {
                "no": case.number,
                "site": case.site,
                "starter": case.started_by,
                "started_at": case.started_at.isoformat(),
                "procedure": case.procedure,
            }
        },
        functions={
            "due_in": due_in,
            "working_hours": lambda n: add_working_time(now, timedelta(hours=n), calendar).isoformat(),
            "working_days": lambda n: add_working_days(now, n, calendar).isoformat(),
            "at": at,
            "now": lambda: now.astimezone(calendar.zone).isoformat(timespec="minutes"),
            "today": lambda: now.astimezone(calendar.zone).date().isoformat(),
            "department": department,
        },
        due_again=due_again,
        call=Connectors(step).call,
    )


def deadline_named(engine: Engine, name: str) -> Deadline:
    """A deadline; raises :class:`ExpressionFailed` when there is none of that name."""
    try:
        return engine.deadlines[name]
    except KeyError:
        raise ExpressionFailed("There is no deadline of this name.", deadline=name) from None


def _advance(step: Step, run: Run) -> Snapshot:
    run.advance()
    snapshot = run.snapshot()
    _save(step, run, snapshot)
    return snapshot


def _save(step: Step, run: Run, snapshot: Snapshot) -> None:
    session, case, now = step.session, step.case, step.now
    subject = _subject(step, run)
    values: dict[str, Any] = {"state": snapshot.state, "data": snapshot.data, "subject": subject}
    if snapshot.ended:
        values |= {"status": "ended", "ended_at": now}
    repository.save_case(session, case, values)
    _save_tasks(step, run, snapshot)
    _save_timers(step, snapshot)
    repository.replace_subscriptions(
        session,
        case.id,
        [
            Subscription(
                key=awaited.id,
                message=awaited.message,
                case_id=case.id,
                node=awaited.node,
                correlation=awaited.correlation,
            )
            for awaited in snapshot.awaited
        ],
    )
    for thrown in snapshot.thrown:
        step.tell("message_thrown", message=thrown.message)
        session.add(
            _job(
                step,
                "message",
                uuid4().hex,
                now,
                name=thrown.message,
                payload={"message": thrown.message, "data": thrown.payload},
            )
        )
    if snapshot.ended:
        step.tell("case_ended")
    passed = [_entry(step, seen) for seen in snapshot.visited if not _is_opening(seen)]
    repository.append_history(session, case, [*passed, *step.told])
    step.told.clear()


def _subject(step: Step, run: Run) -> str:
    expression = step.published.bundle.properties.get("subject")
    if not expression:
        return step.published.bundle.name.zh
    try:
        text = str(run.evaluate(expression) or "").strip()
    except RuntimeFailed:
        # Before the first form is filled its fields are not there yet.
        text = ""
    return text[:200] or step.published.bundle.name.zh


def _is_opening(visited: Visited) -> bool:
    # A task that opens is told with its due moment and to whom it went.
    return visited.event == "entered" and visited.kind in TOLD


def _entry(step: Step, visited: Visited) -> History:
    return History(
        at=step.now,
        actor_id=step.actor.id,
        actor=step.actor.name,
        kind="passed" if visited.event == "completed" else visited.event,
        process=visited.process,
        node=visited.node,
        came_from=visited.came_from,
        task_id=visited.task if visited.kind in TOLD else None,
        detail={},
    )


# Tasks -----------------------------------------------------------------------------------------


def _save_tasks(step: Step, run: Run, snapshot: Snapshot) -> None:
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
    came_from = {seen.task: seen.came_from for seen in snapshot.visited if _is_opening(seen)}
    for opened in snapshot.open_tasks:
        if opened.id not in known:
            _open(step, run, opened, came_from.get(opened.id))


def _open(step: Step, run: Run, opened: OpenTask, came_from: str | None) -> None:
    engine, session, case = step.engine, step.session, step.case
    properties = dict(opened.properties)
    person = _named(run, properties.get("assignee"))
    roles = _named(run, properties.get("candidates"))
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
    deadline = _deadline(step, run, properties)
    due = _due(step, run, properties, deadline)
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
        assignee_id=decided.assignee,
        assigned_because=decided.because,
        created_at=step.now,
        due_at=due,
        deadline=deadline.name if deadline else None,
    )
    session.add(task)
    session.flush()
    put_into_inbox(step, task)
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


def _named(run: Run, expression: str | None) -> object:
    return run.evaluate(expression) if expression else None


def _active(session: Session, account_id: int) -> bool:
    found = repository.account(session, account_id)
    return found is not None and found.active


def _deadline(step: Step, run: Run, properties: dict[str, str]) -> Deadline | None:
    name = properties.get("deadline")
    if not name:
        return None
    return deadline_named(step.engine, fill(name, run.data))


def _due(step: Step, run: Run, properties: dict[str, str], deadline: Deadline | None) -> datetime | None:
    calendar = step.engine.calendar_of(step.case.site, deadline)
    if properties.get("due"):
        value = run.evaluate(properties["due"])
        if value:
            try:
                due = datetime.fromisoformat(str(value))
            except ValueError as error:
                raise ExpressionFailed("A due moment is not an instant.", value=value) from error
            return due if due.tzinfo else due.replace(tzinfo=calendar.zone)
    return deadline.due(step.now, calendar) if deadline else None


def put_into_inbox(step: Step, task: Task) -> None:
    """Show an open task to its assignee, or to the holders of its candidate roles."""
    search = " ".join(
        [
            step.case.number,
            step.case.subject,
            task.name,
            step.published.of(task.process).words(task.name).en,
            step.published.bundle.name.zh,
            step.published.bundle.name.en,
        ]
    )
    who = (
        [f"u:{task.assignee_id}"]
        if task.assignee_id is not None
        else [assignment.role_key(role, step.case.site) for role in task.candidates]
    )
    repository.write_inbox(
        step.session,
        task,
        [Inbox(who=key, task_id=task.id, due_at=task.due_at, kind="work", search=search) for key in who],
    )


# Jobs ------------------------------------------------------------------------------------------


def _job(step: Step, kind: str, key: str, due: datetime, **values: Any) -> Job:
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
            _job(
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
    keys = [
        job.key
        for job in repository.armed_jobs(step.session, step.case.id)
        if job.kind in ("remind", "escalate") and job.payload.get("task") in task_ids
    ]
    repository.cancel_jobs(step.session, step.case.id, step.now, keys=keys)


def close_task(step: Step, task: Task) -> None:
    """Take a task that was just done out of every inbox, and stop its ladder."""
    repository.clear_inbox(step.session, [task.id])
    _cancel_rungs(step, [task.id])


def _save_timers(step: Step, snapshot: Snapshot) -> None:
    session, now = step.session, step.now
    if snapshot.ended:
        for job in repository.armed_jobs(session, step.case.id):
            if job.kind != "message":
                repository.finish_job(session, job.id, "cancelled", now)
        return
    present: dict[tuple[str, datetime], ArmedTimer] = {(t.id, t.due_at): t for t in snapshot.timers}
    known = {
        (job.key, job.due_at): job
        for job in repository.armed_jobs(session, step.case.id)
        if job.kind == "timer"
    }
    for identity, job in known.items():
        if identity not in present:
            repository.finish_job(session, job.id, "cancelled", now)
    for identity, timer in present.items():
        if identity not in known:
            session.add(
                _job(
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
    step.session.add(_job(step, "receive", uuid4().hex, step.now, name=message, payload=kept))


def step_for(engine: Engine, session: Session, case: Case, published: Published, actor: Actor) -> Step:
    """A step of this case by this person, now."""
    return Step(engine, session, case, published, actor, engine.now())
