"""Save a workflow without its specification, and load it again with a shared one.

The specification comes from the published files, and the case's data is one shared document beside the
state, so a state holds only what the case did: its tasks as rows, about a sixth of what the library's own
serializer writes. What people type never passes through here as keys that could mean something.

.. code-block:: text

    workflow   {"tasks": [task …], "root": task, "last": task, "success", "completed", …}
    top        a workflow with "subs": [[the calling task's id, workflow] …], callers before the called
    task       [id, parent, [child …], state, node, triggered, its own data]

where a parent, a child, the root and the last task are numbers of rows, -1 for none.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.task import Task

from engine.runtime.frontier import CaseSubWorkflow, CaseWorkflow
from engine.runtime.parsing import Specification

_NONE = -1
#: What a workflow carries of its own only now and then.
_SELDOM = ("data", "correlations")

State = dict[str, Any]


def dump(top: Any) -> State:
    """The workflow's state as JSON values, without its specification."""
    state = _dump(top)
    state["subs"] = [[key.hex, _dump(sub)] for key, sub in _outermost_first(top)]
    return state


def load(state: State, specification: Specification, script_engine: Any) -> CaseWorkflow:
    """A workflow again, from its state and the specification it ran on."""
    top = CaseWorkflow(
        specification.spec, dict(specification.called), script_engine=script_engine, deserializing=True
    )
    _load(top, top, state)
    for key, inner in state["subs"]:
        caller = top.get_task_from_id(UUID(key))
        spec = top.subprocess_specs[caller.task_spec.spec]
        sub = CaseSubWorkflow(spec, caller.id, top, deserializing=True)
        top.subprocesses[caller.id] = sub
        _load(top, sub, inner)
        sub.completed_event.connect(caller.task_spec._on_subworkflow_completed, caller)
    return top


def renewed(state: State) -> State:
    """The same state, in which what is only predicted has new ids.

    A step that is done anew from an earlier state must not make tasks that there were before.
    """
    for one in (state, *(sub for _, sub in state["subs"])):
        for row in one["tasks"]:
            if row[3] & TaskState.PREDICTED_MASK or row[3] == TaskState.FUTURE:
                row[0] = uuid4().hex
    return state


def _outermost_first(top: Any) -> list[tuple[UUID, Any]]:
    return sorted(top.subprocesses.items(), key=lambda found: found[1].depth)


def _dump(workflow: Any) -> State:
    row = {key: number for number, key in enumerate(workflow.tasks)}
    state: State = {
        "tasks": [
            [
                task.id.hex,
                row.get(task._parent, _NONE),
                [row[child] for child in task._children],
                task._state,
                task.task_spec.name,
                task.triggered,
                task.internal_data,
            ]
            for task in workflow.tasks.values()
        ],
        "root": row[workflow.task_tree.id],
        "last": _NONE if workflow.last_task is None else row.get(workflow.last_task.id, _NONE),
        "success": workflow.success,
        "completed": workflow.completed,
    }
    for name in _SELDOM:
        if found := getattr(workflow, name):
            state[name] = found
    return state


def _load(top: Any, workflow: Any, state: State) -> None:
    rows = state["tasks"]
    ids = [UUID(row[0]) for row in rows]
    for key, (_, parent, children, mark, node, triggered, own) in zip(ids, rows, strict=True):
        task = Task(workflow, workflow.spec.task_specs[node], state=mark, id=key)
        task._parent = None if parent == _NONE else ids[parent]
        task._children = [ids[child] for child in children]
        task.triggered = triggered
        task.internal_data = own
        if mark == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    workflow.task_tree = workflow.tasks[ids[state["root"]]]
    if state["last"] != _NONE:
        workflow.last_task = workflow.tasks[ids[state["last"]]]
    workflow.success, workflow.completed = state["success"], state["completed"]
    for name in _SELDOM:
        if name in state:
            setattr(workflow, name, state[name])
