"""Keep a case's task tree as small as what is still alive, however often it went round.

The library never forgets a finished round: the tree grows deeper with each, every step walks it, and
beyond 1,000 levels it silently stops. Two rules cut it back after each step, without changing what the
case does next:

- *Finished rounds.* Where A and T are tasks of the same node, A above T, and every live task below A is
  also below T, the rounds between A and T are over: T takes A's place. A parallel join inside a loop so
  forgets the cancelled joins of earlier rounds, which otherwise make it fire too early.
- *Finished rings.* A branch behind a repeating timer that has nothing alive in it is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from SpiffWorkflow import TaskState

from engine.runtime.events import RepeatingTimer

LIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


def is_live(task: Any) -> bool:
    """Say whether something is still to happen at a task; the end that waits for all is not meant."""
    return bool(task._state & LIVE) and task.task_spec is not task.workflow.spec.end


def compact(top: Any) -> int:
    """Cut finished rounds and rings out of a workflow and its sub-processes; return how many tasks."""
    removed = 0
    for workflow in [top, *(sub for sub in top.subprocesses.values() if not sub.completed)]:
        removed += _drop_finished_rings(top, workflow)
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
    timers = [
        task
        for task in workflow.tasks.values()
        if task._state == TaskState.WAITING
        and isinstance(getattr(task.task_spec, "event_definition", None), RepeatingTimer)
    ]
    removed = 0
    for timer in timers:
        for child in timer.children:
            branch = list(_subtree(child))
            if any(is_live(task) for task in branch):
                continue
            timer._children.remove(child.id)
            _forget(top, workflow, branch)
            removed += len(branch)
    return removed


def _forget(top: Any, workflow: Any, tasks: list[Any]) -> None:
    for task in tasks:
        if task.id in top.subprocesses:
            top.delete_subprocess(task)
        top.event_manager.remove_task(task)
        del workflow.tasks[task.id]
