"""What the engine lends to a run of a case: the clock, the case's names, functions, connectors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.connectors import Connectors
from engine.domain.rules import Scope
from engine.domain.sla import Deadline
from engine.runtime.expressions import LIMITS
from engine.runtime.workflow import Bounds, Tools
from engine.scheduling import Moments
from engine.wiring import Settings

if TYPE_CHECKING:
    from engine.steps import Step


def tools(step: Step) -> Tools:
    """What the engine lends to a run of this case."""
    engine, case = step.engine, step.case
    moments = moments_of(step)

    def department(name: str) -> list[str]:
        return [role.id for role in engine.organisation.handlers_of(name)]

    return Tools(
        now=step.now,
        names={
            "case": {
                "no": case.number,
                "site": case.site,
                "starter": case.started_by,
                "started_at": case.started_at.isoformat(),
                "procedure": case.procedure,
            }
        },
        functions={**moments.functions(), "department": department},
        due_again=moments.due_again,
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


def moments_of(step: Step) -> Moments:
    """The functions that give a moment, in this case and this step."""
    case = step.case
    return Moments(step.engine, step.rules, Scope(case.procedure, case.priority, case.site), step.now)


def deadline_named(step: Step, name: str) -> Deadline:
    """A deadline as it counts for this case; raises :class:`ExpressionFailed` when there is none."""
    return moments_of(step).deadline(name)
