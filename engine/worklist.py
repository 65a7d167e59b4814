"""What a step leaves for people and clocks: open tasks in inboxes, timers and ladders as jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from engine import arming, asking, assigning, cosigning, notices
from engine.domain import assignment
from engine.domain.facts import Data, OpenTask, Snapshot, Standing, Visited
from engine.domain.filling import fill
from engine.domain.sla import Deadline
from engine.errors import ExpressionFailed, RuntimeFailed
from engine.lending import deadline_named
from engine.runtime.workflow import Run
from engine.store import between, inbox_rows, repository, rows, saving
from engine.store.due import has_job
from engine.store.models import Inbox, Job, Signer, Subscription, Task

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
        if task.id != step.sent_back:
            step.tell("task_cancelled", node=task.node, process=task.process, task_id=task.id)
    saving.cancel_tasks(session, [task.id for task in gone], now)
    saving.clear_inbox(session, [task.id for task in over])
    looked_after = bool(step.engine.settings.idle_hours)
    timed = [task.id for task in over if looked_after or task.properties.get("deadline")]
    saving.cancel_ladders(session, step.case.id, timed, now)
    for task in known.values() if renamed else ():
        if task.id in present:
            inbox_rows.rename(session, step.case, task.id, step.published.label(task.process, task.name))

    came_from = {seen.task: seen.came_from for seen in snapshot.visited if is_opening(seen)}
    opened = [
        _open(step, run, task, came_from.get(task.id)) for task in snapshot.open_tasks if task.id not in known
    ]
    rows.add(session, Task, [found.task for found in opened])
    if signers := [signer for found in opened for signer in found.signers]:
        session.add_all(signers)
        session.flush()
    rows.add(session, Inbox, [row for found in opened for row in _shown(step, found.task)])
    step.jobs += [rung for found in opened for rung in found.rungs]
    for found in opened:
        if found.task.properties.get("answer_link"):
            _ask(step, run, found.task)
    step.opened = [found.task for found in opened]
    notices.opened(
        step, [found.task for found in opened if found.task.node != step.sent_to and not found.signers]
    )
    for found in opened:
        if found.signers:
            notices.to_sign(step, found.task, [one.account_id for one in found.signers])
    step.has_others = not known.keys().isdisjoint(present)


@dataclass(frozen=True)
class _Opened:
    task: Task
    rungs: list[Job]
    #: Those whom the drawing lets sign it together.
    signers: list[Signer] = field(default_factory=list)


def _open(step: Step, run: Run, opened: OpenTask, came_from: str | None) -> _Opened:
    case = step.case
    properties = dict(opened.properties)
    given = assigning.decide(step, run, opened)
    decided = given.who
    if decided.assignee is None and not decided.candidates:
        # A task in nobody's inbox would hold its case for ever without anybody seeing it.
        raise RuntimeFailed("Nobody may do this task.", element=opened.node, name=opened.name)
    signers: dict[int, int] = {}
    if cosigning.is_signed(opened):
        roles = [given.lane] if given.lane else list(decided.candidates)
        signers = cosigning.people_of(step, run, opened, roles)
    deadline = _deadline(step, run, opened)
    own_due = _own_due(step, run, opened, deadline)
    due = own_due or (deadline.due(step.now, step.calendar(deadline)) if deadline else None)
    task = rows.made(
        Task,
        id=opened.id,
        case_id=case.id,
        process=opened.process,
        node=opened.node,
        name=opened.name,
        role=given.lane,
        candidates=list(decided.candidates),
        properties=properties,
        status="open",
        visit=opened.visit,
        local=opened.data,
        # Nobody holds what people sign together.
        assignee_id=None if signers else decided.assignee,
        signing=cosigning.rule_of(opened) if signers else None,
        assigned_because=decided.because,
        why=given.why,
        created_at=step.now,
        due_at=due,
        deadline=deadline.name if deadline else None,
        limit=deadline.limit.text() if deadline and not own_due else "",
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
        **({"why": {key: given.why[key] for key in ("zh", "en")}} if given.why else {}),
    )
    ladder = arming.ladder(step, task, deadline) if deadline else ()
    return _Opened(task, list(ladder), cosigning.signers_of(step, task, signers))


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


def _deadline(step: Step, run: Run, opened: OpenTask) -> Deadline | None:
    name = opened.properties.get("deadline")
    if not name:
        return None
    return deadline_named(step, fill(name, {**run.data, **opened.data}))


def _own_due(step: Step, run: Run, opened: OpenTask, deadline: Deadline | None) -> datetime | None:
    """The due moment that the procedure sets itself, if it does."""
    expression = opened.properties.get("due")
    value = run.evaluate(expression, opened.data) if expression else None
    if not value:
        return None
    try:
        due = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ExpressionFailed("A due moment is not an instant.", value=value) from error
    return due if due.tzinfo else due.replace(tzinfo=step.calendar(deadline).zone)


def put_into_inbox(step: Step, task: Task) -> None:
    """Show an open task to its assignee or the holders of its candidate roles, and to those who sign now."""
    repository.write_inbox(step.session, task, _shown(step, task))


def _shown(step: Step, task: Task) -> list[Inbox]:
    label = step.published.label(task.process, task.name)
    signing = task.signing or {}
    to_sign = _to_sign(step, task, label) if signing else []
    if signing.get("submitted") or signing.get("drawn"):
        return to_sign
    who = (
        [f"u:{task.assignee_id}"]
        if task.assignee_id is not None
        else [assignment.role_key(role, step.case.site) for role in task.candidates]
    )
    return [inbox_rows.row(step.case, task, label, who=key, kind="work") for key in who] + to_sign


def _to_sign(step: Step, task: Task, label: str) -> list[Inbox]:
    """The rows of those whose turn it is to sign."""
    signing, signers = task.signing or {}, between.signers(step.session, task.id)
    is_over = bool(signing.get("submitted"))
    people = {
        one.account_id
        for place, rule in signing.items()
        if place in ("before", "beside", "after", "drawn") and rule.get("outcome") is None
        if (place == "after") == is_over
        for one in between.in_turn(signers, place)
    }
    return [
        inbox_rows.row(step.case, task, label, who=f"u:{person}", kind="sign") for person in sorted(people)
    ]


def arm_once(step: Step, job: Job) -> None:
    """Add a job, unless the case has this very one."""
    if not has_job(step.session, job):
        rows.add(step.session, Job, [job])


def save_timers(step: Step, before: Standing, snapshot: Snapshot) -> None:
    """Arm the timers that are new, and cancel those that are not waited for any more."""
    session, case_id = step.session, step.case.id
    if snapshot.ended:
        saving.cancel_jobs(session, case_id, step.now)
        return
    known = {(timer.id, step.moved.get(timer.id, timer.due_at)) for timer in before.timers}
    present = {(timer.id, timer.due_at): timer for timer in snapshot.timers}
    saving.cancel_timers(session, case_id, known - present.keys(), step.now)
    step.jobs += [arming.timer(step, timer) for found, timer in present.items() if found not in known]


def save_awaited(step: Step, before: Standing, snapshot: Standing) -> None:
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
    return arming.job_of(step, kind, uuid4().hex, step.now, name=name, payload=payload)


def keep_message(step: Step, message: str, payload: Data, correlation: str | None) -> None:
    """Keep a message that came while the case is suspended; it is received when the case is resumed."""
    kept = {"message": message, "data": payload, "correlation": correlation}
    rows.add(step.session, Job, [thrown(step, "receive", message, kept)])


def keep_signal(step: Step, signal: str) -> None:
    """Note that a case has to hear a signal, once nothing keeps it from going on."""
    rows.add(step.session, Job, [thrown(step, "hear", signal, {"signal": signal})])
