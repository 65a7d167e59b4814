"""Workflows that look only at what is alive: the library walks the whole tree for each task that is done."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow


class _Frontier:
    tasks: dict[Any, Any]

    def update_waiting_tasks(self) -> None:
        """Let everything that waits see whether it still has to."""
        for task in [task for task in self.tasks.values() if task._state == TaskState.WAITING]:
            # One before it may have ended it.
            if task._state == TaskState.WAITING:
                task.task_spec._update(task)


class CaseSubWorkflow(_Frontier, BpmnSubWorkflow):
    """A sub-process or a called procedure that is under way."""


class CaseWorkflow(_Frontier, BpmnWorkflow):
    """A case."""

    def create_subprocess(self, my_task: Any, spec_name: str) -> CaseSubWorkflow:
        """Begin a sub-process or a called procedure at its activity."""
        sub = CaseSubWorkflow(self.subprocess_specs[spec_name], my_task.id, self)
        self.subprocesses[my_task.id] = sub
        return sub
