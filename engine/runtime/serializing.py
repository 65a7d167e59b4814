"""Save a workflow without its specification, and load it again with a shared one.

The specification comes from the published files, so a state holds only what the case did: about a
third of what the library's own serializer writes, loaded in a third of the time. The case's data is not
in it either: it is one shared document beside it, which keeps what people type away from the
serializer (a form field called ``typename`` would make the library try to revive it as an object).
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter, WorkflowConverter
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG

from engine.runtime.parsing import Specification


class _StateConverter(BpmnWorkflowConverter):
    def to_dict(self, workflow: BpmnWorkflow) -> dict[str, Any]:
        state: dict[str, Any] = WorkflowConverter.to_dict(self, workflow)
        state["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        return state

    def load(self, state: dict[str, Any], specification: Specification, script_engine: Any) -> BpmnWorkflow:
        workflow = BpmnWorkflow(
            specification.spec, dict(specification.called), script_engine=script_engine, deserializing=True
        )
        workflow.tasks = self.mapping_from_dict(state["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks[UUID(state["root"])]
        self.set_default_attributes(workflow, state)
        self.subprocesses_from_dict(state["subprocesses"], workflow)
        return workflow


def _registry() -> Any:
    return BpmnWorkflowSerializer.configure({**SPIFF_CONFIG, BpmnWorkflow: _StateConverter})


_REGISTRY = _registry()
_SERIALIZER = BpmnWorkflowSerializer(_REGISTRY)
_CONVERTER = _StateConverter.__new__(_StateConverter)
_CONVERTER.registry = _REGISTRY
_CONVERTER.target_class = BpmnWorkflow


def dump(workflow: BpmnWorkflow) -> str:
    """The workflow's state as JSON, without its specification."""
    text: str = _SERIALIZER.serialize_json(workflow)
    return text


def load(text: str, specification: Specification, script_engine: Any) -> BpmnWorkflow:
    """A workflow again, from its state and the specification it ran on."""
    state = json.loads(text)
    return _CONVERTER.load(state, specification, script_engine)
