"""The bounds of a step: whoever reaches one gets an error that names the element."""

from __future__ import annotations

import json
from typing import Any

from SpiffWorkflow import TaskState

from engine.errors import BoundReached, RuntimeFailed
from engine.runtime import waiting
from engine.runtime.compacting import all_tasks
from engine.runtime.parsing import Specification
from engine.runtime.scripting import Bounds
from engine.runtime.undrawn import drawn_of


def check(specification: Specification, workflow: Any, bounds: Bounds, last: str | None) -> None:
    """Require that a case after a step is within its bounds, and waits for something.

    ``last`` is the element at which something happened last. Raises :class:`BoundReached`,
    :class:`RuntimeFailed`.
    """
    live = require_few_alive(workflow, bounds)
    stalled = [task for task in live if task.state == TaskState.READY and not task.task_spec.manual]
    if stalled:
        raise RuntimeFailed("The case does not move on.", element=_name(stalled[0]))
    _require_waiting_for_something(specification, workflow, live)
    deepest = max((sub.depth for sub in workflow.subprocesses.values()), default=0)
    if deepest > bounds.depth:
        raise BoundReached(bound="depth", limit=bounds.depth, element=last)


def check_data(data: Any, bounds: Bounds, last: str | None) -> None:
    """Require that a case's data can be stored and is small enough."""
    try:
        size = len(json.dumps(data, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise RuntimeFailed("The case's data cannot be stored.", element=last, reason=str(error)) from error
    if size > bounds.data:
        raise BoundReached(bound="data", limit=bounds.data, size=size, element=last)


def require_few_alive(workflow: Any, bounds: Bounds) -> list[Any]:
    """What is alive in a case; raises :class:`BoundReached`."""
    alive = (TaskState.READY, TaskState.WAITING, TaskState.STARTED)
    live = [task for task in all_tasks(workflow) if task.state in alive]
    if len(live) > bounds.live:
        raise BoundReached(bound="live", limit=bounds.live, element=_name(live[-1]))
    return live


def _require_waiting_for_something(specification: Specification, workflow: Any, live: list[Any]) -> None:
    # A join that nothing can reach, a condition that nothing can change any more, would hold its case
    # for ever without anybody seeing it.
    if workflow.completed or any(task.state == TaskState.READY for task in live):
        return
    if not any(waiting.timers(specification, workflow)) and not any(waiting.awaited(specification, workflow)):
        drawn = [task for task in live if specification.node(task) is not None]
        place = (drawn or live or [workflow.task_tree])[-1]
        raise RuntimeFailed("The case would wait for ever.", element=_name(place))


def _name(task: Any) -> str | None:
    return drawn_of(task.task_spec.bpmn_id)
