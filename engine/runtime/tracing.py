"""A run that tells everything: each drawn node as it is entered, completed, fired, cancelled, or fails.

A case's history needs less; the dry run shows this to whoever draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent

from engine.domain.facts import Data, TaskId
from engine.errors import RuntimeFailed
from engine.runtime.compacting import all_tasks
from engine.runtime.parsing import Specification
from engine.runtime.reading import Node
from engine.runtime.scripting import Tools
from engine.runtime.workflow import Run

#: What the trace said of a task last, kept with the task over a restore.
TOLD = "traced"
_ALIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class TracedRun(Run):
    """A run with its trace: (element id, what happened) in order."""

    def __init__(
        self, specification: Specification, data: Data, tools: Tools, meta: Mapping[str, Any]
    ) -> None:
        super().__init__(specification, data, tools, meta)
        self.trace: list[tuple[str, str]] = []

    def complete(self, task_id: TaskId, answers: Data, *, by: Any) -> None:
        """Complete a user task."""
        with self._failing():
            super().complete(task_id, answers, by=by)

    def fire(self, timer_id: str) -> None:
        """Fire one timer."""
        with self._failing():
            super().fire(timer_id)

    def receive(self, awaited_id: str, message: str, payload: Data) -> None:
        """Give a waiting event its message."""
        with self._failing():
            super().receive(awaited_id, message, payload)

    def hear(self, signal: str) -> None:
        """Let every event that waits for a signal have it; False when none does."""
        with self._failing():
            super().hear(signal)

    def advance(self) -> None:
        """Go on as far as it goes without people."""
        with self._failing():
            super().advance()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except RuntimeFailed as error:
            element = error.facts.get("element") or self._last
            if isinstance(element, str):
                if not self._entered_last(element):
                    self.trace.append((element, "entered"))
                self.trace.append((element, "failed"))
            raise

    def _entered_last(self, element: str) -> bool:
        return next((event for node, event in reversed(self.trace) if node == element), "") == "entered"

    def _passed(self, task: Any) -> None:
        if task.state == TaskState.COMPLETED:
            self._tell(task, "completed")
        self._tell_cancelled()
        super()._passed(task)

    def _tell_cancelled(self) -> None:
        for task in list(all_tasks(self.workflow)):
            if task.state == TaskState.CANCELLED and task.internal_data.get(TOLD) == "entered":
                self._tell(task, "cancelled")

    def _happens(self, task: Any, node: Node) -> None:
        self._enter(task)
        self.trace.append((node.id, "fired"))

    def _note_entered(self) -> None:
        super()._note_entered()
        for task in list(all_tasks(self.workflow)):
            if task.state & _ALIVE and not self._is_armed_only(task):
                self._enter(task)
            elif task.state == TaskState.COMPLETED and task.internal_data.get(TOLD) == "entered":
                # An activity with a process inside is completed by its end, not by a step of its own.
                self._tell(task, "completed")
        self._tell_cancelled()

    def _is_armed_only(self, task: Any) -> bool:
        # A boundary event waits beside its activity: it is entered when it fires.
        return isinstance(task.task_spec, BoundaryEvent) and task.state == TaskState.WAITING

    def _enter(self, task: Any) -> None:
        node = self.specification.node(task)
        if task.workflow is not self.workflow:
            around = self.workflow.get_task_from_id(task.workflow.parent_task_id)
            if around is not None:
                self._enter(around)
        if node is not None and TOLD not in task.internal_data:
            task.internal_data[TOLD] = "entered"
            self.trace.append((node.id, "entered"))

    def _tell(self, task: Any, event: str) -> None:
        node = self.specification.node(task)
        if node is None:
            return
        self._enter(task)
        if task.internal_data.get(TOLD) != event:
            task.internal_data[TOLD] = event
            self.trace.append((node.id, event))
