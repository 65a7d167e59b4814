"""Send a case back to a step that was done before (退回): what is lawful, and what it does to the tokens.

A task S may be sent back to a user task T that was completed in the same process instance, or in one around
it, where the activity around S stands for S, and from which a way leads to S. What stands in a parallel part
(:mod:`engine.runtime.parallel_parts`) that S is not in, or in another branch of one that S is in, is not
lawful: a single token could never pass its join. Every token of a part that holds S but not T is called back
with S; then one token stands at T.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from engine.domain.facts import TaskId, WayBack
from engine.errors import CannotSendBack
from engine.runtime.compacting import is_live
from engine.runtime.joining import is_waiting_token
from engine.runtime.looping import Repeated
from engine.runtime.parallel_parts import Graph, Part
from engine.runtime.parsing import Specification
from engine.runtime.reading import Node
from engine.runtime.undoing import ThrowCompensation
from engine.runtime.undrawn import undrawn
from engine.runtime.unfolding import BEFORE

#: process instance (the id of what called it, or nothing) → node → who did it last
Done = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class _Level:
    """A process instance around a task, and what stands in it for the task."""

    specification: Specification
    graph: Graph
    standing: Any
    done: Mapping[str, Any]

    @property
    def workflow(self) -> Any:
        return self.standing.workflow

    def node_of(self, spec: Any) -> Node | None:
        return self.specification.node_of(self.standing, spec)

    @property
    def place(self) -> str:
        return str(self.standing.task_spec.name)

    def asked(self) -> Iterator[tuple[Node, Any]]:
        """The user tasks that are drawn here."""
        specs = self.workflow.spec.task_specs
        # What is done many times stands for its instances.
        many = {spec.name: spec.task_spec for spec in specs.values() if isinstance(spec, Repeated)}
        for name, spec in specs.items():
            if name not in many.values() and specs[many.get(name, name)].manual:
                node = self.node_of(spec)
                if node is not None:
                    yield node, spec

    def refusal(self, node: Node, spec: Any) -> str | None:
        """Why a task may not be sent back to a node here; None when it may."""
        if spec is self.standing.task_spec:
            return "itself"
        if node.id not in self.done:
            return "not_done"
        entry = _entry(spec, node)
        if not self.graph.leads(spec.name, self.place):
            return "not_before"
        inside = self.graph.holding(entry.name)
        if inside - self.graph.holding(self.place):
            return "parallel"
        # In another branch of the same part: a way there leads past the join only.
        apart = (part for part in inside if not self.graph.leads(spec.name, self.place, within=part))
        return "parallel" if any(apart) else None

    def called_back(self, spec: Any, node: Node) -> list[Any]:
        """What is alive and goes when a token is taken back to a node: what stands here comes first."""
        parts = self.graph.holding(self.place) - self.graph.holding(_entry(spec, node).name)
        others = [
            task
            for task in self.workflow.tasks.values()
            if is_live(task) and task is not self.standing and self._belongs(task, parts)
        ]
        return [self.standing, *others]

    def _belongs(self, task: Any, parts: set[Part]) -> bool:
        above, place = task.parent, task.task_spec.name
        if isinstance(task.task_spec, BoundaryEvent | BoundaryEventJoin):
            split = _split_above(task)
            host = next(found for found in split.children if not isinstance(found.task_spec, BoundaryEvent))
            if host is self.standing:
                return True
            place = host.task_spec.name
        elif _is_instance(task):
            place = above.task_spec.name
        elif is_waiting_token(task):
            came = above.task_spec.name
            return any(came in part.nodes or came == part.split for part in parts)
        return any(place in part.nodes for part in parts)


def ways_back(specification: Specification, task: Any, done: Done) -> list[WayBack]:
    """Every step that an open task may be sent back to, in the order in which they were drawn."""
    found: dict[str, WayBack] = {}
    for level in _levels(specification, task, done):
        for node, spec in level.asked():
            if node.id not in found and level.refusal(node, spec) is None:
                called = _people_among(level.called_back(spec, node))
                others = tuple(TaskId(one.id.hex) for one in called if one is not task)
                by = level.done[node.id]
                found[node.id] = WayBack(node.id, node.process, node.name, by=by, calls_back=others)
    return list(found.values())


def send_back(specification: Specification, task: Any, to: str, done: Done) -> None:
    """Take a task's token back to a node; raises :class:`CannotSendBack`, which says why not."""
    why = "elsewhere" if any(node.id == to for node in specification.nodes.values()) else "unknown"
    for level in _levels(specification, task, done):
        for node, spec in level.asked():
            if node.id != to:
                continue
            refused = level.refusal(node, spec)
            if refused is None:
                _move(level, node, spec)
                return
            why = refused
    raise CannotSendBack(why=why, node=to)


def _levels(specification: Specification, task: Any, done: Done) -> Iterator[_Level]:
    """The process instances around a task, the innermost first."""
    standing = task
    while True:
        if _is_instance(standing):
            standing = standing.parent
        if isinstance(standing.task_spec, ThrowCompensation):
            # Nothing is done again while it is being undone.
            return
        caller = standing.workflow.parent_task_id
        here = done.get("" if caller is None else caller.hex, {})
        yield _Level(specification, graph_of(standing.workflow.spec), standing, here)
        if caller is None:
            return
        standing = standing.workflow.top_workflow.get_task_from_id(caller)


def graph_of(spec: Any) -> Graph:
    """The graph of a process or sub-process as the library has it."""
    ways: dict[str, tuple[str, ...]] = {}
    splits, joins = set(), set()
    for name, found in spec.task_specs.items():
        # The library's own join below an activity with events leads nowhere.
        ways[name] = tuple(one.name for one in found.outputs if not isinstance(one, BoundaryEventJoin))
        if isinstance(found, ParallelGateway | InclusiveGateway):
            if len(ways[name]) > 1:
                splits.add(name)
            if len(found.inputs) > 1:
                joins.add(name)
        elif isinstance(found, BoundaryEventSplit):
            events = (one for one in found.outputs if isinstance(one, BoundaryEvent))
            if not all(event.cancel_activity for event in events):
                splits.add(name)
    return Graph(spec.start.name, "End", ways, frozenset(splits), frozenset(joins))


def _entry(spec: Any, node: Node) -> Any:
    """Where a token comes in that is to reach a node: its script before, the split of its events."""
    script = undrawn(BEFORE, node.id)
    for before in spec.inputs:
        if isinstance(before, BoundaryEventSplit) or before.bpmn_id == script:
            return _entry(before, node)
    return spec


def _move(level: _Level, node: Node, spec: Any) -> None:
    entry, above = _entry(spec, node), level.standing.parent
    while isinstance(above.task_spec, BoundaryEventSplit):
        above = above.parent
    for task in level.called_back(spec, node):
        # One before it may have taken it along.
        if task.id in level.workflow.tasks and not task.has_state(TaskState.FINISHED_MASK):
            task.cancel()
    token = above._add_child(entry, TaskState.FUTURE)
    token.triggered = True
    token.internal_data["sent_back"] = True
    entry._predict(token, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
    entry._update(token)
    for workflow in (level.workflow.top_workflow, level.workflow):
        workflow.update_waiting_tasks()


def _people_among(tasks: list[Any]) -> list[Any]:
    """The open user tasks among what is called back, and inside it."""
    found, waiting = [], list(tasks)
    while waiting:
        task = waiting.pop(0)
        if task.state == TaskState.READY and task.task_spec.manual:
            found.append(task)
        if isinstance(task.task_spec, Repeated):
            waiting += [child for child in task.children if is_live(child)]
        inside = task.workflow.top_workflow.subprocesses.get(task.id)
        if inside is not None:
            waiting += [one for one in inside.tasks.values() if is_live(one)]
    return list(dict.fromkeys(found))


def _is_instance(task: Any) -> bool:
    """Say whether a task is one of the instances of what is done many times."""
    above = task.parent.task_spec
    return isinstance(above, Repeated) and above.task_spec == task.task_spec.name


def _split_above(task: Any) -> Any:
    while not isinstance(task.task_spec, BoundaryEventSplit):
        task = task.parent
    return task
