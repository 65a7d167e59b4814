"""Compensation while a case runs: what was completed and can be undone, and the steps that undo it.

Every completed activity that has a handler is kept, in the order of completion, until it is compensated or
the scope that it was done in is over. An event that throws compensation takes the last one first, each
once (§13.5.5); a sub-process that has no handler of its own stands for what was completed inside it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.control import SimpleBpmnTask
from SpiffWorkflow.bpmn.specs.defaults import SubWorkflowTask
from SpiffWorkflow.bpmn.specs.mixins.bpmn_spec_mixin import BpmnSpecMixin

from engine.domain.facts import Data
from engine.runtime.compacting import LIVE
from engine.runtime.compensating import UNDO
from engine.runtime.undrawn import APART

#: An activity that was completed: its ``node``, the ``scope`` it was done in, what it saw of its own as an
#: instance of many (``seen``), and, of a sub-process, the scope that it was (``inside``).
Completion = dict[str, Any]


class Completions:
    """What can still be compensated, and what is being compensated; saved with the case.

    A scope is known by the workflow task of its sub-process or call, the case itself by no name.
    """

    def __init__(self, saved: dict[str, Any]) -> None:
        self.done: list[Completion] = saved.get("done", [])
        #: task id of a throw event → {"levels": what it undoes, sub-processes within one another, "inside":
        #: the scope of the sub-process that a handler of its own is undoing}
        self.thrown: dict[str, dict[str, Any]] = saved.get("thrown", {})

    def saved(self) -> dict[str, Any]:
        """What is to be saved."""
        return {"done": self.done, "thrown": self.thrown}

    def add(self, task: Any, node: str, seen: Data, *, holds: bool) -> None:
        """Keep an activity that was completed; ``holds`` says whether it stands for what is inside it."""
        completion: Completion = {"node": node, "scope": scope_of(task.workflow)}
        if seen:
            completion["seen"] = dict(seen)
        if holds:
            completion["inside"] = task.id.hex
        self.done.append(completion)

    def take(self, throw: Any, handled: Container[str]) -> Completion | None:
        """Take what a throw event undoes next; None when nothing is left. ``handled`` have a handler."""
        if throw.id.hex not in self.thrown:
            self.thrown[throw.id.hex] = {"levels": [throw.task_spec.begin(throw)]}
        under_way = self.thrown[throw.id.hex]
        levels = under_way["levels"]
        while levels:
            found = self._last_of(levels[-1])
            if found is None:
                levels.pop()
                continue
            found["seen"] = {**levels[-1].get("seen", {}), **found.get("seen", {})}
            if found["node"] in handled:
                under_way["inside"] = found.get("inside")
                return found
            levels.append({"scopes": [found["inside"]], "seen": found["seen"]})
        del self.thrown[throw.id.hex]
        return None

    def undone_by(self, throw: Any) -> str:
        """The scope of the sub-process that is being compensated by a handler inside it."""
        scope: str = self.thrown[throw.id.hex]["inside"]
        return scope

    def keep(self, top: Any, alive: Container[str]) -> None:
        """Forget what belongs to scopes and throw events that are over."""
        self.thrown = {task: found for task, found in self.thrown.items() if task in alive}
        wanted = set(self._scopes_in_use(top))
        kept = []
        # A sub-process is completed after what is inside it.
        for completion in reversed(self.done):
            if completion["scope"] in wanted:
                kept.append(completion)
                wanted.add(completion.get("inside"))
        self.done = kept[::-1]

    def _scopes_in_use(self, top: Any) -> Iterator[str | None]:
        for workflow in (top, *top.subprocesses.values()):
            if not workflow.completed:
                yield scope_of(workflow)
        for found in self.thrown.values():
            for level in found["levels"]:
                yield from level["scopes"]
            yield found.get("inside")

    def _last_of(self, level: dict[str, Any]) -> Completion | None:
        scopes, only = level["scopes"], level.get("only")
        for index in reversed(range(len(self.done))):
            found = self.done[index]
            if found["scope"] in scopes and only in (None, found["node"]):
                return self.done.pop(index)
        return None


class ThrowCompensation(SubWorkflowTask):
    """An event that throws compensation: it runs the handlers, one after another, and goes on then.

    ``only`` names the activity to undo; ``around`` reaches the scope around an event sub-process too;
    ``alone`` stops whatever else goes on in the scope, as the cancel event of a transaction does.
    """

    def __init__(
        self, wf_spec: Any, bpmn_id: str, *, only: str | None, around: bool, alone: bool, **more: Any
    ) -> None:
        super().__init__(wf_spec, bpmn_id, **more)
        self.only = only
        self.around = around
        self.alone = alone

    def begin(self, my_task: Any) -> dict[str, Any]:
        """Stop what must not go on; say of which scopes it undoes what."""
        if self.alone:
            _stop_others(my_task)
        scopes = [scope_of(my_task.workflow)]
        if self.around:
            scopes.append(_scope_around(my_task.workflow))
        return {"scopes": scopes, "only": self.only}


class NextToUndo(SimpleBpmnTask, BpmnSpecMixin):
    """Chooses the handler of what is to be undone next, or the end."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **more: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **more)
        #: activity → what undoes it; None → the end
        self.ways: dict[str | None, Any] = {}

    def _predict_hook(self, my_task: Any) -> None:
        my_task._sync_children(self.outputs, TaskState.MAYBE)

    def _run_hook(self, my_task: Any) -> bool:
        throw = _caller(my_task.workflow)
        engine = my_task.workflow.script_engine
        found = engine.completions.take(throw, self.ways)
        engine.scopes.lend(throw, found["seen"] if found else {})
        my_task._sync_children([self.ways[found["node"] if found else None]], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


def scope_of(workflow: Any) -> str:
    """The scope that a workflow belongs to: what is wrapped in it is part of it."""
    caller = _home(workflow).parent_task_id
    return "" if caller is None else str(caller.hex)


def _scope_around(workflow: Any) -> str:
    """The scope around an event sub-process; of one that compensates, the one that was completed."""
    caller = _caller(_home(workflow))
    if caller.workflow.spec.name.startswith(UNDO + APART):
        scope: str = caller.workflow.script_engine.completions.undone_by(_caller(caller.workflow))
        return scope
    return scope_of(caller.workflow)


def _home(workflow: Any) -> Any:
    while APART in workflow.spec.name:
        workflow = workflow.parent_workflow
    return workflow


def _caller(workflow: Any) -> Any:
    return workflow.top_workflow.get_task_from_id(workflow.parent_task_id)


def _stop_others(my_task: Any) -> None:
    """Cancel whatever else goes on in the scope of a task."""
    home, here = _home(my_task.workflow), my_task
    while True:
        for task in list(here.workflow.tasks.values()):
            if task is not here and task.has_state(LIVE):
                task.cancel()
        if here.workflow is home:
            return
        here = _caller(here.workflow)
