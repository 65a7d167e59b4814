"""Let the library run what is ready, in an order in which an interruption is one.

The library's own loop finishes the innermost sub-process first, then what it returns to, and so runs work
that an error or a signal has just interrupted further out. Here an event that interrupts its activity
acts at once, the outermost first, before anything else goes on (§13.5.3).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent


def run_ready(top: Any, passed: Callable[[Any], None]) -> None:
    """Run what is ready until only people's tasks and waiting events are left; tell of each one run."""
    _interrupt(top, passed)
    moved = True
    while moved:
        active = sorted(top.get_active_subprocesses(), key=lambda sub: sub.depth, reverse=True)
        moved = False
        for sub in active:
            while _run(top, sub, passed):
                moved = True
            if sub.parent_task_id in top.subprocesses:
                caller = top.get_task_from_id(sub.parent_task_id)
                if caller.state == TaskState.STARTED:
                    caller.task_spec._update(caller)
        moved = _run(top, top, passed) or moved or len(top.get_active_subprocesses()) > len(active)


def _run(top: Any, workflow: Any, passed: Callable[[Any], None]) -> bool:
    ran = False
    for task in _ready(workflow):
        # An interruption may have cancelled it since the list was made.
        if task.state != TaskState.READY:
            continue
        task.run()
        passed(task)
        ran = True
        if hasattr(task.task_spec, "event_definition"):
            _interrupt(top, passed)
    return ran


def _ready(workflow: Any) -> list[Any]:
    """What runs by itself now, in the order of the tree; the tree is walked only where there is a choice."""
    ready = [
        task
        for task in workflow.tasks.values()
        if task.state == TaskState.READY and not task.task_spec.manual
    ]
    if len(ready) < 2:
        return ready
    return [task for task in workflow.get_tasks(state=TaskState.READY) if not task.task_spec.manual]


def _interrupt(top: Any, passed: Callable[[Any], None]) -> None:
    """Run every event that interrupts its activity and has happened."""
    happened = [
        task
        for workflow in (top, *top.subprocesses.values())
        for task in workflow.tasks.values()
        if task.state == TaskState.READY
        and isinstance(task.task_spec, BoundaryEvent)
        and task.task_spec.cancel_activity
    ]
    for task in sorted(happened, key=lambda task: task.workflow.depth):
        if task.state == TaskState.READY:
            task.run()
            passed(task)
