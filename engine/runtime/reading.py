"""Read a BPMN file safely into a plain picture of it: nodes, flows, lanes, messages.

What SpiffWorkflow's parser drops (lanes' roles, properties of processes, lanes, gateways and flows)
is read here, once, for the linter, the layout, the runtime and the coverage of scenarios.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lxml import etree

from engine.runtime import spelling

BPMN = spelling.BPMN
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
NAMESPACES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "spiffworkflow": SPIFF}

#: Bytes of one file; a drawing of 250 nodes with its layout takes a tenth of this.
MAX_BYTES = 1_000_000

EVENTS = frozenset(
    {"startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"}
)
GATEWAYS = frozenset(
    {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"}
)
ACTIVITIES = frozenset(
    {
        "task",
        "userTask",
        "manualTask",
        "scriptTask",
        "serviceTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
    }
)
NODES = EVENTS | GATEWAYS | ACTIVITIES
SUBPROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})
#: Where an event definition says its time or its condition.
TIMES = ("timeDate", "timeDuration", "timeCycle")
_SAID_IN = (*TIMES, "condition")
#: What says that an activity is done many times.
LOOPS = ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics")
#: Tasks that wait for a person.
HUMAN = frozenset({"userTask", "manualTask", "task"})


class Unreadable(ValueError):
    """The file cannot be read as BPMN; ``code`` and ``line`` say why and where."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.line = line


@dataclass(frozen=True)
class Node:
    """A flow node. ``event`` is the kind of its event definition: timer, message, error …"""

    id: str
    type: str
    name: str
    line: int
    process: str
    #: The id of the sub-process it stands in, or None at the top level of its process.
    scope: str | None
    properties: dict[str, str]
    event: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    lane: str | None = None
    instructions: str = ""
    documentation: str = ""
    called: str | None = None
    message: str | None = None
    #: The decision that a business rule task makes.
    decision: str | None = None
    #: The text of a timer, a script or a condition event.
    text: str = ""
    default: str | None = None

    @property
    def label(self) -> str:
        """The name if it has one, else the id."""
        return self.name or self.id


@dataclass(frozen=True)
class Flow:
    """A sequence flow."""

    id: str
    name: str
    source: str
    target: str
    condition: str
    line: int
    process: str
    scope: str | None


@dataclass(frozen=True)
class Lane:
    """A lane with the nodes that stand in it."""

    id: str
    name: str
    role: str | None
    nodes: tuple[str, ...]
    line: int
    process: str
    #: The rules by which its tasks find a person, where a task has none of its own.
    assign: str | None = None


@dataclass(frozen=True)
class Process:
    """One process of the file."""

    id: str
    name: str
    executable: bool
    properties: dict[str, str]
    line: int


@dataclass(frozen=True)
class Diagram:
    """Everything that the file says, without its layout."""

    tree: etree._ElementTree = field(repr=False, compare=False)
    processes: tuple[Process, ...]
    nodes: dict[str, Node]
    flows: dict[str, Flow]
    lanes: tuple[Lane, ...]
    #: message id → name
    messages: dict[str, str]

    @cached_property
    def outgoing(self) -> dict[str, list[Flow]]:
        """Flows by the node they leave."""
        by_source: dict[str, list[Flow]] = {}
        for flow in self.flows.values():
            by_source.setdefault(flow.source, []).append(flow)
        return by_source

    @cached_property
    def incoming(self) -> dict[str, list[Flow]]:
        """Flows by the node they reach."""
        by_target: dict[str, list[Flow]] = {}
        for flow in self.flows.values():
            by_target.setdefault(flow.target, []).append(flow)
        return by_target

    def lane_of(self, node_id: str) -> Lane | None:
        """The innermost lane a node stands in; a node in a sub-process stands in its lane."""
        node = self.nodes.get(node_id)
        while node is not None:
            found = [lane for lane in self.lanes if node.id in lane.nodes]
            if found:
                return found[-1]
            node = self.nodes.get(node.attached_to or node.scope or "")
        return None

    def beginnings(self, process_id: str) -> list[Node]:
        """Where a person begins a process: its start events that wait for nothing.

        Without any start event, the nodes that no flow leads to (§13.2).
        """
        own = [node for node in self.nodes.values() if (node.process, node.scope) == (process_id, None)]
        starts = [node for node in own if node.type == "startEvent"]
        if starts:
            return [node for node in starts if node.event is None]
        return [node for node in own if not self.incoming.get(node.id) and node.type in HUMAN | GATEWAYS]

    def process(self, process_id: str) -> Process | None:
        """The process with this id."""
        return next((found for found in self.processes if found.id == process_id), None)


def q(tag: str) -> str:
    """The qualified name of a BPMN tag."""
    return f"{{{BPMN}}}{tag}"


def local(element: etree._Element) -> str:
    """An element's tag without its namespace."""
    return str(element.tag).rpartition("}")[2]


def parse(content: bytes) -> etree._ElementTree:
    """Parse BPMN without entities, network, document types or huge trees.

    Raises :class:`Unreadable`.
    """
    tree = parse_xml(content)
    root = tree.getroot()
    if root.tag != q("definitions"):
        raise Unreadable("not-bpmn", f"the root is {root.tag}, not BPMN 2.0 definitions", line_of(root))
    spelling.settle(root)
    return tree


def parse_xml(content: bytes) -> etree._ElementTree:
    """Parse any XML as safely; raises :class:`Unreadable`."""
    if len(content) > MAX_BYTES:
        raise Unreadable("file-too-large", f"the file has {len(content)} bytes; {MAX_BYTES} are allowed")
    if not content.strip():
        raise Unreadable("file-empty", "the file is empty")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable("xml-broken", str(error.msg), error.lineno) from error
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.externalDTD is not None:
        raise Unreadable("xml-doctype", "a document type is not allowed", 1)
    spelling.join_texts(root)
    return tree


def read(content: bytes) -> Diagram:
    """Read a BPMN file; raises :class:`Unreadable`."""
    return read_tree(parse(content))


def processes_of(content: bytes) -> set[str]:
    """The ids of a file's processes; empty when it cannot be read."""
    try:
        return {process.id for process in read(content).processes}
    except Unreadable:
        return set()


def read_tree(tree: etree._ElementTree) -> Diagram:
    """Read an already parsed BPMN document."""
    root = tree.getroot()
    messages = {m.get("id", ""): m.get("name", "") or m.get("id", "") for m in root.iter(q("message"))}
    processes: list[Process] = []
    nodes: dict[str, Node] = {}
    flows: dict[str, Flow] = {}
    lanes: list[Lane] = []
    for element in root.iterchildren(q("process")):
        process_id = element.get("id", "")
        processes.append(
            Process(
                id=process_id,
                name=element.get("name", ""),
                executable=element.get("isExecutable") == "true",
                properties=properties_of(element),
                line=line_of(element),
            )
        )
        lanes += _lanes(element, process_id)
        for found, scope in _scoped(element, None):
            if local(found) in NODES:
                node = _node(found, process_id, scope, messages)
                nodes[node.id] = node
            else:
                flow = _flow(found, process_id, scope)
                flows[flow.id] = flow
    in_lane = {node_id: lane.id for lane in lanes for node_id in lane.nodes}
    nodes = {i: _with_lane(node, in_lane.get(i)) for i, node in nodes.items()}
    return Diagram(
        tree=tree,
        processes=tuple(processes),
        nodes=nodes,
        flows=flows,
        lanes=tuple(lanes),
        messages=messages,
    )


def properties_of(element: etree._Element) -> dict[str, str]:
    """The ``spiffworkflow:property`` values of an element."""
    path = "bpmn:extensionElements/spiffworkflow:properties/spiffworkflow:property"
    return {found.get("name", ""): found.get("value", "") for found in element.iterfind(path, NAMESPACES)}


def parameters_in(root: etree._Element) -> frozenset[tuple[etree._Element | None, str]]:
    """The ids of services' parameters, each with the process that it stands in."""
    found = root.iter(f"{{{SPIFF}}}parameter")
    return frozenset((process_around(one), one.get("id", "")) for one in found if one.get("id"))


def process_around(element: etree._Element) -> etree._Element | None:
    """The process that an element stands in."""
    return next(element.iterancestors(q("process")), None)


def line_of(element: etree._Element) -> int:
    """The line an element starts on."""
    return element.sourceline or 0  # type: ignore[return-value]


def _scoped(parent: etree._Element, scope: str | None) -> Iterator[tuple[etree._Element, str | None]]:
    for child in parent.iterchildren(tag=etree.Element):
        tag = local(child)
        if etree.QName(child).namespace != BPMN:
            continue
        if tag in NODES or tag == "sequenceFlow":
            yield child, scope
        if tag in SUBPROCESSES:
            yield from _scoped(child, child.get("id", ""))


def _node(element: etree._Element, process: str, scope: str | None, messages: dict[str, str]) -> Node:
    definition = next(
        (c for c in element.iterchildren(tag=etree.Element) if local(c).endswith("EventDefinition")), None
    )
    event = local(definition).removesuffix("EventDefinition") if definition is not None else None
    message_ref = element.get("messageRef") or (
        definition.get("messageRef") if definition is not None else None
    )
    return Node(
        id=element.get("id", ""),
        type=local(element),
        name=element.get("name", ""),
        line=line_of(element),
        process=process,
        scope=scope,
        properties=properties_of(element),
        event=event,
        attached_to=element.get("attachedToRef"),
        interrupting=element.get("cancelActivity", "true") == "true"
        and element.get("isInterrupting", "true") == "true",
        instructions=_child_text(element, "bpmn:extensionElements/spiffworkflow:instructionsForEndUser"),
        documentation=_child_text(element, "bpmn:documentation"),
        called=element.get("calledElement"),
        message=messages.get(message_ref) if message_ref else None,
        decision=_child_text(element, "bpmn:extensionElements/spiffworkflow:calledDecisionId") or None,
        text=_text(element, definition),
        default=element.get("default"),
    )


def _text(element: etree._Element, definition: etree._Element | None) -> str:
    if definition is not None:
        said = definition.iterchildren(*(q(tag) for tag in _SAID_IN))
        return next((c.text.strip() for c in said if c.text and c.text.strip()), "")
    return _child_text(element, "bpmn:script")


def _child_text(element: etree._Element, path: str) -> str:
    found = element.find(path, NAMESPACES)
    return (found.text or "").strip() if found is not None else ""


def _flow(element: etree._Element, process: str, scope: str | None) -> Flow:
    return Flow(
        id=element.get("id", ""),
        name=element.get("name", ""),
        source=element.get("sourceRef", ""),
        target=element.get("targetRef", ""),
        condition=_child_text(element, "bpmn:conditionExpression"),
        line=line_of(element),
        process=process,
        scope=scope,
    )


def _lanes(process: etree._Element, process_id: str) -> list[Lane]:
    return [
        Lane(
            id=lane.get("id", ""),
            name=lane.get("name", ""),
            role=properties_of(lane).get("role"),
            nodes=tuple((ref.text or "").strip() for ref in lane.iterchildren(q("flowNodeRef"))),
            line=line_of(lane),
            process=process_id,
            assign=properties_of(lane).get("assign"),
        )
        for lane in process.iter(q("lane"))
    ]


def _with_lane(node: Node, lane: str | None) -> Node:
    if lane is None:
        return node
    return Node(**{**node.__dict__, "lane": lane})
