"""Mend the shape of a flow: gateways that were meant, starts, ends, rings, and what nothing leads to."""

from __future__ import annotations

from lxml import etree

from engine.runtime import reading
from engine.runtime.lint_codes import MAX_NODES
from engine.runtime.lint_structure import ring_within
from engine.runtime.normalising import begins, is_apart
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import (
    Work,
    define,
    definitions_of,
    discard,
    drop,
    flows_of,
    label_of,
    nodes_of,
    remove,
    retag,
    set_condition,
    set_property,
)

_DECIDING = reading.GATEWAYS - {"parallelGateway"}
_GOES_ON = frozenset({"message", "signal", "escalation"})


def mend(work: Work) -> None:
    """Mend the shape of every process and sub-process."""
    for scope in work.scopes():
        _mend_splits(work, scope)
        _mend_edges(work, scope)
        _mend_starts(work, scope)
        _mend_event_gateways(work, scope)
    _mend_rings(work)


def _mend_splits(work: Work, scope: etree._Element) -> None:
    """Draw the gateway that several flows, or a condition, stand for (§13.2.1)."""
    leaving = flows_of(scope)
    for node in nodes_of(scope):
        flows, kind = leaving[node.get("id", "")], local(node)
        if kind in reading.GATEWAYS or kind == "endEvent":
            continue
        conditional = [flow for flow in flows if flow.find(q("conditionExpression")) is not None]
        if conditional and len(flows) == 1:
            _mend_lone_condition(work, scope, node, flows[0])
        elif conditional:
            gateway = work.put_between(scope, node, "inclusiveGateway", flows)
            for flow in flows:
                if flow not in conditional and flow.get("id") != gateway.get("default"):
                    set_condition(flow, "True")
            code = "split-conditional" if kind in reading.ACTIVITIES else "flow-conditional"
            work.done(code, node, "加上了包容网关", "an inclusive gateway was added behind it")
        elif len(flows) > 1:
            work.put_between(scope, node, "parallelGateway", flows)
            work.done("split-implicit", node, "加上了并行网关", "a parallel gateway was added behind it")


def _mend_lone_condition(
    work: Work, scope: etree._Element, node: etree._Element, flow: etree._Element
) -> None:
    """A way with a condition and no other: when it does not hold, the way ends here."""
    drop(node, "default")
    gateway = work.put_between(scope, node, "exclusiveGateway", [flow])
    end = work.add_node(scope, "endEvent", f"{gateway.get('id')}_end", "结束")
    other = work.add_flow(scope, gateway, end)
    gateway.set("default", other.get("id", ""))
    work.done(
        "flow-conditional",
        flow,
        "加上了排他网关；条件不满足就结束",
        "an exclusive gateway was added; it ends when the condition does not hold",
    )


def _mend_edges(work: Work, scope: etree._Element) -> None:
    """No flow leads to a start or boundary event, and none leaves an end event."""
    leaving = flows_of(scope)
    nodes = {node.get("id", ""): node for node in nodes_of(scope)}
    for name, node in nodes.items():
        if local(node) == "endEvent" and leaving[name]:
            kinds = {local(d).removesuffix("EventDefinition") for d in definitions_of(node)}
            if kinds - _GOES_ON:
                for flow in leaving[name]:
                    work.remove(flow)
                work.done(
                    "end-outgoing", node, "删去了结束之后的连线", "the flows behind the end were removed"
                )
            else:
                retag(node, "intermediateThrowEvent")
                work.done(
                    "end-outgoing",
                    node,
                    "后面还有连线，改为中间事件",
                    "flows leave it; it is an intermediate event now",
                )
    for flow in list(scope.iterchildren(q("sequenceFlow"))):
        target = nodes.get(flow.get("targetRef", ""))
        if target is None or local(target) not in ("startEvent", "boundaryEvent"):
            continue
        behind = [nodes.get(one.get("targetRef", "")) for one in flows_of(scope)[target.get("id", "")]]
        if len(behind) == 1 and behind[0] is not None and behind[0] is not target:
            work.move(flow, "targetRef", _entry(work, scope, behind[0]))
            work.done(
                "start-incoming",
                target,
                "流入的连线改为连到它后面的节点",
                "flows to it lead to the node behind it now",
            )
        else:
            work.remove(flow)
            work.done("start-incoming", target, "删去了流入的连线", "the flow that led to it was removed")


def _entry(work: Work, scope: etree._Element, node: etree._Element) -> etree._Element:
    """Where another flow may lead to a node: before one that would wait for it, the ways come together."""
    if local(node) not in ("parallelGateway", "inclusiveGateway"):
        return node
    merge = work.add_node(scope, "exclusiveGateway", f"{node.get('id')}_merge")
    for flow in flows_of(scope, "targetRef")[node.get("id", "")]:
        work.move(flow, "targetRef", merge)
    work.add_flow(scope, merge, node)
    return merge


def _mend_starts(work: Work, scope: etree._Element) -> None:
    nodes = nodes_of(scope)
    if not nodes:
        _fill_empty(work, scope)
        return
    starts = nodes_of(scope, "startEvent")
    inside = local(scope) in reading.SUBPROCESSES
    plain = [start for start in starts if inside or not definitions_of(start)]
    if is_apart(scope):
        return
    for extra in plain[1:]:
        for definition in definitions_of(extra):
            discard(definition)
        drop(extra, "isInterrupting")
        retag(extra, "intermediateThrowEvent")
        work.done(
            "start-several",
            extra,
            "开始事件不止一个，这个改为中间事件",
            "there was more than one start; this is an intermediate event now",
        )
    arriving, leaving = flows_of(scope, "targetRef"), flows_of(scope)
    first = [node for node in nodes_of(scope) if begins(node) and not arriving[node.get("id", "")]]
    if not starts:
        _add_start(work, scope, first)
        return
    for start in nodes_of(scope, "startEvent"):
        if not leaving[start.get("id", "")] and first:
            _connect_start(work, scope, start, [node for node in first if local(node) != "endEvent"] or first)
            return


def _fill_empty(work: Work, scope: etree._Element) -> None:
    is_called = any(node.get("calledElement") == scope.get("id") for node in work.nodes("callActivity"))
    runs = local(scope) != "process" or is_called or scope.get("isExecutable") == "true"
    if not runs and len(work.scopes()) > 1:
        return
    start = work.add_node(scope, "startEvent", f"{scope.get('id')}_start", "开始")
    end = work.add_node(scope, "endEvent", f"{scope.get('id')}_end", "结束")
    work.add_flow(scope, start, end)
    work.done(
        "start-missing", scope, "是空的，加上了开始和结束", "it was empty; a start and an end were added"
    )
    work.ask(scope, "里面要做什么？", "what is done in it?", "不做 / nothing")


def _add_start(work: Work, scope: etree._Element, first: list[etree._Element]) -> None:
    entries = first or nodes_of(scope)[:1]
    start = work.add_node(scope, "startEvent", f"{scope.get('id')}_start", "开始")
    for node in entries:
        work.add_flow(scope, start, node)
    if len(entries) > 1:
        work.put_between(scope, start, "parallelGateway", flows_of(scope)[start.get("id", "")])
    code = "start-implied" if first else "start-missing"
    work.done(code, scope, "加上了开始事件", "a start event was added")
    if not first:
        work.ask(
            scope,
            "从哪一步开始？",
            "with which step does it begin?",
            label_of(entries[0]),
        )


def _connect_start(
    work: Work, scope: etree._Element, start: etree._Element, first: list[etree._Element]
) -> None:
    work.add_flow(scope, start, first[0])
    name = label_of(first[0])
    work.done("unreachable", start, f"连到了“{name}”", f"it leads to “{name}” now")
    if len(first) > 1:
        work.ask(start, "开始之后先做哪一步？", "which step comes first?", name)


def _mend_event_gateways(work: Work, scope: etree._Element) -> None:
    """What follows an event-based gateway waits for something."""
    nodes = {node.get("id", ""): node for node in nodes_of(scope)}
    leaving = flows_of(scope)
    for gateway in nodes_of(scope, "eventBasedGateway"):
        for flow in leaving[gateway.get("id", "")]:
            target = nodes.get(flow.get("targetRef", ""))
            if target is not None and local(target) == "receiveTask":
                _mend_receive(work, scope, gateway, target)
            if target is None or local(target) in {"intermediateCatchEvent", "receiveTask"}:
                continue
            event = work.add_node(scope, "intermediateCatchEvent", f"{target.get('id')}_event", "等待")
            define(event, "timer", "timeDuration", '"P1D"')
            work.move(flow, "targetRef", event)
            work.add_flow(scope, event, target)
            work.done(
                "event-gateway-target",
                target,
                "在它前面加上了等待的事件",
                "an event that waits was put before it",
            )
            work.ask(
                event, "事件网关之后等什么？", "what is waited for behind the event-based gateway?", '"P1D"'
            )


def _mend_receive(work: Work, scope: etree._Element, gateway: etree._Element, task: etree._Element) -> None:
    """Behind an event-based gateway a receive task waits once; what sat on it waits beside it."""
    for loop in [found for tag in reading.LOOPS for found in task.iterchildren(q(tag))]:
        remove(loop)
        work.done("event-gateway-receive", task, "只等一次", "it waits once now")
        work.ask(task, "原来等多次；等到几次为止？", "it waited several times; how often?", "一次 / once")
    for event in nodes_of(scope, "boundaryEvent"):
        kinds = {local(d).removesuffix("EventDefinition") for d in definitions_of(event)}
        if event.get("attachedToRef") != task.get("id"):
            continue
        drop(event, "attachedToRef")
        drop(event, "cancelActivity")
        retag(event, "intermediateCatchEvent")
        if not kinds <= {"message", "signal", "timer", "conditional"}:
            define(event, "conditional", "condition", "False")
            work.ask(event, "这里等什么？", "what is waited for here?", "False")
        work.add_flow(scope, gateway, event)
        work.done(
            "event-gateway-receive",
            event,
            "改为事件网关之后的事件",
            "it stands behind the event-based gateway now",
        )


def _mend_rings(work: Work) -> None:
    """Every ring can be left, and something in it is done."""
    for _ in range(MAX_NODES):
        diagram = reading.read_tree(work.tree)
        flows = list(diagram.flows.values())
        nodes = diagram.nodes.values()
        closed = ring_within({n.id for n in nodes if n.type not in _DECIDING}, flows)
        gateways = [] if closed else ring_within({n.id for n in nodes if n.type in reading.GATEWAYS}, flows)
        if not (closed or gateways) or work.is_late:
            return
        flow = _closing(work, closed or gateways)
        scope = flow.getparent() if flow is not None else None
        if flow is None or scope is None:
            return
        if closed:
            _leave_ring(work, scope, flow)
        else:
            _work_in_ring(work, scope, flow)


def _closing(work: Work, ring: list[str]) -> etree._Element | None:
    """The flow that leads back to where the ring is entered."""
    members = set(ring)
    flows = work.flows()
    order = [node.get("id", "") for node in work.nodes()]
    entered = [
        flow.get("targetRef", "")
        for flow in flows
        if flow.get("targetRef") in members and flow.get("sourceRef") not in members
    ]
    first = min(entered or ring, key=order.index)
    before = ring[ring.index(first) - 1]
    return next((f for f in flows if f.get("sourceRef") == before and f.get("targetRef") == first), None)


def _leave_ring(work: Work, scope: etree._Element, flow: etree._Element) -> None:
    source = next(node for node in nodes_of(scope) if node.get("id") == flow.get("sourceRef"))
    gateway = work.add_node(scope, "exclusiveGateway", f"{source.get('id')}_again")
    work.move(flow, "sourceRef", gateway)
    work.add_flow(scope, source, gateway)
    set_condition(flow, "False")
    end = work.add_node(scope, "endEvent", f"{gateway.get('id')}_end", "结束")
    gateway.set("default", work.add_flow(scope, gateway, end).get("id", ""))
    work.done(
        "ring-without-gateway",
        source,
        "加上了网关，可以不再重来",
        "a gateway was added, so that the ring can be left",
    )
    work.ask(flow, "什么时候重来？", "when is it done again?", "False")


def _work_in_ring(work: Work, scope: etree._Element, flow: etree._Element) -> None:
    target = next(node for node in nodes_of(scope) if node.get("id") == flow.get("targetRef"))
    task = work.add_node(scope, "userTask", f"{flow.get('id')}_task", "确认")
    set_property(task, "assignee", "case.starter")
    work.move(flow, "targetRef", task)
    work.add_flow(scope, task, target)
    work.done("ring-of-gateways", flow, "圈里加上了一步人工确认", "a person’s task was put into the ring")
    work.ask(
        task,
        "重来之前要做什么？",
        "what is done before it comes round again?",
        "由人确认 / a person confirms",
    )
