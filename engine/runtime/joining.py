"""Joins that count tokens as BPMN does: each flow's one by one, in loops too, and none is lost.

The library keeps one waiting task for a join and looks back in the tree for branches that are done, which
counts those of earlier rounds again. Here every token that has arrived is a waiting task of its own under
the node it came from, and a join that fires consumes exactly one of each flow (§13.4.1, §13.4.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.exceptions import WorkflowException

#: A token's flow: the node that it comes from, and the how-manieth of its flows to this join.
Flow = tuple[str, int]


class _Join:
    """What a parallel and an inclusive gateway have in common: tokens that wait."""

    name: str
    inputs: list[Any]

    def _update_hook(self, my_task: Any) -> bool:
        my_task._set_state(TaskState.WAITING)
        waiting: dict[Flow, Any] = {}
        for task in my_task.workflow.tasks.values():
            if task.task_spec is self and task.state == TaskState.WAITING:
                waiting.setdefault(_flow(task), task)
        # A second token of the same flow stays for the next time.
        waiting[_flow(my_task)] = my_task
        if not self._is_enough(my_task, waiting):
            return False
        for task in waiting.values():
            if task is not my_task:
                task.cancel()
        my_task._inherit_data()
        return True

    def _is_enough(self, my_task: Any, waiting: Iterable[Flow]) -> bool:
        raise NotImplementedError

    def _flows(self) -> set[Flow]:
        """All flows that lead here."""
        names = [spec.name for spec in self.inputs]
        return {(name, names[:index].count(name)) for index, name in enumerate(names)}


class ParallelJoin(_Join, ParallelGateway):
    """A parallel gateway: it goes on when a token has come over each of its flows."""

    def _is_enough(self, my_task: Any, waiting: Iterable[Flow]) -> bool:
        return self._flows() == set(waiting)

    def _run_hook(self, my_task: Any) -> bool:
        return True


class InclusiveJoin(_Join, InclusiveGateway):
    """An inclusive gateway: it goes on when no other token can still come to a flow that has none.

    A token that can also come to a flow which has one already is not waited for (§13.4.3).
    """

    def _is_enough(self, my_task: Any, waiting: Iterable[Flow]) -> bool:
        arrived = set(waiting)
        empty = self._flows() - arrived
        for spec in _elsewhere(my_task) if empty else ():
            reached = self._reached_from(spec)
            if reached & empty and not reached & arrived:
                return False
        return True

    def _reached_from(self, spec: Any) -> set[Flow]:
        """The flows of this join that a token at a node may come over."""
        found: set[Flow] = set()
        seen, waiting = {spec.name}, [spec]
        while waiting:
            here = waiting.pop()
            following = here.outputs
            found |= {(here.name, n) for n in range(sum(after is self for after in following))}
            for after in following:
                if after is not self and after.name not in seen:
                    seen.add(after.name)
                    waiting.append(after)
        return found

    def _run_hook(self, my_task: Any) -> bool:
        chosen, defaults = self._get_matching_outputs(my_task)
        if not (chosen or defaults):
            raise WorkflowException("No condition of the gateway holds.", task_spec=self)
        my_task._sync_children(chosen or defaults, TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def is_waiting_token(task: Any) -> bool:
    """Say whether a task is a token that waits at a join."""
    return isinstance(task.task_spec, _Join) and task.state == TaskState.WAITING


def _flow(task: Any) -> Flow:
    twins = [child for child in task.parent.children if child.task_spec is task.task_spec]
    return task.parent.task_spec.name, twins.index(task)


def _elsewhere(my_task: Any) -> Iterable[Any]:
    """The nodes at which other tokens of the same process are."""
    live = TaskState.READY | TaskState.WAITING | TaskState.STARTED
    specs = {
        task.task_spec.name: task.task_spec
        for task in my_task.workflow.tasks.values()
        if task.has_state(live) and task.task_spec is not my_task.task_spec
    }
    return specs.values()
