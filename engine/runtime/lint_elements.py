"""Check what single elements ask for: people, forms, deadlines, services, messages, and what cannot run."""

from __future__ import annotations

import difflib
import keyword
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache

from lxml import etree

from engine.domain.facts import Fix
from engine.runtime import reading
from engine.runtime.data_references import datum
from engine.runtime.expression_words import RESERVED_NAMES
from engine.runtime.lint_check import Check
from engine.runtime.lint_codes import MAX_FLOWS
from engine.runtime.reading import Node
from engine.runtime.unfolding import can_unfold, definitions_of, may_run_around, scripts_of
from engine.runtime.wrapping import is_event_subprocess

_SPIFF = f"{{{reading.SPIFF}}}"
_SILENT = frozenset(
    {
        *(
            "documentation",
            "extensionElements",
            "laneSet",
            "sequenceFlow",
            "dataObject",
            "dataObjectReference",
        ),
        *("textAnnotation", "association", "group", "ioSpecification", "property", "incoming", "outgoing"),
        *("monitoring", "auditing", "supportedInterfaceRef", "correlationSubscription", "category"),
        *("dataInputAssociation", "dataOutputAssociation", "dataStoreReference", "supports", "ioBinding"),
        *("standardLoopCharacteristics", "multiInstanceLoopCharacteristics"),
        *("completionCondition", "resourceRole", "performer", "humanPerformer", "potentialOwner"),
    }
)
_SCRIPT_FORMATS = frozenset({"", "python", "text/python", "text/x-python", "application/python"})
#: A part of a namespace → the engine whose extensions it holds.
_ENGINES = {
    "camunda.org": "Camunda",
    "flowable.org": "Flowable",
    "activiti.org": "Activiti",
    "jboss.org": "jBPM",
    "drools": "jBPM",
    "bonitasoft": "Bonita",
    "signavio": "Signavio",
}
#: What a repair asks of the drawing's owner.
_ASKED = frozenset({"question", "question_en", "question_default"})
_LINKED = frozenset({"answer_link", "answer_to", "answer_contact", "answer_text"})
_TASK_PROPERTIES = (
    _ASKED
    | _LINKED
    | {
        "form",
        "clause",
        "source",
        "deadline",
        "due",
        "assignee",
        "assign",
        "candidates",
        "signers",
        "sign_rule",
        "help",
    }
)
#: The clocks of a whole case, each the name of a deadline.
_CLOCKS = ("clock_response", "clock_solution", "clock_update")
#: The properties that elements may have, by their kinds.
PROPERTIES = {
    "userTask": _TASK_PROPERTIES,
    "manualTask": _TASK_PROPERTIES,
    "task": _TASK_PROPERTIES,
    "process": _ASKED
    | frozenset({"subject", "series", "customer", "starters", "quick_start", "help"})
    | frozenset({*_CLOCKS, "clock_response_met", "clock_solution_met"}),
    "lane": _ASKED | frozenset({"role", "assign"}),
}
#: Which definitions an event may have; link, compensation and the like are refused by their own names.
_DEFINITIONS = {
    "startEvent": frozenset({"message", "signal", "timer", "conditional"}),
    "intermediateCatchEvent": frozenset({"message", "signal", "timer", "conditional"}),
    "boundaryEvent": frozenset({"message", "signal", "timer", "conditional", "error", "escalation"}),
    "intermediateThrowEvent": frozenset({"message", "signal", "escalation"}),
    "endEvent": frozenset({"message", "signal", "error", "escalation", "terminate"}),
}
#: What copies data in a way of its own; here data is shared and needs no copying.
_ASSIGNING = [
    f"{reading.q(association)}/{reading.q(what)}"
    for association in ("dataInputAssociation", "dataOutputAssociation")
    for what in ("assignment", "transformation")
]
#: What never happens beside the work: it ends it.
INTERRUPTING = frozenset({"error", "cancel"})
_NAMED_ELSEWHERE = frozenset({"link", "compensate", "cancel"})


def check_size(check: Check) -> bool:
    """Say whether the drawing is small enough for everything else to be checked."""
    nodes, flows = len(check.diagram.nodes), len(check.diagram.flows)
    if nodes > check.around.nodes:
        check.add("too-many-nodes", count=nodes, most=check.around.nodes)
    if flows > MAX_FLOWS:
        check.add("too-many-flows", count=flows, most=MAX_FLOWS)
    return nodes <= check.around.nodes and flows <= MAX_FLOWS


def check_support(check: Check) -> None:
    """Refuse by name what the engine would ignore or misunderstand."""
    for process in check.diagram.tree.getroot().iterchildren(reading.q("process")):
        for element in process.iter(f"{{{reading.BPMN}}}*"):
            parent = element.getparent()
            if parent is not None and reading.local(parent) in reading.SUBPROCESSES | {"process"}:
                kind = reading.local(element)
                if kind not in reading.NODES and kind not in _SILENT:
                    check.add("unsupported-element", element, kind=kind)
            if reading.local(element) == "dataStoreReference":
                check.add("data-store-drawn", element)
    for node in check.diagram.nodes.values():
        _check_node_support(check, node)
    told: set[str] = set()
    for element in check.diagram.tree.getroot().iter(etree.Element):
        spaces = {str(name).partition("}")[0] for name in (element.tag, *element.keys())}
        for engine in sorted({engine for space in spaces if (engine := _engine_of(space))}):
            owner = _owner(element)
            if f"{engine} {owner.get('id')}" not in told:
                told.add(f"{engine} {owner.get('id')}")
                check.add("foreign-extension", owner, engine=engine)


@lru_cache(maxsize=500)
def _engine_of(space: str) -> str | None:
    """Whose extensions a namespace holds; an attribute without one is nobody's."""
    return next((e for part, e in _ENGINES.items() if space.startswith("{") and part in space), None)


def _owner(element: etree._Element) -> etree._Element:
    """The nearest element outwards that has an id of BPMN."""
    found = element
    while (parent := found.getparent()) is not None:
        if found.get("id") and etree.QName(found).namespace == reading.BPMN:
            break
        found = parent
    return found


def _check_node_support(check: Check, node: Node) -> None:
    element = check.elements.get(node.id)
    if element is None:
        return
    definitions = definitions_of(element)
    kinds = {reading.local(definition).removesuffix("EventDefinition") for definition in definitions}
    if len(definitions) > 1 and not can_unfold(element):
        check.add("unsupported-several-events", node)
    if "cancel" in kinds:
        host = check.diagram.nodes.get((node.scope if node.type == "endEvent" else node.attached_to) or "")
        if host is None or host.type != "transaction":
            check.add("unsupported-cancel", node)
    allowed = _DEFINITIONS.get(node.type, kinds)
    if node.type == "startEvent" and _is_event_subprocess(check, node.scope):
        allowed = _DEFINITIONS["boundaryEvent"]
    for kind in sorted(kinds - allowed - _NAMED_ELSEWHERE):
        check.add("event-kind", node, kind=kind)
    if node.type == "boundaryEvent" and not node.interrupting and kinds & INTERRUPTING:
        check.add("event-interrupts", node, fix=Fix("interrupt", "改为中断"))
    if scripts_of(element) and not may_run_around(element):
        check.add("script-place", node)
    for holder, attribute, value in ignored_attributes(element):
        check.add(
            "unsupported-attribute", node, line=reading.line_of(holder), attribute=attribute, value=value
        )
    if node.type == "adHocSubProcess":
        check.add("unsupported-adhoc", node)
    if is_event_subprocess(element):
        _check_event_subprocess(check, node)
    if element.get("instantiate") == "true":
        check.add("start-instantiate", node)
    if any(element.findall(path) for path in _ASSIGNING):
        check.add("unsupported-assignment", node)
    if node.type == "complexGateway":
        check.add("unsupported-complex-gateway", node)
    if node.type in {"intermediateCatchEvent", "boundaryEvent"} and not definitions:
        check.add("event-missing", node)


def ignored_attributes(element: etree._Element) -> Iterator[tuple[etree._Element, str, str]]:
    """What an element's attributes ask for that is not done: (where, attribute, value)."""
    each = element.find(reading.q("multiInstanceLoopCharacteristics"))
    for holder, attribute, usual in (
        (element, "startQuantity", "1"),
        (element, "completionQuantity", "1"),
        (element, "eventGatewayType", "Exclusive"),
        (each, "behavior", "All"),
    ):
        value = holder.get(attribute, usual).strip() if holder is not None else usual
        if holder is not None and value != usual:
            yield holder, attribute, value


def _is_event_subprocess(check: Check, scope: str | None) -> bool:
    owner = check.elements.get(scope or "")
    return owner is not None and is_event_subprocess(owner)


def _check_event_subprocess(check: Check, node: Node) -> None:
    """It begins with one event, and no flow leads to it or from it (§13.5.4)."""
    starts = [n for n in check.diagram.nodes.values() if n.scope == node.id and n.type == "startEvent"]
    if len(starts) != 1 or starts[0].event is None:
        check.add("event-subprocess-start", node)
    elif starts[0].event == "error" and not starts[0].interrupting:
        check.add("event-subprocess-start", starts[0])
    for flow in [*check.diagram.outgoing.get(node.id, ()), *check.diagram.incoming.get(node.id, ())]:
        check.add("event-subprocess-flow", flow)
    if any(found.attached_to == node.id for found in check.diagram.nodes.values()):
        check.add("event-subprocess-flow", node)


def check_people(check: Check) -> None:
    """A person's task has a role, its form and its deadline exist, and it quotes its clause."""
    _check_lanes(check)
    for process in check.diagram.processes:
        owner = check.elements.get(process.id)
        _check_properties(check, owner, "process", process.properties)
        for role in filter(
            None, (part.strip() for part in process.properties.get("starters", "").split(","))
        ):
            if check.around.roles is not None and check.around.roles(role) is None:
                check.add("role-unknown", owner, name=role)
        _check_clocks(check, owner, process.properties)
    in_lane = {node_id for lane in check.diagram.lanes for node_id in lane.nodes}
    for node in check.diagram.nodes.values():
        if node.type in reading.HUMAN:
            _check_task(check, node, in_lane)


def _check_clocks(check: Check, owner: etree._Element | None, properties: Mapping[str, str]) -> None:
    """The clocks of a case name deadlines, and what meets them names nodes."""
    for clock in _CLOCKS:
        name = properties.get(clock)
        if name and check.around.deadlines is not None and name not in check.around.deadlines:
            check.add("deadline-unknown", owner, name=name)
        met = filter(None, (part.strip() for part in properties.get(f"{clock}_met", "").split(",")))
        for node in list(met)[:10]:
            if node not in check.diagram.nodes or not name:
                check.add("clock-met-unknown", owner, name=f"{clock}_met", node=node)


def _check_lanes(check: Check) -> None:
    for lane in check.diagram.lanes:
        element = check.elements.get(lane.id)
        _check_properties(
            check, element, "lane", [name for name in ("role", "assign") if getattr(lane, name) is not None]
        )
        holds_work = any(
            check.diagram.nodes[node_id].type in reading.HUMAN
            for node_id in lane.nodes
            if node_id in check.diagram.nodes
        )
        wanted = lane.role or lane.name
        if (
            check.around.roles is not None
            and (holds_work or lane.role)
            and check.around.roles(wanted) is None
        ):
            check.add("role-unknown", element, name=wanted)


def _check_task(check: Check, node: Node, in_lane: Container[str]) -> None:
    around, properties = check.around, node.properties
    _check_properties(check, node, node.type, properties)
    if not node.name.strip():
        check.add("name-missing", node)
    if not (properties.get("assignee") or properties.get("candidates") or _stands_in(check, node, in_lane)):
        check.add("role-missing", node)
    form = properties.get("form")
    if form and around.forms is not None and form not in around.forms.get(node.process, ()):
        check.add("form-unknown", node, name=form)
    deadline = properties.get("deadline")
    if deadline and not is_deadline(deadline, around.deadlines):
        check.add("deadline-unknown", node, name=deadline)
    if not properties.get("clause"):
        check.add("clause-missing", node)


def _stands_in(check: Check, node: Node | None, in_lane: Container[str]) -> bool:
    for _ in range(len(check.diagram.nodes)):
        if node is None:
            return False
        if node.id in in_lane:
            return True
        node = check.diagram.nodes.get(node.scope or "")
    return False


def is_deadline(name: str, deadlines: Container[str] | None) -> bool:
    """Say whether a deadline exists; ``{field}`` in a name stands for any text."""
    if deadlines is None:
        return True
    if "{" not in name:
        return name in deadlines
    if not isinstance(deadlines, Iterable):
        return True
    parts = re.split(r"\{[^{}]*\}", name)
    pattern = re.compile(".+".join(re.escape(part) for part in parts))
    # Each placeholder multiplies the ways to match; names are short, so a few are plenty.
    return len(parts) <= 4 and any(pattern.fullmatch(str(known)[:200]) for known in deadlines)


def _check_properties(
    check: Check, at: Node | etree._Element | None, kind: str, found: Iterable[str]
) -> None:
    known = PROPERTIES[kind]
    for name in [name for name in found if name not in known][:10]:
        near = difflib.get_close_matches(name[:40], sorted(known), n=1, cutoff=0.7)
        hint_zh = f"，是不是 {near[0]}？" if near else ""
        hint_en = f"; did you mean {near[0]}?" if near else ""
        fix = Fix("rename-property", f"改为 {near[0]}") if near else None
        check.add("property-unknown", at, fix=fix, name=name, hint_zh=hint_zh, hint_en=hint_en)


def check_work(check: Check) -> None:
    """Messages, scripts, services and calls name what they need."""
    for node in check.diagram.nodes.values():
        element = check.elements.get(node.id)
        if element is None:
            continue
        _check_events(check, node, element)
        _check_loop(check, node, element)
        if node.type == "scriptTask":
            script_format = element.get("scriptFormat", "").strip()
            if script_format.lower() not in _SCRIPT_FORMATS:
                check.add("script-format", node, format=script_format)
            if not node.text:
                check.add("script-missing", node)
        if node.type == "serviceTask":
            _check_service(check, node, element)
        if node.type == "callActivity":
            _check_call(check, node)
        _check_fields(check, node, element)


def _check_events(check: Check, node: Node, element: etree._Element) -> None:
    """Every definition says which message, which signal, what time."""
    definitions = definitions_of(element)
    tells = node.type in {"sendTask", "receiveTask"}
    for definition in [element] if tells and not definitions else definitions:
        match reading.local(definition).removesuffix("EventDefinition"):
            case "signal" if not definition.get("signalRef"):
                check.add("signal-missing", node)
            case "timer" if not any((definition.findtext(reading.q(t)) or "").strip() for t in reading.TIMES):
                check.add("timer-missing", node)
            case "message" | "sendTask" | "receiveTask" if not (
                definition.get("messageRef") or element.get("messageRef")
            ):
                check.add("message-missing", node)


def _check_loop(check: Check, node: Node, element: etree._Element) -> None:
    each = element.find(reading.q("multiInstanceLoopCharacteristics"))
    if each is not None:
        tags = ("loopCardinality", "loopDataInputRef")
        said = [tag for tag in tags if (each.findtext(reading.q(tag)) or "").strip()]
        if len(said) != 1:
            check.add("loop-several" if said else "loop-missing", node)
    again = element.find(reading.q("standardLoopCharacteristics"))
    if again is not None and not (
        again.get("loopMaximum") or (again.findtext(reading.q("loopCondition")) or "").strip()
    ):
        check.add("loop-missing", node)


def _check_service(check: Check, node: Node, element: etree._Element) -> None:
    operator = element.find(f"{reading.q('extensionElements')}/{_SPIFF}serviceTaskOperator")
    name = operator.get("id", "") if operator is not None else ""
    if operator is None or not name:
        check.add("service-missing", node)
        return
    services = check.around.services
    if services is None:
        return
    if name not in services:
        check.add("service-unknown", node, name=name)
        return
    given = {parameter.get("id") for parameter in operator.iter(f"{_SPIFF}parameter")}
    needed = services[name]
    for parameter in sorted(needed) if isinstance(needed, Iterable) else ():
        if parameter not in given:
            check.add("service-parameter", node, name=parameter)


def _check_call(check: Check, node: Node) -> None:
    if not node.called:
        check.add("reference-missing", node, attribute="calledElement")
    elif not _begins_when_called(check, node.called):
        check.add("call-start", node, name=node.called)
    elif node.called == node.process:
        check.add("call-itself", node)
    elif check.around.called is None or check.diagram.process(node.called) is not None:
        return
    elif node.called not in check.around.called:
        check.add("call-unknown", node, name=node.called)


def _begins_when_called(check: Check, process: str) -> bool:
    """Say whether a call begins a process, as far as it is in this file."""
    own = [node for node in check.diagram.nodes.values() if (node.process, node.scope) == (process, None)]
    starts = [node for node in own if node.type == "startEvent"]
    return not starts or any(node.event is None for node in starts)


def _check_fields(check: Check, node: Node, element: etree._Element) -> None:
    """Names of data that the element itself writes."""
    extensions = element.find(reading.q("extensionElements"))
    loop = element.find(reading.q("multiInstanceLoopCharacteristics"))
    written: list[str | None] = []
    if extensions is not None:
        written += [
            operator.get("resultVariable") for operator in extensions.iter(f"{_SPIFF}serviceTaskOperator")
        ]
        written += [
            found.text for found in extensions.iter(f"{_SPIFF}messageVariable", f"{_SPIFF}variableName")
        ]
    if loop is not None:
        items = loop.iterchildren(reading.q("inputDataItem"), reading.q("outputDataItem"))
        written += [found.get("name") or found.get("id") for found in items]
        lists = loop.iterchildren(reading.q("loopDataInputRef"), reading.q("loopDataOutputRef"))
        written += [datum(found, check.elements) for found in lists]
    for name in written:
        if name and not is_field(name.strip()):
            check.add("field-reserved", node, name=name.strip())


def is_field(name: str) -> bool:
    """Say whether a datum may have this name: not the engine's own, not a keyword, no underscore first."""
    return not (name in RESERVED_NAMES or name.startswith("_") or keyword.iskeyword(name))
