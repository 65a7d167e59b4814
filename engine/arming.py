"""Arm what is due later: timers of the diagram, rungs of ladders; each a row of the table of jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from engine.domain.facts import ArmedTimer
from engine.domain.ladders import ACTIONS, Rung
from engine.domain.limits import Limit, Unit
from engine.domain.sla import Deadline
from engine.domain.views import Words
from engine.lending import deadline_named
from engine.store import rows
from engine.store.due import note_armed
from engine.store.models import CaseClock, Job, Task

if TYPE_CHECKING:
    from engine.steps import Step

#: The moment at which a case's own clock is missed: told, and nothing else.
MISSED = "missed"
#: The jobs that stand still with the clocks of their case.
STANDING = frozenset({*ACTIONS, MISSED})
#: A timer's expression that is one call with a literal: its moment can be worked out again.
_CALL = re.compile(
    r"""\s*(?P<name>due_in|every|working_hours|working_days|at)\(\s*["']?(?P<said>[^"'()]+?)["']?\s*\)\s*"""
)


def job_of(step: Step, kind: str, key: str, due: datetime, **values: Any) -> Job:
    """A job that is due at a moment; while the case is paused, one that stands still waits with it."""
    pausable = kind in STANDING or values.get("payload", {}).get("pausable")
    status = "paused" if step.case.paused_at and pausable else "armed"
    if status == "armed":
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
        status=status,
        payload=values.pop("payload", {}),
    )


# Ladders -----------------------------------------------------------------------------------


def ladder(
    step: Step, task: Task, deadline: Deadline, *, again: str = "", since: datetime | None = None
) -> Iterator[Job]:
    """The rungs of a task's ladder; ``again``: what tells them from an earlier ladder of the task.

    With ``since``, those that lie before are left out.
    """
    if task.due_at is None:
        return
    calendar = step.calendar(deadline)
    moments = deadline.rungs_at(task.created_at, task.due_at, calendar)
    for number, (moment, rung) in enumerate(moments):
        if since is not None and moment < since:
            continue
        yield job_of(
            step,
            rung.action,
            # saving.cancel_ladders finds them by the task in front.
            f"{task.id}:{again}{number}",
            moment,
            node=task.node,
            name=task.name,
            process=task.process,
            payload={"task": task.id, **_told(number, rung, deadline)},
        )


def clock_key(kind: str, clock_id: int) -> str:
    """What the keys of the jobs of a case's own clock begin with."""
    return f"{kind}.{clock_id}"


def clock_ladder(
    step: Step, clock: CaseClock, deadline: Deadline, *, again: str = "", since: datetime | None = None
) -> Iterator[Job]:
    """The rungs of the ladder of a case's own clock, and the moment at which it is missed."""
    calendar = step.calendar(deadline)
    key, about = clock_key(clock.kind, clock.id), {"clock": clock.kind, "clock_id": clock.id}
    payload = {"rule": "100%", "deadline": deadline.name, **about}
    if since is None or clock.due_at >= since:
        yield job_of(step, MISSED, f"{key}:{again}due", clock.due_at, payload=payload)
    moments = deadline.rungs_at(clock.started_at, clock.due_at, calendar)
    for number, (moment, rung) in enumerate(moments):
        if since is None or moment >= since:
            told = {**about, **_told(number, rung, deadline)}
            yield job_of(step, rung.action, f"{key}:{again}{number}", moment, payload=told)


def _told(number: int, rung: Rung, deadline: Deadline) -> dict[str, Any]:
    when = when_words(rung)
    return {
        "rung": number,
        "action": rung.action,
        "to": rung.to,
        "rule": rung.when_text(),
        "when": when.zh,
        "when_en": when.en,
        "deadline": deadline.name,
        "channel": rung.channel,
        "urgent": rung.urgent,
    }


def when_words(rung: Rung) -> Words:
    """When a rung is reached: ``80%``, ``到期后 2 个工作小时``."""
    if isinstance(rung.when, Limit):
        return Words(f"到期后 {rung.when.words('zh')}", f"{rung.when.words('en')} after it was due")
    return Words(f"{rung.when:.0%}", f"{rung.when:.0%}")


# Timers of the diagram -----------------------------------------------------------------------


def timer(step: Step, found: ArmedTimer) -> Job:
    """A timer of the diagram; with the limit it counts by, if that can be read from it."""
    node = step.published.node(found.process, found.node)
    payload = {
        "expression": found.expression,
        "attached_to": found.attached_to,
        "interrupting": found.interrupting,
        "armed": step.now.isoformat(),
        **_counted(step, found.expression),
    }
    if node is not None and node.properties.get("pausable") == "true":
        payload["pausable"] = True
    return job_of(
        step,
        "timer",
        found.id,
        found.due_at,
        node=found.node,
        name=found.name,
        process=found.process,
        payload=payload,
    )


def _counted(step: Step, expression: str) -> dict[str, str]:
    """The limit and the calendar of a timer whose expression is one call with a literal."""
    call = _CALL.fullmatch(expression)
    if call is None:
        return {}
    said, site = call["said"], step.calendar().id
    match call["name"]:
        case "due_in" | "every":
            if said not in step.rules.deadlines:
                return {}
            deadline = deadline_named(step, said)
            calendar = step.calendar(deadline).id
            return {"limit": deadline.limit.text(), "calendar": calendar, "deadline": said}
        case "at":
            return {"limit": Limit("clock", clock=time.fromisoformat(said)).text(), "calendar": site}
        case name if said.isascii() and said.isdigit() and 0 < int(said) < 1000:
            unit: Unit = "working hour" if name == "working_hours" else "working day"
            return {"limit": Limit(unit, int(said)).text(), "calendar": site}
    return {}
