"""Mend compensation: every handler undoes one activity, and what undoes nothing is an ordinary step."""

from __future__ import annotations

from lxml import etree

from engine.runtime import compensating, reading
from engine.runtime.compensating import Handler, is_boundary, is_handler
from engine.runtime.reading import local, q
from engine.runtime.repairing.work import Work, drop, flows_of, label_of, nodes_of


def mend(work: Work) -> None:
    """Mend what throws compensation and what it reaches."""
    for scope in work.scopes():
        for event in [node for node in nodes_of(scope, "boundaryEvent") if is_boundary(node)]:
            _mend_event(work, scope, event)
    for node in work.nodes(*reading.ACTIVITIES):
        if is_handler(node):
            _mend_handler(work, node)
    for event in work.nodes("intermediateThrowEvent", "endEvent"):
        if compensating.is_thrown(event):
            _mend_throw(work, event)


def _mend_event(work: Work, scope: etree._Element, event: etree._Element) -> None:
    """It has one handler in its scope, by an association; a flow to it is what people draw instead."""
    meant = [other for other in _beside(work, scope, event) if local(other) in reading.ACTIVITIES]
    handler = meant[0] if meant else _lone_handler(work, scope)
    if handler is None or _is_second(work, event):
        work.done(
            "compensation-handler",
            event,
            "没有自己的补偿活动，已删去",
            "it had no handler of its own and was removed",
        )
        work.ask(
            _host(scope, event),
            f"怎样补偿（{label_of(event)[:60]}）？",
            f"how is it undone ({label_of(event)[:60]})?",
            "不补偿 / it is not undone",
        )
        _take_away(work, scope, event)
        return
    for flow in flows_of(scope)[event.get("id", "")] + flows_of(scope, "targetRef")[event.get("id", "")]:
        work.remove(flow)
        work.done("compensation-flow", event, "连线改画为关联", "the flow is drawn as an association")
    if not is_handler(handler):
        handler.set("isForCompensation", "true")
        work.done("compensation-handler", handler, "标为补偿", "it is marked for compensation")
    for other in meant[1:]:
        drop(other, "isForCompensation")
    if not any(h.event is event and h.does is handler for h in compensating.handlers(work.root)):
        _associate(work, scope, event, handler)
        work.done("compensation-handler", event, "连到了补偿活动", "it is associated with its handler")


def _mend_handler(work: Work, node: etree._Element) -> None:
    scope = node.getparent()
    if scope is None:
        return
    if not any(h.does is node for h in _handlers(work)) or node.get("triggeredByEvent") == "true":
        drop(node, "isForCompensation")
        work.done(
            "compensation-unattached", node, "改为普通的一步", "nothing led to it; it is an ordinary step now"
        )
        return
    beside = [e for e in nodes_of(scope, "boundaryEvent") if e.get("attachedToRef") == node.get("id")]
    for event in beside:
        _take_away(work, scope, event)
    flows = flows_of(scope)[node.get("id", "")] + flows_of(scope, "targetRef")[node.get("id", "")]
    for flow in flows:
        work.remove(flow)
    if flows or beside:
        work.done(
            "compensation-flow",
            node,
            "删去了它上面的连线和边界事件",
            "the flows and boundary events at it were removed",
        )


def _mend_throw(work: Work, event: etree._Element) -> None:
    definition, named = event.find(q("compensateEventDefinition")), compensating.activity_of(event)
    within = {node.get("id") for scope in compensating.reach(event) for node in nodes_of(scope)}
    if definition is None or named is None or named in within & set(compensating.compensable(work.root)):
        return
    drop(definition, "activityRef")
    work.done(
        "compensation-target", event, "改为补偿这里的全部活动", "it compensates everything around it now"
    )
    work.ask(
        event, f"原来只补偿 {named[:60]}；补偿什么？", f"it named {named[:60]}; what is undone?", "全部 / all"
    )


def _handlers(work: Work) -> list[Handler]:
    return [h for h in compensating.handlers(work.root) if h.event is not None]


def _beside(work: Work, scope: etree._Element, event: etree._Element) -> list[etree._Element]:
    """What an association, or a flow, joins with an event, what is marked for compensation first."""
    nodes = {node.get("id", ""): node for node in nodes_of(scope)}
    lines = [*work.root.iter(q("association")), *scope.iterchildren(q("sequenceFlow"))]
    ends = [(line.get("sourceRef", ""), line.get("targetRef", "")) for line in lines]
    name = event.get("id", "")
    others = [b if a == name else a for a, b in ends if name in (a, b)]
    return sorted(
        (nodes[one] for one in dict.fromkeys(others) if one in nodes), key=lambda n: not is_handler(n)
    )


def _lone_handler(work: Work, scope: etree._Element) -> etree._Element | None:
    """The only handler of a scope that nothing leads to, where one event lacks its handler."""
    taken = {h.does for h in _handlers(work)} | {h.event for h in _handlers(work)}
    free = [node for node in nodes_of(scope, *reading.ACTIVITIES) if is_handler(node) and node not in taken]
    without = [node for node in nodes_of(scope) if is_boundary(node) and node not in taken]
    return free[0] if len(free) == len(without) == 1 else None


def _is_second(work: Work, event: etree._Element) -> bool:
    """Say whether something else undoes the activity of an event already."""
    host = event.get("attachedToRef")
    ways = [h for h in compensating.handlers(work.root) if h.activity.get("id") == host]
    return bool(ways) and all(h.event is not event for h in ways[:1])


def _host(scope: etree._Element, event: etree._Element) -> etree._Element:
    hosts = (node for node in nodes_of(scope) if node.get("id") == event.get("attachedToRef"))
    return next(hosts, scope)


def _take_away(work: Work, scope: etree._Element, event: etree._Element) -> None:
    name = event.get("id", "")
    for line in [*work.root.iter(q("association")), *scope.iterchildren(q("sequenceFlow"))]:
        if name in (line.get("sourceRef"), line.get("targetRef")):
            work.remove(line)
    work.remove(event)


def _associate(work: Work, scope: etree._Element, event: etree._Element, handler: etree._Element) -> None:
    ends = event.get("id", ""), handler.get("id", "")
    line = etree.SubElement(scope, q("association"), id=work.new_id(f"undone_{ends[0][:35]}_{ends[1][:35]}"))
    line.set("sourceRef", ends[0])
    line.set("targetRef", ends[1])
    line.set("associationDirection", "One")
