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
from SpiffWorkflow.bpmn.specs.event_definitions.item_aware_event import ErrorEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.start_event import StartEvent
from SpiffWorkflow.bpmn.util import BpmnEvent
from SpiffWorkflow.exceptions import WorkflowException

from engine.domain.facts import Data, OpenTask, Snapshot, Standing, TaskId, Thrown, Visited, WayBack
from engine.errors import BoundReached, GuanjiaError, RuntimeFailed, TaskNotFound
from engine.runtime import beside, bounding, returning, serializing, waiting
from engine.runtime.compacting import all_tasks, compact, is_live
from engine.runtime.events import DUE, CaseCondition, CaseMessage, CaseSignal, OnceTimer, RepeatingTimer
from engine.runtime.frontier import CaseWorkflow
from engine.runtime.parsing import Specification
from engine.runtime.reading import Node
from engine.runtime.scopes import Scopes
from engine.runtime.scripting import Bounds, CaseEnvironment, CaseScriptEngine, Tools
from engine.runtime.stepping import run_ready
from engine.runtime.undoing import Completions
from engine.runtime.undrawn import drawn_of

__all__ = ["Bounds", "Run", "Tools"]


class Run:
    """A case for the length of one step."""

    workflow: CaseWorkflow

    def __init__(
        self, specification: Specification, data: Data, tools: Tools, meta: Mapping[str, Any]
    ) -> None:
        self.specification = specification
        self.tools = tools
        self.data = data
        self.visits: dict[str, int] = dict(meta.get("visits", {}))
        self.handlers: dict[str, Any] = dict(meta.get("handlers", {}))
        #: Process instance → node → who did it last there, of those that are under way; of the case itself,
        #: in the states of earlier versions, all handlers.
        self.done: dict[str, dict[str, Any]] = meta.get("done", {"": dict(self.handlers)})
        self.visited: list[Visited] = []
        self._steps = 0
        self._until = time.thread_time() + tools.bounds.seconds
        #: The element at which something happened last, to name it when the whole is not right.
        self._last: str | None = None
        self.scopes = Scopes(self.data, meta.get("scopes", {}))
        self.completions = Completions(meta.get("completions", {}))
        environment = CaseEnvironment(self.scopes, tools, self.visits, self.handlers)
        self.engine = CaseScriptEngine(environment, self.completions)

    @classmethod
    def start(cls, specification: Specification, data: Data, tools: Tools, *, at: str | None = None) -> Self:
        """Start a case at the start event of this id, or at its none start event."""
        run = cls(specification, dict(data), tools, {})
        run.workflow = CaseWorkflow(specification.spec, dict(specification.called), script_engine=run.engine)
        run._choose_start(at)
        return run

    @classmethod
    def restore(cls, specification: Specification, state: str, data: Data, tools: Tools) -> Self:
        """Restore a case from its saved state."""
        saved = json.loads(state)
        run = cls(specification, dict(data), tools, saved)
        run.workflow = serializing.load(saved["workflow"], specification, run.engine)
        return run

    @staticmethod
    def renewed(state: str) -> str:
        """An earlier saved state, to go on from: what had not begun in it has new ids."""
        saved = json.loads(state)
        saved["workflow"] = serializing.renewed(saved["workflow"])
        return json.dumps(saved, ensure_ascii=False)

    # What can happen -----------------------------------------------------------------------------

    def complete(self, task_id: TaskId, answers: Data, *, by: Any) -> None:
        """Complete a user task with its answers; raises :class:`TaskNotFound` when it is not open."""
        task = self._open_task(task_id)
        self.scopes.write(task, answers)
        node = self.specification.node(task)
        if node is not None:
            self.handlers[node.id] = by
            caller = task.workflow.parent_task_id
            self.done.setdefault("" if caller is None else caller.hex, {})[node.id] = by
        task.run()
        self._passed(task)

    def fire(self, timer_id: str) -> None:
        """Fire one timer; raises :class:`TaskNotFound` when it does not wait any more."""
        for task, node, definition in self._events():
            if not isinstance(definition, OnceTimer) or waiting.id_of(task, definition) != timer_id:
                continue
            if isinstance(definition, RepeatingTimer) and beside.is_still_busy(self.specification, task):
                definition.arm_next(task, definition.left(task))
                return
            self._happens(task, node)
            definition.ring(task)
            self._note(task, "fired", node)
            return
        raise TaskNotFound(task=timer_id)

    def rearm(self, timer_id: str, due: datetime) -> None:
        """Let a timer that waits be due at another moment; :class:`TaskNotFound` when it waits no more."""
        for task, _, definition in self._events():
            if isinstance(definition, OnceTimer) and waiting.id_of(task, definition) == timer_id:
                task._set_internal_data(**{definition.key(task, DUE): due.isoformat()})
                return
        raise TaskNotFound(task=timer_id)

    def receive(self, awaited_id: str, message: str, payload: Data) -> None:
        """Give a waiting event its message."""
        for task, node, definition in self._events():
            if not isinstance(definition, CaseMessage) or definition.name != message:
                continue
            if waiting.id_of(task, definition) == awaited_id:
                self._happens(task, node)
                task.task_spec.catch(task, BpmnEvent(definition, payload=payload))
                task.task_spec._update(task)
                return
        raise TaskNotFound(task=awaited_id)

    def hear(self, signal: str) -> None:
        """Let every event that waits for a signal have it."""
        listening = [
            (task, node, definition)
            for task, node, definition in self._events()
            if isinstance(definition, CaseSignal) and definition.name == signal
        ]
        for task, node, definition in listening:
            if task.state == TaskState.WAITING:
                self._happens(task, node)
                task.task_spec.catch(task, BpmnEvent(definition))
                task.task_spec._update(task)

    def send_back(self, task_id: TaskId, to: str) -> None:
        """Send an open task back to a node that was done before; raises :class:`CannotSendBack`."""
        returning.send_back(self.specification, self._open_task(task_id), to, self.done)

    def cancel(self) -> None:
        """Cancel everything that is alive."""
        self.workflow.cancel()

    def advance(self) -> None:
        """Go on as far as it goes without people; compact what is over.

        Raises :class:`BoundReached` when a bound is met, naming the element.
        """
        try:
            self._go_on()
        except WorkflowException as error:
            # No way out of a gateway, no input for a loop: the procedure's fault, told with its place.
            element = drawn_of(getattr(getattr(error, "task_spec", None), "bpmn_id", None))
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
        alive = {task.id.hex for task in all_tasks(self.workflow) if is_live(task)}
        self.scopes.keep(alive)
        self.completions.keep(self.workflow, alive)
        under_way = {key.hex for key, sub in self.workflow.subprocesses.items() if not sub.completed}
        self.done = {scope: by for scope, by in self.done.items() if not scope or scope in under_way}
        bounding.check(self.specification, self.workflow, self.tools.bounds, self._last)
        instances = self.scopes.saved() if self.scopes.instances else None
        done = self.completions.saved() if self.completions.done else None
        kept = [found for found in (instances, done) if found]
        bounding.check_data([self.data, *kept] if kept else self.data, self.tools.bounds, self._last)

    # What became of it ---------------------------------------------------------------------------

    def standing(self) -> Standing:
        """Say what the case waits for now."""
        if self.workflow.completed:
            return Standing()
        return Standing(
            open_tasks=tuple(self._open_tasks()),
            timers=tuple(waiting.timers(self.specification, self.workflow)),
            awaited=tuple(waiting.awaited(self.specification, self.workflow)),
        )

    def snapshot(self) -> Snapshot:
        """Say what the case is now. A run is not used after its snapshot."""
        workflow = self.workflow
        events = workflow.get_events()
        thrown = tuple(
            Thrown(event.event_definition.name, dict(event.payload or {}))
            for event in events
            if isinstance(event.event_definition, CaseMessage)
        )
        standing = self.standing()
        return Snapshot(
            open_tasks=standing.open_tasks,
            timers=standing.timers,
            awaited=standing.awaited,
            state=json.dumps(
                {
                    "workflow": serializing.dump(workflow),
                    "visits": self.visits,
                    "handlers": self.handlers,
                    "done": self.done,
                    "scopes": self.scopes.saved(),
                    "completions": self.completions.saved(),
                },
                ensure_ascii=False,
            ),
            ended=workflow.completed,
            data=self.data,
            thrown=thrown,
            signals=tuple(
                event.event_definition.name
                for event in events
                if isinstance(event.event_definition, CaseSignal)
            ),
            visited=tuple(self.visited),
        )

    def ways_back(self, task_id: TaskId) -> list[WayBack]:
        """Say where an open task may be sent back to."""
        return returning.ways_back(self.specification, self._open_task(task_id), self.done)

    def evaluate(self, expression: str, local: Data | None = None) -> Any:
        """Evaluate an expression of the procedure over the case's data, and a task's own."""
        return self.engine.environment.evaluate(expression, local or {})

    def _open_tasks(self) -> Iterator[OpenTask]:
        for task in all_tasks(self.workflow):
            if task.state != TaskState.READY or not task.task_spec.manual:
                continue
            node = self.specification.node(task)
            if node is None:
                continue
            yield OpenTask(
                id=TaskId(task.id.hex),
                node=node.id,
                name=node.name,
                role=self.specification.role_of(node),
                properties={
                    **self.specification.asked_of(node),
                    **({"help": node.instructions} if node.instructions else {}),
                },
                data=self.scopes.local(task),
                process=node.process,
                visit=self.visits.get(node.id, 0) + 1,
            )

    def _events(self) -> Iterator[tuple[Any, Node, Any]]:
        return waiting.events(self.specification, self.workflow)

    # Inside ----------------------------------------------------------------------------------------

    def _open_task(self, task_id: str) -> Any:
        task = self.workflow.get_task_from_id(UUID(task_id))
        if task is None or task.state != TaskState.READY or not task.task_spec.manual:
            raise TaskNotFound(task=task_id)
        return task

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

    def _go_on(self) -> None:
        """Let the library do its steps until nothing more happens by itself."""
        try:
            while True:
                run_ready(self.workflow, self._passed)
                # A condition may hold now because of what another branch wrote.
                held = [task for task, _, found in self._events() if isinstance(found, CaseCondition)]
                for task in held:
                    task.task_spec._update(task)
                if not any(task.state == TaskState.READY and not task.task_spec.manual for task in held):
                    return
        except _Uncaught:
            # BPMN leaves it to the engine what an error does that nobody catches: here it ends the case.
            self.workflow.cancel()

    def _passed(self, task: Any) -> None:
        bounds, node = self.tools.bounds, self.specification.node(task)
        self._steps += 1
        self._last = node.id if node else self._last
        if self._steps > bounds.steps:
            raise BoundReached(bound="steps", limit=bounds.steps, element=self._last)
        if self._last and time.thread_time() > self._until:
            raise BoundReached(bound="seconds", limit=bounds.seconds, element=self._last)
        if task.workflow.depth > bounds.depth:
            raise BoundReached(bound="depth", limit=bounds.depth, element=self._last)
        if self._steps % 20 == 0:
            bounding.require_few_alive(self.workflow, bounds)
        if task.state == TaskState.COMPLETED:
            self._note(task, "completed")
            self._remember(task)
        beside.wait_again(task)
        beside.end_with_activity(self.specification, task)
        thrown = (event.event_definition for event in self.workflow.bpmn_events)
        if any(isinstance(definition, ErrorEventDefinition) for definition in thrown):
            raise _Uncaught

    def _happens(self, task: Any, node: Node) -> None:
        """An event is about to happen; a run that tells more overrides it."""

    def _remember(self, task: Any) -> None:
        """Keep what was completed as long as it can be compensated."""
        node = self.specification.node(task)
        holds = None if node is None else self.specification.compensable.get((node.process, node.id))
        if node is not None and holds is not None:
            self.completions.add(task, node.id, self.scopes.own(task), holds=holds)

    def _note(self, task: Any, event: Any, node: Node | None = None) -> None:
        node = node or self.specification.node(task)
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
        for task in all_tasks(self.workflow):
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
        while above is not None and "sent_back" not in task.internal_data:
            node = self.specification.node(above)
            if node is not None:
                return node.id
            task, above = above, above.parent
        return None


class _Uncaught(Exception):
    """An error that no boundary event catches."""
