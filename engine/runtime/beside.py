"""Events beside a running activity: again and again, and what becomes of what they began (§13.5.3)."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from engine.runtime.compacting import is_live
from engine.runtime.events import CaseCondition, OnceTimer, RepeatingTimer
from engine.runtime.parsing import Specification


def wait_again(task: Any) -> None:
    """Let an event that does not interrupt happen again as long as its activity runs."""
    spec = task.task_spec
    if not isinstance(spec, BoundaryEvent) or spec.cancel_activity or task.parent is None:
        return
    definition = spec.event_definition
    left = definition.left(task) if isinstance(definition, RepeatingTimer) else None
    over = left == 0 if isinstance(definition, RepeatingTimer) else isinstance(definition, OnceTimer)
    main = next(child for child in task.parent.children if not isinstance(child.task_spec, BoundaryEvent))
    if over or main.has_state(TaskState.FINISHED_MASK):
        return
    again = task.parent._add_child(spec, TaskState.MAYBE)
    spec._predict(again)
    if isinstance(definition, RepeatingTimer):
        definition.arm_next(again, left)
    if isinstance(definition, CaseCondition):
        again._set_internal_data(held=True)
    again._set_state(TaskState.WAITING)
    spec._update(again)


def end_with_activity(specification: Specification, task: Any) -> None:
    """Cancel what events beside a finished activity began, where they ask for it (``when_done``)."""
    spec, parent = task.task_spec, task.parent
    if parent is None or not isinstance(parent.task_spec, BoundaryEventSplit):
        return
    if isinstance(spec, BoundaryEvent) and not spec.cancel_activity:
        return
    for event in parent.children:
        node = specification.node(event)
        if event is not task and node is not None and node.properties.get("when_done") == "cancel":
            event.cancel()


def is_still_busy(specification: Specification, timer: Any) -> bool:
    """Say whether a ring that must not overlap the one before would (``overlap``).

    A reminder to do something every day is one thing to do, however many days it was left.
    """
    node = specification.node(timer)
    return (
        node is not None
        and node.properties.get("overlap") == "skip"
        # The library hangs its own join below each event, which waits as long as the activity does.
        and any(
            is_live(below)
            for ring in timer.parent.children
            if ring.task_spec is timer.task_spec and ring is not timer
            for below in ring
            if specification.node(below) is not None
        )
    )
