"""What the engine lends to a run of a case: the clock, the case's names, functions, connectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from engine.connectors import Connectors
from engine.domain.rules import Scope
from engine.domain.sla import Deadline
from engine.domain.worktime import add_working_days, add_working_time, next_at
from engine.errors import ExpressionFailed
from engine.runtime.expressions import LIMITS
from engine.runtime.workflow import Bounds, Tools
from engine.wiring import Settings

if TYPE_CHECKING:
    from engine.steps import Step


def tools(step: Step) -> Tools:
    """What the engine lends to a run of this case."""
    engine, case, now = step.engine, step.case, step.now
    calendar = step.calendar()

    def due_in(name: str) -> str:
        deadline = deadline_named(step, name)
        return deadline.due(now, step.calendar(deadline)).isoformat()

    def due_again(name: str, after: datetime) -> datetime:
        deadline = deadline_named(step, name)
        return deadline.due(after, step.calendar(deadline))

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
        bounds=bounds(engine.settings),
        call=Connectors(step).call,
    )


def bounds(settings: Settings) -> Bounds:
    """What the installation allows one step of a case."""
    return Bounds(
        steps=settings.steps,
        live=settings.live,
        depth=settings.depth,
        instances=settings.instances,
        data=settings.data_size,
        seconds=settings.step_seconds,
        limits=replace(
            LIMITS,
            steps=settings.expression_steps,
            seconds=settings.expression_seconds,
            made=settings.expression_size,
        ),
    )


def deadline_named(step: Step, name: str) -> Deadline:
    """A deadline as it counts for this case; raises :class:`ExpressionFailed` when there is none."""
    case = step.case
    found = step.rules.deadline(name, Scope(case.procedure, case.priority, case.site))
    if found is None:
        raise ExpressionFailed("There is no deadline of this name.", deadline=name)
    return found
