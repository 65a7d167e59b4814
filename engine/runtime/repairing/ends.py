"""Mend where a flow ends, and lead to what nothing leads to."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from engine.runtime.compensating import is_boundary
from engine.runtime.normalising import is_apart
from engine.runtime.reading import local
from engine.runtime.repairing.work import Work, flows_of, label_of, nodes_of


def mend(work: Work) -> None:
    """Mend the ends of every process and sub-process, once all of it is connected."""
    for scope in work.scopes():
        _mend_ends(work, scope)
        _connect_lost_ends(work, scope)
        _mend_unreachable(work, scope)
        _mend_dead_ends(work, scope)


def _mend_ends(work: Work, scope: etree._Element) -> None:
    if nodes_of(scope, "endEvent") or not nodes_of(scope):
        return
    leaving = flows_of(scope)
    last = [node for node in nodes_of(scope) if not leaving[node.get("id", "")] and not _stands_apart(node)]
    for node in last:
        end = work.add_node(scope, "endEvent", f"{node.get('id')}_end", "结束")
        work.add_flow(scope, node, end)
    if last:
        work.done("end-implied", scope, "加上了结束事件", "an end event was added")
        return
    deciding = nodes_of(scope, "exclusiveGateway", "inclusiveGateway")
    if deciding:
        end = work.add_node(scope, "endEvent", f"{scope.get('id')}_end", "结束")
        way = work.add_flow(scope, deciding[-1], end, "False")
        work.done("end-missing", scope, "加上了结束事件", "an end event was added")
        work.ask(way, "什么时候结束？", "when does it end?", "False")


def _connect_lost_ends(work: Work, scope: etree._Element) -> None:
    """The last arrow is the one that people forget."""
    leaving, arriving = flows_of(scope), flows_of(scope, "targetRef")
    lost = [end for end in nodes_of(scope, "endEvent") if not arriving[end.get("id", "")]]
    open_ends = [
        node
        for node in nodes_of(scope)
        if local(node) != "endEvent" and not leaving[node.get("id", "")] and not _stands_apart(node)
    ]
    if len(lost) != 1:
        return
    for node in open_ends:
        work.add_flow(scope, node, lost[0])
        name = label_of(lost[0])
        work.done("dead-end", node, f"连到了“{name}”", f"it leads to “{name}” now")


def _mend_unreachable(work: Work, scope: etree._Element) -> None:
    """What nothing leads to stays, behind a condition that does not hold until somebody says when."""
    starts = nodes_of(scope, "startEvent")
    if not starts:
        return
    for _ in range(len(nodes_of(scope))):
        lost = _lost(scope, starts)
        if not lost:
            return
        names = {node.get("id", "") for node in lost}
        arriving = flows_of(scope, "targetRef")
        roots = [n for n in lost if not arriving[n.get("id", "")] and local(n) != "boundaryEvent"]
        node = (roots or [n for n in lost if local(n) != "boundaryEvent"] or lost)[0]
        if local(node) == "boundaryEvent" or not names:
            return
        _lead_to(work, scope, starts[0], node)


def _lost(scope: etree._Element, starts: Iterable[etree._Element]) -> list[etree._Element]:
    leaving = flows_of(scope)
    beside: dict[str, list[str]] = {}
    for event in nodes_of(scope, "boundaryEvent"):
        beside.setdefault(event.get("attachedToRef", ""), []).append(event.get("id", ""))
    reached: set[str] = set()
    waiting = [start.get("id", "") for start in starts]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [flow.get("targetRef", "") for flow in leaving[name]] + beside.get(name, [])
    return [node for node in nodes_of(scope) if node.get("id") not in reached and not _stands_apart(node)]


def _lead_to(work: Work, scope: etree._Element, start: etree._Element, node: etree._Element) -> None:
    flows = flows_of(scope)[start.get("id", "")]
    nodes = {one.get("id", ""): one for one in nodes_of(scope)}
    after = nodes.get(flows[0].get("targetRef", "")) if len(flows) == 1 else None
    own = f"{start.get('id', '')}_gateway"
    if after is not None and local(after) == "exclusiveGateway" and after.get("id", "").startswith(own):
        gateway = after
    elif flows:
        gateway = work.put_between(scope, start, "exclusiveGateway", flows)
        gateway.set("default", flows[0].get("id", ""))
    else:
        work.add_flow(scope, start, node)
        return
    way = work.add_flow(scope, gateway, node, "False")
    work.done(
        "unreachable",
        node,
        "连到了开始之后，条件待定",
        "it is led to from the start, on a condition that is still to be said",
    )
    work.ask(
        way,
        f"什么时候到“{label_of(node)[:60]}”？",
        f"when does “{label_of(node)[:60]}” happen?",
        "False",
    )


def _mend_dead_ends(work: Work, scope: etree._Element) -> None:
    leaving = flows_of(scope)
    for node in nodes_of(scope):
        if local(node) == "endEvent" or leaving[node.get("id", "")] or _stands_apart(node):
            continue
        end = work.add_node(scope, "endEvent", f"{node.get('id')}_end", "结束")
        work.add_flow(scope, node, end)
        work.done(
            "dead-end", node, "后面没有下文，加上了结束事件", "nothing followed it; an end event was added"
        )


def _stands_apart(node: etree._Element) -> bool:
    """Say whether no flow is expected at a node: it is triggered, or it undoes what was done."""
    return is_apart(node) or is_boundary(node)
