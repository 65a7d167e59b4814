"""The library's parser, with our own elements in place of those that it runs otherwise than BPMN says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import full_tag
from SpiffWorkflow.bpmn.parser.event_parsers import EventBasedGatewayParser
from SpiffWorkflow.bpmn.parser.task_parsers import ConditionalGatewayParser, GatewayParser
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EndEvent,
    EventBasedGateway,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    StartEvent,
)
from SpiffWorkflow.bpmn.specs.mixins.script_task import ScriptEngineTask
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.parser import event_parsers as spiff_events
from SpiffWorkflow.spiff.parser.task_spec import (
    BusinessRuleTaskParser,
    CallActivityParser,
    ServiceTaskParser,
)
from SpiffWorkflow.spiff.specs.defaults import CallActivity, ReceiveTask, SendTask, ServiceTask
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask

from engine.runtime import compensating, reading
from engine.runtime.decisions import Decision
from engine.runtime.events import (
    CaseCondition,
    CaseMessage,
    CaseSignal,
    FirstOf,
    OnceTimer,
    RepeatingTimer,
    ScheduledStart,
)
from engine.runtime.joining import InclusiveJoin, ParallelJoin
from engine.runtime.looping import Loop, ManyInstances, OneAfterAnother
from engine.runtime.undoing import NextToUndo, ThrowCompensation
from engine.runtime.undrawn import APART


class CaseServiceTask(ServiceTask):
    """A service task whose result goes into the case's shared data."""

    def _execute(self, task: Any) -> bool:
        engine = task.workflow.script_engine
        value = engine.call(task, self.operation_name, self.evaluate_params(task))
        if not self.result_variable.startswith("spiff__"):
            engine.scopes.write(task, {self.result_variable: value})
        return True


class CaseDecisionTask(ScriptEngineTask, SpiffBpmnTask):
    """A business rule task whose outputs go into the case's shared data."""

    def __init__(
        self, wf_spec: Any, name: str, decision: str, decisions: Mapping[str, Decision], **kwargs: Any
    ) -> None:
        super().__init__(wf_spec, name, **kwargs)
        self.decision = decision
        self.decisions = decisions

    def _execute(self, task: Any) -> bool:
        task.workflow.script_engine.decide(task, self.decision, self.decisions)
        return True


class _Decide(BusinessRuleTaskParser):
    def create_task(self) -> Any:
        extensions = self.parse_extensions()
        known = self.process_parser.parser.decisions.get(self.filename, {})
        return CaseDecisionTask(
            self.spec,
            self.bpmn_id,
            decision=(extensions.get("calledDecisionId") or "").strip(),
            decisions=known,
            **self.bpmn_attributes,
        )


class _OurEvents:
    """Reads timers and messages into our own definitions."""

    def parse_timer_event(self, event: etree._Element) -> OnceTimer | RepeatingTimer | ScheduledStart:
        found = next(event.iterchildren(*(reading.q(tag) for tag in reading.TIMES)))
        name = self.node.get("name", self.node.get("id"))  # type: ignore[attr-defined]
        # Only what stands beside a running activity can ring again; anywhere else the first ring is all.
        beside = self.node.get("cancelActivity") == "false"  # type: ignore[attr-defined]
        kind = RepeatingTimer if reading.local(found) == "timeCycle" and beside else OnceTimer
        return kind(name, (found.text or "").strip(), self.node.get("id"))  # type: ignore[attr-defined]

    def parse_conditional_event(self, event: etree._Element) -> CaseCondition:
        text = event.findtext(reading.q("condition")) or ""
        return CaseCondition(text.strip(), self.node.get("id"))  # type: ignore[attr-defined]

    def parse_signal_event(self, event: etree._Element) -> CaseSignal:
        ref = event.get("signalRef")
        found = next((s for s in event.getroottree().iter(reading.q("signal")) if s.get("id") == ref), None)
        return CaseSignal(found.get("name") or ref if found is not None else ref)

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
    def parse_timer_event(self, event: etree._Element) -> ScheduledStart:
        found = next(event.iterchildren(*(reading.q(tag) for tag in reading.TIMES)))
        return ScheduledStart(self.node.get("name", self.node.get("id")), (found.text or "").strip())


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


class _EventGateway(_OurEvents, EventBasedGatewayParser):
    def create_task(self) -> Any:
        return self._create_task(FirstOf())


class _Call(CallActivityParser):
    def create_task(self) -> Any:
        # What is not drawn cannot be called, except the handlers, by what throws compensation.
        if compensating.UNDO + APART not in self.node.get("calledElement", ""):
            return super().create_task()
        return ThrowCompensation(
            self.spec,
            self.bpmn_id,
            subworkflow_spec=self.node.get("calledElement"),
            only=self.node.get("activityRef"),
            around=self.node.get(compensating.AROUND) == "true",
            alone=self.node.get(compensating.ALONE) == "true",
            **self.bpmn_attributes,
        )


class _Next(GatewayParser):
    def connect_outgoing(self, outgoing_task: Any, sequence_flow_node: Any, is_default: bool) -> None:
        super().connect_outgoing(outgoing_task, sequence_flow_node, is_default)
        self.task.ways[sequence_flow_node.get(compensating.UNDOES)] = outgoing_task


class _Looping:
    """Reads loops and multi-instance activities into our own."""

    STANDARD_LOOP_CLASS = Loop
    PARALLEL_MI_CLASS = ManyInstances
    SEQUENTIAL_MI_CLASS = OneAfterAnother

    def _copy_task_attrs(self, original: Any, loop_characteristics: Any = None) -> None:
        super()._copy_task_attrs(original, loop_characteristics)  # type: ignore[misc]
        original.completed_event.connect(self.task.instance_done)  # type: ignore[attr-defined]


def _looping(parser: type) -> type:
    return type(parser.__name__, (_Looping, parser), {})


class ProcedureParser(SpiffBpmnParser):
    """The library's parser with our events, service tasks and decisions."""

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("startEvent"): (_Start, StartEvent),
        full_tag("endEvent"): (_End, EndEvent),
        full_tag("intermediateCatchEvent"): (_Catch, IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_Throw, IntermediateThrowEvent),
        full_tag("boundaryEvent"): (_Boundary, BoundaryEvent),
        full_tag("eventBasedGateway"): (_EventGateway, EventBasedGateway),
        full_tag("parallelGateway"): (GatewayParser, ParallelJoin),
        full_tag("inclusiveGateway"): (ConditionalGatewayParser, InclusiveJoin),
        full_tag("sendTask"): (_Send, SendTask),
        full_tag("receiveTask"): (_Receive, ReceiveTask),
        full_tag("serviceTask"): (ServiceTaskParser, CaseServiceTask),
        full_tag("businessRuleTask"): (_Decide, CaseDecisionTask),
        full_tag("callActivity"): (_Call, CallActivity),
        full_tag(compensating.NEXT): (_Next, NextToUndo),
    }

    OVERRIDE_PARSER_CLASSES = {  # noqa: RUF012
        tag: (_looping(parser), spec) for tag, (parser, spec) in OVERRIDE_PARSER_CLASSES.items()
    }

    def __init__(self, decisions: Mapping[str, Mapping[str, Decision]] | None = None) -> None:
        super().__init__()
        #: The decisions of each BPMN file by their ids.
        self.decisions = decisions or {}
