"""Keep a case's task tree as small as what is still alive, however often it went round.

The library never forgets a finished round: the tree grows deeper with each, every step walks it, and
beyond 1,000 levels it silently stops. Two rules cut it back after each step, without changing what the
case does next:

- *Finished rounds.* Where A and T are tasks of the same node, A above T, and every live task below A is
  also below T, the rounds between A and T are over: T takes A's place.
- *Finished rings.* Of an event beside an activity that is armed again, a branch with nothing alive in it
  is dropped.
- *Finished instances* of an activity that is done many times are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.runtime.joining import is_waiting_token

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def is_live(task: Any) -> bool:
    """Say whether something is still to happen at a task; the end that waits for all is not meant."""
    return bool(task._state & LIVE) and task.task_spec is not task.workflow.spec.end


def all_tasks(top: Any) -> Iterator[Any]:
    """The tasks of a workflow and of its sub-processes."""
    yield from top.tasks.values()
    for sub in top.subprocesses.values():
        yield from sub.tasks.values()


def compact(top: Any) -> int:
    """Cut finished rounds and rings out of a workflow and its sub-processes; return how many tasks."""
    removed = 0
    for workflow in [top, *(sub for sub in top.subprocesses.values() if not sub.completed)]:
        removed += _drop_finished_rings(top, workflow)
        removed += _drop_finished_instances(top, workflow)
        while (found := _longest_finished_rounds(workflow)) is not None:
            removed += _splice(top, workflow, *found)
    return removed


def _longest_finished_rounds(workflow: Any) -> tuple[Any, Any] | None:
    live = [task for task in workflow.tasks.values() if is_live(task)]
    paths = [_path(task) for task in live]
    members = [{task.id for task in path} for path in paths]
    best: tuple[int, Any, Any] | None = None
    for path in paths:
        seen: dict[str, list[int]] = {}
        for below, task in enumerate(path):
            if is_waiting_token(task):
                # What it hangs from says over which flow it came.
                continue
            for above in seen.setdefault(task.task_spec.name, []):
                upper = path[above]
                length = below - above
                if (best is None or length > best[0]) and all(
                    task.id in member for member in members if upper.id in member
                ):
                    best = (length, upper, task)
            seen[task.task_spec.name].append(below)
    return best[1:] if best else None


def _path(task: Any) -> list[Any]:
    path = []
    while task is not None:
        path.append(task)
        task = task.parent
    return path[::-1]


def _subtree(task: Any) -> Iterator[Any]:
    stack = [task]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(found.children)


def _splice(top: Any, workflow: Any, upper: Any, lower: Any) -> int:
    keep = {task.id for task in _subtree(lower)}
    # Read the branches before they are cut loose.
    drop = list(_without(upper, keep))
    parent = upper.parent
    parent._children[parent._children.index(upper.id)] = lower.id
    lower._parent = parent.id
    lower.triggered = upper.triggered
    _forget(top, workflow, drop)
    if workflow.last_task is not None and workflow.last_task.id not in workflow.tasks:
        workflow.last_task = lower.parent
    return len(drop)


def _without(task: Any, keep: set[Any]) -> Iterator[Any]:
    stack = [task]
    while stack:
        found = stack.pop()
        if found.id not in keep:
            yield found
            stack.extend(found.children)


def _drop_finished_rings(top: Any, workflow: Any) -> int:
    removed = 0
    for split in [task for task in workflow.tasks.values() if isinstance(task.task_spec, BoundaryEventSplit)]:
        armed = {child.task_spec.name for child in split.children if child._state == TaskState.WAITING}
        for ring in split.children:
            branch = list(_subtree(ring))
            if ring._state != TaskState.COMPLETED or ring.task_spec.name not in armed:
                continue
            # The library's own join below the event waits as long as the activity does.
            if any(is_live(task) and not isinstance(task.task_spec, BoundaryEventJoin) for task in branch):
                continue
            split._children.remove(ring.id)
            _forget(top, workflow, branch)
            removed += len(branch)
    return removed


def _drop_finished_instances(top: Any, workflow: Any) -> int:
    removed = 0
    for activity in [task for task in workflow.tasks.values() if isinstance(task.task_spec, LoopTask)]:
        for instance in activity.children:
            if instance.task_spec.name == activity.task_spec.task_spec and not is_live(instance):
                gone = list(_subtree(instance))
                activity._children.remove(instance.id)
                _forget(top, workflow, gone)
                removed += len(gone)
    return removed


def drop_orphans(top: Any) -> None:
    """Forget the sub-processes of tasks that are in no tree any more."""
    while True:
        known = {task for workflow in (top, *top.subprocesses.values()) for task in workflow.tasks}
        orphans = set(top.subprocesses) - known
        if not orphans:
            return
        for found in orphans:
            for task in top.subprocesses.pop(found).tasks.values():
                top.event_manager.remove_task(task)


def _forget(top: Any, workflow: Any, tasks: list[Any]) -> None:
    for task in tasks:
        if task.id in top.subprocesses:
            top.delete_subprocess(task)
        top.event_manager.remove_task(task)
        del workflow.tasks[task.id]
