"""One step of a case: restore it, let something happen, advance, save everything, in one transaction.

Every verb that moves a case goes through :func:`take` (or :func:`begin` for a new one); nothing else
writes a case's state. Whoever calls holds the case's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine import case_clocks, worklist
from engine.domain.calendars import WorkCalendar
from engine.domain.facts import Actor, Data, Snapshot, Standing, TaskId, Visited
from engine.domain.rules import Rules
from engine.domain.sla import Deadline
from engine.errors import RuntimeFailed
from engine.lending import tools
from engine.procedures import Published
from engine.rules import refresh
from engine.runtime.workflow import Run
from engine.store import case_rows, inbox_rows, rows, saving
from engine.store.database import Session
from engine.store.failing import failpoint
from engine.store.models import Case, Job, Task
from engine.store.prepared import Values
from engine.wiring import Engine


def is_act(kind: str) -> bool:
    """Say whether an entry tells what somebody did with a task, and not what came of it."""
    return kind == "completed" or (
        kind.startswith(("task_", "sign")) and kind not in ("task_opened", "task_cancelled", "signal_thrown")
    )


@dataclass
class Step:
    """What a step knows while it is being taken."""

    engine: Engine
    session: Session
    case: Case
    published: Published
    actor: Actor
    now: datetime
    #: The calendars and deadlines that count for all of it.
    rules: Rules
    #: The task whose completion the step is.
    completed: TaskId | None = None
    #: The task that is sent back, which tells of it itself.
    sent_back: TaskId | None = None
    #: The node that it is sent back to, whose task is told of as that.
    sent_to: str | None = None
    #: What it tells, arms and opens, until it is saved.
    told: list[Values] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    opened: list[Task] = field(default_factory=list)
    #: The name of somebody who is away and for whom it is taken.
    acts_for: str = ""
    #: Account id → tasks that the step gave them by rule.
    handed: dict[int, int] = field(default_factory=dict)
    #: Timers that are due at another moment by it, their jobs too: id → due.
    moved: dict[str, datetime] = field(default_factory=dict)
    #: Whether tasks that were open before are open still.
    has_others: bool = False

    def calendar(self, deadline: Deadline | None = None) -> WorkCalendar:
        """The calendar that a deadline counts by in this case; without one, that of its site."""
        named = deadline.calendar if deadline is not None and deadline.calendar else ""
        return self.rules.calendars[named or self.engine.organisation.sites[self.case.site].calendar]

    def tell(self, kind: str, *, node: str | None = None, process: str = "", **detail: Any) -> None:
        """Add an entry to the case's history, written when the step is saved."""
        if self.acts_for and is_act(kind):
            detail["for"] = self.acts_for
        self.told.append(
            saving.entry(
                self.actor,
                kind,
                at=self.now,
                process=process or self.published.procedure,
                node=node,
                came_from=detail.pop("came_from", None),
                task_id=detail.pop("task_id", None),
                detail=detail,
            )
        )

    def passed(self, visited: Visited) -> Values:
        """The entry of a node that was passed."""
        return saving.entry(
            self.actor,
            "passed" if visited.event == "completed" else visited.event,
            at=self.now,
            process=visited.process,
            node=visited.node,
            came_from=visited.came_from,
            task_id=visited.task if visited.kind in worklist.TOLD else None,
        )


def begin(step: Step, data: Data, *, at: str | None = None) -> Snapshot:
    """Start the workflow of a case whose row was just added, at a start event."""
    run = Run.start(step.published.specification, data, tools(step), at=at)
    return _advance(step, run, Standing())


def restored(step: Step) -> Run:
    """The case as it is, to be looked at."""
    return _restored(step, step.case.state, step.case.data)


def _restored(step: Step, state: str, data: Data) -> Run:
    return Run.restore(step.published.specification, state, data, tools(step))


def put_back(step: Step, state: str, data: Data) -> tuple[Standing, Standing]:
    """Make a case again what it was before its last step: state, data, subject; nothing else of it.

    Gives what it waited for then, and what it waited for until now.
    """
    state = Run.renewed(state)
    now, run = restored(step).standing(), _restored(step, state, data)
    before = run.standing()
    renamed = _rename(step, run)
    saving.save_case(step.session, step.case, state=state, data=data)
    here = {task.id for task in now.open_tasks}
    for task in before.open_tasks if renamed else ():
        if task.id in here:
            label = step.published.label(task.process, task.name)
            inbox_rows.rename(step.session, step.case, task.id, label)
    return before, now


def take(step: Step, act: Callable[[Run], None]) -> Snapshot:
    """Let something happen in a case and save what became of it.

    Raises :class:`RuntimeFailed` when the procedure cannot go on; the caller's transaction then rolls
    back and the case is as it was.
    """
    run = restored(step)
    before = run.standing()
    act(run)
    return _advance(step, run, before)


def _advance(step: Step, run: Run, before: Standing) -> Snapshot:
    run.advance()
    snapshot = run.snapshot()
    failpoint("moved")
    _save(step, run, before, snapshot)
    return snapshot


def _save(step: Step, run: Run, before: Standing, snapshot: Snapshot) -> None:
    """Write the case, and what is different now of what it waits for."""
    session, case = step.session, step.case
    renamed = _rename(step, run)
    over = {"status": "ended", "ended_at": step.now} if snapshot.ended else {}
    saving.save_case(
        session, case, completed=step.completed, state=snapshot.state, data=snapshot.data, **over
    )
    worklist.save_tasks(step, run, before, snapshot, renamed=renamed)
    worklist.save_timers(step, before, snapshot)
    worklist.save_awaited(step, before, snapshot)
    for found in snapshot.thrown:
        step.tell("message_thrown", message=found.message)
        payload = {"message": found.message, "data": found.payload}
        step.jobs.append(worklist.thrown(step, "message", found.message, payload))
    for signal in dict.fromkeys(snapshot.signals):
        step.tell("signal_thrown", signal=signal)
        step.jobs.append(worklist.thrown(step, "signal", signal, {"signal": signal}))
    case_clocks.follow(step, snapshot)
    if snapshot.ended:
        _end_pause(step)
        step.tell("case_ended")
    rows.add(session, Job, step.jobs)
    passed = [step.passed(seen) for seen in snapshot.visited if not worklist.is_opening(seen)]
    saving.append_history(session, case, [*passed, *step.told])
    step.jobs.clear()
    step.told.clear()


def _end_pause(step: Step) -> None:
    if step.case.paused_at is not None:
        case_rows.end_pause(step.session, step.case.id, step.now)
        rows.update(step.session, step.case, paused_at=None)


def _rename(step: Step, run: Run) -> bool:
    """Give a case the subject that its data say; whether it is another one."""
    case, subject = step.case, _subject(step, run)
    if subject == case.subject:
        return False
    tokens = inbox_rows.case_tokens(case.number, subject)
    saving.rename_case(step.session, case, subject=subject, tokens=tokens)
    return True


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


def step_for(engine: Engine, session: Session, case: Case, published: Published, actor: Actor) -> Step:
    """A step of this case by this person, now."""
    return Step(engine, session, case, published, actor, engine.now(), refresh(engine, session))
