"""Mend what refers to nothing: flows that hang, lanes of nobody, messages that are not declared."""

from __future__ import annotations

import re

from lxml import etree

from engine.runtime import reading
from engine.runtime.reading import BPMN, BPMNDI, DC, local, q
from engine.runtime.repairing.work import (
    Work,
    definitions_of,
    discard,
    drop,
    flows_of,
    label_of,
    nodes_of,
    remove,
    retag,
)

_DECLARED = ("message", "signal", "error", "escalation")


def mend(work: Work) -> None:
    """Mend the references of a file."""
    _mend_flows(work)
    _mend_borders(work)
    _mend_lanes(work)
    _mend_defaults(work)
    _mend_declared(work)
    _mend_shared(work)
    _mend_missing(work)
    _mend_hosts(work)


def _mend_flows(work: Work) -> None:
    nodes = {node.get("id", ""): node for node in work.nodes()}
    listed: dict[tuple[str, str], etree._Element] = {}
    for node in nodes.values():
        for child in node.iterchildren(q("incoming"), q("outgoing")):
            listed.setdefault((local(child), (child.text or "").strip().rpartition(":")[2]), node)
    for flow in work.flows():
        for end, side in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            if flow.get(end) in nodes:
                continue
            knows = listed.get((side, flow.get("id", "")))
            if knows is not None:
                work.move(flow, end, knows)
                work.done(
                    "reference-missing", flow, f"按节点里的记录补上了 {end}", f"{end} was taken from its node"
                )
        _remove_hanging(work, flow, nodes)


def _remove_hanging(work: Work, flow: etree._Element, nodes: dict[str, etree._Element]) -> None:
    ends = [(end, flow.get(end, "")) for end in ("sourceRef", "targetRef")]
    lost = [(end, name) for end, name in ends if name not in nodes]
    if not lost:
        return
    code = "reference-dangling" if any(name for _, name in lost) else "reference-missing"
    known = next((nodes[name] for _, name in ends if name in nodes), None)
    work.done(code, flow, "连线的一端不存在，已删去", "one of its ends does not exist; it was removed")
    work.remove(flow)
    if known is not None and lost[0][0] == "targetRef":
        _ask_where(work, known, lost[0][1])


def _ask_where(work: Work, node: etree._Element, lost: str) -> None:
    zh, en = (
        "原来有一条连线没有画到任何节点，应当到哪里？",
        "a flow from here led nowhere; where should it lead?",
    )
    if lost:
        zh = f"原来有一条连线通向不存在的“{lost[:60]}”，应当到哪里？"
        en = f"a flow led from here to “{lost[:60]}”, which does not exist; where should it lead?"
    work.ask(node, zh, en, "结束 / it ends")


def _mend_borders(work: Work) -> None:
    """Lift the ends of flows that cross the border of a sub-process; cut those between processes."""
    nodes = {node.get("id", ""): node for node in work.nodes()}
    for flow in work.flows():
        source, target = nodes.get(flow.get("sourceRef", "")), nodes.get(flow.get("targetRef", ""))
        home = flow.getparent()
        if source is None or target is None or home is None:
            continue
        if source.getparent() is home and target.getparent() is home:
            continue
        common = _common(source, target)
        if common is None:
            _cut(work, flow, source, target)
            continue
        for end, node in (("sourceRef", source), ("targetRef", target)):
            lifted = _lifted(node, common)
            if lifted is not node:
                work.move(flow, end, lifted)
        if home is not common:
            _home_of(work, flow, common)
        work.done(
            "flow-across",
            flow,
            "连线跨越了子流程的边界，改为连到子流程本身",
            "it crossed the border of a sub-process and leads to the sub-process itself now",
        )
        if flow.get("sourceRef") == flow.get("targetRef"):
            work.remove(flow)


def _home_of(work: Work, flow: etree._Element, scope: etree._Element) -> None:
    remove(flow)
    last = next(iter(reversed(list(scope.iterchildren(q("sequenceFlow"))))), None)
    if last is not None:
        last.addnext(flow)
    else:
        scope.append(flow)


def _cut(work: Work, flow: etree._Element, source: etree._Element, target: etree._Element) -> None:
    name = label_of(target)
    work.done(
        "flow-across",
        flow,
        "连线不能从一个流程到另一个流程，已删去",
        "no flow leads from one process to another; it was removed",
    )
    work.remove(flow)
    work.ask(
        source,
        f"原来有一条连线通向另一个流程的“{name[:60]}”；要不要改为发送消息？",
        f"a flow led from here to “{name[:60]}” of another process; should a message be sent?",
        "不发送 / none is sent",
    )


def _common(one: etree._Element, other: etree._Element) -> etree._Element | None:
    above = [parent for parent in one.iterancestors() if local(parent) in reading.SUBPROCESSES | {"process"}]
    return next((parent for parent in other.iterancestors() if parent in above), None)


def _lifted(node: etree._Element, scope: etree._Element) -> etree._Element:
    found = node
    while (parent := found.getparent()) is not None and parent is not scope:
        found = parent
    return found


def _mend_lanes(work: Work) -> None:
    nodes = {node.get("id", "") for node in work.nodes()}
    for ref in list(work.root.iter(q("flowNodeRef"))):
        if (ref.text or "").strip() not in nodes:
            lane = ref.getparent()
            work.done(
                "reference-dangling",
                lane,
                f"泳道里的“{(ref.text or '').strip()[:60]}”不存在，已去掉",
                f"it listed “{(ref.text or '').strip()[:60]}”, which does not exist; that was taken out",
            )
            remove(ref)


def _mend_defaults(work: Work) -> None:
    for scope in work.scopes():
        leaving = flows_of(scope)
        for node in nodes_of(scope):
            default = node.get("default")
            if default is None:
                continue
            if default.rpartition(":")[2] not in {flow.get("id") for flow in leaving[node.get("id", "")]}:
                del node.attrib["default"]
                work.done(
                    "reference-dangling",
                    node,
                    "默认连线不是它自己的，已去掉",
                    "its default flow was not its own; it has none now",
                )


def _mend_declared(work: Work) -> None:
    """Declare what is referred to: messages, signals, errors, escalations, data objects."""
    for kind in _DECLARED:
        known = {found.get("id", "") for found in work.root.iterchildren(q(kind))}
        for element in list(work.root.iter(f"{{{BPMN}}}*")):
            wanted = element.get(f"{kind}Ref", "")
            if not wanted or wanted.rpartition(":")[2] in known:
                continue
            made = declare(work, kind, wanted.rpartition(":")[2], wanted.rpartition(":")[2])
            element.set(f"{kind}Ref", made.get("id", ""))
            known.add(made.get("id", ""))
            work.done(
                "reference-dangling",
                element if element.get("id") else element.getparent(),
                f"补上了它引用的 {kind}（{made.get('name')}）",
                f"the {kind} that it refers to was declared ({made.get('name')})",
            )
    processes = {found.get("id", "") for found in work.root.iterchildren(q("process"))}
    for participant in work.root.iter(q("participant")):
        ref = participant.get("processRef", "")
        if ref and ref.rpartition(":")[2] not in processes:
            del participant.attrib["processRef"]
            work.done(
                "reference-dangling",
                participant,
                "泳池引用的流程不存在，改为空池",
                "its process does not exist; the pool is empty now",
            )
    _mend_data_objects(work)


def _mend_data_objects(work: Work) -> None:
    known = {found.get("id", "") for found in work.root.iter(q("dataObject"))}
    for reference in list(work.root.iter(q("dataObjectReference"))):
        ref, home = reference.get("dataObjectRef", ""), reference.getparent()
        if not ref or ref.rpartition(":")[2] in known or home is None:
            continue
        made = etree.Element(q("dataObject"), id=work.new_id(_as_id(ref)))
        reference.addprevious(made)
        reference.set("dataObjectRef", made.get("id", ""))
        known.add(made.get("id", ""))
        work.done("reference-dangling", reference, "补上了数据对象", "its data object was added")


def declare(work: Work, kind: str, wanted: str, name: str) -> etree._Element:
    """Declare a message, a signal, an error or an escalation."""
    made = etree.Element(q(kind), id=work.new_id(_as_id(wanted)), name=name)
    if kind in ("error", "escalation"):
        made.set(f"{kind}Code", name)
    first = next(work.root.iterchildren(q("collaboration"), q("process")), None)
    if first is not None:
        first.addprevious(made)
    else:
        work.root.append(made)
    return made


def _as_id(text: str) -> str:
    kept = re.sub(r"[^\w.-]", "_", text)[:60].strip("_.-")
    return kept if kept and (kept[0].isalpha() or kept[0] == "_") else f"id_{kept}"


def _mend_shared(work: Work) -> None:
    """Events that refer to a definition that is not there; what is there was put in its place."""
    for event in work.nodes(*reading.EVENTS):
        for reference in list(event.iterchildren(q("eventDefinitionRef"))):
            name = (reference.text or "").strip()[:60]
            remove(reference)
            work.done(
                "reference-dangling",
                event,
                f"去掉了不存在的定义“{name}”",
                f"the definition “{name}”, which does not exist, was taken out",
            )
            if local(event) not in ("intermediateCatchEvent", "boundaryEvent"):
                work.ask(
                    event,
                    f"原来引用不存在的定义“{name}”；这里是什么事件？",
                    f"it referred to the definition “{name}”, which does not exist; which event is it?",
                    "普通事件 / a plain event",
                )


def _mend_missing(work: Work) -> None:
    """Events and tasks of messages and signals that name none."""
    for node in work.nodes():
        definitions = definitions_of(node)
        tells = local(node) in {"sendTask", "receiveTask"}
        for holder in [node] if tells and not definitions else definitions:
            kind = "message" if holder is node else local(holder).removesuffix("EventDefinition")
            if kind not in ("message", "signal") or holder.get(f"{kind}Ref") or node.get(f"{kind}Ref"):
                continue
            name = label_of(node)
            made = declare(work, kind, f"{kind}_{node.get('id', '')}", name)
            holder.set(f"{kind}Ref", made.get("id", ""))
            what = {"message": "消息", "signal": "信号"}[kind]
            work.ask(node, f"这里的{what}叫什么名称？", f"what is the name of this {kind}?", name)


def _mend_hosts(work: Work) -> None:
    """Attach boundary events to what they are drawn on; without a host they stand in the flow."""
    for event in work.nodes("boundaryEvent"):
        home = event.getparent()
        if home is None:
            continue
        hosts = {host.get("id", ""): host for host in nodes_of(home, *reading.ACTIVITIES)}
        if event.get("attachedToRef") in hosts:
            continue
        host = _drawn_on(work, event, hosts)
        if host is not None:
            event.set("attachedToRef", host.get("id", ""))
            work.done(
                "boundary-unattached",
                event,
                f"按图上的位置依附到“{host.get('name') or host.get('id')}”",
                f"it is attached to “{host.get('name') or host.get('id')}”, on which it is drawn",
            )
            continue
        drop(event, "attachedToRef")
        drop(event, "cancelActivity")
        kinds = {local(d).removesuffix("EventDefinition") for d in definitions_of(event)}
        retag(
            event,
            "intermediateCatchEvent" if kinds & {"timer", "message", "signal"} else "intermediateThrowEvent",
        )
        if local(event) == "intermediateThrowEvent":
            for definition in definitions_of(event):
                discard(definition)
        work.done(
            "boundary-unattached",
            event,
            "没有依附在活动上，改为流程中的事件",
            "it was attached to nothing; it stands in the flow now",
        )


def _drawn_on(work: Work, event: etree._Element, hosts: dict[str, etree._Element]) -> etree._Element | None:
    bounds = {
        shape.get("bpmnElement", ""): _rect(shape) for shape in work.root.iter(f"{{{BPMNDI}}}BPMNShape")
    }
    own = bounds.get(event.get("id", ""))
    if own is None:
        return None
    x, y = own[0] + own[2] / 2, own[1] + own[3] / 2
    for name, host in hosts.items():
        rect = bounds.get(name)
        if (
            rect
            and rect[0] - 20 <= x <= rect[0] + rect[2] + 20
            and rect[1] - 20 <= y <= rect[1] + rect[3] + 20
        ):
            return host
    return None


def _rect(shape: etree._Element) -> tuple[float, float, float, float] | None:
    bounds = shape.find(f"{{{DC}}}Bounds")
    if bounds is None:
        return None
    try:
        x, y, width, height = (float(bounds.get(name, "")) for name in ("x", "y", "width", "height"))
    except ValueError:
        return None
    return x, y, width, height
