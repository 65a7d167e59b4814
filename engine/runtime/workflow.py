"""Run one case: start it or restore it, let something happen, advance, and say what it became.

A run is made for one step and thrown away. When anything in it fails, nothing of it is kept: the
library leaves a failed workflow half moved.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import SignalEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.exceptions import WorkflowException

from engine.domain.facts import ArmedTimer, Awaited, Data, OpenTask, Snapshot, TaskId, Thrown, Visited
from engine.errors import BoundReached, GuanjiaError, RuntimeFailed, TaskNotFound
from engine.runtime import serializing
from engine.runtime.compacting import compact, is_live
from engine.runtime.events import RepeatingTimer
from engine.runtime.parsing import Specification
from engine.runtime.reading import Node
from engine.runtime.scripting import Bounds, CaseEnvironment, CaseScriptEngine, Tools

__all__ = ["Bounds", "Run", "Tools"]


class Run:
    """A case for the length of one step."""

    def __init__(
        self, specification: Specification, data: Data, tools: Tools, meta: Mapping[str, Any]
    ) -> None:
        self.specification = specification
        self.tools = tools
        self.data = data
        self.visits: dict[str, int] = dict(meta.get("visits", {}))
        self.handlers: dict[str, Any] = dict(meta.get("handlers", {}))
        self.visited: list[Visited] = []
        self._steps = 0
        self._until = time.thread_time() + tools.bounds.seconds
        #: The element at which something happened last, to name it when the whole is not right.
        self._last: str | None = None
        self.engine = CaseScriptEngine(CaseEnvironment(self.data, tools, self.visits, self.handlers))
        self.workflow: BpmnWorkflow

    @classmethod
    def start(
        cls, specification: Specification, data: Data, tools: Tools, *, message: str | None = None
    ) -> Self:
        """Start a case at its none start event, or at the start event that catches ``message``."""
        node = specification.start_of_message(message) if message else None
        return cls.start_at(specification, data, tools, node.id if node else None)

    @classmethod
    def start_at(cls, specification: Specification, data: Data, tools: Tools, start: str | None) -> Self:
        """Start a case at a start event, or at its none start event."""
        run = cls(specification, dict(data), tools, {})
        run.workflow = BpmnWorkflow(specification.spec, dict(specification.called), script_engine=run.engine)
        run._choose_start(start)
        return run

    @classmethod
    def restore(cls, specification: Specification, state: str, data: Data, tools: Tools) -> Self:
        """Restore a case from its saved state."""
        saved = json.loads(state)
        run = cls(specification, dict(data), tools, saved)
        run.workflow = serializing.load(saved["workflow"], specification, run.engine)
        return run

    # What can happen -----------------------------------------------------------------------------

    def complete(self, task_id: TaskId, answers: Data, *, by: Any) -> None:
        """Complete a user task with its answers; raises :class:`TaskNotFound` when it is not open."""
        task = self._task(task_id)
        if task.state != TaskState.READY or not task.task_spec.manual:
            raise TaskNotFound(task=task_id)
        self.data.update(answers)
        node = self.specification.node(task)
        if node is not None:
            self.handlers[node.id] = by
        task.run()
        self._passed(task)

    def fire(self, timer_id: str) -> None:
        """Fire one timer; raises :class:`TaskNotFound` when it does not wait any more."""
        task = self._task(timer_id)
        for definition in _definitions(task):
            if task.state != TaskState.WAITING or not isinstance(definition, TimerEventDefinition):
                continue
            if isinstance(definition, RepeatingTimer) and self._still_busy(task):
                definition.ring(task, quietly=True)
                return
            definition.ring(task)
            self._note(task, "fired")
            return
        raise TaskNotFound(task=timer_id)

    def receive(self, awaited_id: str, message: str, payload: Data) -> None:
        """Give a waiting event its message."""
        task = self._task(awaited_id)
        for definition in _definitions(task):
            if isinstance(definition, MessageEventDefinition) and definition.name == message:
                task.task_spec.catch(task, BpmnEvent(definition, payload=payload))
                task.task_spec._update(task)
                return
        raise TaskNotFound(task=awaited_id)

    def waits_for_signal(self, signal: str) -> bool:
        """Say whether an event waits for this signal."""
        return any(
            isinstance(definition, SignalEventDefinition) and definition.name == signal
            for _, _, definition in self._waiting()
        )

    def hear(self, signal: str) -> bool:
        """Let every event that waits for a signal have it; False when none does."""
        waiting = [
            (task, definition)
            for task, _, definition in self._waiting()
            if isinstance(definition, SignalEventDefinition) and definition.name == signal
        ]
        for task, definition in waiting:
            if task.state == TaskState.WAITING:
                task.task_spec.catch(task, BpmnEvent(definition))
                task.task_spec._update(task)
        return bool(waiting)

    def cancel(self) -> None:
        """Cancel everything that is alive."""
        self.workflow.cancel()

    def advance(self) -> None:
        """Go on as far as it goes without people; compact what is over.

        Raises :class:`BoundReached` when a bound is met, naming the element.
        """
        try:
            self.workflow.do_engine_steps(did_complete_task=self._passed)
        except WorkflowException as error:
            # No way out of a gateway, no input for a loop: the procedure's fault, told with its place.
            element = getattr(getattr(error, "task_spec", None), "bpmn_id", None)
            raise RuntimeFailed("The workflow cannot go on.", element=element, reason=str(error)) from error
        except GuanjiaError:
            raise
        except Exception as error:
            # The library raises many kinds in the middle of a step; each means that it cannot go on.
            reason = f"{type(error).__name__}: {error}"
            raise RuntimeFailed("The workflow cannot go on.", element=self._last, reason=reason) from error
        self._refuse_other_starts()
        self._note_entered()
        compact(self.workflow)
        self._check_bounds()

    # What became of it ---------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Say what the case is now. A run is not used after its snapshot."""
        workflow = self.workflow
        events = workflow.get_events()
        thrown = tuple(
            Thrown(event.event_definition.name, dict(event.payload or {}))
            for event in events
            if isinstance(event.event_definition, MessageEventDefinition)
        )
        return Snapshot(
            state=json.dumps(
                {"workflow": serializing.dump(workflow), "visits": self.visits, "handlers": self.handlers},
                ensure_ascii=False,
            ),
            ended=workflow.completed,
            data=self.data,
            open_tasks=() if workflow.completed else tuple(self._open_tasks()),
            timers=() if workflow.completed else tuple(self._timers()),
            awaited=() if workflow.completed else tuple(self._awaited()),
            thrown=thrown,
            signals=tuple(
                event.event_definition.name
                for event in events
                if isinstance(event.event_definition, SignalEventDefinition)
            ),
            visited=tuple(self.visited),
        )

    def evaluate(self, expression: str) -> Any:
        """Evaluate an expression of the procedure over the case's data."""
        return self.engine.environment.evaluate(expression, {})

    def _open_tasks(self) -> Iterator[OpenTask]:
        for task in self._all_tasks():
            if task.state != TaskState.READY or not task.task_spec.manual:
                continue
            node = self.specification.node(task)
            if node is None:
                continue
            role, lane = self.specification.role_of(node)
            yield OpenTask(
                id=TaskId(task.id.hex),
                node=node.id,
                name=node.name,
                role=role or lane,
                properties={**node.properties, **({"help": node.instructions} if node.instructions else {})},
                data=dict(task.data),
                process=node.process,
                visit=self.visits.get(node.id, 0) + 1,
            )

    def _timers(self) -> Iterator[ArmedTimer]:
        for task, node, definition in self._waiting():
            due = task._get_internal_data("due")
            if isinstance(definition, TimerEventDefinition) and due:
                yield ArmedTimer(
                    id=task.id.hex,
                    node=node.id,
                    name=node.name or definition.name,
                    due_at=datetime.fromisoformat(due),
                    expression=definition.expression,
                    attached_to=node.attached_to,
                    interrupting=node.interrupting,
                    process=node.process,
                )

    def _awaited(self) -> Iterator[Awaited]:
        for task, node, definition in self._waiting():
            if isinstance(definition, MessageEventDefinition):
                correlation = node.properties.get("correlation")
                value = self.engine.evaluate(task, correlation) if correlation else None
                yield Awaited(
                    id=task.id.hex,
                    node=node.id,
                    message=definition.name,
                    correlation=None if value is None else str(value),
                )

    def _waiting(self) -> Iterator[tuple[Any, Node, Any]]:
        for task in self.workflow.event_manager.tasks.values():
            node = self.specification.node(task)
            if node is not None and task.state == TaskState.WAITING:
                for definition in _definitions(task):
                    yield task, node, definition

    # Inside ----------------------------------------------------------------------------------------

    def _task(self, task_id: str) -> Any:
        task = self.workflow.get_task_from_id(UUID(task_id))
        if task is None:
            raise TaskNotFound(task=task_id)
        return task

    def _all_tasks(self) -> Iterator[Any]:
        yield from self.workflow.tasks.values()
        for sub in self.workflow.subprocesses.values():
            yield from sub.tasks.values()

    def _choose_start(self, chosen: str | None) -> None:
        # Every start event of a procedure waits in a new workflow; only one of them was meant.
        for task in list(self.workflow.tasks.values()):
            spec = task.task_spec
            if not isinstance(spec, StartEvent) or self.specification.node(task) is None:
                continue
            event = self.specification.node(task)
            wanted = spec.bpmn_id == chosen if chosen else event is not None and event.event is None
            if not wanted:
                task.cancel()
            elif chosen:
                task._set_internal_data(event_fired=True)
                spec._update(task)

    def _refuse_other_starts(self) -> None:
        # A called procedure is started by its caller: its message starts must not wait for ever.
        for sub in list(self.workflow.subprocesses.values()):
            for task in list(sub.tasks.values()):
                if isinstance(task.task_spec, StartEvent) and task.state == TaskState.WAITING:
                    task.cancel()

    def _still_busy(self, timer: Any) -> bool:
        # A reminder to do something every day is one thing to do, however many days it was left.
        node = self.specification.node(timer)
        return (
            node is not None
            and node.properties.get("overlap") == "skip"
            # The library hangs its own join below the event, which waits as long as the activity does.
            and any(
                is_live(below)
                for child in timer.children
                if self.specification.node(child) is not None
                for below in child
            )
        )

    def _passed(self, task: Any) -> None:
        bounds, element = self.tools.bounds, task.task_spec.bpmn_id
        self._steps += 1
        self._last = element or self._last
        if self._steps > bounds.steps:
            raise BoundReached(bound="steps", limit=bounds.steps, element=self._last)
        if self._last and time.thread_time() > self._until:
            raise BoundReached(bound="seconds", limit=bounds.seconds, element=self._last)
        if task.workflow.depth > bounds.depth:
            raise BoundReached(bound="depth", limit=bounds.depth, element=self._last)
        if self._steps % 20 == 0:
            self._require_few_alive()
        if self.specification.node(task) is not None:
            self._note(task, "completed")

    def _note(self, task: Any, event: Any) -> None:
        node = self.specification.node(task)
        if node is None:
            return
        if event == "completed":
            self.visits[node.id] = self.visits.get(node.id, 0) + 1
        self.visited.append(
            Visited(
                node=node.id,
                kind=node.type,
                name=node.name,
                event=event,
                came_from=self._came_from(task),
                process=node.process,
                task=task.id.hex,
            )
        )

    def _note_entered(self) -> None:
        # Before the tree is compacted: afterwards a repeated node hangs where its first visit did.
        for task in self._all_tasks():
            if task.state == TaskState.COMPLETED:
                # What an event gateway chose by is of no use any more, and cannot be saved.
                task.internal_data.pop("seen_events", None)
            waits = task.state == TaskState.WAITING and hasattr(task.task_spec, "event_definition")
            asks = task.state == TaskState.READY and task.task_spec.manual
            if (waits or asks) and not task.internal_data.get("entered"):
                task.internal_data["entered"] = True
                self._note(task, "entered")

    def _came_from(self, task: Any) -> str | None:
        above = task.parent
        while above is not None:
            node = self.specification.node(above)
            if node is not None:
                return node.id
            above = above.parent
        return None

    def _check_bounds(self) -> None:
        bounds = self.tools.bounds
        live = self._require_few_alive()
        stalled = [task for task in live if task.state == TaskState.READY and not task.task_spec.manual]
        if stalled:
            raise RuntimeFailed("The case does not move on.", element=stalled[0].task_spec.bpmn_id)
        self._require_waiting_for_something(live)
        deepest = max((sub.depth for sub in self.workflow.subprocesses.values()), default=0)
        if deepest > bounds.depth:
            raise BoundReached(bound="depth", limit=bounds.depth, element=self._last)
        try:
            size = len(json.dumps(self.data, ensure_ascii=False, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise RuntimeFailed(
                "The case's data cannot be stored.", element=self._last, reason=str(error)
            ) from error
        if size > bounds.data:
            raise BoundReached(bound="data", limit=bounds.data, size=size, element=self._last)

    def _require_few_alive(self) -> list[Any]:
        live = [
            task
            for task in self._all_tasks()
            if task.state in (TaskState.READY, TaskState.WAITING, TaskState.STARTED)
        ]
        if len(live) > self.tools.bounds.live:
            element = live[-1].task_spec.bpmn_id
            raise BoundReached(bound="live", limit=self.tools.bounds.live, element=element)
        return live

    def _require_waiting_for_something(self, live: list[Any]) -> None:
        # A join that nothing can reach any more would hold its case for ever without anybody seeing it.
        if self.workflow.completed or any(task.state == TaskState.READY for task in live):
            return
        if not any(self._waiting()):
            joins = [task for task in live if self.specification.node(task) is not None]
            raise RuntimeFailed(
                "The case would wait for ever.",
                element=(joins or live or [self.workflow.task_tree])[-1].task_spec.bpmn_id,
            )


def _definitions(task: Any) -> list[Any]:
    definition = getattr(task.task_spec, "event_definition", None)
    return list(getattr(definition, "event_definitions", [definition]))
