"""Check a diagram's shape: ids, references, starts, ends, rings and gateways."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from lxml import etree

from engine.domain.facts import Fix
from engine.runtime import reading
from engine.runtime.compensating import is_boundary
from engine.runtime.lint_check import Check, called, is_invisible
from engine.runtime.lint_codes import MAX_AHEAD, MAX_ID, MAX_NAME
from engine.runtime.normalising import begins, is_apart, link_name
from engine.runtime.reading import Flow, Node
from engine.runtime.wrapping import is_event_subprocess

_ID = re.compile(r"[^\W\d][\w.-]*")
_RESERVED_IDS = frozenset({"Start", "End", "Root"})
#: Endings of the ids that SpiffWorkflow gives to helpers of its own.
_RESERVED_ENDINGS = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")

#: What is declared beside the processes and referred to.
_DECLARED = ("message", "signal", "error", "escalation")

#: attribute → the kinds of element it may point to; empty: anything with an id.
_REFERENCES: dict[str, frozenset[str]] = {
    "messageRef": frozenset({"message"}),
    "errorRef": frozenset({"error"}),
    "escalationRef": frozenset({"escalation"}),
    "signalRef": frozenset({"signal"}),
    "processRef": frozenset({"process"}),
    "dataObjectRef": frozenset({"dataObject"}),
    "default": frozenset({"sequenceFlow"}),
}
#: Gateways that choose; the engine plans no further than these.
_DECIDING = reading.GATEWAYS - {"parallelGateway"}
_WAITING = reading.HUMAN | {"receiveTask", "callActivity", "intermediateCatchEvent", "eventBasedGateway"}


INSERT_GATEWAY = Fix("insert-gateway", "插入网关")
MAKE_EXECUTABLE = Fix("make-executable", "标为可执行")
ADD_START = Fix("add-start", "加上开始事件")
ADD_END = Fix("add-end", "加上结束事件")


def check_identity(check: Check) -> None:
    """Ids and names: there, once, not reserved, of a length and kind that can be shown."""
    counts: Counter[str] = Counter()
    parameters = reading.parameters_in(check.diagram.tree.getroot())
    for element in _elements(check):
        element_id, name, kind = element.get("id", ""), element.get("name", ""), reading.local(element)
        if not element_id:
            if kind in reading.NODES | {"process", "sequenceFlow", "lane", *_DECLARED}:
                check.add("id-missing", line=reading.line_of(element), kind=kind)
            continue
        counts[element_id] += 1
        if counts[element_id] == 2:
            check.add("id-duplicate", element)
        if not _ID.fullmatch(element_id):
            check.add("id-invalid", element)
        if len(element_id) > MAX_ID:
            check.add("id-too-long", element, most=MAX_ID)
        if kind in reading.NODES and (element_id in _RESERVED_IDS or element_id.endswith(_RESERVED_ENDINGS)):
            check.add("id-reserved", element, fix=Fix("rename-id", f"改名为 {element_id}_1"))
        elif kind in reading.NODES and (reading.process_around(element), element_id) in parameters:
            new = f"{element_id}_1"
            check.add("id-parameter", element, fix=Fix("rename-id", f"改名为 {new}"), new=new)
        if len(name) > MAX_NAME:
            check.add("name-too-long", element, most=MAX_NAME)
        hidden = next((character for character in name if is_invisible(character)), None)
        if hidden is not None:
            fix = Fix("remove-characters", "去掉看不见的字符")
            check.add("name-control", element, fix=fix, character=f"U+{ord(hidden):04X}")


def check_references(check: Check) -> None:
    """What refers to something refers to something that is there, and of the right kind."""
    elements, nodes = check.elements, check.diagram.nodes
    for element in _elements(check):
        kind = reading.local(element)
        for attribute, kinds in _REFERENCES.items():
            target = element.get(attribute)
            if target is None or (attribute == "default" and kind not in reading.NODES):
                continue
            found = elements.get(target.split(":")[-1])
            if found is None or reading.local(found) not in kinds:
                check.add("reference-dangling", element, attribute=attribute, target=target)
        if kind == "flowNodeRef" and (element.text or "").strip() not in nodes:
            lane = element.getparent()
            target = (element.text or "").strip()
            check.add(
                "reference-dangling", lane, line=reading.line_of(element), attribute=kind, target=target
            )
        if kind == "eventDefinitionRef":
            # A reference to a definition that is there was settled when the file was read.
            target = (element.text or "").strip()
            check.add("reference-dangling", element.getparent(), attribute=kind, target=target)
    for flow in check.diagram.flows.values():
        _check_flow_ends(check, flow)
    for node in nodes.values():
        if node.type == "boundaryEvent":
            host = nodes.get(node.attached_to or "")
            if node.attached_to is None:
                check.add("boundary-unattached", node)
            elif host is None:
                check.add("reference-dangling", node, attribute="attachedToRef", target=node.attached_to)
            elif host.type not in reading.ACTIVITIES or host.scope != node.scope:
                check.add("boundary-unattached", node)
        if node.default in check.diagram.flows and check.diagram.flows[node.default].source != node.id:
            check.add("reference-dangling", node, attribute="default", target=node.default)


def _check_flow_ends(check: Check, flow: Flow) -> None:
    ends = []
    for attribute, target in (("sourceRef", flow.source), ("targetRef", flow.target)):
        if not target:
            check.add("reference-missing", flow, attribute=attribute)
        elif target not in check.diagram.nodes:
            check.add("reference-dangling", flow, attribute=attribute, target=target)
        else:
            ends.append(check.diagram.nodes[target])
    if any((end.process, end.scope) != (flow.process, flow.scope) for end in ends):
        check.add("flow-across", flow)


def check_scopes(check: Check) -> None:
    """Every process and sub-process starts, ends, and reaches all that stands in it."""
    executable = [process for process in check.diagram.processes if process.executable]
    if not executable:
        drawn = (check.elements.get(process.id) for process in check.diagram.processes)
        # What says neither true nor false is the schema's to tell.
        may_be = (e for e in drawn if e is not None and e.get("isExecutable") in (None, "false"))
        place = next(may_be, None)
        check.add("process-missing", place, fix=None if place is None else MAKE_EXECUTABLE)
    for process in executable[1:]:
        check.add("process-several", check.elements.get(process.id), line=process.line)
    members: dict[tuple[str, str | None], list[Node]] = defaultdict(list)
    for node in check.diagram.nodes.values():
        members[node.process, node.scope].append(node)
    called_ones = {node.called for node in check.diagram.nodes.values()}
    scopes: list[tuple[str, str | None]] = [
        (found.id, None) for found in check.diagram.processes if found.executable or found.id in called_ones
    ]
    scopes += [scope for scope in members if scope not in scopes]
    scopes += [
        (node.process, node.id)
        for node in check.diagram.nodes.values()
        if node.type in reading.SUBPROCESSES and (node.process, node.id) not in members
    ]
    for process_id, scope in scopes:
        _check_scope(check, process_id, scope, members.get((process_id, scope), []))


def _check_scope(check: Check, process_id: str, scope: str | None, nodes: list[Node]) -> None:
    owner = check.elements.get(scope or process_id)
    if _depth(check, scope) > check.around.nesting:
        check.add("nesting-too-deep", owner, most=check.around.nesting)
    event_subprocess = owner is not None and is_event_subprocess(owner)
    outgoing, incoming = check.ways
    starts = [node for node in nodes if node.type == "startEvent"]
    ends = [node for node in nodes if node.type == "endEvent"]
    _check_start_kinds(check, scope, starts)
    nodes = [node for node in nodes if not _is_apart(check, node)]
    first, last = _first(check, nodes, incoming), [node for node in nodes if not outgoing.get(node.id)]
    if not starts:
        check.add("start-implied" if first else "start-missing", owner, fix=ADD_START if first else None)
    if not ends:
        check.add("end-implied" if last else "end-missing", owner, fix=ADD_END if last else None)
    plain = [node for node in starts if node.event is None]
    if len(plain) > 1 or (scope and not event_subprocess and len(starts) > 1):
        check.add("start-several", owner)
    for node in nodes:
        if node.type in {"startEvent", "boundaryEvent"} and incoming.get(node.id):
            check.add("start-incoming", node)
        if node.type == "endEvent" and outgoing.get(node.id):
            check.add("end-outgoing", node)
        if node.type != "endEvent" and not outgoing.get(node.id) and ends and node.event != "link":
            check.add("dead-end", node)
    if starts or first:
        reached = _reached(check, starts or first, nodes)
        for node in nodes:
            if node.id not in reached:
                check.add("unreachable", node)


def _check_start_kinds(check: Check, scope: str | None, starts: Iterable[Node]) -> None:
    for node in starts:
        if scope is None and node.event == "conditional":
            check.add("start-kind", node)


def _is_apart(check: Check, node: Node) -> bool:
    element = check.elements.get(node.id)
    return element is not None and (is_apart(element) or is_boundary(element))


def _first(check: Check, nodes: Iterable[Node], incoming: Mapping[str, list[Flow]]) -> list[Node]:
    """The nodes that begin when no start event is drawn."""
    return [
        node
        for node in nodes
        if not incoming.get(node.id)
        and (element := check.elements.get(node.id)) is not None
        and begins(element)
    ]


def check_links(check: Check) -> None:
    """A link event has its other half, and only one of it, within its process or sub-process."""
    for scope in check.scopes:
        events = [e for e in scope.iterchildren(tag=etree.Element) if link_name(e) is not None]
        catches = Counter(link_name(e) for e in events if reading.local(e) == "intermediateCatchEvent")
        thrown = {link_name(e) for e in events if reading.local(e) == "intermediateThrowEvent"}
        for event in events:
            name = link_name(event)
            if not (name and catches[name] and name in thrown):
                check.add("link-unmatched", event)
            elif catches[name] > 1 and reading.local(event) == "intermediateCatchEvent":
                check.add("link-several", event)


def _reached(check: Check, starts: Iterable[Node], nodes: Iterable[Node]) -> set[str]:
    attached: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        if node.attached_to:
            attached[node.attached_to].append(node.id)
    reached: set[str] = set()
    waiting = [node.id for node in starts]
    while waiting:
        found = waiting.pop()
        if found not in reached:
            reached.add(found)
            waiting += [flow.target for flow in check.ways[0].get(found, ())]
            waiting += attached[found]
    return reached


def _depth(check: Check, scope: str | None) -> int:
    depth = 0
    while scope is not None and depth <= check.around.nesting:
        depth += 1
        inside = check.diagram.nodes.get(scope)
        scope = inside.scope if inside else None
    return depth


def check_rings(check: Check) -> None:
    """A ring can be left, and something in it waits."""
    nodes = check.diagram.nodes.values()
    flows = [flow for flows in check.ways[0].values() for flow in flows]
    told: set[str] = set()
    for code, members in (
        ("ring-without-gateway", {node.id for node in nodes if node.type not in _DECIDING}),
        ("ring-of-gateways", {node.id for node in nodes if node.type in reading.GATEWAYS}),
        ("ring-automatic", {node.id for node in nodes if node.type not in _WAITING}),
    ):
        ring = ring_within(members, flows)
        if ring and not told & set(ring):
            shown = " → ".join(called("", node_id)[0] for node_id in ring[:5])
            check.add(code, check.diagram.nodes[ring[0]], ring=shown)
        told |= set(ring)


def check_paths(check: Check) -> None:
    """Parallel blocks one after another double the paths each time, and the engine plans every one."""
    nodes, outgoing = check.diagram.nodes, check.ways[0]
    ahead: dict[str, int] = {}
    waiting = list(nodes)
    entered: set[str] = set()
    while waiting:
        node_id = waiting[-1]
        targets = [flow.target for flow in outgoing.get(node_id, ()) if flow.target in nodes]
        following = [] if nodes[node_id].type in _DECIDING else targets
        missing = [target for target in following if target not in ahead and target not in entered]
        if node_id not in ahead and node_id not in entered and missing:
            entered.add(node_id)
            waiting += missing
            continue
        waiting.pop()
        # Round a ring the counting stops; a ring that nothing leaves is told on its own.
        ahead.setdefault(node_id, min(1 + sum(ahead.get(target, 0) for target in following), MAX_AHEAD + 1))
    starts = [node for node in nodes.values() if node.type == "startEvent"]
    for node in [*starts, *nodes.values()]:
        if ahead[node.id] > MAX_AHEAD:
            check.add("too-many-paths", node, most=MAX_AHEAD)
            return


def ring_within(members: Collection[str], flows: Iterable[Flow]) -> list[str]:
    """One ring that uses only these nodes, in the order of its flows; empty when there is none."""
    after: dict[str, set[str]] = {member: set() for member in members}
    for flow in flows:
        if flow.source in after and flow.target in after:
            after[flow.source].add(flow.target)
    # What has no way onward cannot be in a ring; taking it away may leave others without one.
    before: dict[str, list[str]] = defaultdict(list)
    for source, targets in after.items():
        for target in targets:
            before[target].append(source)
    bare = [member for member, targets in after.items() if not targets]
    while bare:
        gone = bare.pop()
        for source in before[gone]:
            after[source].discard(gone)
            if not after[source]:
                bare.append(source)
    step = next((member for member in sorted(after) if after[member]), None)
    path: list[str] = []
    seen: dict[str, int] = {}
    while step is not None:
        if step in seen:
            return path[seen[step] :]
        seen[step] = len(path)
        path.append(step)
        step = min(after[step])
    return []


def check_gateways(check: Check) -> None:
    """Splits are gateways, and every way out of a decision is decided."""
    for node in check.diagram.nodes.values():
        leaving = check.diagram.outgoing.get(node.id, [])
        if node.type in {"exclusiveGateway", "inclusiveGateway"}:
            _check_decision(check, node, leaving)
        elif node.type in reading.GATEWAYS:
            for flow in leaving:
                if flow.condition and node.type != "complexGateway":
                    check.add("condition-ignored", flow)
            if node.type == "eventBasedGateway":
                _check_event_gateway(check, node, leaving)
        else:
            _check_split(check, node, leaving)


def _check_split(check: Check, node: Node, leaving: list[Flow]) -> None:
    """Several flows out of a node that is no gateway (§13.2.1)."""
    conditional = [flow for flow in leaving if flow.condition]
    if conditional and (node.type not in reading.ACTIVITIES or len(leaving) < 2):
        for flow in conditional:
            check.add("flow-conditional", flow, fix=INSERT_GATEWAY)
    elif conditional:
        check.add("split-conditional", node, fix=INSERT_GATEWAY, count=len(leaving))
        if len(conditional) == len(leaving):
            check.add("gateway-without-default", node)
    elif len(leaving) > 1 and node.type != "endEvent":
        check.add("split-implicit", node, fix=INSERT_GATEWAY, count=len(leaving))


def _check_decision(check: Check, node: Node, leaving: list[Flow]) -> None:
    if len(leaving) > 1:
        for flow in leaving:
            if not flow.condition and flow.id != node.default:
                check.add("condition-missing", flow)
    conditional = [flow for flow in leaving if flow.condition and flow.id != node.default]
    if conditional and node.default is None:
        check.add("gateway-without-default", node)


def _check_event_gateway(check: Check, node: Node, leaving: list[Flow]) -> None:
    targets = [check.diagram.nodes[flow.target] for flow in leaving if flow.target in check.diagram.nodes]
    hosts = {found.attached_to for found in check.diagram.nodes.values()}
    for target in targets:
        if target.type not in {"intermediateCatchEvent", "receiveTask"}:
            check.add("event-gateway-target", target)
        elif target.id in hosts or is_repeated(check.elements.get(target.id)):
            check.add("event-gateway-receive", target)


def is_repeated(element: etree._Element | None) -> bool:
    """Say whether an activity is done many times."""
    return element is not None and any(element.find(reading.q(tag)) is not None for tag in reading.LOOPS)


def _elements(check: Check) -> Iterator[etree._Element]:
    """Every BPMN element of the file; the layout is not among them."""
    return check.diagram.tree.getroot().iter(f"{{{reading.BPMN}}}*")
