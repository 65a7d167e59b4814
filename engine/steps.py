"""One step of a case: restore it, let something happen, advance, save everything, in one transaction.

Every verb that moves a case goes through :func:`take` (or :func:`begin` for a new one); nothing else
writes a case's state. Whoever calls holds the case's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from engine import worklist
from engine.domain.facts import Actor, Data, Snapshot, Visited
from engine.errors import RuntimeFailed
from engine.lending import tools
from engine.procedures import Published
from engine.runtime.workflow import Run
from engine.store import inbox_rows, repository
from engine.store.database import Session
from engine.store.models import Case, History, Subscription
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


def begin(step: Step, data: Data, *, at: str | None = None) -> Snapshot:
    """Start the workflow of a case whose row was just added, at a start event."""
    run = Run.start(step.published.specification, data, tools(step), at=at)
    return _advance(step, run)


def take(step: Step, act: Callable[[Run], None]) -> Snapshot:
    """Let something happen in a case and save what became of it.

    Raises :class:`RuntimeFailed` when the procedure cannot go on; the caller's transaction then rolls
    back and the case is as it was.
    """
    run = Run.restore(step.published.specification, step.case.state, step.case.data, tools(step))
    act(run)
    return _advance(step, run)


def _advance(step: Step, run: Run) -> Snapshot:
    run.advance()
    snapshot = run.snapshot()
    _save(step, run, snapshot)
    return snapshot


def _save(step: Step, run: Run, snapshot: Snapshot) -> None:
    session, case, now = step.session, step.case, step.now
    subject = _subject(step, run)
    renamed = subject != case.subject
    values: dict[str, Any] = {"state": snapshot.state, "data": snapshot.data}
    if renamed:
        values |= {"subject": subject, "tokens": inbox_rows.case_tokens(case.number, subject)}
    if snapshot.ended:
        values |= {"status": "ended", "ended_at": now}
    repository.save_case(session, case, values)
    worklist.save_tasks(step, run, snapshot, renamed=renamed)
    worklist.save_timers(step, snapshot)
    repository.replace_subscriptions(
        session,
        case.id,
        [
            Subscription(
                key=awaited.id,
                kind=awaited.kind,
                name=awaited.name,
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
            worklist.job_of(
                step,
                "message",
                uuid4().hex,
                now,
                name=thrown.message,
                payload={"message": thrown.message, "data": thrown.payload},
            )
        )
    for signal in dict.fromkeys(snapshot.signals):
        step.tell("signal_thrown", signal=signal)
        step.session.add(
            worklist.job_of(step, "signal", uuid4().hex, now, name=signal, payload={"signal": signal})
        )
    if snapshot.ended:
        step.tell("case_ended")
    passed = [_entry(step, seen) for seen in snapshot.visited if not worklist.is_opening(seen)]
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


def _entry(step: Step, visited: Visited) -> History:
    return History(
        at=step.now,
        actor_id=step.actor.id,
        actor=step.actor.name,
        kind="passed" if visited.event == "completed" else visited.event,
        process=visited.process,
        node=visited.node,
        came_from=visited.came_from,
        task_id=visited.task if visited.kind in worklist.TOLD else None,
        detail={},
    )


def step_for(engine: Engine, session: Session, case: Case, published: Published, actor: Actor) -> Step:
    """A step of this case by this person, now."""
    return Step(engine, session, case, published, actor, engine.now())
