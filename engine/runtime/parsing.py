"""Turn checked BPMN files into the specifications that the workflow library executes."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EndEvent,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    StartEvent,
)
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.parser import event_parsers as spiff_events
from SpiffWorkflow.spiff.parser.task_spec import ServiceTaskParser
from SpiffWorkflow.spiff.specs.defaults import ReceiveTask, SendTask, ServiceTask

from engine.errors import ProcedureNotFound
from engine.runtime import reading
from engine.runtime.events import CaseMessage, OnceTimer, RepeatingTimer
from engine.runtime.reading import Diagram, Node


class CaseServiceTask(ServiceTask):
    """A service task whose result goes into the case's shared data."""

    def _execute(self, task: Any) -> bool:
        engine = task.workflow.script_engine
        value = engine.call(task, self.operation_name, self.evaluate_params(task))
        if not self.result_variable.startswith("spiff__"):
            engine.environment.shared[self.result_variable] = value
        return True


class _OurEvents:
    """Reads timers and messages into our own definitions."""

    def parse_timer_event(self, event: etree._Element) -> OnceTimer | RepeatingTimer:
        found = next(c for c in event.iterchildren(tag=etree.Element))
        name = self.node.get("name", self.node.get("id"))  # type: ignore[attr-defined]
        # Only what stands beside a running activity can ring again; anywhere else the first ring is all.
        beside = self.node.get("cancelActivity") == "false"  # type: ignore[attr-defined]
        kind = RepeatingTimer if reading.local(found) == "timeCycle" and beside else OnceTimer
        return kind(name, (found.text or "").strip())

    def parse_message_event(self, message_event: etree._Element) -> CaseMessage:
        # Editors write the payload beside the definition or into it; the event holds both.
        expression, variable = self.parse_message_extensions(self.node)  # type: ignore[attr-defined]
        ref = message_event.get("messageRef")
        message = next(
            (m for m in message_event.getroottree().iter(reading.q("message")) if m.get("id") == ref), None
        )
        if message is not None and expression is None and variable is None:
            expression, variable = self.parse_message_extensions(message)  # type: ignore[attr-defined]
        name = message.get("name") or ref if message is not None else ref
        return CaseMessage(name, expression=expression, message_var=variable)


class _Start(_OurEvents, spiff_events.SpiffStartEventParser):
    pass


class _End(_OurEvents, spiff_events.SpiffEndEventParser):
    pass


class _Catch(_OurEvents, spiff_events.SpiffIntermediateCatchEventParser):
    pass


class _Throw(_OurEvents, spiff_events.SpiffIntermediateThrowEventParser):
    pass


class _Boundary(_OurEvents, spiff_events.SpiffBoundaryEventParser):
    pass


class _Send(_OurEvents, spiff_events.SpiffSendTaskParser):
    pass


class _Receive(_OurEvents, spiff_events.SpiffReceiveTaskParser):
    pass


class ProcedureParser(SpiffBpmnParser):
    """The library's parser with our events and service tasks."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("startEvent"): (_Start, StartEvent),
        full_tag("endEvent"): (_End, EndEvent),
        full_tag("intermediateCatchEvent"): (_Catch, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_Throw, IntermediateThrowEvent),
        full_tag("boundaryEvent"): (_Boundary, BoundaryEvent),
        full_tag("sendTask"): (_Send, SendTask),
        full_tag("receiveTask"): (_Receive, ReceiveTask),
        full_tag("serviceTask"): (ServiceTaskParser, CaseServiceTask),
    }


@dataclass(frozen=True)
class Specification:
    """An executable procedure: the library's specifications and the drawing they came from.

    It is shared by all cases of a version and never changed.
    """

    process: str
    spec: Any
    called: Mapping[str, Any]
    diagrams: tuple[Diagram, ...]
    #: (process or sub-process id, node id) → node
    nodes: Mapping[tuple[str, str], Node] = field(repr=False)

    def node(self, task: Any) -> Node | None:
        """The drawn node of a workflow task; None for the library's own helpers (joins, splits)."""
        return self.nodes.get((task.workflow.spec.name, task.task_spec.bpmn_id or ""))

    def role_of(self, node: Node) -> tuple[str | None, str | None]:
        """The (role property, name) of the lane that a node stands in."""
        diagram = next(d for d in self.diagrams if node.id in d.nodes and d.process(node.process))
        lane = diagram.lane_of(node.id)
        return (lane.role, lane.name) if lane else (None, None)

    @property
    def begins_by_itself(self) -> bool:
        """Say whether a person can begin a case: a start event waits for nothing."""
        return any(node.event is None for node in self._starts())

    def first_start(self) -> str | None:
        """The start event that stands first in the file."""
        return next((node.id for node in self._starts()), None)

    def starts(self, kind: str, name: str) -> str | None:
        """The start event that a message or a signal (``kind``) of this name triggers."""
        for node in self._starts():
            definition = getattr(self.spec.task_specs.get(node.id), "event_definition", None)
            if node.event == kind and getattr(definition, "name", None) == name:
                return node.id
        return None

    def _starts(self) -> list[Node]:
        return [
            node
            for (scope, _), node in self.nodes.items()
            if scope == self.process and node.type == "startEvent"
        ]

    def start_of_message(self, message: str) -> Node | None:
        """The start event of the procedure that this message triggers."""
        return next(
            (
                node
                for (_, _), node in self.nodes.items()
                if node.process == self.process
                and node.scope is None
                and node.type == "startEvent"
                and node.event == "message"
                and node.message == message
            ),
            None,
        )


def make_executable(tree: etree._ElementTree, called: Container[str]) -> None:
    """Mark the processes that are called: BPMN asks it of nobody, the library of all (§10.2.1)."""
    for process in tree.getroot().iterchildren(reading.q("process")):
        if process.get("id") in called:
            process.set("isExecutable", "true")


def build(process: str, files: Mapping[str, bytes]) -> Specification:
    """Parse a procedure with the procedures that it calls.

    ``files`` maps names to BPMN XML, the called procedures included; they have passed the check.
    Raises :class:`ProcedureNotFound` and whatever the library says of a file that was not checked.
    """
    parser = ProcedureParser()
    trees = {name: reading.parse(content) for name, content in files.items()}
    diagrams = [reading.read_tree(tree) for tree in trees.values()]
    called = {node.called for diagram in diagrams for node in diagram.nodes.values() if node.called}
    for name, tree in trees.items():
        make_executable(tree, called)
        parser.add_bpmn_xml(tree.getroot(), filename=name)
    if not any(diagram.process(process) for diagram in diagrams):
        raise ProcedureNotFound(procedure=process)
    nodes = {
        (node.scope or node.process, node.id): node for diagram in diagrams for node in diagram.nodes.values()
    }
    return Specification(
        process=process,
        spec=parser.get_spec(process),
        called=parser.get_subprocess_specs(process),
        diagrams=tuple(diagrams),
        nodes=nodes,
    )
